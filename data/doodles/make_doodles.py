"""Draw the small data set beside this file: four classes of doodles in color, each doodle a little
different.

`python data/doodles/make_doodles.py` draws them all again, the same ones each time.
"""

import math
import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

COUNT = 60  # of each class
SIZE = 32  # pixels
ZOOM = 8  # drawn larger and scaled down, which smooths the edges

Draw = ImageDraw.ImageDraw


def main() -> None:
    """Write every doodle of every class."""
    for name, draw in CLASSES.items():
        folder = Path(__file__).parent / name
        folder.mkdir(exist_ok=True)
        for number in range(COUNT):
            picture = doodle(draw, random.Random(f"{name} {number}"))
            picture.save(folder / f"{number:02}.png", optimize=True)


def doodle(draw: Callable[[Draw, random.Random], None], chance: random.Random) -> Image.Image:
    """One doodle on a light ground, shifted, turned and scaled by chance."""
    ground = tuple(chance.randint(205, 255) for _ in range(3))
    side = SIZE * ZOOM
    layer = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    draw(ImageDraw.Draw(layer), chance)
    scale = chance.uniform(0.85, 1.1) * side / 200
    layer = layer.rotate(chance.uniform(-20, 20), Image.Resampling.BICUBIC)
    layer = layer.resize((round(200 * scale), round(200 * scale)), Image.Resampling.BICUBIC)
    if chance.random() < 0.5:
        layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = Image.new("RGB", (side, side), ground)
    place = [round((side - layer.width) / 2 + chance.uniform(-0.06, 0.06) * side) for _ in range(2)]
    picture.paste(layer, (place[0], place[1]), layer)
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def color(chance: random.Random) -> tuple[int, int, int]:
    """A strong color of any hue, so that no class can be told by its color."""
    hue = chance.random()
    return tuple(
        round(40 + 180 * (0.5 + 0.5 * math.cos(2 * math.pi * (hue + shift / 3))))
        for shift in range(3)
    )  # type: ignore[return-value]


def fish(draw: Draw, chance: random.Random) -> None:
    """A body, a tail, an eye."""
    body, fin, height = color(chance), color(chance), chance.uniform(32, 48)
    draw.polygon([(128, 100), (180, 100 - height), (180, 100 + height)], fill=fin)
    draw.ellipse([20, 100 - height, 145, 100 + height], fill=body)
    draw.ellipse([42, 84, 56, 98], fill="white")
    draw.ellipse([46, 88, 54, 96], fill="black")


def flower(draw: Draw, chance: random.Random) -> None:
    """Petals around a middle, on a stem."""
    petals, middle = color(chance), color(chance)
    count, reach = chance.randint(5, 8), chance.uniform(32, 40)
    draw.line([(100, 90), (100 + chance.uniform(-15, 15), 190)], fill=(40, 120, 50), width=9)
    for number in range(count):
        turn = 2 * math.pi * number / count
        x, y = 100 + reach * math.cos(turn), 80 + reach * math.sin(turn)
        draw.ellipse([x - 22, y - 22, x + 22, y + 22], fill=petals)
    draw.ellipse([80, 60, 120, 100], fill=middle)


def rocket(draw: Draw, chance: random.Random) -> None:
    """A nose, a body with a window, fins and fire."""
    body, fins, width = color(chance), color(chance), chance.uniform(22, 32)
    fire = chance.uniform(168, 195)
    draw.polygon(
        [(100 - width * 0.6, 140), (100, fire), (100 + width * 0.6, 140)], fill=(240, 150, 20)
    )
    draw.polygon([(100 - width, 95), (100 - width - 28, 150), (100, 140)], fill=fins)
    draw.polygon([(100 + width, 95), (100 + width + 28, 150), (100, 140)], fill=fins)
    draw.polygon([(100 - width, 70), (100, 12), (100 + width, 70)], fill=fins)
    draw.rectangle([100 - width, 68, 100 + width, 142], fill=body)
    draw.ellipse([88, 80, 112, 104], fill="white")


def umbrella(draw: Draw, chance: random.Random) -> None:
    """A half circle with scallops, on a handle with a hook."""
    cloth, width = color(chance), chance.uniform(70, 85)
    draw.line([(100, 60), (100, 165)], fill=(70, 50, 30), width=8)
    draw.arc([72, 150, 104, 185], 0, 180, fill=(70, 50, 30), width=8)
    draw.pieslice([100 - width, 25, 100 + width, 165], 180, 360, fill=cloth)
    step = 2 * width / 4
    for number in range(4):
        left = 100 - width + number * step
        draw.ellipse([left, 84, left + step, 106], fill=(0, 0, 0, 0))


CLASSES = {"fish": fish, "flower": flower, "rocket": rocket, "umbrella": umbrella}

if __name__ == "__main__":
    main()
