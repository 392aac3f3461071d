"""Arrays from a file: what is in it, whether it can be learned from, and where it is nearly right,
the lines of NumPy that bring it into shape. No TensorFlow here.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from helpers.folders import FEW_BLANK, Split
from helpers.pictures import LEAST_LIGHT, blank
from series.errors import LessonError, listed
from series.files import display_path, unzip
from series.parameters import PARAMETERS

READABLE = "make it a file that you may read, or copy it"
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
SMALLEST = int(PARAMETERS["image_size"].minimum)  # pixels, of either side
# Names that other libraries and tutorials give these four, without case, dashes and underscores.
PARTS = {"train": "train", "training": "train", "tr": "train", "test": "test", "testing": "test"}
KINDS = {
    "x": "x", "image": "x", "images": "x", "img": "x", "imgs": "x", "data": "x", "features": "x",
    "y": "y", "label": "y", "labels": "y", "target": "y", "targets": "y",
}  # fmt: skip
# One part alone: 10,000 or a fifth of its images are held out, in a drawn order.
SPLIT = """order = np.random.default_rng(1).permutation(len(a[{x!r}])); k = len(order) // 5
x, y = a[{x!r}][order], a[{y!r}][order]
np.savez({out!r}, x_train=x[k:], y_train=y[k:], x_test=x[:k], y_test=y[:k])"""


def read_arrays(path: Path, restore: str = "") -> tuple[Split, Split]:
    """Read the four arrays of an `.npz` file, whatever they hold.

    Args:
        path: the file.
        restore: how to restore it, where it is damaged or missing.

    Raises:
        LessonError: the file is missing or damaged, holds other arrays, or objects.
    """
    name = display_path(path)
    fix = (
        restore
        or f"save the arrays {', '.join(ARRAYS)} again with numpy.savez, as 02_dataset shows"
    )
    try:
        # Each part's checksum is compared before NumPy looks at it: it would stumble over a damaged
        # header.
        parts = {key.removesuffix(".npy"): part for key, part in unzip(path)}
        if not set(ARRAYS) <= parts.keys():
            raise _other_arrays(path, list(parts))
        objects = [key for key in ARRAYS if _holds_objects(parts[key])]
        if objects:
            raise _objects(path, objects)
        arrays = (np.load(io.BytesIO(parts.pop(key)), allow_pickle=False) for key in ARRAYS)
        x_train, y_train, x_test, y_test = arrays
    except FileNotFoundError:
        fix = restore or (
            "set the parameter dataset to a path that exists, with / between its folders; "
            "02_dataset shows how to make such a file"
        )
        raise LessonError(f"{name} is missing", fix) from None
    except PermissionError as error:
        raise LessonError(f"{name} can't be read ({error.strerror})", READABLE) from error
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise LessonError(f"{name} is damaged ({error})", fix) from error
    return (x_train, y_train), (x_test, y_test)


def stored_shapes(path: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of x_train and x_test in an `.npz` file, without reading the arrays.

    Raises:
        OSError, ValueError: the file is missing or damaged, or lacks one of them.
    """
    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open("x_train.npy") as train,
            archive.open("x_test.npy") as test,
        ):
            return _header(train)[0], _header(test)[0]
    except (KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is incomplete: {error}") from error


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and dtype that the header of a stored array tells."""
    old = np.lib.format.read_magic(file) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


def _holds_objects(part: bytes) -> bool:
    """Whether an array holds Python objects: to read them could run code."""
    return bool(_header(io.BytesIO(part))[1].hasobject)


def _fixed(path: Path) -> str:
    """The name of the file that the lines of a message write: beside the other, which stays."""
    return str(path.with_name(f"{path.stem}-fixed.npz"))


def _lines(path: Path, lines: str, options: str = "") -> str:
    return (
        f"in Python, once, then take that file:\nimport numpy as np\n"
        f"a = np.load({str(path)!r}{options})\n{lines}"
    )


def _other_arrays(path: Path, keys: list[str]) -> LessonError:
    what = (
        f"{display_path(path)} holds {listed(sorted(keys)) or 'no arrays'}, not {', '.join(ARRAYS)}"
    )
    if any("/" in key for key in keys):  # another archive, called .npz
        return LessonError(what, "unpack it, and give the folder or the .npz file inside")
    meant = _meant(keys)
    if set(ARRAYS) <= meant.keys():
        pairs = ", ".join(f"{name}=a[{meant[name]!r}]" for name in ARRAYS)
        return LessonError(what, _lines(path, f"np.savez({_fixed(path)!r}, {pairs})"))
    images, labels = (
        next((meant[k] for k in (kind, f"{kind}_train") if k in meant), "") for kind in "xy"
    )
    if images and labels:
        return LessonError(what, _lines(path, SPLIT.format(x=images, y=labels, out=_fixed(path))))
    pairs = ", ".join(f"{name}=…" for name in ARRAYS)
    return LessonError(what, f"save it again with these names: numpy.savez({path.name!r}, {pairs})")


def _meant(keys: list[str]) -> dict[str, str]:
    """Which of a file's arrays are x_train, y_train, x_test and y_test, or x and y alone, by their
    names.
    """
    if sorted(keys) == ["arr_0", "arr_1", "arr_2", "arr_3"]:  # as numpy.savez names what has none
        return dict(zip(ARRAYS, sorted(keys), strict=True))
    if sorted(keys) == ["arr_0", "arr_1"]:
        return {"x": "arr_0", "y": "arr_1"}
    meant = {}
    for key in keys:
        # train_images, X_train, trainX, test-labels
        words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", key)
        found = [word.lower() for word in words]
        part = next((PARTS[word] for word in found if word in PARTS), "")
        kind = next((KINDS[word] for word in found if word in KINDS), "")
        if kind:
            meant[f"{kind}_{part}" if part else kind] = key
    return meant


def _objects(path: Path, keys: list[str]) -> LessonError:
    what = (
        f"{display_path(path)}: {listed(keys)} hold Python objects, and reading those can run code"
    )
    pairs = ", ".join(
        f"{key}={'np.stack' if key[0] == 'x' else 'np.array'}(a[{key!r}].tolist())"
        if key in keys
        else f"{key}=a[{key!r}]"
        for key in ARRAYS
    )
    lines = f"np.savez({_fixed(path)!r}, {pairs})"
    fix = _lines(path, lines, ", allow_pickle=True")
    return LessonError(what, f"if you trust the file, and its images have one size, {fix}")


def refuse_unfit(path: Path, train: Split, test: Split) -> None:
    """See whether arrays are images and labels that the notebooks can learn from.

    Raises:
        LessonError: they aren't; the message says why, and gives the lines that mend what is only
            in another form.
    """
    parts = {"train": train, "test": test}
    problems: list[str] = []
    changes: dict[str, str] = {}
    mendable = True
    top = max(_highest(train[0]), _highest(test[0]))
    for part, (x, y) in parts.items():
        count = len(x) if x.ndim else 0
        looks = {
            f"x_{part}": (x, *_look_at_images(f"x_{part}", x, top)),
            f"y_{part}": (y, *_look_at_labels(f"y_{part}", y, count)),
        }
        for name, (array, right, change) in looks.items():
            if right:
                kind = f"{array.dtype} of shape {array.shape}"
                problems.append(f"{name} is {kind} and must be {right}")
                changes[name] = change
                mendable = mendable and bool(change)
    words = [y for _, y in parts.values() if y.dtype.kind in "SU"]
    if len(words) == 2 and len(strange := np.setdiff1d(test[1], train[1])):
        problems.append(f"y_test holds classes that y_train lacks: {listed(strange.tolist())}")
        mendable = False
    if not problems:
        problems, changes = _look_at_classes(train[1], test[1])
        mendable = bool(changes)
        problems += _look_at_pixels(parts)
        if train[0].shape[1:] != test[0].shape[1:]:
            problems.append(
                f"images for training are {train[0].shape[1:]}, for testing {test[0].shape[1:]}"
            )
            mendable = False
    if not problems:
        return
    fix = f"save the arrays {', '.join(ARRAYS)} again with numpy.savez, as 02_dataset shows"
    if mendable and changes:
        pairs = ", ".join(f"{name}={changes.get(name) or f'a[{name!r}]'}" for name in ARRAYS)
        fix = _lines(path, f"np.savez({_fixed(path)!r}, {pairs})")
    raise LessonError(f"{display_path(path)} cannot be used: " + "; ".join(problems), fix)


def _highest(x: np.ndarray) -> float:
    """The highest number of an array; 0 where it holds none that could be pixels."""
    return float(x.max()) if x.size and x.dtype.kind in "uif" else 0.0


def _look_at_images(name: str, x: np.ndarray, top: float) -> tuple[str, str]:
    """What images must be, and the expression that makes them so; twice nothing if they are so.

    Args:
        name: of the array.
        x: the array.
        top: the highest number of the images of both parts: they are scaled alike.
    """
    right = (
        f"uint8 images of shape (count, height, width[, 3]), at least {SMALLEST} x {SMALLEST} "
        "pixels, not blank"
    )
    shaped, change = x, f"a[{name!r}]"
    side = round(x.shape[1] ** 0.5) if x.ndim == 2 else 0
    if x.ndim == 2 and side > 1 and side * side == x.shape[1]:
        shaped, change = x.reshape(-1, side, side), f"{change}.reshape(-1, {side}, {side})"
    elif x.ndim == 4 and x.shape[3] == 1:
        shaped, change = x[..., 0], f"{change}[..., 0]"
    elif x.ndim == 4 and x.shape[3] == 4:
        shaped, change = x[..., :3], f"{change}[..., :3]"
    elif x.ndim == 4 and x.shape[1] == 1:
        shaped, change = x[:, 0], f"{change}[:, 0]"
    elif x.ndim == 4 and x.shape[1] == 3 and x.shape[3] != 3:
        shaped, change = x.transpose(0, 2, 3, 1), f"{change}.transpose(0, 2, 3, 1)"
    fits = shaped.ndim > 2 and shaped.shape[3:] in ((), (3,)) and min(shaped.shape[1:3]) > 1
    if fits and min(shaped.shape[1:3]) < SMALLEST:  # such as scikit-learn's digits of 8 x 8
        times = -(-SMALLEST // min(shaped.shape[1:3]))
        shaped = shaped.repeat(times, axis=1).repeat(times, axis=2)
        change += f".repeat({times}, axis=1).repeat({times}, axis=2)"
    if not fits or not len(x) or x.dtype.kind not in "buif":
        return right, ""
    if x.dtype == np.uint8:
        if x.min() == x.max():
            return right, ""
        if top <= LEAST_LIGHT:
            right += f", from 0 to 255; these numbers go up to {top:g}"
            return right, f"({change} * (255 / {top:g})).round().astype('uint8')"
        return ("", "") if shaped is x else (right, change)
    low, high = float(x.min()), float(x.max())
    if x.dtype.kind == "b":
        return right, f"{change}.astype('uint8') * np.uint8(255)"
    if not np.isfinite([low, high]).all() or low == high:
        return right, ""
    if x.dtype.kind == "f" and low >= 0 and high <= 1:
        return right, f"({change} * 255).round().astype('uint8')"
    if x.dtype.kind == "f" and -1 <= low < 0 and high <= 1:
        return right, f"(({change} + 1) * 127.5).round().astype('uint8')"
    if low >= 0 and top <= LEAST_LIGHT:  # such as scikit-learn's digits, from 0 to 16
        return right, f"({change} * (255 / {top:g})).round().astype('uint8')"
    if low >= 0 and top <= 255:
        return right, f"{change}.round().astype('uint8')"
    if x.dtype.kind in "iu" and low >= 0 and top <= 65535:
        return right, f"({change} / {_full_scale(top)} * 255).round().astype('uint8')"
    return f"{right}, from 0 to 255; these numbers go from {low:g} to {high:g}", ""


def _full_scale(highest: float) -> int:
    """The largest number of the fewest bits that hold `highest`: of 8, 10, 12, 14 or 16."""
    return next(2**bits - 1 for bits in (8, 10, 12, 14, 16) if highest < 2**bits)


def _look_at_labels(name: str, y: np.ndarray, count: int) -> tuple[str, str]:
    right = f"one integer for each image of x_{name[2:]}"
    if y.shape == (count,) and y.dtype.kind in "iu":
        return "", ""
    if not count or not y.ndim or len(y) != count:
        return right, ""
    change = f"a[{name!r}]"
    if y.ndim == 2 and y.shape[1] > 1:
        one_hot = y.dtype.kind in "buif" and (np.sort(y, axis=1)[:, -1] > 0.99).all()
        return right, f"{change}.argmax(axis=1)" if one_hot and (y.sum(axis=1) < 1.01).all() else ""
    if y.size != count:
        return right, ""
    if y.ndim > 1:
        change += ".ravel()"
    if y.dtype.kind in "SUf":
        if y.dtype.kind == "f" and (y != np.round(y)).any():
            return right, ""
        if y.dtype.kind == "f":
            return right, f"{change}.astype(int)"
        return right, f"np.searchsorted(np.unique(a['y_train']), {change})"
    if y.dtype.kind not in "iub":  # complex numbers, dates
        return right, ""
    return right, change if y.dtype.kind in "iu" else f"{change}.astype(int)"


def _look_at_classes(train: np.ndarray, test: np.ndarray) -> tuple[list[str], dict[str, str]]:
    """What is wrong with the classes, and the expressions that number them from 0."""
    classes, strange = np.unique(train), np.setdiff1d(test, train)
    problems, changes = [], {}
    if len(classes) < 2 or classes[0] != 0 or classes[-1] != len(classes) - 1:
        problems.append(
            "y_train must hold two or more classes, numbered from 0 without a gap, "
            f"not {listed(classes.tolist())}"
        )
        if len(classes) > 1 and not len(strange):
            number = "np.searchsorted(np.unique(a['y_train']), a[{!r}])"
            changes = {name: number.format(name) for name in ("y_train", "y_test")}
    if len(test) < 2:  # 05 compares one half of them with the other
        problems.append(f"x_test holds {len(test)} image, and at least 2 are needed")
        changes = {}
    if len(strange):
        problems.append(f"y_test holds classes that y_train lacks: {listed(strange.tolist())}")
    return problems, changes


def _look_at_pixels(parts: Mapping[str, Split]) -> list[str]:
    """Which parts hold images that show nothing, more than a few."""
    problems = []
    for part, (x, _) in parts.items():
        flat = x.reshape(len(x), -1)
        dull = np.flatnonzero(np.ptp(flat, axis=1) < 16)  # few; the others needn't be looked at
        reasons = {int(index): reason for index in dull if (reason := blank(x[index]))}
        if len(reasons) > FEW_BLANK * len(x):
            first, reason = next(iter(reasons.items()))
            problems.append(
                f"{len(reasons):,} of {len(x):,} images of x_{part} show nothing; number {first} "
                f"is {reason}"
            )
    return problems
