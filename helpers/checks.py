"""Looking at the machine before a lesson or a run: each check says what it found and, where that
fails, how to fix it.

No TensorFlow here: the runner asks for these checks and must answer in seconds.
"""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import data, pictures
from series import chain
from series.errors import INSTALL, LessonError, listed
from series.files import display_path


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is as the lesson needs it, what was found, and how
    to fix a failure.
    """

    name: str
    ok: bool
    found: str
    fix: str = ""


def machine_checks() -> list[Check]:
    """Everything that the lesson asks of a machine, in the order in which failures are best fixed.

    The last one, of memory, is a note that never fails.
    """
    disk = check_disk(chain.runs_folder(), gigabytes=1)
    return [check_packages(), check_kernel(), check_data("mnist"), disk, note_memory()]


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

    # ipykernel sees to it that there is one.
    start = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    # A bare `python` is this interpreter: jupyter_client sees to that. Symbolic links are not
    # followed, since all virtual environments of one Python lead to the same file.
    if start.parent not in (Path(), Path(sys.executable).parent):
        fix = "remove the kernel of that name: python -m jupyter kernelspec remove python3"
        return Check(
            "kernel", False, f"the kernel python3 starts {start}, not {sys.executable}", fix
        )
    return Check("kernel", True, "is the Python of this environment")


def check_data(dataset: str) -> Check:
    """Whether the data that `dataset` names, as `helpers.data.load_data` takes it, can be loaded,
    as far as seconds can tell.
    """
    try:
        data.look_at_data(dataset)
    except LessonError as error:
        return Check("data", False, error.what, error.fix)
    return Check("data", True, f"{dataset} can be loaded")


def check_picture(picture: str) -> Check:
    """Whether the parameter `picture` of 06 names a picture that can be read; empty is our own."""
    try:
        if picture:
            pictures.picture_to_image(picture)
    except LessonError as error:
        return Check("picture", False, error.what, error.fix)
    return Check("picture", True, f"{picture} can be read" if picture else "ours")


def check_disk(folder: Path, gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) are free on the disk where `folder` is or will be."""
    place = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
    if place is None:
        fix = "set DIGITS_RUNS to a folder that exists"
        return Check("disk", False, f"there is no drive {folder.anchor}", fix)
    free = shutil.disk_usage(place).free / 1e9
    found = f"{free:.1f} GB free, {gigabytes:g} GB needed"
    fix = f"free some space, or delete old runs in {display_path(folder)}"
    return Check("disk", free >= gigabytes, found, fix)


def note_memory() -> Check:
    """How much memory is available without swapping. It is no condition: what a run takes depends
    on its images and its network.
    """
    available = psutil.virtual_memory().available / 1e9
    return Check("memory", True, f"{available:.1f} GB available; the lesson takes up to 2")


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
