"""Looking at the machine before a lesson or a run: each check says what it found and, where that
fails, how to fix it.

No TensorFlow here: the runner asks for these checks and must answer in seconds.
"""

import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import data
from series import chain
from series.errors import LessonError, listed
from series.files import display_path

INSTALL = "in the project's folder, with its environment active: python -m pip install -r requirements.txt"
INSTALL_HELPERS = (
    "in the project's folder, with its environment active: python -m pip install --no-deps -e ."
)


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is as the lesson needs it, what was found, and how
    to fix a failure.
    """

    name: str
    ok: bool
    found: str
    fix: str = ""


def machine_checks(dataset: str = "mnist", disk: float = 1, memory: float = 2) -> list[Check]:
    """Everything that the lesson asks of a machine, in the order in which failures are best fixed.

    Args:
        dataset: `mnist`, or the path of an `.npz` file, as `helpers.data.load_data` takes it.
        disk: gigabytes that must be free where the runs are kept.
        memory: gigabytes that must be available.
    """
    software = [check_packages(), check_kernel(), check_data(dataset)]
    return [*software, check_disk(chain.runs_folder(), disk), check_memory(memory)]


def check_packages(lock: Path = chain.ROOT / "requirements.txt") -> Check:
    """Whether the packages of the lock that this machine needs are installed, in the locked
    versions.
    """
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = [
        pin
        for pin in map(Requirement, filter(None, lines))
        if pin.marker is None or pin.marker.evaluate()
    ]
    installed: dict[str, str] = {
        canonicalize_name(str(one.name)): one.version for one in metadata.distributions()
    }
    wrong = [
        str(pin)
        for pin in pins
        if not pin.specifier.contains(installed.get(pin.name, "0"), prereleases=True)
    ]
    found = (
        f"missing, or in another version: {listed(wrong, 3)}"
        if wrong
        else f"{len(pins)}, as locked"
    )
    return Check("packages", not wrong, found, INSTALL)


def check_kernel() -> Check:
    """Whether the kernel that the notebooks name is this interpreter."""
    from jupyter_client.kernelspec import KernelSpecManager

    start = Path(
        KernelSpecManager().get_kernel_spec("python3").argv[0]
    )  # ipykernel sees to it that there is one
    # A bare `python` is this interpreter: jupyter_client sees to that. Symbolic links are not
    # followed, since all virtual environments of one Python lead to the same file.
    if start.parent not in (Path(), Path(sys.executable).parent):
        fix = "remove the kernel of that name: python -m jupyter kernelspec remove python3"
        return Check(
            "kernel", False, f"the kernel python3 starts {start}, not {sys.executable}", fix
        )
    return Check("kernel", True, "is the Python of this environment")


def check_data(dataset: str = "mnist") -> Check:
    """Whether the data that `dataset` names is there, whole, and fit to be learned from."""
    try:
        (x_train, _), (x_test, _) = data.load_data(dataset)
    except LessonError as error:
        return Check("data", False, error.what, error.fix)
    return Check("data", True, f"{len(x_train):,} + {len(x_test):,} images, whole")


def check_disk(folder: Path, gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) are free on the disk that holds `folder`, or will hold it."""
    place = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
    if place is None:
        return Check(
            "disk",
            False,
            f"there is no drive {folder.anchor}",
            "set DIGITS_RUNS to a folder that exists",
        )
    free = shutil.disk_usage(place).free / 1e9
    found = f"{free:.1f} GB free, {gigabytes:g} GB needed"
    return Check(
        "disk",
        free >= gigabytes,
        found,
        f"free some space, or delete old runs in {display_path(folder)}",
    )


def check_memory(gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) of memory are available without swapping, within a
    container's limit too.
    """
    available = min(psutil.virtual_memory().available, _container_memory()) / 1e9
    found = f"{available:.1f} GB available, {gigabytes:g} GB needed"
    fix = "close other programs, and shut down notebooks you don't need"
    return Check("memory", available >= gigabytes, found, fix)


def _container_memory(group: Path = Path("/sys/fs/cgroup")) -> float:
    """The bytes that the container's limit leaves, by Linux' control groups, version 2; infinite
    without one.
    """
    try:
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or `max`: no limit
        return math.inf


def table(checks: Sequence[Check]) -> str:
    """The checks as text, a line each: pass or FAIL, the name, what was found; under a failure, how
    to fix it.
    """
    rows = []
    for check in checks:
        rows.append(f"{'pass' if check.ok else 'FAIL'}  {check.name:<9} {check.found}")
        if not check.ok:
            rows.append(f"{'':16}to fix it: {check.fix}")
    return "\n".join(rows)
