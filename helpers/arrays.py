"""Arrays from an `.npz` file, refused where the notebooks can't learn from them. No TensorFlow
here.
"""

import zipfile
from pathlib import Path

import numpy as np

from helpers.folders import FEW_BLANK, Split
from helpers.pictures import LEAST_LIGHT, blank
from series.errors import LessonError, listed
from series.files import display_path
from series.parameters import PARAMETERS

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
SMALLEST = int(PARAMETERS["image_size"].minimum)  # pixels, of either side
RECIPES = f"save the arrays {', '.join(ARRAYS)} again with numpy.savez; data/README.md says how"


def read_arrays(path: Path) -> tuple[Split, Split]:
    """Read the four arrays of an `.npz` file.

    Raises:
        LessonError: the file is missing or damaged, or holds Python objects, since reading those
            can run code.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            x_train, y_train, x_test, y_test = (stored[name] for name in ARRAYS)
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds
        raise LessonError(
            f"{display_path(path)} is damaged or can't be read ({error})", RECIPES
        ) from error
    return (x_train, y_train), (x_test, y_test)


def look_at_arrays(path: Path) -> None:
    """See what an `.npz` file tells without its arrays being read: their names, dtypes and shapes.

    Raises:
        LessonError: the file is damaged, or its arrays have other names, dtypes or
            shapes than the notebooks need.
    """
    name = display_path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [member.removesuffix(".npy") for member in archive.namelist()]
            headers = {name: _header(archive, name) for name in ARRAYS if name in names}
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds
        raise LessonError(f"{name} is damaged or can't be read ({error})", RECIPES) from error
    if len(headers) < len(ARRAYS):
        held = listed(sorted(names)) or "no arrays"
        raise LessonError(f"{name} holds {held}, not {', '.join(ARRAYS)}", RECIPES)
    problems = []
    for part in ("train", "test"):
        images, labels = headers[f"x_{part}"], headers[f"y_{part}"]
        if not _are_images(*images):
            problems.append(
                f"x_{part} is {images[1]} of shape {images[0]} and must be uint8 images of shape "
                f"(count, height, width) or (count, height, width, 3), at least {SMALLEST} x "
                f"{SMALLEST} pixels, two or more of them"
            )
        if labels[0] != images[0][:1] or labels[1].kind not in "iu":
            problems.append(
                f"y_{part} is {labels[1]} of shape {labels[0]} and must be one integer for each "
                f"image of x_{part}"
            )
    train, test = headers["x_train"][0][1:], headers["x_test"][0][1:]
    if not problems and train != test:
        problems.append(f"images for training are {train}, for testing {test}")
    _refuse(path, problems)


def refuse_unfit(path: Path, train: Split, test: Split) -> None:
    """See whether images and labels of the right shapes can be learned from.

    Raises:
        LessonError: the labels aren't numbered from 0, or images show nothing.
    """
    problems = []
    classes, tested = np.unique(train[1]).tolist(), np.unique(test[1]).tolist()
    if len(classes) < 2 or classes != list(range(len(classes))):
        problems.append(
            "y_train must hold two or more classes, numbered from 0 without a gap, "
            f"not {listed(classes)}"
        )
    if strange := sorted(set(tested) - set(classes)):
        problems.append(f"y_test holds classes that y_train lacks: {listed(strange)}")
    for name, images in {"x_train": train[0], "x_test": test[0]}.items():
        # The others show something, and need not be looked at one by one.
        dull = np.flatnonzero(np.ptp(images.reshape(len(images), -1), axis=1) < LEAST_LIGHT)
        reasons = {index: reason for index in dull if (reason := blank(images[index]))}
        if len(reasons) > FEW_BLANK * len(images):
            first, reason = next(iter(reasons.items()))
            problems.append(
                f"{len(reasons):,} of {len(images):,} images of {name} show nothing; "
                f"number {first} is {reason}"
            )
    _refuse(path, problems)


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and dtype of an array in an `.npz` file."""
    with archive.open(f"{name}.npy") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype


def _are_images(shape: tuple[int, ...], dtype: np.dtype) -> bool:
    # At least two: 05 compares one half of the test images with the other.
    if len(shape) not in (3, 4) or shape[0] < 2 or dtype != np.uint8:
        return False
    return min(shape[1:3]) >= SMALLEST and shape[3:] in ((), (3,))


def _refuse(path: Path, problems: list[str]) -> None:
    if problems:
        raise LessonError(f"{display_path(path)} cannot be used: {'; '.join(problems)}", RECIPES)
