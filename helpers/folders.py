"""A folder of pictures, one folder a class, becomes the arrays that the notebooks work with. No TensorFlow here."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from helpers.errors import LessonError
from helpers.files import shown
from helpers.pictures import read_picture

Split = tuple[np.ndarray, np.ndarray]
Files = dict[str, list[Path]]  # the pictures of each class

MOST_NAMED = 20  # files that one message names


def load_folder(
    folder: Path, size: int = 28, test_share: float = 0.2, seed: int = 1
) -> tuple[Split, Split, tuple[str, ...]]:
    """Load a folder that holds a folder of pictures for each class, or folders `train` and `test` that each do.

    Names that start with a dot are passed over. Every picture is turned upright, put on white where it is transparent,
    cut to a square around its centre and scaled. If one of them has colour, all keep theirs.

    Args:
        folder: the folder.
        size: height and width of the images, in pixels.
        test_share: without `train` and `test`, the share of each class's pictures held out to test on, at least one.
        seed: decides which pictures are held out, and the order of those to train on.

    Returns:
        `(x_train, y_train), (x_test, y_test)` and the names of the classes, in the order of their labels: images as
        uint8 of shape (count, size, size), in colour (count, size, size, 3); labels as uint16 of shape (count,).

    Raises:
        LessonError: fewer than two classes, a class without pictures in one of the parts, or unreadable files.
    """
    given = (folder / "train").is_dir() and (folder / "test").is_dir()
    found = [_find(folder / "train"), _find(folder / "test")] if given else [_find(folder)]
    names = tuple(sorted(set().union(*found)))
    _refuse(folder, _class_problems(found, names))
    train, test = found if given else _split(found[0], test_share, np.random.default_rng(seed))
    images = _read_all(folder, [path for part in (train, test) for name in names for path in part[name]], size)
    labels = np.concatenate(
        [np.repeat(np.arange(len(names)), [len(part[name]) for name in names]) for part in (train, test)]
    )
    count = sum(map(len, train.values()))
    order = np.random.default_rng(seed).permutation(count)  # or a model would meet one class after the other
    labels = labels.astype(np.uint16)
    return (images[:count][order], labels[:count][order]), (images[count:], labels[count:]), names


def folder_classes(folder: Path) -> tuple[str, ...]:
    """The names of the classes of a folder of pictures, in the order of their labels."""
    part = folder / "train" if (folder / "train").is_dir() and (folder / "test").is_dir() else folder
    return tuple(sorted(_find(part)))


def read_image(path: str | Path, shape: tuple[int, int]) -> np.ndarray:
    """A picture cut to the proportions of `shape` around its centre and scaled, on white where it is transparent.

    Args:
        path: as `read_picture` takes it.
        shape: height and width, in pixels.

    Returns:
        uint8 of shape (height, width, 3).

    Raises:
        LessonError: it cannot be read.
    """
    picture = Image.fromarray(read_picture(path))
    on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(ImageOps.fit(on_white.convert("RGB"), shape[::-1], Image.Resampling.LANCZOS))


def _find(folder: Path) -> Files:
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return {
        path.name: sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        for path in classes
    }


def _class_problems(found: list[Files], names: tuple[str, ...]) -> list[str]:
    problems = []
    if len(names) < 2:
        problems.append(f"it holds {len(names)} folders of pictures, and there is something to learn from two on")
    enough = 1 if len(found) == 2 else 2  # of two pictures one is held out
    for part, prefix in zip(found, ("train/", "test/") if len(found) == 2 else ("",), strict=True):
        short = [f"{prefix}{name}" for name in names if len(part.get(name, [])) < enough]
        if short:
            problems.append(f"classes with fewer than {enough} pictures: {_named(short)}")
    return problems


def _split(found: Files, share: float, random: np.random.Generator) -> tuple[Files, Files]:
    train, test = {}, {}
    for name, paths in found.items():
        count = min(max(1, round(share * len(paths))), len(paths) - 1)
        held_out = set(random.permutation(len(paths))[:count].tolist())
        train[name] = [path for index, path in enumerate(paths) if index not in held_out]
        test[name] = [path for index, path in enumerate(paths) if index in held_out]
    return train, test


def _read_all(folder: Path, paths: list[Path], size: int) -> np.ndarray:
    images, unreadable = np.empty((len(paths), size, size, 3), np.uint8), []
    for image, path in zip(images, paths, strict=True):
        try:
            image[...] = read_image(path, (size, size))
        except LessonError:
            unreadable.append(str(path.relative_to(folder)))
    _refuse(
        folder,
        [f"no pictures, or damaged ones ({len(unreadable)}): {_named(sorted(unreadable))}"] if unreadable else [],
    )
    grey = (images == images[..., :1]).all()
    return images[..., 0] if grey else images


def _refuse(folder: Path, problems: list[str]) -> None:
    if problems:
        mend = "put those files right or take them out; data/README.md says how such a folder is laid out"
        raise LessonError(f"{shown(folder)} cannot be used: " + "; ".join(problems), mend)


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
