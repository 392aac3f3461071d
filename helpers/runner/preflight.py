"""Refusing a run before anything runs: everything that is wrong at once, each with what mends it, in seconds.

`settings` knows what is wrong with what was asked for, `helpers.checks` what is wrong with the machine. No TensorFlow.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock

from helpers import chain, checks, files, runs
from helpers.checks import Check
from helpers.errors import LessonError
from helpers.runner import freshness, record
from helpers.runner.settings import Settings

SLICE = 10_000  # training on fewer images than this is a look at the code, not at the model
DISK, MEMORY, MEMORY_OF_SLICE = 0.5, 2.0, 1.5  # gigabytes


def machine_problems(settings: Settings) -> list[LessonError]:
    """What this machine, the data and the notebooks lack for the run."""
    dataset = str(settings.values.get("dataset", chain.PARAMETERS_BY_NAME["dataset"].default))
    small = 0 < settings.values.get("train_images", 0) < SLICE
    looks: list[Callable[[], Check]] = [
        checks.check_kernel,
        lambda: checks.check_data(dataset),
        lambda: checks.check_disk(settings.folder, DISK),
        lambda: checks.check_memory(MEMORY_OF_SLICE if small else MEMORY),
    ]
    found = [look() for look in looks]
    problems = [LessonError(f"{check.name}: {check.found}", check.mend) for check in found if not check.ok]
    if problem := _helpers_problem():
        problems.append(problem)
    problems += _chain_problems(settings)
    return problems


def _helpers_problem() -> LessonError | None:
    """Whether a kernel of this interpreter, started beside the notebooks, finds this project's `helpers`."""
    command = [sys.executable, "-c", "import helpers; print(helpers.__file__)"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    answer = subprocess.run(command, cwd=chain.NOTEBOOKS_FOLDER, capture_output=True, text=True, env=environment)
    found = answer.stdout.strip()
    if answer.returncode == 0 and Path(found).resolve() == chain.ROOT / "helpers" / "__init__.py":
        return None
    what = f"the notebooks would import helpers from {found}" if found else "the notebooks can't import helpers"
    return LessonError(what, checks.INSTALL_HELPERS)


def _chain_problems(settings: Settings) -> list[LessonError]:
    """Notebooks that can't be read, and artefacts of notebooks before the first one that are missing."""
    problems = []
    for notebook in settings.notebooks:
        try:
            freshness.code_cells(notebook)
        except LessonError as error:
            problems.append(error)
    made = {artefact for notebook in settings.notebooks for artefact in notebook.leaves}
    needed = dict.fromkeys(artefact for notebook in settings.notebooks for artefact in notebook.needs)
    for artefact in needed:
        if artefact not in made and not (settings.folder / artefact).is_file():
            problems.append(runs.missing(settings.folder, artefact))
    return problems


def record_problems(settings: Settings) -> list[LessonError]:
    """What is wrong with the record that the run's folder already holds."""
    try:
        runs.read_record(settings.folder)
    except LessonError as error:
        return [error]
    return []


def take(settings: Settings) -> tuple[filelock.FileLock, list[LessonError]]:
    """Make the run's folder and take its lock, so that no other runner writes there.

    Returns:
        The lock, held where there is no problem, and the problems.
    """
    folder = settings.folder
    lock = record.lock_of(folder)
    if chain.run_name_problem(settings.name):
        return lock, []  # `settings` has said so; no such folder is to be made
    try:
        files.make_folder(folder)
        lock.acquire()
        return lock, record_problems(settings)
    except LessonError as error:
        return lock, [error]
    except filelock.Timeout:
        held_by = record.read_quietly(folder / "run.json")
        who = f"process {held_by.get('process', '?')}, since {held_by.get('started', '?')}"
        what = f"another run holds {files.shown(folder)} ({who})"
        return lock, [LessonError(what, "wait until it has ended, or give this one another name with --name")]
    except OSError as error:
        mend = f"make the folder {files.shown(folder)} writable, or set the variable DIGITS_RUNS to one that is"
        return lock, [LessonError(f"{files.shown(folder)} can't be written ({error.strerror})", mend)]
