"""Loading images and labels, and refusing what is damaged or can't be learned from. No TensorFlow here."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from helpers.chain import DATA_FOLDER
from helpers.errors import LessonError
from helpers.files import digest, shown, user_path
from helpers.parameters import nearest

Split = tuple[np.ndarray, np.ndarray]

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
    """Load the copy of MNIST that ships with the project: what `keras.datasets.mnist.load_data()` downloads.

    Args:
        path: the `.npz` file that holds the four arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images as uint8 of shape (60000, 28, 28) and (10000, 28, 28), from 0
        (background) to 255 (ink); labels as uint8 of shape (60000,) and (10000,), from 0 to 9.

    Raises:
        LessonError: the file is missing, or is not our copy of MNIST.

    Source:
        Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits; see data/README.md.
    """
    restore = f"restore it: git checkout -- {shown(path)}"
    arrays = _read_arrays(path, restore)
    if digest(path) != MNIST_SHA256:
        raise LessonError(f"{shown(path)} is damaged: it does not have the checksum of our copy of MNIST", restore)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def load_data(
    dataset: str = "mnist", image_size: int = 28, test_share: float = 0.2, seed: int = 1
) -> tuple[Split, Split]:
    """Load the data set that the parameter `dataset` names.

    Args:
        dataset: `mnist`; `fashion_mnist` or `cifar10`, which Keras downloads once; the path of an `.npz` file with the
            arrays x_train, y_train, x_test and y_test; or the path of a folder of pictures, one folder a class. A path
            is absolute or relative to the project's folder.
        image_size: height and width in pixels that the pictures of a folder are scaled to.
        test_share: the share of a folder's pictures held out to test on, where it has no folders `train` and `test`.
        seed: decides which pictures of a folder are held out.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images as uint8 of shape (count, height, width), in color
        (count, height, width, 3); labels as integers of shape (count,) from 0 to the number of classes less one.

    Raises:
        LessonError: there is no such data, or it is not fit to be learned from; the message says why.
    """
    if dataset == "mnist":
        return load_mnist()
    if dataset in KERAS_CLASSES:
        return _load_from_keras(dataset)
    path = data_path(dataset)
    if path.is_dir():
        from helpers.folders import load_folder

        train, test, _ = load_folder(path, image_size, test_share, seed)
        return train, test
    fix = f"save the arrays {', '.join(ARRAYS)} again with numpy.savez, as 02_dataset shows"
    arrays = _read_arrays(path, fix)
    if problems := array_problems(arrays):
        raise LessonError(f"{shown(path)} cannot be used: " + "; ".join(problems), fix)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def class_names(dataset: str, labels: np.ndarray) -> tuple[str, ...]:
    """What each label stands for: a folder's names, the names that go with Keras' data, else the labels themselves.

    Args:
        dataset: as `load_data` takes it.
        labels: the labels to train on, integers from 0 without a gap.
    """
    if dataset in KERAS_CLASSES:
        return KERAS_CLASSES[dataset]
    if dataset != "mnist" and data_path(dataset).is_dir():
        from helpers.folders import folder_classes

        return folder_classes(data_path(dataset))
    return tuple(str(label) for label in range(int(labels.max()) + 1))


def data_path(dataset: str) -> Path:
    """The file or folder that the parameter `dataset` names.

    Raises:
        LessonError: it names neither a data set that is known by name, nor a folder, nor an `.npz` file.
    """
    path = user_path(dataset)
    if not dataset.strip() or (not path.is_dir() and path.suffix != ".npz"):
        known = ", ".join(("mnist", *KERAS_CLASSES))
        raise LessonError(
            f"dataset is {dataset!r}, which is none of {known}, no folder and no .npz file"
            + nearest(dataset, ("mnist", *KERAS_CLASSES)),
            "set the parameter dataset to one of those, or to a path that exists, with / between its folders",
        )
    return path


def array_problems(arrays: dict[str, np.ndarray]) -> list[str]:
    """Every reason why the four arrays are not fit to be learned from, a sentence each."""
    problems = []
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        gray_or_color = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] == 3)
        if not gray_or_color or images.dtype != np.uint8 or images.size == 0:
            shapes = "(count, height, width) or (count, height, width, 3)"
            problems.append(f"x_{part} must be uint8 images of shape {shapes}, not {images.dtype} of {images.shape}")
        elif images.min() == images.max():
            problems.append(f"all pixels of x_{part} are {images.min()}")
        elif min(images.shape[1:3]) < 8:
            problems.append(f"the images of x_{part} are {images.shape[1]} x {images.shape[2]}, fewer than 8 pixels")
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            problems.append(f"y_{part} must be integers of shape (count,), not {labels.dtype} of {labels.shape}")
        elif images.ndim and len(labels) != len(images):
            problems.append(f"x_{part} holds {len(images)} images and y_{part} {len(labels)} labels")
    if problems:
        return problems
    if arrays["x_train"].shape[1:] != arrays["x_test"].shape[1:]:
        problems.append(
            f"images for training are {arrays['x_train'].shape[1:]}, for testing {arrays['x_test'].shape[1:]}"
        )
    classes = np.unique(arrays["y_train"])
    if len(classes) < 2:
        problems.append("y_train holds a single class")
    elif classes[0] != 0 or classes[-1] != len(classes) - 1:
        problems.append(f"labels in y_train must run from 0 without a gap, not {_listed(classes)}")
    elif strange := set(np.unique(arrays["y_test"]).tolist()) - set(classes.tolist()):
        problems.append(f"labels in y_test that y_train lacks: {_listed(np.array(sorted(strange)))}")
    return problems


def _load_from_keras(name: str) -> tuple[Split, Split]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # what Keras raises when a download fails
        raise LessonError(
            f"Keras has no copy of {name} on this machine and cannot download it ({error})",
            f'with a network, once: python -c "import keras; keras.datasets.{name}.load_data()"',
        ) from error
    arrays = {"x_train": x_train, "y_train": y_train.ravel(), "x_test": x_test, "y_test": y_test.ravel()}
    if problems := array_problems(arrays):
        raise LessonError(f"Keras' copy of {name} is damaged: " + "; ".join(problems), "delete it and try again")
    return (x_train, arrays["y_train"]), (x_test, arrays["y_test"])


def _read_arrays(path: Path, fix: str) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise LessonError(f"{shown(path)} is missing", fix)
    try:
        with zipfile.ZipFile(path) as archive:  # NumPy would parse a damaged header before it looks at the checksums
            if broken := archive.testzip():
                raise zipfile.BadZipFile(f"{broken} has a wrong checksum")
        with np.load(path, allow_pickle=False) as stored:
            return {name: np.asarray(stored[name]) for name in ARRAYS}
    except KeyError as error:
        raise LessonError(f"{shown(path)} lacks an array ({error.args[0]})", fix) from error
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise LessonError(f"{shown(path)} is damaged ({error})", fix) from error


def _listed(values: np.ndarray, most: int = 12) -> str:
    return ", ".join(str(value) for value in values[:most]) + (", …" if len(values) > most else "")
