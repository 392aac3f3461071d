"""The drawing of 03_model: a network's layers as boxes, without Graphviz."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures import BLUE, GREEN, GREY, ORANGE, RED, new_figure

COLOURS = {"InputLayer": RED, "Conv2D": BLUE, "MaxPooling2D": ORANGE, "Dense": GREEN}


def draw_architecture(layers: Sequence[tuple[str, tuple[int, ...], int]]) -> Figure:
    """Draw a network from left to right, a box for each layer.

    A box is as high as the layer's images are, and as wide as its channels are many, on a logarithmic scale; a layer
    without images is a bar whose height grows with the logarithm of its numbers.

    Args:
        layers: for each layer its type, such as `Conv2D`, the shape that leaves it, without the batch, and how many
            parameters it has.
    """
    figure = new_figure("The network: what leaves each layer, and its parameters", 8.0, 3.8)
    axes = figure.subplots()
    axes.axis("off")
    largest = max(shape[0] for _, shape, _ in layers if len(shape) == 3)
    rows = {"layer": 0.66, "shape": -0.72, "parameters": -0.98}
    for name, y in rows.items():
        axes.text(-0.55, y, name, ha="right", va="center", fontsize=9, color=GREY)
    for place, (name, shape, parameters) in enumerate(layers):
        height = shape[0] / largest if len(shape) == 3 else math.log2(shape[0] + 1) / 14
        width = 0.12 + 0.04 * math.log2(shape[-1]) if len(shape) == 3 else 0.1
        corner = (place - width / 2, -height / 2)
        axes.add_patch(Rectangle(corner, width, height, facecolor=COLOURS.get(name, GREY), edgecolor="black"))
        size = " × ".join(map(str, shape[:2])) + (f"\n× {shape[2]}" if len(shape) == 3 else "")
        for text, y in zip((name, size, f"{parameters:,}" if parameters else "–"), rows.values(), strict=True):
            axes.text(place, y, text, ha="center", va="center", fontsize=9)
        if place:
            arrow = {"arrowstyle": "->", "color": GREY}
            axes.annotate("", (place - 0.33, 0), (place - 0.67, 0), arrowprops=arrow)
    axes.set_xlim(-1.3, len(layers) - 0.5)
    axes.set_ylim(-1.1, 0.75)
    return figure
