"""Folders of pictures: what is loaded is what lies there, and what cannot be learned from is refused with its names."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import data, folders
from helpers.chain import DATA_FOLDER
from helpers.errors import LessonError


def picture(path: Path, colour: object = 128, size: tuple[int, int] = (20, 20), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)  # type: ignore[arg-type]


def fill(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), count: int = 5) -> Path:
    for index, name in enumerate(classes):
        for number in range(count):
            picture(folder / name / f"{number}.png", 40 * index + number)
    return folder


def test_a_share_of_each_class_is_held_out(tmp_path: Path) -> None:
    (x_train, y_train), (x_test, y_test), names = folders.load_folder(fill(tmp_path, count=10), 12, test_share=0.3)
    assert names == ("cat", "dog")
    assert x_train.shape == (14, 12, 12)
    assert x_test.shape == (6, 12, 12)
    assert x_train.dtype == np.uint8
    assert np.bincount(y_train).tolist() == [7, 7]
    assert np.bincount(y_test).tolist() == [3, 3]
    everything = np.concatenate([x_train, x_test])[:, 0, 0]
    assert sorted(everything.tolist()) == [*range(10), *range(40, 50)]
    assert ((np.concatenate([x_train, x_test])[:, 0, 0] >= 40) == np.concatenate([y_train, y_test])).all()


def test_the_seed_decides_which_are_held_out(tmp_path: Path) -> None:
    fill(tmp_path, count=20)
    first, same, other = (folders.load_folder(tmp_path, 8, seed=seed)[1][0] for seed in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).any()


def test_train_and_test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    fill(tmp_path / "train", count=3)
    fill(tmp_path / "test", count=2)
    (_, y_train), (_, y_test), names = folders.load_folder(tmp_path)
    assert np.bincount(y_train).tolist() == [3, 3]
    assert np.bincount(y_test).tolist() == [2, 2]
    assert names == folders.folder_classes(tmp_path) == ("cat", "dog")


def test_one_picture_in_colour_keeps_all_in_colour(tmp_path: Path) -> None:
    fill(tmp_path)
    assert folders.load_folder(tmp_path, 10)[0][0].shape == (8, 10, 10)
    picture(tmp_path / "dog" / "red.png", (200, 10, 10), mode="RGB")
    assert folders.load_folder(tmp_path, 10)[0][0].shape == (9, 10, 10, 3)


def test_modes_sizes_and_turned_photographs_are_read_as_pillow_reads_them(tmp_path: Path) -> None:
    fill(tmp_path)
    picture(tmp_path / "cat" / "palette.gif", 3, (40, 10), "P")
    picture(tmp_path / "cat" / "clear.png", (0, 0, 0, 0), (9, 30), "RGBA")
    turned = Image.new("RGB", (40, 40), "white")
    turned.paste("black", (0, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 3  # held upside down
    turned.save(tmp_path / "cat" / "turned.jpg", exif=exif, quality=95)
    upright = folders.read_image(tmp_path / "cat" / "turned.jpg", (20, 20))
    assert upright[2].mean() > 200
    assert upright[-3].mean() < 50
    assert folders.read_image(tmp_path / "cat" / "clear.png", (20, 20)).min() == 255
    assert len(folders.load_folder(tmp_path)[0][0]) + len(folders.load_folder(tmp_path)[1][0]) == 13


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "cat" / ".DS_Store").write_bytes(b"no picture")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "notes.txt").write_text("beside the classes, not in one")
    assert folders.load_folder(tmp_path)[2] == ("cat", "dog")


def test_files_that_are_no_pictures_are_all_named_up_to_twenty(tmp_path: Path) -> None:
    fill(tmp_path)
    for number in range(23):
        (tmp_path / "dog" / f"bad{number:02}.png").write_bytes(b"no picture")
    with pytest.raises(LessonError) as caught:
        folders.load_folder(tmp_path)
    text = str(caught.value)
    assert "no pictures, or damaged ones (23): " in text
    assert str(Path("dog") / "bad19.png") in text
    assert "bad20" not in text
    assert "and 3 more" in text


def test_a_truncated_picture_is_named(tmp_path: Path) -> None:
    fill(tmp_path)
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cat" / "cut.png")
    content = (tmp_path / "cat" / "cut.png").read_bytes()
    (tmp_path / "cat" / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(LessonError, match=r"damaged ones \(1\): .*cut\.png"):
        folders.load_folder(tmp_path)


@pytest.mark.parametrize(
    ("lay_out", "words"),
    [
        (lambda folder: fill(folder, ("cat",)), "holds 1 folders"),
        (lambda folder: folder.mkdir(exist_ok=True), "holds 0 folders"),
        (lambda folder: (fill(folder) / "eel").mkdir(), "fewer than 2 pictures: eel"),
        (lambda folder: fill(fill(folder), ("eel",), count=1), "fewer than 2 pictures: eel"),
        (lambda folder: (fill(folder / "train"), fill(folder / "test", ("cat",))), "fewer than 1 pictures: test/dog"),
        (
            lambda folder: (fill(folder / "train", ("cat", "eel")), fill(folder / "test", ("cat", "eel", "ox"))),
            "train/ox",
        ),
    ],
)
def test_a_folder_that_nothing_can_be_learned_from_is_refused(tmp_path: Path, lay_out, words: str) -> None:
    lay_out(tmp_path)
    with pytest.raises(LessonError, match=words):
        folders.load_folder(tmp_path)


def test_the_parameter_dataset_takes_a_folder(tmp_path: Path) -> None:
    fill(tmp_path / "my pets")
    (x_train, y_train), _ = data.load_data(str(tmp_path / "my pets"), image_size=16)
    assert x_train.shape == (8, 16, 16)
    assert data.class_names(str(tmp_path / "my pets"), y_train) == ("cat", "dog")


def test_the_doodles_that_ship_with_the_project_load_from_any_working_folder(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (x_train, y_train), (x_test, _) = data.load_data("data/doodles", image_size=32)
    assert x_train.shape[1:] == (32, 32, 3)
    assert len(x_train) + len(x_test) == 4 * 60
    assert data.class_names("data/doodles", y_train) == ("fish", "flower", "rocket", "umbrella")


def test_the_doodles_are_what_their_script_draws(tmp_path: Path) -> None:
    import random
    import runpy

    script = runpy.run_path(str(DATA_FOLDER / "doodles" / "make_doodles.py"))
    for name, draw in script["CLASSES"].items():
        drawn = np.asarray(script["doodle"](draw, random.Random(f"{name} 7")), dtype=int)
        stored = np.asarray(Image.open(DATA_FOLDER / "doodles" / name / "07.png").convert("RGB"), dtype=int)
        assert abs(drawn - stored).max() <= 8, "another version of Pillow may round another way, but draws the same"


def test_keras_own_data_without_a_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    def fails() -> None:
        raise Exception("URL fetch failure on fashion-mnist: None -- no network")  # as Keras does

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fails)
    with pytest.raises(LessonError, match=r"fashion_mnist\.load_data\(\)"):
        data.load_data("fashion_mnist")


def test_keras_own_data_comes_in_the_shape_of_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    images = np.random.default_rng(1).integers(0, 255, (20, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(20, dtype=np.uint8)[:, None] % 10
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: ((images, labels), (images, labels)))
    (x_train, y_train), _ = data.load_data("cifar10")
    assert x_train.shape == (20, 32, 32, 3)
    assert y_train.shape == (20,)
    assert data.class_names("cifar10", y_train)[3] == "cat"


def test_a_name_that_is_no_data_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(LessonError, match="did you mean cifar10"):
        data.load_data("cifar_10")
