"""A folder of pictures, one folder a class, becomes the arrays that the notebooks work with. No
TensorFlow here.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from helpers.pictures import blank, read_picture
from series.errors import LessonError, listed
from series.files import display_path, user_path

Split = tuple[np.ndarray, np.ndarray]

# What systems write into folders of pictures and into archives of them, in lower case.
NO_PICTURES = ("__macosx", "thumbs.db", "desktop.ini", "icon\r")
# The usual names of the parts of a data set, in any case.
PARTS = {
    "train": "train", "training": "train",
    "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip
LEAST = {"train": 2, "test": 1, "validation": 0}  # pictures of a class; of two, one is held out
LAYOUT = (
    "give a folder that holds a folder of pictures for each class, or such folders in train and "
    "test, as data/README.md shows"
)
FEW_BLANK = 0.01  # the share of blank images that a data set may have
MOST_NARROW = 8  # times as long as wide; of a longer picture, a square shows next to nothing


@dataclass(frozen=True)
class Layout:
    """How a folder of pictures is laid out.

    Attributes:
        parts: folders of classes by what they are for, `train` and maybe `test` and `validation`;
            without such parts the folder itself, as `train`.
        classes: the names of the classes, in the order of their labels.
        pictures: the pictures of each part and class, in the same order on every system.
        notes: what is passed over, and what a part for validation is used for, a sentence each.
    """

    parts: dict[str, Path]
    classes: tuple[str, ...]
    pictures: dict[tuple[str, str], list[Path]]
    notes: list[str]


def look_at_folder(folder: Path) -> Layout:
    """Find the parts and the classes of a folder of pictures, by its names alone.

    A part for validation is added to the training images, since 04_training holds out a fifth of
    those; where there is no part to test on, it becomes that part.

    Raises:
        LessonError: there are fewer than two classes, a class has too few pictures, or pictures lie
            where a class can't be told.
    """
    parts, notes = _find_parts(folder)
    classes = tuple(sorted({path.name for part in parts.values() for path in _folders(part)}))
    problems = [] if len(classes) > 1 else ["it holds fewer than two classes"]
    pictures = {}
    for role, part in parts.items():
        for name in classes:
            paths = _pictures(part / name)
            pictures[role, name] = paths
            place = (part / name).relative_to(folder)
            if _holds_classes(part / name, paths):
                problems.append(f"{place} holds folders where a class holds pictures")
            elif len(paths) < LEAST[role]:
                count = "1 picture" if len(paths) == 1 else f"{len(paths)} pictures"
                problems.append(f"{place} holds {count}, too few")
    if problems:
        raise _refusal(folder, listed(problems))
    around = dict.fromkeys([folder, *parts.values()])
    beside = [path for place in around for path in _contents(place)]
    loose = [path.name for path in beside if path.suffix.lower() in Image.registered_extensions()]
    if loose:
        notes.append(f"Passed over, beside the folders of the classes: {listed(loose, 6)}.")
    return Layout(parts, classes, pictures, notes)


def _find_parts(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """The parts of a folder, and what there is to say about them."""
    inside = _folders(folder)
    named = {PARTS[path.name.lower()]: path for path in inside if path.name.lower() in PARTS}
    others = [path for path in inside if path not in named.values()]
    parts = {role: path for role, path in named.items() if _holds_classes(path, _pictures(path))}
    flat = [path.name for path in named.values() if path not in parts.values()]
    if (parts and flat) or (len(flat) > 1 and not others):
        raise _refusal(folder, f"it holds no folder for each class in {listed(flat)}")
    # A single folder of such a name is a class like those beside it.
    if "train" not in parts or (len(parts) == 1 and others):
        return {"train": folder}, []
    notes = []
    if others:
        notes.append(f"Passed over, beside the parts: {listed([path.name for path in others])}.")
    if "validation" in parts and "test" not in parts:
        notes.append(f"The images to test on are those of {parts['validation'].name}.")
        parts["test"] = parts.pop("validation")
    elif "validation" in parts:
        notes.append(f"The images of {parts['validation'].name} are added to the training images.")
    return parts, notes


def _holds_classes(folder: Path, pictures: list[Path]) -> bool:
    """Whether most of a folder's pictures lie in folders inside it, so that it is no class."""
    direct = [path for path in pictures if path.parent == folder]
    return len(direct) < len(pictures) / 2


