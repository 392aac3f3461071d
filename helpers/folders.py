"""A folder of pictures, one folder a class, becomes the arrays that the notebooks work with. No
TensorFlow here.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from helpers.pictures import UNKNOWN, blank, read_picture
from series.errors import LessonError, listed
from series.files import display_path, is_link

Split = tuple[np.ndarray, np.ndarray]

# What systems write into folders of pictures and into archives of them.
NO_PICTURES = ("thumbs.db", "desktop.ini", "icon\r")
NO_FOLDERS = ("__macosx",)
# The usual names of the parts of a data set, in any case.
PARTS = {
    "train": "train", "training": "train",
    "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip
LAYOUT = "data/README.md says how such a folder is laid out"
FEW_BLANK = 0.01  # the share of blank images that a data set may have


@dataclass(frozen=True)
class Layout:
    """How a folder of pictures is laid out.

    Attributes:
        folder: the folder.
        parts: folders of classes by what they are for, `train`, `test` and `validation`; without
            such parts the folder itself, as `train`.
        classes: the names of the classes, in the order of their labels.
        notes: what became of a part that isn't one of `train` and `test`, a sentence each.
    """

    folder: Path
    parts: dict[str, Path]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def look_at_folder(folder: Path) -> Layout:
    """Find the parts and the classes of a folder of pictures, by its names alone.

    A part for validation is added to the training images, since 04_training holds out a fifth of
    those; where there is no part to test on, it becomes that part.

    Raises:
        LessonError: there are fewer than two classes, or pictures lie where a class can't be told.
    """
    inside = _folders(folder)
    roles: dict[str, list[Path]] = {}
    for path in inside:
        if role := PARTS.get(path.name.casefold()):
            roles.setdefault(role, []).append(path)
    twice = [path.name for paths in roles.values() if len(paths) > 1 for path in paths]
    if twice:
        raise _refusal(folder, f"{listed(twice)} name the same part", "rename or merge them")
    named = {role: paths[0] for role, paths in roles.items()}
    parts = {role: path for role, path in named.items() if _folders(path)}
    flat = [path.name for role, path in named.items() if role not in parts and _pictures(path)]
    if parts and flat:
        what = f"{listed(flat)} holds pictures, but no folder for each class of them"
        raise _refusal(folder, what, "sort them into folders of classes, or take that folder out")
    if flat and len(named) == len(inside) > 1:
        what = f"{listed(flat)} hold pictures, but no folder for each class of them"
        raise _refusal(folder, what, "sort them into folders of classes")
    if parts and "train" not in parts:
        raise _refusal(folder, f"it has {listed(list(parts))}, but no folder train", LAYOUT)
    notes: list[str] = []
    if parts:
        others = [path.name for path in inside if path not in parts.values()]
        if others:
            notes.append(f"Passed over, beside the parts: {listed(others)}.")
        if "validation" in parts and "test" not in parts:
            notes.append(f"The images to test on are those of {parts['validation'].name}.")
            parts["test"] = parts.pop("validation")
        elif "validation" in parts:
            notes.append(
                f"The images of {parts['validation'].name} are added to the training images."
            )
    else:
        parts = {"train": folder}
    around = dict.fromkeys([folder, *parts.values()])
    loose = [path.name for place in around for path in _direct(place) if _is_picture(path)]
    if loose:
        notes.append(f"Passed over, beside the folders of the classes: {listed(loose, 6)}.")
    found = {path.name for part in parts.values() for path in _folders(part)}
    classes = tuple(sorted(found))
    _refuse_other_layouts(folder, parts, classes)
    return Layout(folder, parts, classes, tuple(notes))


def _refuse_other_layouts(folder: Path, parts: dict[str, Path], classes: tuple[str, ...]) -> None:
    if len(classes) == 1 and parts == {"train": folder} and _folders(folder / classes[0]):
        inner = display_path(folder / classes[0])
        raise _refusal(folder, f"it holds one folder only, {classes[0]}", f"give {inner} instead")
    if len(classes) < 2:
        what = f"it holds {len(classes)} folders of pictures, and at least 2 are needed"
        raise _refusal(folder, what, f"make a folder for each class; {LAYOUT}")
    deep = [
        str((part / name).relative_to(folder))
        for part in parts.values()
        for name in classes
        if (part / name).is_dir() and not _direct(part / name) and _folders(part / name)
    ]
    if deep:
        what = f"these hold folders where a class holds pictures: {listed(deep)}"
        fix = f"if their folders are the classes, give one of them instead; {LAYOUT}"
        raise _refusal(folder, what, fix)


def _refusal(folder: Path, what: str, fix: str) -> LessonError:
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
        LessonError: the layout is none that we know, a class has no pictures in one of the parts,
            files can't be read, or show nothing.
    """
    layout = look_at_folder(folder)
    problems, images, labels, tested = [], [], [], []
    broken: list[str] = []
    empty: list[str] = []
    random = np.random.default_rng(seed)
    for role, part in layout.parts.items():
        for label, name in enumerate(layout.classes):
            paths = _pictures(part / name)
            least = {"train": 1 if "test" in layout.parts else 2, "test": 1, "validation": 0}[role]
            if len(paths) < least:  # of two pictures, one is held out
                place = (part / name).relative_to(folder)
                problems.append(f"{place} holds {len(paths)} pictures, too few")
            held_out = set()
            if "test" not in layout.parts:
                count = _held_out(len(paths), test_share)
                held_out = set(random.permutation(len(paths))[:count].tolist())
            for index, path in enumerate(paths):
                shown = str(path.relative_to(folder))
                try:
                    image = read_image(path, (size, size))
                except LessonError as error:
                    reason = "" if UNKNOWN in error.what else f" ({error.what})"
                    broken.append(shown + reason.replace(f"{display_path(path)} ", ""))
                    continue
                if reason := _nothing_to_see(path, image):
                    empty.append(f"{shown} is {reason}")
                images.append(image)
                labels.append(label)
                tested.append(index in held_out or role == "test")
    if broken:
        problems.append(f"no pictures, or damaged ones: {listed(broken)}")
    if len(empty) > FEW_BLANK * len(images):
        problems.append(f"{len(empty)} of {len(images)} pictures show nothing: {listed(empty, 6)}")
    if problems:
        raise _refusal(folder, "; ".join(problems), f"fix those files or take them out; {LAYOUT}")
    x, y, test = np.stack(images), np.array(labels, np.uint16), np.array(tested)
    x = x[..., 0] if (x == x[..., :1]).all() else x  # gray
    # Shuffled, or a model would meet one class after the other.
    order = random.permutation(np.flatnonzero(~test))
    return (x[order], y[order]), (x[test], y[test]), layout.classes


