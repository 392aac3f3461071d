"""Refusing a run before anything runs: everything that is wrong at once, each with what mends it, in seconds.

`settings` knows what is wrong with what was asked for, `helpers.checks` what is wrong with the machine. No TensorFlow.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock

from helpers import chain, checks, data, files, runs
from helpers.checks import Check
from helpers.errors import LessonError
from helpers.runner import freshness, record
from helpers.runner.settings import Settings

SLICE = 10_000  # training on fewer images than this is a look at the code, not at the model
DISK, MEMORY, MEMORY_OF_SLICE = 0.5, 2.0, 1.5  # gigabytes


def problems(settings: Settings) -> list[LessonError]:
    """Everything that this machine, the data, the notebooks and the run's folder lack for the run."""
    dataset = str(settings.values.get("dataset", chain.PARAMETERS_BY_NAME["dataset"].default))
    memory = MEMORY_OF_SLICE if 0 < settings.values.get("train_images", 0) < SLICE else MEMORY
    folder, made = settings.folder, {artefact for notebook in settings.notebooks for artefact in notebook.leaves}
    needed = dict.fromkeys(artefact for notebook in settings.notebooks for artefact in notebook.needs)
    found = [
        *_passed(checks.check_kernel),
        *_raised(_check_helpers),
        *(_passed(lambda: checks.check_data(dataset)) if _is_quick_to_read(dataset) else []),
        *_passed(lambda: checks.check_disk(folder, DISK)),
        *_passed(lambda: checks.check_memory(memory)),
        *_raised(lambda: runs.read_record(folder)),
    ]
    for notebook in settings.notebooks:
        found += _raised(lambda notebook=notebook: freshness.code_cells(notebook))  # type: ignore[misc]
    lacking = [name for name in needed if name not in made and not (folder / name).is_file()]
    return found + [runs.missing(folder, name) for name in lacking]


def _is_quick_to_read(dataset: str) -> bool:
    """Whether the data can be looked at in seconds; 02_dataset looks at pictures in folders and Keras' downloads."""
    return dataset not in data.KERAS_CLASSES and not (chain.ROOT / Path(dataset).expanduser()).is_dir()


def _passed(look: Callable[[], Check]) -> list[LessonError]:
    check = look()
    return [] if check.ok else [LessonError(f"{check.name}: {check.found}", check.mend)]


def _raised(look: Callable[[], object]) -> list[LessonError]:
    try:
        look()
    except LessonError as error:
        return [error]
    return []


def _check_helpers() -> None:
    """See whether a kernel of this interpreter, started beside the notebooks, finds this project's `helpers`."""
    command = [sys.executable, "-c", "import helpers; print(helpers.__file__)"]
    answer = subprocess.run(command, cwd=chain.NOTEBOOKS_FOLDER, capture_output=True, text=True)
    found = answer.stdout.strip()
    if answer.returncode or Path(found).resolve() != chain.ROOT / "helpers" / "__init__.py":
        what = f"the notebooks would import helpers from {found}" if found else "the notebooks can't import helpers"
        raise LessonError(what, checks.INSTALL_HELPERS)


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
        held_by = record.read_quietly(folder / "run.json")
        who = f"process {held_by.get('process', '?')}, since {held_by.get('started', '?')}"
        mend = "wait until it has ended, or give this one another name with --name"
        raise LessonError(f"another run holds {files.shown(folder)} ({who})", mend) from None
    return lock