def _refusal(folder: Path, what: str, fix: str = LAYOUT) -> LessonError:
    return LessonError(f"{display_path(folder)} cannot be used: {what}", fix)


def load_folder(
    folder: Path, size: int = 28, test_share: float = 0.2, seed: int = 1
) -> tuple[Split, Split, tuple[str, ...]]:
    """Load a folder that holds a folder of pictures for each class, or parts such as `train` and
    `test` that each do (see `look_at_folder`).

    Names that start with a dot are passed over. Every picture is turned upright, put on white where
    it is transparent, cut to a square around its center and scaled. If one of them has color, all
    keep theirs.

    Args:
        folder: the folder.
        size: height and width of the images, in pixels.
        test_share: without a part to test on, the share of each class's pictures held out for it,
            at least one.
        seed: decides which pictures are held out, and the order of those to train on.

    Returns:
        `(x_train, y_train), (x_test, y_test)` and the names of the classes, in the order of their
        labels: images as uint8 of shape (count, size, size), in color (count, size, size, 3);
        labels as uint16 of shape (count,).

    Raises:
        LessonError: the layout is none that we know, files can't be read, or show nothing.
    """
    layout = look_at_folder(folder)
    for note in layout.notes:
        print(note)
    images, labels, tested = [], [], []
    broken, empty = [], []
    random = np.random.default_rng(seed)
    for (role, name), paths in layout.pictures.items():
        held_out = set()
        if "test" not in layout.parts:
            count = min(max(1, round(test_share * len(paths))), len(paths) - 1)
            held_out = set(random.permutation(len(paths))[:count].tolist())
        for index, path in enumerate(paths):
            try:
                image = read_image(path, (size, size))
            except LessonError as error:
                broken.append(error.what)
                continue
            if reason := blank(image):
                empty.append(f"{path.relative_to(folder)} is {reason}")
            images.append(image)
            labels.append(layout.classes.index(name))
            tested.append(role == "test" or index in held_out)
    if broken:
        raise _refusal(folder, listed(broken, 6), "repair those files or take them out")
    if len(empty) > FEW_BLANK * len(images):
        what = f"{len(empty)} of {len(images)} pictures show nothing: {listed(empty, 6)}"
        fix = "take them out, or save them on a dark ground where they are white"
        raise _refusal(folder, what, fix)
    x, y, test = np.stack(images), np.array(labels, np.uint16), np.array(tested)
    x = x[..., 0] if (x == x[..., :1]).all() else x  # gray
    # Shuffled, or a model would meet one class after the other.
    order = random.permutation(np.flatnonzero(~test))
    return (x[order], y[order]), (x[test], y[test]), layout.classes


def read_image(path: str | Path, shape: tuple[int, int]) -> np.ndarray:
    """A picture cut to the proportions of `shape` around its center and scaled, on white where it
    is transparent.

    Args:
        path: as `read_picture` takes it.
        shape: height and width, in pixels.

    Returns:
        uint8 of shape (height, width, 3).

    Raises:
        LessonError: it can't be read, or one side is more than eight times the other.
    """
    picture = Image.fromarray(read_picture(path))
    if max(picture.size) > MOST_NARROW * min(picture.size):
        name = display_path(user_path(path))
        what = f"{name} is too narrow: one side is more than {MOST_NARROW} times the other"
        raise LessonError(what, "cut out the part that matters, or take another picture")
    on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(ImageOps.fit(on_white.convert("RGB"), shape[::-1], Image.Resampling.LANCZOS))


def _contents(folder: Path) -> list[Path]:
    """What lies in a folder, without what is hidden or what systems write there.

    Raises:
        LessonError: the folder can't be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if _is_seen(path.name))
    except OSError as error:
        what = f"{display_path(folder)} can't be read ({error.strerror})"
        raise LessonError(what, "make that folder one that you may read, or copy it") from error


def _folders(folder: Path) -> list[Path]:
    return [path for path in _contents(folder) if path.is_dir()]


def _pictures(folder: Path) -> list[Path]:
    """The pictures in `folder` and the folders inside it, in the same order on every system; none
    if there is no such folder. Links to folders inside it aren't followed: one that leads upwards
    would bring in all other classes.
    """
    paths = []
    for path in folder.rglob("*"):
        if path.is_file() and all(map(_is_seen, path.relative_to(folder).parts)):
            paths.append(path)
    return sorted(paths, key=Path.as_posix)


def _is_seen(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in NO_PICTURES