def _nothing_to_see(path: Path, image: np.ndarray) -> str:
    reason = blank(image)
    if reason.endswith("white") and np.ptp(read_picture(path)[..., 3]) > 0:
        return "white on a transparent ground, which becomes white; save it on a dark ground"
    return reason


def count_pictures(folder: Path, test_share: float = 0.2) -> tuple[int, int]:
    """How many images to train on and to test on `load_folder` would make of a folder, without
    opening any.

    Raises:
        LessonError: the layout is none that we know.
    """
    layout = look_at_folder(folder)
    train = test = 0
    for role, part in layout.parts.items():
        for name in layout.classes:
            count = len(_pictures(part / name))
            held_out = _held_out(count, test_share) if "test" not in layout.parts else 0
            tested = count if role == "test" else held_out
            train, test = train + count - tested, test + tested
    return train, test


def _held_out(count: int, share: float) -> int:
    """How many pictures of a class are held out: a share of them, at least one, and never all."""
    return max(0, min(max(1, round(share * count)), count - 1))


def folder_classes(folder: Path) -> tuple[str, ...]:
    """The names of the classes of a folder of pictures, in the order of their labels."""
    return look_at_folder(folder).classes


def read_image(path: str | Path, shape: tuple[int, int]) -> np.ndarray:
    """A picture cut to the proportions of `shape` around its center and scaled, on white where it
    is transparent.

    Args:
        path: as `read_picture` takes it.
        shape: height and width, in pixels.

    Returns:
        uint8 of shape (height, width, 3).

    Raises:
        LessonError: it can't be read.
    """
    picture = Image.fromarray(read_picture(path))
    on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(ImageOps.fit(on_white.convert("RGB"), shape[::-1], Image.Resampling.LANCZOS))


def contents(folder: Path) -> list[Path]:
    """What lies in a folder.

    Raises:
        LessonError: the system doesn't let us look.
    """
    try:
        return list(folder.iterdir())
    except OSError as error:
        what = f"{display_path(folder)} can't be read ({error.strerror})"
        raise LessonError(what, "make that folder one that you may read, or copy it") from error


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    paths = [path for path in contents(folder) if path.is_dir()]
    seen = [path for path in paths if path.name.casefold() not in NO_FOLDERS]
    return sorted(path for path in seen if not path.name.startswith("."))


def _direct(folder: Path) -> list[Path]:
    """The pictures right in `folder`, not in folders inside it."""
    files = [path for path in contents(folder) if path.is_file()]
    seen = [path for path in files if path.name.casefold() not in NO_PICTURES]
    return [path for path in seen if not path.name.startswith(".")]


def _pictures(folder: Path) -> list[Path]:
    """The pictures in `folder` and the folders inside it. Links to folders inside it aren't
    followed: one that leads upwards would bring in all other classes.
    """
    if not folder.is_dir():
        return []
    inner = [path for path in _folders(folder) if not is_link(path)]
    paths = [*_direct(folder), *(path for place in inner for path in _pictures(place))]
    return sorted(paths, key=Path.as_posix)  # in the same order on every system


def _is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a picture."""
    return path.suffix.lower() in Image.registered_extensions()
