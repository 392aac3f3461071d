"""Folders of pictures: all pictures in them are loaded, and what can't be learned from is refused
with its names.
"""

import random
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import data, folders
from series.chain import DATA_FOLDER
from series.errors import LessonError


def picture(
    path: Path, color: object = 128, size: tuple[int, int] = (20, 20), mode: str = "L"
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)  # type: ignore[arg-type]


def fill(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), count: int = 5) -> Path:
    for index, name in enumerate(classes):
        for number in range(count):
            picture(folder / name / f"{number}.png", 40 * index + number)
    return folder


def test_a_share_of_each_class_is_held_out(tmp_path: Path) -> None:
    (x_train, y_train), (x_test, y_test), names = folders.load_folder(
        fill(tmp_path, count=10), 12, test_share=0.3
    )
    assert names == folders.folder_classes(tmp_path) == ("cat", "dog")
    assert (x_train.shape, x_test.shape, x_train.dtype) == ((14, 12, 12), (6, 12, 12), np.uint8)
    assert np.bincount(y_train).tolist() == [7, 7]
    gray, labels = np.concatenate([x_train, x_test])[:, 0, 0], np.concatenate([y_train, y_test])
    assert sorted(gray.tolist()) == [*range(10), *range(40, 50)]
    assert ((gray >= 40) == labels).all()
    same, other = (
        folders.load_folder(tmp_path, 12, test_share=0.3, seed=seed)[1][0] for seed in (1, 2)
    )
    assert (same == x_test).all()
    assert (other != x_test).any()


def test_train_and_test_folders_are_taken_as_they_are_and_a_folder_called_test_as_any_other(
    tmp_path: Path,
) -> None:
    fill(tmp_path / "train", count=3)
    fill(tmp_path / "test", count=2)
    (_, y_train), (_, y_test), names = folders.load_folder(tmp_path)
    assert np.bincount(y_train).tolist() == [3, 3]
    assert np.bincount(y_test).tolist() == [2, 2]
    assert names == ("cat", "dog")
    (_, y_train), (_, y_test), _ = folders.load_folder(tmp_path / "test")
    assert len(y_train) == len(y_test) == 2


def test_one_picture_in_color_keeps_all_in_color(tmp_path: Path) -> None:
    assert folders.load_folder(fill(tmp_path), 10)[0][0].shape == (8, 10, 10)
    picture(tmp_path / "dog" / "red.png", (200, 10, 10), mode="RGB")
    assert folders.load_folder(tmp_path, 10)[0][0].shape == (9, 10, 10, 3)


def test_pictures_are_put_on_white_and_cut_around_their_center(tmp_path: Path) -> None:
    picture(tmp_path / "clear.png", (0, 0, 0, 0), (9, 30), "RGBA")
    assert folders.read_image(tmp_path / "clear.png", (20, 20)).min() == 255
    wide = Image.new("L", (60, 20), 0)
    wide.paste(255, (20, 0, 40, 20))
    wide.save(tmp_path / "wide.png")
    assert folders.read_image(tmp_path / "wide.png", (20, 20)).min() == 255


def test_what_systems_write_into_folders_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / "cat" / name).write_bytes(b"no picture")
    (tmp_path / "cat" / "deeper" / ".cache").mkdir(parents=True)
    picture(tmp_path / "cat" / "deeper" / ".cache" / "hidden.png")
    picture(tmp_path / "cat" / "deeper" / "seen.png")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (_, y_train), (_, y_test), names = folders.load_folder(tmp_path)
    assert names == ("cat", "dog")
    assert np.bincount(np.concatenate([y_train, y_test])).tolist() == [6, 5]


def test_everything_that_is_wrong_is_named_in_one_round(tmp_path: Path) -> None:
    fill(fill(tmp_path), ("eel",), count=1)
    content = (tmp_path / "cat" / "1.png").read_bytes()
    (tmp_path / "cat" / "cut.png").write_bytes(content[: len(content) // 2])
    for number in range(22):
        (tmp_path / "dog" / f"bad{number:02}.png").write_bytes(b"no picture")
    with pytest.raises(LessonError) as caught:
        folders.load_folder(tmp_path)
    for words in (
        "eel holds 1 pictures, too few",
        str(Path("cat") / "cut.png"),
        "bad10.png and 11 more",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (("cat",), ("cat",), "holds 1 folders"),
        (("cat", "dog"), ("cat",), "test.dog holds 0 pictures"),
        (("cat", "dog"), ("cat", "dog", "ox"), "train.ox holds 0 pictures"),
    ],
)
def test_each_part_needs_pictures_of_each_class(
    tmp_path: Path, train: tuple, test: tuple, words: str
) -> None:
    fill(tmp_path / "train", train)
    fill(tmp_path / "test", test)
    with pytest.raises(LessonError, match=words):
        folders.load_folder(tmp_path)


def test_the_doodles_that_ship_with_the_project_load_from_any_working_folder(
    monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (x_train, y_train), (x_test, _) = data.load_data("data/doodles", image_size=32)
    assert x_train.shape[1:] == (32, 32, 3)
    assert len(x_train) + len(x_test) == 4 * 60
    assert data.class_names("data/doodles", y_train) == ("fish", "flower", "rocket", "umbrella")


def test_the_doodles_are_what_their_script_draws() -> None:
    script = runpy.run_path(str(DATA_FOLDER / "doodles" / "make_doodles.py"))
    for name, draw in script["CLASSES"].items():
        drawn = np.asarray(script["doodle"](draw, random.Random(f"{name} 7")), dtype=int)
        stored = np.asarray(
            Image.open(DATA_FOLDER / "doodles" / name / "07.png").convert("RGB"), dtype=int
        )
        assert abs(drawn - stored).max() <= 8, (
            "another version of Pillow may round another way, but draws the same"
        )
