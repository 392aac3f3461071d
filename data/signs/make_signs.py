"""Draw the signs beside this file, as a hand would on the canvas: `python data/signs/make_signs.py`
draws the same ones again.

The points of each stroke were laid down by hand. The program turns, slants and stretches them, lets
every point stray a little, and prepares the drawing as the canvas does, like MNIST's digits.
"""

import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from helpers.pictures import center, crop, fit_into_box

COUNT = 15  # of each sign
SIDE = 140  # pixels of the paper
SHAPE = (28, 28)  # pixels of a sign, as the canvas keeps it
STRAY = 3.5  # by how far a point strays, of 100

# Each sign: its strokes, each a list of points (x, y) from 0 to 100, x to the right, y downwards.
STROKES = {
    "heart": [
        [(50, 92), (24, 68), (8, 44), (12, 20), (30, 12), (46, 22), (50, 36)],
        [(50, 36), (56, 20), (72, 12), (90, 22), (90, 46), (74, 70), (50, 92)],
    ],
    "pi": [
        [(10, 24), (24, 16), (56, 18), (90, 14)],
        [(34, 18), (34, 50), (28, 74), (16, 90)],
        [(66, 18), (64, 56), (68, 82), (84, 86)],
    ],
    "star": [[(22, 92), (50, 8), (80, 92), (8, 38), (92, 38), (22, 92)]],
    "tick": [[(12, 54), (24, 66), (36, 88), (54, 48), (88, 10)]],
}


def main() -> None:
    """Write every drawing of every sign."""
    folder = Path(__file__).resolve().parent
    for name, strokes in STROKES.items():
        (folder / name).mkdir(exist_ok=True)
        for number in range(COUNT):
            ink = draw(strokes, random.Random(f"{name} {number}"))
            image = center(fit_into_box(crop(ink), SHAPE), SHAPE)
            Image.fromarray(image).save(folder / name / f"{number:02}.png", optimize=True)


def draw(strokes: list[list[tuple[int, int]]], chance: random.Random) -> np.ndarray:
    """Ink on paper, float32 of shape (140, 140) from 0, paper, to 1, ink."""
    turn, slant = chance.gauss(0, 0.12), chance.gauss(0, 0.15)
    wide, high = chance.uniform(0.75, 1.1), chance.uniform(0.75, 1.1)
    change = np.array([[1, -turn], [turn, 1]]) @ np.array([[wide, slant], [0, high]])
    pen = chance.uniform(7, 14)
    paper = Image.new("L", (SIDE, SIDE))
    brush = ImageDraw.Draw(paper)
    for stroke in strokes:
        strayed = [[value + chance.gauss(0, STRAY) for value in point] for point in stroke]
        points = SIDE / 2 + ((np.array(strayed) - 50) @ change.T) * 0.9
        brush.line([(x, y) for x, y in points], fill=255, width=round(pen), joint="curve")
        for x, y in points[[0, -1]]:
            brush.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(paper, dtype="float32") / 255


if __name__ == "__main__":
    main()
