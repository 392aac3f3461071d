"""A small copy of a run to try several workers on, so that what was trained in the run itself stays as it is."""

import shutil

import numpy as np

from helpers import chain
from helpers.errors import LessonError
from helpers.runs import RunFolder
from helpers.scaling.checkpoint import Checkpoint


def open_practice(run: str, images: int) -> RunFolder:
    """Make the run `RUN-scaling` from the data and the untrained model of the run `run`, without a checkpoint.

    Args:
        run: the name of the run's folder.
        images: how many training images to take over, the first ones; the test images are all taken.

    Raises:
        LessonError: the run has no such name, or its `dataset.npz` or `model.keras` is missing or damaged.
    """
    if problem := chain.run_name_problem(run):
        raise LessonError(problem, "change the cell of parameters and run it again")
    source = RunFolder("07_scaling_out", chain.runs_folder() / run, {"run": run})
    data, model = source.need("dataset.npz"), source.need("model.keras")
    practice = RunFolder("07_scaling_out", chain.runs_folder() / f"{run}-scaling", {"run": run})
    with np.load(data, allow_pickle=False) as arrays, practice.leave("dataset.npz") as path:
        less = {name: arrays[name][:images] for name in ("x_train", "y_train")}
        np.savez(path, **{**arrays, **less})
    with practice.leave("model.keras") as path:
        shutil.copyfile(model, path)
    Checkpoint(practice.path, {}).delete()
    return practice
