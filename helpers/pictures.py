"""A reader's own picture becomes an image like those that the model learned from.

MNIST's digits were cropped to their ink, scaled to fit a box of 20 x 20 pixels with their
proportions kept, which made gray edges, and moved so that their center of mass is at the center of
28 x 28 pixels (Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to
document recognition, Proceedings of the IEEE 86, 1998, section III A). The functions here take the
same steps, one each, in that order. No TensorFlow here.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy.ndimage import center_of_mass

from series.errors import LessonError
from series.files import display_path, user_path

LONGEST_SIDE = 1024  # pixels; a larger picture is scaled down while it is read
LEAST_LIGHT = 16  # of 255; a picture whose pixels are all darker is as good as black
LEAST_RANGE = 8  # of 255; a picture whose pixels differ by less has one color
LEAST_CONTRAST = 40  # of 255; paper and pen differ by more, an even wall in bad light by less
LEAST_INK = 8  # pixels; fewer across the digit than this show no shape
BOX = 20 / 28  # the ink's box, as a share of the image: 20 of MNIST's 28 pixels

DRAW = (
    "draw one digit with a broad pen on plain paper, filling about half the picture, and save it "
    "as PNG or JPEG"
)
CROP = "crop the picture to the paper, if it shows a frame or a table around it; or "
CHOOSE = "give the path of a picture, with / between folders, such as C:/Users/me/seven.png"
EXPORT = "open it in an image program and save it as PNG or JPEG, smaller if it is very large"


def read_picture(path: str | Path) -> np.ndarray:
    """Open a picture of any format that Pillow reads, upright as its camera noted it.

    Args:
        path: an absolute path, or one relative to the project's folder.

    Returns:
        uint8 of shape (height, width, 4), red, green, blue and opacity, its longer side at most
        1024 pixels. Pixels of more than 8 bits are scaled as `to_eight_bits` says.

    Raises:
        LessonError: there is no such file, or it is no picture, damaged, or too large to open.
    """
    path = user_path(path)
    name = display_path(path)
    if not path.is_file():
        raise LessonError(f"there is no file {name}", CHOOSE)
    try:
        with Image.open(path) as opened:
            # A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough.
            opened.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
            picture = ImageOps.exif_transpose(opened)
        if picture.mode.startswith("I") or picture.mode == "F":
            picture = Image.fromarray(to_eight_bits(np.asarray(picture)))
        picture = picture.convert("RGBA")
    except Exception as error:  # Pillow's readers raise many kinds
        reason = "no format that we know" if isinstance(error, UnidentifiedImageError) else error
        raise LessonError(f"{name} can't be read as a picture ({reason})", EXPORT) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return np.asarray(picture)


def to_eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Scale gray pixels of more than 8 bits to 0 to 255, by one rule (data/README.md states it).

    Fractions from 0 to 1 are multiplied by 255. Numbers from 0 to 255 stay as they are, unless the
    picture is one of 16 bits: there, and where numbers go up to 65,535, they are divided by 257.

    Args:
        pixels: of shape (height, width): uint16 where the file says 16 bits, int32, or float32.

    Returns:
        uint8 of the same shape.

    Raises:
        ValueError: numbers that fit no such range, or that are none.
    """
    low, high = pixels.min(), pixels.max()
    if not (low >= 0 and high <= 65535):  # nor where they are NaN
        raise ValueError(f"its pixels go from {low:g} to {high:g}, not from 0 to 1, 255 or 65,535")
    if pixels.dtype.kind == "f" and high <= 1:
        pixels = pixels * 255
    elif pixels.dtype.kind == "u" or high > 255:
        pixels = pixels / 257
    return np.round(pixels).astype("uint8")


def blank(image: np.ndarray) -> str:
    """Why nothing can be seen in an image, in a few words, or nothing where something can.

    Args:
        image: uint8 of shape (height, width), or (height, width, channels).
    """
    high = image.max()
    if high < LEAST_LIGHT:
        return f"black, or nearly: no pixel is brighter than {high} of 255"
    channels = image.shape[2] if image.ndim == 3 else 1
    ranges = np.ptp(image.reshape(-1, channels), axis=0)
    return "of one color" if ranges.max() < LEAST_RANGE else ""


