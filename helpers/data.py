"""Loading images and labels, and refusing what is damaged or can't be learned from. No TensorFlow
here.
"""

from pathlib import Path

import numpy as np

from helpers.arrays import ARRAYS, read_arrays, refuse_unfit, stored_shapes
from helpers.folders import (
    Split,
    contents,
    count_pictures,
    folder_classes,
    load_folder,
    look_at_folder,
)
from helpers.pictures import refuse_what_is_no_path
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
KERAS_SHAPES = {
    "fashion_mnist": (60_000, 10_000, 28, 28, 1),
    "cifar10": (50_000, 10_000, 32, 32, 3),
}


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
    arrays = read_arrays(path, restore)
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
    refuse_what_is_no_path(dataset)
    path = user_path(dataset)
    if dataset and path.is_dir():
        if idx := _idx_files(path):
            raise LessonError(f"{display_path(path)} holds idx files", _from_idx(idx))
        for note in look_at_folder(path).notes:
            print(note)
        return load_folder(path, image_size, test_share, seed)[:2]
    if path.suffix.lower() != ".npz":
        raise _no_data_set(dataset, path)
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
        return folder_classes(user_path(dataset))
    return tuple(str(label) for label in range(int(labels.max()) + 1))


def _load_from_keras(name: str) -> tuple[Split, Split]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # what Keras raises when a download fails
        what = f"Keras has no copy of {name} on this machine and cannot download it ({error})"
        raise LessonError(what, download_command(name)) from error
    return (x_train, y_train.ravel()), (x_test, y_test.ravel())


def download_command(name: str) -> str:
    """The command that downloads data which Keras brings."""
    return f'with a network, once: python -c "import keras; keras.datasets.{name}.load_data()"'


def expected_shape(
    dataset: str, image_size: int, test_share: float = 0.2
) -> tuple[int, int, int, int, int]:
    """How much data there will be, without loading it.

    Args:
        dataset: as `load_data` takes it.
        image_size: height and width that the pictures of a folder are scaled to.
        test_share: the share of a folder's pictures held out to test on.

    Returns:
        The number of training images, that of test images, height, width and channels (of a folder,
        three: whether its pictures have color isn't known before they are read).

    Raises:
        LessonError, OSError, ValueError: it can't be told.
    """
    if dataset in KERAS_SHAPES:
        return KERAS_SHAPES[dataset]
    path = user_path(dataset)
    if dataset == "mnist":
        return 60_000, 10_000, 28, 28, 1
    if path.is_dir():
        return *count_pictures(path, test_share), image_size, image_size, 3
    train, test = stored_shapes(path)
    if len(train) < 3 or len(test) < 3:
        raise ValueError(f"{path} holds no images")
    return train[0], test[0], train[1], train[2], train[3] if len(train) > 3 else 1


def _no_data_set(dataset: str, path: Path) -> LessonError:
    """The error for what is neither a name that we know, nor a folder, nor an `.npz` file."""
    if path.is_file():
        what = f"{display_path(path)} is no .npz file and no folder of pictures"
        return LessonError(what, _conversion(path))
    known = ("mnist", *KERAS_CLASSES)
    what = (
        f"dataset is {dataset!r}, which is none of {', '.join(known)}, no folder and no .npz file"
    )
    fix = (
        "set the parameter dataset to one of those, or to a path that exists, with / between its "
        "folders"
    )
    return LessonError(what + did_you_mean(dataset.lower(), known), fix)


# What turns usual files into an .npz file.
FROM_CSV = """in Python, once, if {labels}; then take that file:
import numpy as np
table = np.loadtxt({path!r}, delimiter=",", skiprows={header}, dtype=int, encoding="utf-8-sig")
x, y = table[:, 1:].astype("uint8").reshape(-1, {side}, {side}), table[:, 0]; k = len(y) // 5
np.savez({out!r}, x_train=x[k:], y_train=y[k:], x_test=x[:k], y_test=y[:k])"""
FROM_IDX = """in Python, once, then take that file:
import gzip, numpy as np
def read(name):
    raw = (gzip.open if name.endswith(".gz") else open)(name, "rb").read()
    shape = np.frombuffer(raw, ">i4", raw[3], 4)
    return np.frombuffer(raw, "uint8", offset=4 + 4 * raw[3]).reshape(shape)
np.savez({out!r}, {pairs})"""
FROM_NPY = """in Python, once, then take that file:
import numpy as np
np.savez({out!r}, {pairs})"""
IDX = {
    "x_train": "train-images", "y_train": "train-labels", "x_test": "-images", "y_test": "-labels",
}  # fmt: skip
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".7z", ".rar", ".bz2", ".xz")


def _conversion(path: Path) -> str:
    """What makes an `.npz` file of a file in another format."""
    suffix, out = path.suffix.lower(), str(path.with_suffix(".npz"))
    if suffix == ".csv":
        return _from_csv(path, out)
    if (idx := _idx_files(path.parent)) and str(path) in idx.values():
        return _from_idx(idx)
    if suffix == ".npy":
        pairs = [f"{name}=np.load({str(path.with_name(f'{name}.npy'))!r})" for name in ARRAYS]
        return FROM_NPY.format(out=str(path.with_name("own.npz")), pairs=", ".join(pairs))
    if suffix in ARCHIVES:
        return "unpack it, and give the folder of pictures or the file inside"
    if suffix in (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"):
        return "give a folder that holds a folder of pictures a class; data/README.md shows one"
    return f"save the arrays {', '.join(ARRAYS)} with numpy.savez, as 02_dataset shows"


def _from_csv(path: Path, out: str) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline().strip().split(",")
    side = round((len(first) - 1) ** 0.5)
    header = 0 if all(word.strip().isdigit() for word in first) else 1
    if side < 2 or side * side != len(first) - 1:
        columns = f"its first line has {len(first)} columns, not one for the label and one a pixel"
        return f"{columns}: read it with numpy.loadtxt, then numpy.savez, as 02_dataset shows"
    labels = "its first column is the label (Kaggle's test.csv has none)"
    return FROM_CSV.format(labels=labels, path=str(path), header=header, side=side, out=out)


def _idx_files(folder: Path) -> dict[str, str]:
    """The four idx files of a folder, as MNIST and its relatives come; none if one is missing."""
    found: dict[str, str] = {}
    for path in sorted(contents(folder)):
        for name, words in IDX.items():
            like = words in path.name.lower() and "idx" in path.name.lower()
            if like and path.is_file() and (name[2:] == "train") == ("train" in path.name.lower()):
                found.setdefault(name, str(path))
    return found if len(found) == len(ARRAYS) else {}


def _from_idx(files: dict[str, str]) -> str:
    pairs = ", ".join(f"{name}=read({files[name]!r})" for name in ARRAYS)
    return FROM_IDX.format(out=str(Path(files["x_train"]).with_name("own.npz")), pairs=pairs)
