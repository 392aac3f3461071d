"""Refusing a run before anything runs: everything that is wrong at once, each with how to fix it, in seconds.

`settings` knows what is wrong with what was asked for, `helpers.checks` what is wrong with the machine. No TensorFlow,
and nothing is written.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock

from helpers import chain, checks, data, files, runs
from helpers.checks import Check
from helpers.errors import LessonError
from runner import record
from runner.notebooks import code_cells
from runner.settings import Settings

SLICE = 10_000  # training on fewer images than this is a look at the code, not at the model
DISK, MEMORY, MEMORY_OF_SLICE = 0.5, 2.0, 1.5  # gigabytes


def problems(settings: Settings) -> list[LessonError]:
    """Everything that this machine, the data, the notebooks and the run's folder lack for the run."""
    dataset = str(settings.values.get("dataset", "mnist"))
    # 02_dataset itself looks at folders of pictures and at Keras' downloads, which takes longer than seconds.
    quick_to_read = dataset not in data.KERAS_CLASSES and not files.user_path(dataset).is_dir()
    memory = MEMORY_OF_SLICE if 0 < settings.values.get("train_images", 0) < SLICE else MEMORY
    folder, made = settings.folder, {artifact for notebook in settings.notebooks for artifact in notebook.saves}
    found = [
        *_passed(checks.check_kernel),
        *_raised(_check_helpers),
        *(_passed(lambda: checks.check_data(dataset)) if quick_to_read else []),
        *_passed(lambda: checks.check_disk(folder, DISK)),
        *_passed(lambda: checks.check_memory(memory)),
    ]
    for notebook in settings.notebooks:
        found += _raised(lambda notebook=notebook: code_cells(notebook))  # type: ignore[misc]
    if chain.run_name_problem(settings.name):
        return found  # its folder can't be looked at
    found += _raised(lambda: _check_folder(folder))
    needed = dict.fromkeys(artifact for notebook in settings.notebooks for artifact in notebook.needs)
    lacking = [name for name in needed if name not in made and not (folder / name).is_file()]
    return found + ([runs.missing(folder, lacking)] if lacking else [])


def _passed(look: Callable[[], Check]) -> list[LessonError]:
    check = look()
    return [] if check.ok else [LessonError(f"{check.name}: {check.found}", check.fix)]


def _raised(look: Callable[[], object]) -> list[LessonError]:
    try:
        look()
    except LessonError as error:
        return [error]
    return []


def _check_helpers() -> None:
    """See whether a kernel of this interpreter, started beside the notebooks, finds this project's `helpers`."""
    command = [sys.executable, "-X", "utf8", "-c", "import helpers; print(helpers.__file__)"]
    answer = subprocess.run(
        command, cwd=chain.NOTEBOOKS_FOLDER, capture_output=True, encoding="utf-8", errors="replace"
    )
    found = answer.stdout.strip()
    if answer.returncode or Path(found).resolve() != chain.ROOT / "helpers" / "__init__.py":
        what = f"the notebooks would import helpers from {found}" if found else "the notebooks can't import helpers"
        raise LessonError(what, checks.INSTALL_HELPERS)


def _check_folder(folder: Path) -> None:
    """See whether the run's folder is new, empty or a run, and whether it can be written."""
    shown, other = files.shown(folder), "give the run another name with --name"
    if folder.is_dir():
        try:
            if (folder / runs.RECORD).exists():
                record.load(folder)
            elif any(path.name not in record.LOCKS for path in folder.iterdir()):
                raise LessonError(f"the folder {shown} is not empty, and not a run", other)
        except OSError as error:
            raise LessonError(f"{files.shown(folder / runs.RECORD)} can't be read ({error.strerror})", other) from error
    elif os.path.lexists(folder):
        raise LessonError(f"{shown} is a file, so no run can be kept there", f"delete it, or {other}")
    place = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        fix = f"make {files.shown(place)} a folder that you can write, or let the variable DIGITS_RUNS name another one"
        raise LessonError(f"{shown} can't be written", fix)


def take(folder: Path) -> filelock.FileLock:
    """Make the run's folder and take its lock, so that no other runner writes there.

    Raises:
        LessonError: the folder can't be written, or another run holds it.
    """
    files.make_folder(folder)
    lock = record.lock_of(folder)
    try:
        lock.acquire()
    except filelock.Timeout:
        held_by = record.read_quietly(folder / runs.RECORD)
        who = f"process {held_by.get('process', '?')}, since {held_by.get('started', '?')}"
        fix = "wait until it has ended, or give this one another name with --name"
        raise LessonError(f"another run holds {files.shown(folder)} ({who})", fix) from None
    return lock
