"""A folder of pictures, one folder a class, becomes the arrays that the notebooks work with. No
TensorFlow here.
"""

import glob
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from helpers.pictures import read_picture
from series.errors import LessonError, listed
from series.files import display_path

Split = tuple[np.ndarray, np.ndarray]

NO_PICTURES = ("thumbs.db", "desktop.ini")  # what Windows writes into folders of pictures


def load_folder(
    folder: Path, size: int = 28, test_share: float = 0.2, seed: int = 1
) -> tuple[Split, Split, tuple[str, ...]]:
    """Load a folder that holds a folder of pictures for each class, or folders `train` and `test`
    that each do.

    Names that start with a dot are passed over. Every picture is turned upright, put on white where
    it is transparent, cut to a square around its center and scaled. If one of them has color, all
    keep theirs.

    Args:
        folder: the folder.
        size: height and width of the images, in pixels.
        test_share: without `train` and `test`, the share of each class's pictures held out to test
            on, at least one.
        seed: decides which pictures are held out, and the order of those to train on.

    Returns:
        `(x_train, y_train), (x_test, y_test)` and the names of the classes, in the order of their
        labels: images as uint8 of shape (count, size, size), in color (count, size, size, 3);
        labels as uint16 of shape (count,).

    Raises:
        LessonError: fewer than two classes, a class without pictures in one of the parts, or
            unreadable files.
    """
    parts, names = _parts(folder), folder_classes(folder)
    problems = (
        []
        if len(names) > 1
        else [f"it holds {len(names)} folders of pictures, and at least 2 are needed"]
    )
    images, labels, tested, broken = [], [], [], []
    random = np.random.default_rng(seed)
    for part in parts:
        for label, name in enumerate(names):
            paths = _pictures(part / name)
            if len(paths) < 3 - len(parts):  # of two pictures, one is held out
                problems.append(
                    f"{(part / name).relative_to(folder)} holds {len(paths)} pictures, too few"
                )
            count = min(max(1, round(test_share * len(paths))), len(paths) - 1)
            held_out = (
                set(random.permutation(len(paths))[:count].tolist()) if len(parts) == 1 else set()
            )
            for index, path in enumerate(paths):
                try:
                    images.append(read_image(path, (size, size)))
                except LessonError:
                    broken.append(str(path.relative_to(folder)))
                labels.append(label)
                tested.append(index in held_out or part == folder / "test")
    if broken:
        problems.append(f"no pictures, or damaged ones: {listed(broken)}")
    if problems:
        fix = "fix those files or take them out; data/README.md says how such a folder is laid out"
        raise LessonError(f"{display_path(folder)} cannot be used: " + "; ".join(problems), fix)
    x, y, test = np.stack(images), np.array(labels, np.uint16), np.array(tested)
    x = x[..., 0] if (x == x[..., :1]).all() else x  # gray
    order = random.permutation(
        np.flatnonzero(~test)
    )  # or a model would meet one class after the other
    return (x[order], y[order]), (x[test], y[test]), names


def folder_classes(folder: Path) -> tuple[str, ...]:
    """The names of the classes of a folder of pictures, in the order of their labels."""
    found = {path.name for part in _parts(folder) for path in part.iterdir() if path.is_dir()}
    return tuple(sorted(name for name in found if not name.startswith(".")))


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


def _parts(folder: Path) -> list[Path]:
    parts = [folder / "train", folder / "test"]
    return parts if all(part.is_dir() for part in parts) else [folder]


def _pictures(folder: Path) -> list[Path]:
    found = glob.glob("**", root_dir=folder, recursive=True)  # noqa: PTH207 (it passes over names that start with a dot)
    paths = [folder / name for name in sorted(found)]
    return [path for path in paths if path.is_file() and path.name.lower() not in NO_PICTURES]
