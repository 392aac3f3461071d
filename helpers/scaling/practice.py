"""A small copy of a run to try several workers on, so that what was trained in the run itself stays as it is."""

import shutil

import numpy as np

from helpers.runs import RunFolder
from helpers.scaling.cluster import KEPT


def open_practice(source: RunFolder, images: int) -> RunFolder:
    """Make the run `RUN-scaling` from the data and the untrained model of the run `RUN`, without a checkpoint.

    Args:
        source: the run, as `open_run` opened it.
        images: how many training images to take over, the first ones; the test images are all taken.

    Raises:
        LessonError: the run's `dataset.npz` or `model.keras` is missing or damaged.
    """
    data, model = source.need("dataset.npz"), source.need("model.keras")
    practice = RunFolder(source.notebook, source.path.with_name(f"{source.path.name}-scaling"), {})
    with np.load(data, allow_pickle=False) as arrays, practice.leave("dataset.npz") as path:
        less = {name: arrays[name][:images] for name in ("x_train", "y_train")}
        np.savez(path, **{**arrays, **less})
    with practice.leave("model.keras") as path:
        shutil.copyfile(model, path)
    shutil.rmtree(practice.path / KEPT, ignore_errors=True)
    return practice
