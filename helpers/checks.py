"""Looking at the machine before a lesson or a run: each check says what it found and, where that fails, what mends it.

`helpers.supported` knows which Pythons and systems TensorFlow has wheels for, `helpers.data` what whole data is. No
TensorFlow here: the runner asks for these checks and must answer in seconds, so the devices are handed in.
"""

import os
import platform
import shutil
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from helpers import chain, data, supported
from helpers.errors import LessonError
from helpers.files import shown

INSTALL = "in the project's folder, with its environment active: python -m pip install -r requirements.txt"
INSTALL_HELPERS = "in the project's folder, with its environment active: python -m pip install --no-deps -e ."


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is as the lesson needs it, what was found, and what mends a failure."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def machine_checks(dataset: str = "mnist", disk: float = 1, memory: float = 2) -> list[Check]:
    """Everything that the lesson asks of a machine, in the order in which failures are best mended.

    Args:
        dataset: `mnist`, or the path of an `.npz` file, as `helpers.data.load_data` takes it.
        disk: gigabytes that must be free where the runs are kept.
        memory: gigabytes that must be available.
    """
    software = [check_python(), check_packages(), check_kernel(), check_helpers(), check_data(dataset)]
    return [*software, check_disk(chain.runs_folder(), disk), check_memory(memory)]


def check_python() -> Check:
    """Whether TensorFlow has a wheel for this Python on this system."""
    problem = supported.problem()
    return Check("python", not problem, problem or platform.python_version(), "take the Python that is named there")


def check_packages(root: Path = chain.ROOT) -> Check:
    """Whether the packages that `pyproject.toml` names are here in the versions that `requirements.txt` pins."""
    try:
        wanted = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
        names = [Requirement(line).name for line in wanted]
        pins = _pins(root / "requirements.txt")
    except (OSError, KeyError, ValueError) as error:
        found = f"pyproject.toml or requirements.txt is damaged or missing: {error}"
        return Check("packages", False, found, "restore them: git checkout -- pyproject.toml requirements.txt")
    problems = [problem for name in names if (problem := _package_problem(name, pins.get(name)))]
    return Check("packages", not problems, "; ".join(problems) or f"{len(names)}, in the locked versions", INSTALL)


def _pins(lock: Path) -> dict[str, Requirement]:
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = [Requirement(line) for line in lines if line]
    return {pin.name: pin for pin in pins if pin.marker is None or pin.marker.evaluate()}


def _package_problem(name: str, pin: Requirement | None) -> str | None:
    if pin is None:
        return f"{name} is not in the lock"
    installed = [distribution.version for distribution in metadata.distributions(name=name)]
    if installed and pin.specifier.contains(installed[0], prereleases=True):
        return None
    return f"{name} is {installed[0] if installed else 'missing'}, not {pin.specifier}"


def check_kernel() -> Check:
    """Whether the kernel that the notebooks name is this interpreter, and the project is installed beside it."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        start = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    except NoSuchKernel:
        return Check("kernel", False, "no kernel is called python3", INSTALL)
    # A bare `python` is this interpreter: jupyter_client sees to that. Symbolic links are not followed, since all
    # virtual environments of one Python lead to the same file.
    if start.parent != Path() and os.path.normcase(start.parent) != os.path.normcase(Path(sys.executable).parent):
        mend = "remove the kernel of that name: python -m jupyter kernelspec remove python3"
        return Check("kernel", False, f"the kernel python3 starts {start}, not {sys.executable}", mend)
    elsewhere = [folder for folder in sys.path if folder and Path(folder).resolve() != chain.ROOT]
    if not list(metadata.distributions(name="digit-notebooks", path=elsewhere)):
        return Check("kernel", False, f"the project is not installed for {sys.executable}", INSTALL_HELPERS)
    return Check("kernel", True, "runs in the environment that the project is installed in")


def check_helpers() -> Check:
    """Whether `helpers` is imported from a project's folder, and from the one that is being worked in."""
    here = Path.cwd()
    projects = [folder for folder in (here, *here.parents, chain.ROOT) if (folder / "helpers" / "chain.py").is_file()]
    ok = projects[0].samefile(chain.ROOT) and (chain.ROOT / "pyproject.toml").is_file()
    found = "imported from this project's folder" if ok else f"imported from {chain.ROOT}, not from here"
    return Check("helpers", ok, found, INSTALL_HELPERS)


def check_data(dataset: str = "mnist") -> Check:
    """Whether the data that `dataset` names is there, whole, and fit to be learned from."""
    try:
        (x_train, _), (x_test, _) = data.load_data(dataset)
    except LessonError as error:
        return Check("data", False, error.what, error.fix)
    return Check("data", True, f"{len(x_train):,} + {len(x_test):,} images, whole")


def check_disk(folder: Path, gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) are free on the disk where `folder` lies or will lie."""
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free / 1e9
    found = f"{free:.1f} GB free, {gigabytes:g} GB needed"
    return Check("disk", free >= gigabytes, found, f"free some space, or delete old folders in {shown(folder)}")


def check_memory(gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) of memory can be had without swapping."""
    available = psutil.virtual_memory().available / 1e9
    found = f"{available:.1f} GB available, {gigabytes:g} GB needed"
    return Check("memory", available >= gigabytes, found, "close other programs and notebooks")


def check_devices(devices: Sequence[str]) -> Check:
    """How many cores there are, and which devices TensorFlow sees: information, since one CPU is enough.

    Args:
        devices: their types, such as `["CPU", "GPU"]`; handed in, since only TensorFlow knows them.
    """
    seen = ", ".join(dict.fromkeys(devices)) or "nothing"
    return Check("devices", True, f"{os.cpu_count()} cores; TensorFlow sees: {seen}; no GPU is needed")


def table(checks: Sequence[Check]) -> str:
    """The checks as text, a line each: pass or FAIL, the name, what was found; under a failure, what mends it."""
    rows = [f"{'pass' if check.ok else 'FAIL'}  {check.name:<9} {check.found}" for check in checks]
    mends = ["" if check.ok else f"\n{'':16}to mend it: {check.mend}" for check in checks]
    return "\n".join(row + mend for row, mend in zip(rows, mends, strict=True))
