"""Refusing a run before anything runs: everything that is wrong at once, each with how to fix it,
in seconds.

`settings` knows what is wrong with what was asked for, `helpers.checks` what is wrong with the
machine. No TensorFlow, and nothing is written.
"""

import importlib.util
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from helpers import checks
from helpers.checks import Check
from runner import record
from runner.facts import SHOWN_PACKAGES, code_cells, version_of
from runner.request import RunRequest
from series import chain, files, runs
from series.errors import INSTALL, LessonError, listed

DISK = 0.5  # gigabytes
# What executes the notebooks and writes the report, imported only when needed.
RUNNERS_PACKAGES = (
    "papermill",
    "nbclient",
    "nbformat",
    "nbconvert",
    "ipykernel",
    "jupyter_client",
    "jinja2",
)
MODULE_OF = {"scikit-learn": "sklearn", "pillow": "PIL"}  # whose package has another name


def problems(request: RunRequest) -> list[LessonError]:
    """Everything that this machine, the data, the notebooks and the run's folder lack for it."""
    try:
        check_packages(request)
    except LessonError as error:
        return [error]  # the other checks may need what is missing
    parameters = request.parameters
    to_look_at: list[Callable[[], object]] = [
        checks.check_kernel,
        partial(checks.check_data, parameters.get("dataset", "mnist")),
        partial(checks.check_picture, parameters.get("picture", "")),
        partial(checks.check_disk, request.folder, DISK),
        partial(
            checks.check_memory, checks.memory_needed(parameters, chain.IMPROVING in request.steps)
        ),
        *(partial(code_cells, notebook) for notebook in request.steps),
    ]
    if not chain.run_name_problem(request.name):  # else its folder can't be looked at
        to_look_at += [partial(_check_folder, request.folder), partial(_check_needs, request)]
    return [problem for look in to_look_at if (problem := _problem(look))]


def _problem(look: Callable[[], object]) -> LessonError | None:
    try:
        check = look()
    except LessonError as error:
        return error
    if isinstance(check, Check) and not check.ok:
        return LessonError(f"{check.name}: {check.found}", check.fix)
    return None


def check_packages(request: RunRequest) -> None:
    """See whether every package that the run needs is there, without importing any."""
    needed = dict.fromkeys((*RUNNERS_PACKAGES, *SHOWN_PACKAGES, *record.PACKAGES))
    for notebook in request.steps:
        needed |= dict.fromkeys(notebook.packages)
    lacking = [name for name in needed if not _is_installed(name)]
    if lacking:
        raise LessonError(f"packages are not installed: {listed(lacking)}", INSTALL)


def _is_installed(package: str) -> bool:
    module = MODULE_OF.get(package, package)
    try:
        return bool(importlib.util.find_spec(module) and version_of(package))
    except ModuleNotFoundError:  # PackageNotFoundError is one too
        return False


def _check_folder(folder: Path) -> None:
    """See whether the run's folder is new, empty or a run, and whether it can be written."""
    shown, other = files.display_path(folder), "give the run another name with --name"
    if files.is_link(folder):
        what = f"{shown} is a link, and what a run deletes must not lie anywhere else"
        fix = f"remove the link or {other}; DIGITS_RUNS can name another folder for all runs"
        raise LessonError(what, fix)
    try:
        if (folder / runs.RECORD).exists():
            record.load(folder)
        elif folder.is_dir() and not all(map(_may_be_left, folder.iterdir())):
            raise LessonError(f"the folder {shown} is not empty, and not a run", other)
    except OSError as error:
        path = files.display_path(folder / runs.RECORD)
        raise LessonError(f"{path} can't be read ({error.strerror})", other) from error
    drive = Path(folder.anchor)  # which a system with drives may lack
    place = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), drive)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        fix = f"make {files.display_path(place)} a folder that you can write, {other}"
        raise LessonError(f"{shown} can't be written", f"{fix}, or set the variable DIGITS_RUNS")


def _may_be_left(path: Path) -> bool:
    """Whether this may be in a run's folder without a record: `clean` leaves drawings there, and a
    run that was killed at its very beginning leaves the rest.
    """
    drawn = (chain.DRAWINGS_FOLDER, chain.SIGNS_FOLDER)
    names = (*record.LOCKS, record.SPARE, record.DAMAGED_RECORD, *drawn)
    return path.name in names or path.match(record.PARTIAL)


def _check_needs(request: RunRequest) -> None:
    """See whether the run's folder has what the notebooks need and none of them makes."""
    made = {artifact for notebook in request.steps for artifact in notebook.saves}
    needed = dict.fromkeys(artifact for notebook in request.steps for artifact in notebook.needs)
    lacking = [artifact for artifact in needed if artifact not in made]
    lacking = [artifact for artifact in lacking if not (request.folder / artifact).is_file()]
    if lacking:
        raise runs.missing(request.folder, lacking)
