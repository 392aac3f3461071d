"""Loading images and labels, and refusing what is damaged or can't be learned from. No TensorFlow
here.
"""

import io
from pathlib import Path

import numpy as np

from helpers.folders import Split, folder_classes, load_folder
from series.chain import DATA_FOLDER
from series.errors import LessonError, listed
from series.files import digest, display_path, unzip, user_path
from series.parameters import did_you_mean

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
MNIST_FILE = DATA_FOLDER / "mnist.npz"
# Of the file. A test proves its arrays against the published sums of MNIST's original files.
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
# Data that Keras itself loads, and what its labels stand for (keras.io/api/datasets).
KERAS_CLASSES = {
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
}  # fmt: skip


def load_mnist(path: Path = MNIST_FILE) -> tuple[Split, Split]:
    """Load the copy of MNIST that ships with the project: what `keras.datasets.mnist.load_data()`
    downloads.

    Args:
        path: the `.npz` file that holds the four arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images as uint8 of shape (60000, 28, 28) and (10000,
        28, 28), from 0 (background) to 255 (ink); labels as uint8 of shape (60000,) and (10000,),
        from 0 to 9.

    Raises:
        LessonError: the file is missing, or is not our copy of MNIST.

    Source:
        Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits; see
        data/README.md.
    """
    restore = f"restore it: git checkout -- {display_path(path)}"
    arrays = _read_arrays(path, restore)
    if digest(path) != MNIST_SHA256:
        raise LessonError(
            f"{display_path(path)} is damaged: it does not have the checksum of our copy of MNIST",
            restore,
        )
    return arrays


def load_data(
    dataset: str = "mnist", image_size: int = 28, test_share: float = 0.2, seed: int = 1
) -> tuple[Split, Split]:
    """Load the data set that the parameter `dataset` names.

    Args:
        dataset: `mnist`; `fashion_mnist` or `cifar10`, which Keras downloads once; the path of an
            `.npz` file with the arrays x_train, y_train, x_test and y_test; or the path of a folder
            of pictures, one folder a class. A path is absolute or relative to the project's folder.
        image_size: height and width in pixels that the pictures of a folder are scaled to.
        test_share: the share of a folder's pictures held out to test on, where it has no folders
            `train` and `test`.
        seed: decides which pictures of a folder are held out.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images as uint8 of shape (count, height, width), in
        color (count, height, width, 3); labels as integers of shape (count,) from 0 to the number
        of classes less one.

    Raises:
        LessonError: there is no such data, or it is not fit to be learned from; the message says
            why.
    """
    if dataset == "mnist":
        return load_mnist()
    if dataset in KERAS_CLASSES:
        return _load_from_keras(dataset)
    path, known = user_path(dataset), ("mnist", *KERAS_CLASSES)
    if dataset and path.is_dir():
        return load_folder(path, image_size, test_share, seed)[:2]
    if path.suffix != ".npz":
        what = f"dataset is {dataset!r}, which is none of {', '.join(known)}, no folder and no .npz file"
        fix = "set the parameter dataset to one of those, or to a path that exists, with / between its folders"
        raise LessonError(what + did_you_mean(dataset, known), fix)
    fix = f"save the arrays {', '.join(ARRAYS)} again with numpy.savez, as 02_dataset shows"
    train, test = _read_arrays(path, fix)
    if problems := _problems(train, test):
        raise LessonError(f"{display_path(path)} cannot be used: " + "; ".join(problems), fix)
    return train, test


def class_names(dataset: str, labels: np.ndarray) -> tuple[str, ...]:
    """What each label stands for: a folder's names, the names that go with Keras' data, else the
    labels themselves.

    Args:
        dataset: as `load_data` takes it.
        labels: the labels to train on, integers from 0 without a gap.
    """
    if dataset in KERAS_CLASSES:
        return KERAS_CLASSES[dataset]
    if dataset != "mnist" and user_path(dataset).is_dir():
        return folder_classes(user_path(dataset))
    return tuple(str(label) for label in range(int(labels.max()) + 1))


def _problems(train: Split, test: Split) -> list[str]:
    problems = []
    for part, (x, y) in {"train": train, "test": test}.items():
        images = (
            x.dtype == np.uint8
            and x.ndim > 2
            and x.shape[3:] in ((), (3,))
            and min(x.shape[1:3]) >= 8
        )
        if not images or x.size == 0 or x.min() == x.max():
            right = "uint8 images of shape (count, height, width[, 3]), at least 8 x 8 pixels, not blank"
            problems.append(f"x_{part} is {x.dtype} of shape {x.shape} and must be {right}")
        if y.dtype.kind not in "iu" or y.shape != x.shape[:1]:
            right = f"one integer for each image of x_{part}"
            problems.append(f"y_{part} is {y.dtype} of shape {y.shape} and must be {right}")
    if problems:
        return problems
    classes, strange = np.unique(train[1]), np.setdiff1d(test[1], train[1])
    if len(classes) < 2 or classes[0] != 0 or classes[-1] != len(classes) - 1:
        found = listed(classes.tolist())
        problems.append(
            f"y_train must hold two or more classes, numbered from 0 without a gap, not {found}"
        )
    if len(strange):
        problems.append(f"y_test holds classes that y_train lacks: {listed(strange.tolist())}")
    if train[0].shape[1:] != test[0].shape[1:]:
        problems.append(
            f"images for training are {train[0].shape[1:]}, for testing {test[0].shape[1:]}"
        )
    return problems


def _load_from_keras(name: str) -> tuple[Split, Split]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # what Keras raises when a download fails
        what = f"Keras has no copy of {name} on this machine and cannot download it ({error})"
        fix = f'with a network, once: python -c "import keras; keras.datasets.{name}.load_data()"'
        raise LessonError(what, fix) from error
    return (x_train, y_train.ravel()), (x_test, y_test.ravel())


def _read_arrays(path: Path, fix: str) -> tuple[Split, Split]:
    try:
        # Each part's checksum is compared before NumPy looks at it: it would stumble over a damaged
        # header.
        parts = {name: part for name, part in unzip(path) if name.removesuffix(".npy") in ARRAYS}
        arrays = (
            np.load(io.BytesIO(parts.pop(f"{name}.npy")), allow_pickle=False) for name in ARRAYS
        )
        x_train, y_train, x_test, y_test = arrays
    except FileNotFoundError:
        raise LessonError(f"{display_path(path)} is missing", fix) from None
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise LessonError(
            f"{display_path(path)} is damaged, or lacks an array ({error})", fix
        ) from error
    return (x_train, y_train), (x_test, y_test)
