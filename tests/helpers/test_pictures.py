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


@pytest.mark.parametrize(
    "change",
    [
        lambda gray: 255 - gray,  # bright ink on dark
        lambda gray: np.stack(
            [gray, np.full_like(gray, 240), np.full_like(gray, 240)], axis=-1
        ),  # cyan on white
        lambda gray: gray.astype("uint16") * 257,  # 16 bits a pixel
        lambda gray: np.pad(
            gray, ((300, 0), (0, 500)), constant_values=240
        ),  # in a corner of a larger sheet
        lambda gray: gray.repeat(12, axis=0).repeat(12, axis=1),  # very large
        lambda gray: (gray * np.linspace(1, 0.6, gray.shape[1])).astype(
            "uint8"
        ),  # light from one side
        lambda gray: gray[16:104, 82:144],  # cut close to the ink
    ],
    ids=["negative", "color", "16 bits", "corner", "large", "shadow", "close"],
)
def test_size_color_polarity_and_light_do_not_matter(change, plain, tmp_path):
    path = save(change(digit()), tmp_path / "other.png")
    assert max(pictures.read_picture(path).shape) <= 1024
    assert likeness(pictures.picture_to_image(path), plain) > 0.97


def test_noise_jpeg_and_the_way_a_camera_was_held_do_not_matter(plain, tmp_path):
    noisy = digit(ink=60, paper=200) + np.random.default_rng(0).normal(0, 8, (120, 160))
    exif = Image.Exif()
    exif[274] = 6  # turned to the left
    path = save(
        np.rot90(noisy).clip(0, 255).astype("uint8"), tmp_path / "noisy.jpg", quality=60, exif=exif
    )
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


@pytest.mark.parametrize("name", ["P.png", "1.png", "LA.png", "CMYK.jpg"])
def test_palettes_and_two_colors_are_read(name, plain, tmp_path):
    path = tmp_path / name
    Image.fromarray(digit(ink=0, paper=255)).convert(path.stem).save(path)
    assert likeness(pictures.picture_to_image(path), plain) > 0.97


@pytest.mark.parametrize("shape", [(32, 32), (64, 48), (8, 8)])
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
        (np.pad(np.full((90, 90), 3, "uint8"), 50), "no pixel is brighter than 3 of 255"),
        (np.pad(np.full((90, 90), 12, "uint8"), 50), "nearly black: no pixel is brighter than 12"),
        (np.full((1, 1), 255, "uint8"), "of one color, white"),
        (np.full((50, 50, 3), (200, 30, 30), "uint8"), "is of one color"),
        (np.linspace(90, 250, 200).astype("uint8")[None].repeat(100, axis=0), "empty"),  # a shadow
        (
            np.random.default_rng(0).normal(200, 15, (300, 300)).clip(0, 255).astype("uint8"),
            "empty",
        ),  # noise
        (np.pad(np.zeros((7, 4), "uint8"), 100, constant_values=255), "too small"),
        (np.pad(np.zeros((190, 190), "uint8"), 8, constant_values=255), "more than half"),
    ],
)
def test_what_shows_no_digit_is_refused(array, words, tmp_path):
    with pytest.raises(LessonError, match=words):
        pictures.picture_to_image(save(array, tmp_path / "odd.png"))