def find_ink(picture: np.ndarray) -> np.ndarray:
    """Tell ink from paper: ink is what differs from the picture's edge, whatever the color of
    either.

    The paper may grow lighter or darker from one side to the other: a surface of second degree is
    fitted to its edge.

    Args:
        picture: what `read_picture` returned.

    Returns:
        float32 of shape (height, width), from 0 (paper) to 1 (ink).

    Raises:
        LessonError: nothing stands out from the paper, or most of the picture does.
    """
    pixels = picture.astype("float32")
    pixels[..., :3] *= pixels[..., 3:] / 255  # a transparent pixel has no color
    opaque = np.ptp(pixels[..., 3]) == 0
    if reason := blank((pixels[..., :3] if opaque else pixels).astype("uint8")):
        raise LessonError(f"the picture is {reason}", DRAW)
    y, x = np.meshgrid(
        *(np.linspace(-1, 1, length, dtype="float32") for length in pixels.shape[:2]), indexing="ij"
    )
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    edge = np.maximum(abs(x), abs(y)) > 0.9
    paper = np.median(pixels[edge], axis=0)
    for _ in range(3):  # each time without the pixels of the edge that turn out not to be paper
        difference = abs(pixels - paper).max(axis=-1)
        clean = edge & (difference <= 2 * np.median(difference[edge]) + LEAST_CONTRAST / 2)
        paper = terms @ np.linalg.lstsq(terms[clean], pixels[clean], rcond=None)[0]
    difference = abs(pixels - paper).max(axis=-1)
    darkest = np.sort(difference, axis=None)[-LEAST_INK:][0]  # a few pixels may be dust or glare
    if darkest < max(LEAST_CONTRAST, 8 * np.median(difference[edge])):
        raise LessonError(
            "the picture is empty: nothing in it stands out from its background", DRAW
        )
    # Below 0.3 it is noise or shadow, above 0.8 nothing but ink.
    ink = ((difference / darkest - 0.3) / 0.5).clip(0, 1)
    if ink.mean() > 0.5:
        raise LessonError(
            "the picture shows no digit on plain paper: more than half of it stands out",
            CROP + DRAW,
        )
    return ink.astype("float32")


def crop(ink: np.ndarray) -> np.ndarray:
    """Cut away the paper around the ink.

    Raises:
        LessonError: the ink is too small to show a digit.
    """
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    if max(np.ptp(rows), np.ptp(columns)) + 1 < LEAST_INK:
        raise LessonError(
            f"the ink is too small to show a digit: less than {LEAST_INK} pixels across", DRAW
        )
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fit_into_box(ink: np.ndarray, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Scale ink, with its proportions kept, to fit the box that images of `shape` have for it: 20 x
    20 of 28 x 28.

    Returns:
        float32 of at most the box's height and width, from 0 to 1, its strongest pixel 1.
    """
    scale = min(round(side * BOX) / length for side, length in zip(shape, ink.shape, strict=True))
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    # Pillow smooths as it shrinks.
    small = Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC)
    scaled = np.asarray(small).clip(0, 1)
    return scaled / scaled.max()  # a thin pen's line, smoothed, would be pale


def center(ink: np.ndarray, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Put ink on an empty image of `shape` so that its center of mass is at the center, to the
    nearest pixel.

    Returns:
        uint8 of `shape`, from 0 (paper) to 255 (ink).
    """
    middle = [
        int(side // 2 - mass + 0.5) for side, mass in zip(shape, center_of_mass(ink), strict=True)
    ]
    top, left = (
        min(max(start, 0), side - n)
        for start, side, n in zip(middle, shape, ink.shape, strict=True)
    )
    image = np.zeros(shape, dtype="uint8")
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = np.round(ink * 255)
    return image


def picture_to_image(path: str | Path, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """All steps at once: a picture's file in, uint8 of `shape` out, bright ink on black.

    Raises:
        LessonError: the picture can't be read, is empty, or shows too little to mean anything.
    """
    return center(fit_into_box(crop(find_ink(read_picture(path))), shape), shape)
