"""A reader's own picture: what it becomes, and what is refused."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import center_of_mass

from helpers import pictures
from helpers.data import load_mnist
from series.chain import DATA_FOLDER
from series.errors import LessonError

DRAWINGS = sorted((DATA_FOLDER / "drawings").glob("[0-9].*"))


def digit(ink: int = 20, paper: int = 240) -> np.ndarray:
    """A seven in gray, taller than wide, away from the middle."""
    gray = np.full((120, 160), paper, dtype="uint8")
    gray[20:32, 90:140] = ink
    for row in range(32, 100):
        start = 128 - (row - 32) // 2
        gray[row, start : start + 12] = ink
    return gray


def save(array: np.ndarray, path: Path, **options) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.fixture
def plain(tmp_path):
    return pictures.picture_to_image(save(digit(), tmp_path / "plain.png"))


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.name)
def test_each_drawing_becomes_an_image_like_mnists(path):
    image = pictures.picture_to_image(path)
    assert image.shape == (28, 28) and image.dtype == np.uint8 and image.max() == 255
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert all(abs(mass - 14) <= 0.5 for mass in center_of_mass(image))
    assert len(np.unique(image)) > 10, "scaling makes gray edges"


def test_there_is_a_drawing_of_each_digit_and_the_script_makes_the_same_ones(tmp_path, monkeypatch):
    assert [path.stem for path in DRAWINGS] == [str(number) for number in range(10)]
    script = runpy.run_path(str(DATA_FOLDER / "drawings" / "make_drawings.py"))
    monkeypatch.setitem(script["main"].__globals__, "FOLDER", tmp_path)
    script["main"]()
    for path in DRAWINGS:
        again, stored = pictures.read_picture(tmp_path / path.name), pictures.read_picture(path)
        assert abs(again.astype(int) - stored.astype(int)).mean() < 1, path.name


def test_mnists_own_images_come_out_much_as_they_went_in(tmp_path):
    images = load_mnist()[1][0][:50]
    alike = [
        likeness(pictures.picture_to_image(save(image, tmp_path / "mnist.png")), image)
        for image in images
    ]
    assert np.median(alike) > 0.95


CHANGES = {
    "negative": lambda gray: 255 - gray,
    "cyan": lambda gray: np.stack([gray, np.full_like(gray, 240), np.full_like(gray, 240)], -1),
    "16 bits": lambda gray: gray.astype("uint16") * 257,
    "in a corner": lambda gray: np.pad(gray, ((300, 0), (0, 500)), constant_values=240),
    "large": lambda gray: gray.repeat(12, axis=0).repeat(12, axis=1),
    "shadow": lambda gray: (gray * np.linspace(1, 0.6, gray.shape[1])).astype("uint8"),
    "cut close": lambda gray: gray[16:104, 82:144],
}


@pytest.mark.parametrize("name", CHANGES)
def test_size_color_polarity_and_light_do_not_matter(name, plain, tmp_path):
    path = save(CHANGES[name](digit()), tmp_path / "other.png")
    assert max(pictures.read_picture(path).shape) <= 1024
    assert likeness(pictures.picture_to_image(path), plain) > 0.97


def test_noise_jpeg_and_the_way_a_camera_was_held_do_not_matter(plain, tmp_path):
    noisy = digit(ink=60, paper=200) + np.random.default_rng(0).normal(0, 8, (120, 160))
    exif = Image.Exif()
    exif[274] = 6  # turned to the left
    turned = np.rot90(noisy).clip(0, 255).astype("uint8")
    path = save(turned, tmp_path / "noisy.jpg", quality=60, exif=exif)
    assert likeness(pictures.picture_to_image(path), plain) > 0.97


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (200, 30, 30)])
def test_ink_on_a_transparent_ground_is_seen_whatever_its_color(color, plain, tmp_path):
    opacity = digit(ink=255, paper=0)
    # Colors that nobody sees.
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 4), dtype="uint8")
    pixels[opacity > 0, :3] = color
    pixels[..., 3] = opacity
    image = pictures.picture_to_image(save(pixels, tmp_path / "transparent.png"))
    assert likeness(image, plain) > 0.97


@pytest.mark.parametrize("shape", [(32, 32), (64, 48)])
def test_images_of_another_size_get_their_own_box(shape, tmp_path):
    image = pictures.picture_to_image(save(digit(), tmp_path / "seven.png"), shape)
    assert image.shape == shape
    lengths = [np.ptp(np.flatnonzero(image.any(axis=axis))) + 1 for axis in (1, 0)]
    for length, side, mass in zip(lengths, shape, center_of_mass(image), strict=True):
        assert length <= round(side * 20 / 28) and abs(mass - side // 2) <= 0.5


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((50, 50), "uint8"), "black, or nearly: no pixel is brighter than 0 of 255"),
        (np.pad(np.full((90, 90), 12, "uint8"), 50), "no pixel is brighter than 12"),
        (np.full((50, 50, 3), (200, 30, 30), "uint8"), "of one color"),
        (np.linspace(90, 250, 200).astype("uint8")[None].repeat(100, axis=0), "empty"),  # a shadow
        (np.random.default_rng(0).integers(170, 230, (300, 300), "uint8"), "empty"),  # noise
        (np.pad(np.zeros((7, 4), "uint8"), 100, constant_values=255), "too small"),
        (np.pad(digit(), 20, constant_values=15), r"more than half.*\nTo fix it: crop the picture"),
    ],
)
def test_what_shows_no_digit_is_refused(array, words, tmp_path):
    with pytest.raises(LessonError, match=words):
        pictures.picture_to_image(save(array, tmp_path / "odd.png"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("half.png", r"half\.png can't be read as a picture \(.+\)\n"),
        ("text.png", r"text\.png can't be read as a picture \(no format that we know\)\n"),
        ("missing.png", r"there is no file .*missing\.png\n"),
        ("", r"there is no file .*\n"),
        ("https://example.org/seven.png", r"there is no file .*seven\.png\n"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, name, words):
    complete = save(digit(), tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(complete[: len(complete) // 2])
    (tmp_path / "text.png").write_bytes(b"no picture")
    made = (tmp_path / name).is_file()
    with pytest.raises(LessonError, match=words):
        pictures.read_picture(tmp_path / name if made else name)


def test_a_large_jpeg_is_read_small_and_what_pillow_thinks_too_large_is_refused(
    tmp_path, monkeypatch
):
    big = np.kron(digit(), np.ones((30, 30), "uint8"))  # 3600 x 4800, as JPEG half each way
    path = save(big, tmp_path / "big.jpg")
    assert max(pictures.read_picture(path).shape) <= 1024
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)  # refused from twice as many on
    with pytest.raises(LessonError, match=r"big\.jpg can't be read .*17280000 pixels.*\n.*smaller"):
        pictures.read_picture(path)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (digit().astype("uint16") * 257, ""),
        (digit().astype("int32"), ""),
        (digit().astype("int32") * 257, ""),
        (np.float32(digit() / 255), ""),
        (np.where(digit() < 100, np.float32(np.nan), 1), "from nan to nan, not from 0 to 1"),
        (np.float32(digit()) - 100, "from -80 to 140, not from 0 to 1"),
    ],
)
def test_more_than_8_bits_are_scaled_by_one_rule_or_refused(array, words, tmp_path):
    path = save(array, tmp_path / "deep.tiff")
    if not words:
        assert (pictures.read_picture(path)[..., 0] == digit()).all()
        return
    with pytest.raises(LessonError, match=rf"can't be read as a picture .*its pixels go {words}"):
        pictures.read_picture(path)