def test_a_dark_frame_around_the_paper_is_named(tmp_path):
    scan = np.pad(digit(), 20, constant_values=15)
    with pytest.raises(LessonError, match=r"more than half.*\nTo fix it: crop the picture to the"):
        pictures.picture_to_image(save(scan, tmp_path / "scan.png"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("half.png", r"half\.png can't be read as a picture \("),
        ("text.png", r"text\.png can't be read as a picture: it has none of the formats"),
        ("empty.png", r"empty\.png is empty: 0 bytes\n.*save or download"),
        ("missing.png", r"there is no file .*missing\.png\n"),
        ("", r"is a folder, not a picture\n"),
        (
            "https://example.org/seven.png",
            r"^https://example\.org/seven\.png is an address.*\n.*down",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, name, words):
    complete = save(digit(), tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(complete[: len(complete) // 2])
    (tmp_path / "text.png").write_bytes(b"no picture")
    (tmp_path / "empty.png").touch()
    with pytest.raises(LessonError, match=words):
        pictures.read_picture(name if name.startswith("http") else tmp_path / name)
    whole = tmp_path / "whole.png"
    for quoted in (f'"{whole}"', f"'{whole}'", f" {whole} "):
        with pytest.raises(LessonError, match=r"write .*whole\.png, without quotation marks"):
            pictures.read_picture(quoted)
    for other in ("", "data", "~nosuchuser/seven.png"):
        with pytest.raises(LessonError, match=r"is a folder|there is no file"):
            pictures.read_picture(other)


def test_damage_that_pillow_reports_in_its_own_ways_is_refused_too(tmp_path, monkeypatch):
    Image.fromarray(digit()).convert("P").save(path := tmp_path / "digit.blp")
    content = bytearray(path.read_bytes())
    assert content[4] == 1
    content[4] = 200  # no such compression
    path.write_bytes(content)
    with pytest.raises(LessonError, match=r"digit\.blp can't be read as a picture \(.+\)"):
        pictures.read_picture(path)

    def refuse(_: object) -> None:
        raise RuntimeError("Failed to decode image")  # as it does for AVIF

    monkeypatch.setattr(pictures, "_open", refuse)
    with pytest.raises(LessonError, match=r"can't be read as a picture \(Failed to decode image\)"):
        pictures.read_picture(path)


def test_a_large_jpeg_is_read_small_and_other_formats_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 5_000_000)
    big = np.kron(digit(), np.ones((30, 30), "uint8"))  # 3600 x 4800, as JPEG half each way
    assert max(pictures.read_picture(save(big, tmp_path / "big.jpg")).shape) <= 1024
    limit = Image.MAX_IMAGE_PIXELS
    words = r"big\.png has 4,800 x 3,600 pixels, too many to open\n.*scale it down"
    with pytest.raises(LessonError, match=words):
        pictures.read_picture(save(big, tmp_path / "big.png"))
    assert limit == Image.MAX_IMAGE_PIXELS, "other programs in this process rely on it"


def test_pillow_s_own_limit_does_not_stop_a_large_jpeg(tmp_path, plain, monkeypatch):
    path = save(digit().repeat(12, axis=0).repeat(12, axis=1), tmp_path / "big.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # it is refused from twice as many on
    assert likeness(pictures.picture_to_image(path), plain) > 0.97


DEEP = {
    "float from 0 to 1": np.float32(digit() / 255),
    "float from 0 to 255": np.float32(digit()),
    "int32 from 0 to 255": digit().astype("int32"),
    "int32 of 16 bits": digit().astype("int32") * 257,
    "16 bits": digit().astype("uint16") * 257,
    "16 bits, dark": digit(paper=100, ink=5).astype("uint16") * 257,
}


@pytest.mark.parametrize("name", DEEP)
def test_more_than_8_bits_are_scaled_by_one_rule(name, tmp_path):
    array = DEEP[name]
    eight = digit(paper=100, ink=5) if "dark" in name else digit()
    read = pictures.read_picture(save(array, tmp_path / "deep.tiff"))
    assert (read[..., 0] == eight).all()
    assert (read[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.where(digit() < 100, np.float32(np.nan), 1), "no numbers: NaN or infinite"),
        (np.float32(digit()) - 100, "its pixels go from -80 to 140, not from 0 to 1"),
        (digit().astype("int32") * 70000, "its pixels go from 1.4e"),
        (
            digit().astype("uint16") * 4,
            r"go up to 960 of 65,535.* 10 bits, save .* multiplied by 64",
        ),
        (digit().astype("uint16") * 16, "up to 3840 of 65,535.* 12 bits, save .* multiplied by 16"),
    ],
)
def test_pixels_that_fit_no_range_are_refused_with_the_reason(array, words, tmp_path):
    with pytest.raises(LessonError, match=rf"can't be read as a picture .*{words}"):
        pictures.picture_to_image(save(array, tmp_path / "odd.tiff"))
