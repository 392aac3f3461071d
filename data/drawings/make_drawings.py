"""Draw the example pictures of this folder: `python data/drawings/make_drawings.py` makes the same
ones again.

The points of each stroke were laid down by hand. The program joins them to a smooth line, lets the
hand shake and the pen's pressure change a little, and puts the line on paper, a blackboard or
nothing at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FOLDER = Path(__file__).resolve().parent
Color = tuple[int, int, int]

# Each digit: its strokes, each a list of points (x, y) from 0 to 100, x to the right, y downwards.
STROKES: dict[int, list[list[tuple[int, int]]]] = {
    0: [[(58, 6), (34, 14), (20, 42), (24, 78), (46, 96), (70, 84), (80, 50), (70, 16), (50, 5)]],
    1: [[(46, 18), (56, 5), (55, 36), (52, 66), (50, 96)]],
    2: [[(22, 30), (30, 10), (54, 4), (72, 18), (68, 42), (46, 66), (20, 92), (46, 90), (82, 94)]],
    3: [[(24, 14), (48, 4), (70, 16), (64, 38), (42, 47), (68, 54), (77, 76), (56, 95), (22, 86)]],
    4: [[(42, 5), (33, 32), (20, 58), (48, 60), (82, 56)], [(66, 30), (63, 62), (60, 97)]],
    5: [
        [(32, 8), (29, 26), (26, 44), (52, 38), (74, 54), (70, 82), (46, 96), (20, 84)],
        [(32, 9), (54, 8), (76, 5)],
    ],
    6: [[(64, 4), (40, 22), (25, 54), (28, 84), (52, 96), (72, 80), (66, 58), (44, 56), (28, 72)]],
    7: [[(20, 12), (46, 13), (80, 9), (66, 36), (53, 64), (46, 97)]],
    8: [
        [
            (70, 16),
            (50, 4),
            (30, 16),
            (36, 36),
            (60, 54),
            (72, 78),
            (50, 96),
            (28, 80),
            (42, 54),
            (66, 34),
            (71, 17),
        ]
    ],
    9: [[(72, 22), (52, 6), (30, 18), (30, 42), (50, 50), (70, 34), (73, 20), (72, 52), (66, 96)]],
}


@dataclass
class Sheet:
    """What a digit is drawn on and with; lengths in pixels."""

    size: tuple[int, int]  # width, height
    corner: tuple[int, int]  # left and upper end of the digit
    height: int  # of the digit
    pen: float  # width of the line
    ink: Color
    paper: Color
    light: float = 0.0  # by how much the light falls off towards the lower right, from 0 to 1
    grain: float = 0.0  # standard deviation of the paper's and the camera's noise, of 255


def line(points: Sequence[tuple[int, int]], random: np.random.Generator) -> np.ndarray:
    """A smooth line of shape (count, 2) through the points (a Catmull–Rom spline), a bit shaky."""
    given = np.array([points[0], *points, points[-1]], dtype=float)
    t = np.linspace(0, 1, 40, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(given, given[1:], given[2:], given[3:], strict=False):
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    joined = np.concatenate([*pieces, given[-1:]])
    shake = np.cumsum(random.normal(0, 0.18, joined.shape), axis=0)
    return joined + shake - np.linspace(shake[0], shake[-1], len(shake))


def ink_mask(digit: int, sheet: Sheet, random: np.random.Generator) -> Image.Image:
    """Where the pen touched: a gray picture of the sheet's size, drawn four times as large and
    scaled down.
    """
    large = Image.new("L", (sheet.size[0] * 4, sheet.size[1] * 4))
    draw = ImageDraw.Draw(large)
    for stroke in STROKES[digit]:
        path = line(stroke, random)
        pressure = 1 + 0.2 * np.sin(np.linspace(0, 5, len(path)) + random.uniform(0, 6))
        for (x, y), width in zip(path, pressure * sheet.pen * 2, strict=True):
            column, row = (
                4 * (start + v * sheet.height / 100)
                for start, v in zip(sheet.corner, (x, y), strict=True)
            )
            draw.ellipse((column - width, row - width, column + width, row + width), fill=255)
    return large.resize(sheet.size, Image.Resampling.BOX)


def picture(digit: int | None, sheet: Sheet) -> Image.Image:
    """A digit, or nothing, on a sheet: an RGB picture. Each has random numbers of its own, so that
    changing one leaves the others as they are.
    """
    random = np.random.default_rng(100 if digit is None else digit)
    width, height = sheet.size
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    mask = np.zeros((height, width))
    if digit is not None:
        mask = np.asarray(ink_mask(digit, sheet, random)) / 255
    colors = np.array(sheet.paper) + mask[..., None] * (np.array(sheet.ink) - np.array(sheet.paper))
    colors *= 1 - sheet.light * (0.6 * x + 0.4 * y * y)[..., None]
    speckle = Image.fromarray(
        (128 + random.normal(0, 40, (height, width))).clip(0, 255).astype("uint8")
    )
    fibres = (np.asarray(speckle.filter(ImageFilter.BoxBlur(1)), dtype=float) - 128) / 20
    noise = fibres[..., None] + random.normal(0, 0.5, (height, width, 3))
    return Image.fromarray((colors + sheet.grain * noise).clip(0, 255).astype("uint8"))


def main() -> None:
    """Draw all pictures."""
    cream, black, white = (244, 238, 222), (25, 25, 28), (255, 255, 255)
    picture(0, Sheet((300, 300), (60, 40), 220, 26, (232, 140, 30), (70, 40, 110))).quantize(
        32
    ).save(FOLDER / "0.png")
    picture(1, Sheet((480, 640), (100, 130), 360, 24, (30, 60, 150), cream, 0.3, 4)).save(
        FOLDER / "1.jpg", quality=85
    )
    picture(2, Sheet((960, 720), (330, 170), 380, 12, (95, 95, 100), cream, 0.35, 5)).save(
        FOLDER / "2.jpg", quality=80
    )
    picture(3, Sheet((640, 480), (190, 70), 320, 20, (35, 55, 160), cream, 0.4, 5)).save(
        FOLDER / "3.jpg", quality=85
    )
    picture(4, Sheet((64, 64), (10, 8), 46, 5, black, white)).save(FOLDER / "4.png")
    picture(5, Sheet((280, 340), (60, 70), 200, 20, (235, 238, 230), (38, 70, 58), 0.2, 6)).save(
        FOLDER / "5.png"
    )
    picture(6, Sheet((500, 400), (300, 230), 130, 10, (20, 110, 70), white)).save(FOLDER / "6.png")

    # As a telephone held upright saves it: lying on its side, with a note that says so (EXIF tag
    # 274, orientation).
    exif = Image.Exif()
    exif[274] = 6
    marker = picture(
        7, Sheet((480, 640), (70, 140), 340, 46, (200, 35, 40), (228, 230, 235), 0.3, 4)
    )
    marker.transpose(Image.Transpose.ROTATE_90).save(FOLDER / "7.jpg", quality=85, exif=exif)

    sheet = Sheet((360, 360), (60, 50), 260, 24, (125, 60, 160), white)
    eight = Image.new("RGBA", sheet.size, (*sheet.ink, 0))
    eight.putalpha(ink_mask(8, sheet, np.random.default_rng(8)))
    eight.save(FOLDER / "8.png")

    nine = picture(9, Sheet((800, 800), (180, 120), 560, 14, black, white)).convert("L")
    Image.fromarray(np.asarray(nine).astype("uint16") * 257).save(FOLDER / "9.png")  # 16 bits

    picture(None, Sheet((640, 480), (0, 0), 0, 0, black, cream, 0.4, 5)).save(
        FOLDER / "empty.jpg", quality=85
    )


if __name__ == "__main__":
    main()
