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
    """A picture of one color, with a white bar at its foot, so that there is something to see."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = Image.new(mode, size, color)  # type: ignore[arg-type]
    drawn.paste("white", (0, size[1] * 3 // 4, *size))
    drawn.save(path)


def fill(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), count: int = 5) -> Path:
    for index, name in enumerate(classes):
        for number in range(count):
            picture(folder / name / f"{number}.png", (40 * index + number) % 240)
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


@pytest.mark.parametrize(("count", "share"), [(2, 0.01), (2, 0.9), (5, 0.2), (9, 0.9)])
def test_the_count_without_looking_is_what_is_loaded(
    count: int, share: float, tmp_path: Path
) -> None:
    fill(tmp_path, count=count)
    (x_train, _), (x_test, _), _ = folders.load_folder(tmp_path, 12, test_share=share)
    assert folders.count_pictures(tmp_path, share) == (len(x_train), len(x_test))
    assert len(x_train) >= 2 and len(x_test) >= 2  # at least one of each class


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
    Image.new("RGBA", (9, 30), (0, 0, 0, 0)).save(tmp_path / "clear.png")
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


@pytest.mark.posix
def test_a_link_that_leads_upwards_brings_in_no_other_class(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "cat" / "up").symlink_to(tmp_path, target_is_directory=True)
    (_, y_train), (_, y_test), _ = folders.load_folder(tmp_path)
    assert np.bincount(np.concatenate([y_train, y_test])).tolist() == [5, 5]


def test_pictures_beside_the_classes_are_passed_over_and_named(tmp_path: Path, capsys) -> None:
    fill(tmp_path)
    picture(tmp_path / "loose.png")
    (tmp_path / "labels.csv").write_text("no picture")
    assert len(data.load_data(str(tmp_path))[0][0]) == 8
    said = "Passed over, beside the folders of the classes: loose.png.\n"
    assert capsys.readouterr().out == said


def test_odd_formats_names_and_places_are_read_as_they_look(tmp_path: Path) -> None:
    gray = np.full((20, 20), 240, np.uint8)
    gray[12:, :10] = 0
    drawn = Image.fromarray(gray)
    folder = tmp_path / "ünï [a-z]"
    for place in (folder / "katze – süß 猫", folder / "dog", folder / ".hidden"):
        place.mkdir(parents=True)
        drawn.convert("P").save(place / "palette.PNG")
        drawn.convert("CMYK").save(place / "print.JPG", quality=100)
        drawn.convert("1", dither=Image.Dither.NONE).save(place / "fax.tif", compression="group4")
        drawn.convert("LA").save(place / "clear.webp", lossless=True)
        more = [Image.new("L", (20, 20), shade) for shade in (0, 90)]
        drawn.save(place / "several.gif", save_all=True, append_images=more)
        drawn.save(place / "pages.tiff", save_all=True, append_images=more)
    (x_train, _), (x_test, _), names = folders.load_folder(folder, 20)
    assert names == ("dog", "katze – süß 猫")
    assert len(x_train) + len(x_test) == 12
    for image in np.concatenate([x_train, x_test]):
        assert abs(image.astype(int) - gray).max() <= 16, "of several pages, the first"


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
        (("cat",), ("cat",), "holds 1 folders of pictures, and at least 2 are needed"),
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


LAYOUTS = {
    # where the pictures are: how many of each class to train on, how many to test on, what is said
    "train test": (4, 4, ""),
    "training testing": (4, 4, ""),
    "Train Test": (4, 4, ""),
    "TRAINING test": (4, 4, ""),
    "train val": (4, 4, "The images to test on are those of val."),
    "train Validation": (4, 4, "The images to test on are those of Validation."),
    "train valid test": (8, 4, "The images of valid are added to the training images."),
    "train test __MACOSX": (4, 4, ""),
    "train test .cache": (4, 4, ""),
    "train test extra": (4, 4, "Passed over, beside the parts: extra."),
    "train": (3, 1, ""),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_usual_parts_are_known_in_any_case(layout: str, tmp_path: Path, capsys) -> None:
    for part in layout.split():
        fill(tmp_path / part, count=4)
    (_, y_train), (_, y_test) = data.load_data(str(tmp_path))
    train, test, said = LAYOUTS[layout]
    assert np.bincount(y_train).tolist() == [train, train]
    assert np.bincount(y_test).tolist() == [test, test]
    assert data.class_names(str(tmp_path), y_train) == ("cat", "dog")
    assert capsys.readouterr().out.strip() == said


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    assert folders.folder_classes(fill(tmp_path, ("plane", "ship", "train"))) == (
        "plane",
        "ship",
        "train",
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (("zip/cat", "zip/dog"), r"it holds one folder only, zip\nTo fix it: give .*zip instead$"),
        (("a/x", "a/y", "b/x", "b/y"), "these hold folders where a class holds pictures: a, b"),
        (("cat/images", "dog/images"), "these hold folders where a class holds pictures: cat, dog"),
        (("train/cat", "train/dog", "Training/cat"), "name the same part"),
        (("test/cat", "test/dog", "val/cat"), "but no folder train"),
        (("train/cat", "train/dog", "test"), "test holds pictures, but no folder for each class"),
        (("train", "test"), "test, train hold pictures, but no folder for each class"),
        ((), "it holds 0 folders of pictures"),
        (("cat",), "it holds 1 folders of pictures"),
    ],
)
def test_a_layout_that_could_mean_something_else_is_refused(
    made: tuple, words: str, tmp_path: Path
) -> None:
    for place in made:
        for number in range(3):
            picture(tmp_path / place / f"{number}.png", 10 * number)
    with pytest.raises(LessonError, match=words):
        folders.load_folder(tmp_path)


def test_pictures_that_show_nothing_are_refused_with_the_reason(tmp_path: Path) -> None:
    fill(tmp_path)
    for name, mode, color in (
        ("black", "L", 2),
        ("gray", "L", 90),
        ("red", "RGB", (200, 0, 0)),
        ("clear", "RGBA", (255, 255, 255, 0)),
    ):
        Image.new(mode, (20, 20), color).save(tmp_path / "cat" / f"{name}.png")
    drawing = Image.new("RGBA", (20, 20), (255, 255, 255, 0))
    drawing.paste((255, 255, 255, 255), (5, 5, 15, 15))
    drawing.save(tmp_path / "cat" / "drawing.png")
    Image.fromarray(np.full((20, 20), np.nan, np.float32)).save(tmp_path / "cat" / "nan.tiff")
    ten_bits = np.arange(400, dtype=np.uint16).reshape(20, 20) * 2
    Image.fromarray(ten_bits).save(tmp_path / "cat" / "ten.png")
    with pytest.raises(LessonError) as caught:
        folders.load_folder(tmp_path)
    for words in (
        "black.png is black, or nearly: no pixel is brighter than 2 of 255",
        "gray.png is of one color",
        "red.png is of one color",
        "drawing.png is white on a transparent ground, which becomes white",
        "nan.tiff (can't be read as a picture (some of its pixels are no numbers: NaN or infinite)",
        "ten.png (can't be read as a picture (its pixels go up to 798 of 65,535",
    ):
        assert words in str(caught.value)


def test_a_picture_is_turned_upright_and_deep_ones_are_scaled(tmp_path: Path) -> None:
    fill(tmp_path)
    gray = np.zeros((20, 20), np.uint8)
    gray[:5] = 200  # a bar at the top
    exif = Image.Exif()
    exif[274] = 6  # the camera was turned to the left
    Image.fromarray(np.rot90(gray)).save(tmp_path / "turned.png", exif=exif)
    Image.fromarray(np.float32(gray / 255)).save(tmp_path / "float.tiff")
    Image.fromarray(gray.astype(np.uint16) * 257).save(tmp_path / "sixteen.png")
    for name in ("turned.png", "float.tiff", "sixteen.png"):
        assert (folders.read_image(tmp_path / name, (20, 20))[..., 0] == gray).all(), name


@pytest.mark.parametrize(("classes", "count"), [(2, 2), (300, 2)])
def test_two_classes_and_three_hundred_of_two_pictures_each_load(
    classes: int, count: int, tmp_path: Path
) -> None:
    fill(tmp_path, tuple(f"class {number:03}" for number in range(classes)), count)
    (x_train, y_train), (x_test, y_test), names = folders.load_folder(tmp_path, 8)
    assert (x_train.shape, x_test.shape) == ((classes, 8, 8), (classes, 8, 8))
    assert sorted(y_train) == sorted(y_test) == list(range(classes))
    assert len(names) == classes


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
