"""Loading images and labels, and refusing what is damaged or can't be learned from. No TensorFlow
here.
"""

from pathlib import Path

import numpy as np

from helpers.arrays import look_at_arrays, read_arrays, refuse_unfit
from helpers.folders import Split, load_folder, look_at_folder
from series.chain import DATA_FOLDER
from series.errors import LessonError
from series.files import digest, display_path, user_path
from series.parameters import did_you_mean

MNIST_FILE = DATA_FOLDER / "mnist.npz"
# Of the file. A test proves its arrays against the published sums of MNIST's original files.
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
# Data that Keras itself loads, and what its labels stand for (keras.io/api/datasets).
KERAS_CLASSES = {
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    ),
    "cifar10": (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ),
}  # fmt: skip
RESTORE = f"restore it: git checkout -- {display_path(MNIST_FILE)}"


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
    _refuse_another_mnist(path)
    return read_arrays(path)


def _refuse_another_mnist(path: Path) -> None:
    if not path.is_file() or digest(path) != MNIST_SHA256:
        what = f"{display_path(path)} is missing, or does not have the checksum of our copy"
        raise LessonError(what, RESTORE)


def look_at_data(dataset: str) -> None:
    """See whether the data that `dataset` names can be loaded, as far as names, sizes and headers
    show: seconds before the notebooks start. Data that Keras downloads isn't looked at.

    Args:
        dataset: as `load_data` takes it.

    Raises:
        LessonError: there is no such data, or the notebooks can't learn from it.
    """
    path = user_path(dataset)
    if dataset == "mnist":
        _refuse_another_mnist(MNIST_FILE)
    elif dataset in KERAS_CLASSES:
        return
    elif dataset and path.is_dir():
        look_at_folder(path)
    elif path.is_file() and path.suffix.lower() == ".npz":
        look_at_arrays(path)
    else:
        known = ("mnist", *KERAS_CLASSES)
        hint = did_you_mean(dataset.lower(), known)
        raise LessonError(
            f"the dataset {dataset!r} is missing, or neither a folder nor an .npz file{hint}",
            f"set the parameter dataset to {', '.join(known)}, or a path that exists, with / "
            "between its folders; data/README.md says how to make an .npz file of others",
        )


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
    path = user_path(dataset)
    if dataset == "mnist":
        return load_mnist()
    if dataset in KERAS_CLASSES:
        return _load_from_keras(dataset)
    if dataset and path.is_dir():
        return load_folder(path, image_size, test_share, seed)[:2]
    look_at_data(dataset)
    train, test = read_arrays(path)
    refuse_unfit(path, train, test)
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
        return look_at_folder(user_path(dataset)).classes
    return tuple(str(label) for label in range(int(labels.max()) + 1))


def _load_from_keras(name: str) -> tuple[Split, Split]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # what Keras raises when a download fails
        what = f"Keras has no copy of {name} on this machine and cannot download it ({error})"
        fix = f'with a network, once: python -c "import keras; keras.datasets.{name}.load_data()"'
        raise LessonError(what, fix) from error
    return (x_train, y_train.ravel()), (x_test, y_test.ravel())
