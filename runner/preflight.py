"""Refusing a run before anything runs: everything that is wrong at once, each with how to fix it,
in seconds.

`settings` knows what is wrong with what was asked for, `helpers.checks` what is wrong with the
machine. No TensorFlow, and nothing is written.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from helpers import checks, data
from helpers.checks import Check
from runner import record
from runner.freshness import code_cells
from runner.record import Asked
from series import chain, files, runs
from series.errors import LessonError

SLICE = 10_000  # training on fewer images than this is a look at the code, not at the model
DISK, MEMORY, MEMORY_OF_SLICE = 0.5, 2.0, 1.5  # gigabytes


def problems(asked: Asked) -> list[LessonError]:
    """Everything that this machine, the data, the notebooks and the run's folder lack for the run."""
    dataset = str(asked.parameters.get("dataset", "mnist"))
    memory = MEMORY_OF_SLICE if 0 < asked.parameters.get("train_images", 0) < SLICE else MEMORY
    looks: list[Callable[[], object]] = [checks.check_kernel]
    # 02_dataset itself looks at folders of pictures and at Keras' downloads, which takes longer
    # than seconds.
    if dataset not in data.KERAS_CLASSES and not files.user_path(dataset).is_dir():
        looks.append(partial(checks.check_data, dataset))
    looks += [partial(checks.check_disk, asked.folder, DISK), partial(checks.check_memory, memory)]
    looks += [partial(code_cells, notebook) for notebook in asked.steps]
    if not chain.run_name_problem(asked.name):  # else its folder can't be looked at
        looks += [partial(_check_folder, asked.folder), partial(_check_needs, asked)]
    return [problem for look in looks if (problem := _problem(look))]


def _problem(look: Callable[[], object]) -> LessonError | None:
    try:
        found = look()
    except LessonError as error:
        return error
    if isinstance(found, Check) and not found.ok:
        return LessonError(f"{found.name}: {found.found}", found.fix)
    return None


def _check_folder(folder: Path) -> None:
    """See whether the run's folder is new, empty or a run, and whether it can be written."""
    shown, other = files.display_path(folder), "give the run another name with --name"
    try:
        if (folder / runs.RECORD).exists():
            record.load(folder)
        elif folder.is_dir() and any(path.name not in record.LOCKS for path in folder.iterdir()):
            raise LessonError(f"the folder {shown} is not empty, and not a run", other)
    except OSError as error:
        raise LessonError(
            f"{files.display_path(folder / runs.RECORD)} can't be read ({error.strerror})", other
        ) from error
    drive = Path(folder.anchor)  # which a system with drives may lack
    place = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), drive)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        fix = f"make {files.display_path(place)} a folder that you can write, {other}, or set the variable DIGITS_RUNS"
        raise LessonError(f"{shown} can't be written", fix)


def _check_needs(asked: Asked) -> None:
    """See whether the run's folder has what the notebooks need and none of them makes."""
    made = {artifact for notebook in asked.steps for artifact in notebook.saves}
    needed = dict.fromkeys(artifact for notebook in asked.steps for artifact in notebook.needs)
    lacking = [name for name in needed if name not in made and not (asked.folder / name).is_file()]
    if lacking:
        raise runs.missing(asked.folder, lacking)
