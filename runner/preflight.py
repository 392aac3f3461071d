"""Refusing a run before anything runs: everything that is wrong at once, each with how to fix it,
in seconds.

`settings` knows what is wrong with what was asked for, `helpers.checks` what is wrong with the
machine. No TensorFlow, and nothing is written.
"""

import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from helpers import checks
from helpers.checks import Check
from runner import record
from runner.facts import code_cells
from runner.request import RunRequest
from series import chain, files, runs
from series.errors import LessonError

DISK = 0.5  # gigabytes
# What executes the notebooks, draws and writes the report, imported only when needed.
# What may be in a run's folder without a record: `clean` leaves drawings there, and a run that was
# killed at its very beginning its locks.
LEFT = {*record.LOCKS, chain.DRAWINGS_FOLDER, chain.SIGNS_FOLDER}
PACKAGES = (*record.PACKAGES, "nbformat", "nbconvert", "jupyter_client", "jinja2", "pillow")


def problems(request: RunRequest) -> list[LessonError]:
    """Everything that this machine, the data, the notebooks and the run's folder lack for it.

    Raises:
        ModuleNotFoundError: a package is not installed.
    """
    for package in PACKAGES:  # which the other checks may need
        version(package)
    to_look_at: list[Callable[[], object]] = [
        checks.check_kernel,
        partial(checks.check_disk, request.folder, DISK),
    ]
    datasets = set()
    for notebook in request.steps:
        to_look_at.append(partial(code_cells, notebook))
        if notebook is chain.NOTEBOOKS[0]:
            datasets.add("mnist")  # which its own check loads
        if "dataset" in notebook.parameters:
            datasets.add(request.parameters.get("dataset", "mnist"))
        if "picture" in notebook.parameters:
            picture = request.parameters.get("picture", "")
            to_look_at.append(partial(checks.check_picture, picture))
    to_look_at += [partial(checks.check_data, dataset) for dataset in sorted(datasets)]
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


def _check_folder(folder: Path) -> None:
    """See whether the run's folder is new, empty or a run."""
    shown, other = files.display_path(folder), "give the run another name with --name"
    if files.is_link(folder):
        what = f"{shown} is a link, and what a run deletes must not lie anywhere else"
        fix = f"remove the link or {other}; DIGITS_RUNS can name another folder for all runs"
        raise LessonError(what, fix)
    if os.path.lexists(folder / runs.RECORD):
        record.load(folder)
    elif folder.is_dir() and not {path.name for path in folder.iterdir()} <= LEFT:
        raise LessonError(f"the folder {shown} is not empty, and not a run", other)


def _check_needs(request: RunRequest) -> None:
    """See whether the run's folder has what the notebooks need and none of them makes."""
    there: set[str] = set()
    lacking = []
    for notebook in request.steps:
        for artifact in notebook.needs:
            if artifact not in there and not (request.folder / artifact).is_file():
                lacking.append(artifact)
        there.update(notebook.needs, notebook.saves)
    if lacking:
        last = max(chain.MAKER[artifact] for artifact in lacking)
        raise runs.missing(request.folder, lacking, request.command(last))
