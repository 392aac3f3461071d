"""The figures of 03_model: a convolution by hand, a shift, pooling, the loss as a curve, the
network's layers.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures import (
    BLUE,
    FONT,
    GREEN,
    GREY,
    ORANGE,
    RED,
    draw_image,
    draw_numbers,
    label,
    new_figure,
)

SIGNED = "PuOr"  # orange below zero, white at zero, purple above: told apart with any color vision
COLORS = {"InputLayer": RED, "Conv2D": BLUE, "MaxPooling2D": ORANGE, "Dense": GREEN}


def draw_products(
    image: np.ndarray, row: int, column: int, kernel: np.ndarray, products: np.ndarray
) -> Figure:
    """A convolution at one place: the image with a frame, the pixels in the frame, the kernel, the
    products.

    Args:
        image: float of shape (height, width).
        row: the first row of the frame.
        column: its first column.
        kernel: float or integer of shape (size, size).
        products: float of shape (size, size): the framed pixels times the kernel.
    """
    figure = new_figure("A convolution at one place", 8.0, 2.9)
    whole, pixels, weights, result = figure.subplots(1, 4, width_ratios=[4, 3, 3, 3])
    size = len(kernel)
    draw_image(whole, image, "the image")
    whole.add_patch(
        Rectangle((column - 0.5, row - 0.5), size, size, fill=False, edgecolor=ORANGE, linewidth=3)
    )
    framed = image[row : row + size, column : column + size]
    draw_numbers(pixels, framed, "pixels in the frame", "{:.2f}", "gray_r", (0, 1))
    draw_numbers(weights, kernel, "× kernel", "{:g}", SIGNED, (-2, 2))
    draw_numbers(result, products, "= products", "{:.2f}", SIGNED, (-2, 2))
    return figure


def draw_feature_maps(
    image: np.ndarray, kernels: Mapping[str, np.ndarray], maps: Mapping[str, np.ndarray]
) -> Figure:
    """An image, several kernels, and below each kernel the feature map that it makes of the image.

    Args:
        image: float of shape (height, width).
        kernels: for each name the weights, of shape (size, size).
        maps: for the same names what the convolution gives, of shape (height, width).
    """
    alt = "The first map is dark along right edges, the second along lower edges; the third is the whole digit, blurred."
    figure = new_figure("Three kernels, and what each finds in the same image", 7.5, 4.3, alt=alt)
    grid = figure.subplots(2, len(kernels) + 1, height_ratios=[2, 3])
    grid[0, 0].axis("off")
    draw_image(grid[1, 0], image, "the image")
    for (top, bottom), (name, kernel) in zip(grid[:, 1:].T, kernels.items(), strict=True):
        form = "{:g}" if np.allclose(kernel, np.round(kernel)) else "{:.2f}"
        draw_numbers(top, kernel, name, form, SIGNED, (-2, 2))
        draw_image(bottom, maps[name], "its feature map")
    return figure


def draw_shift(images: Sequence[np.ndarray], maps: Sequence[np.ndarray]) -> Figure:
    """An image and its feature map, and both again for the shifted image.

    Args:
        images: the image and the shifted one, float of shape (height, width).
        maps: the feature map of each, float of shape (height, width).
    """
    alt = "A digit and the map of its right edges; then both again, three pixels further left and otherwise the same."
    figure = new_figure("The image moves, and its feature map moves along", 7.5, 2.4, alt=alt)
    titles = ("the image", "its feature map", "shifted", "its feature map")
    pictures = (images[0], maps[0], images[1], maps[1])
    for axes, title, picture in zip(figure.subplots(1, 4), titles, pictures, strict=True):
        draw_image(axes, picture, title)
    return figure


def draw_pooling(corner: np.ndarray, pooled: np.ndarray) -> Figure:
    """A part of a feature map with a frame around each square of 2 × 2, and the largest number of
    each square.

    Args:
        corner: float of shape (height, width), both even.
        pooled: float of half that height and width.
    """
    figure = new_figure("Pooling keeps the largest number of each square", 6.0, 3.3)
    before, after = figure.subplots(1, 2)
    limits = (0.0, float(max(corner.max(), 0.1)))
    draw_numbers(before, corner, "a part of the feature map", "{:.1f}", "gray_r", limits)
    draw_numbers(after, pooled, "after pooling", "{:.1f}", "gray_r", limits)
    for axes, side in ((before, 2), (after, 1)):
        for row, column in np.ndindex(pooled.shape):
            color = (BLUE, ORANGE, GREEN, RED)[(row % 2) * 2 + column % 2]
            corner_of = (column * side - 0.45, row * side - 0.45)
            axes.add_patch(
                Rectangle(
                    corner_of, side - 0.1, side - 0.1, fill=False, edgecolor=color, linewidth=4
                )
            )
    return figure


def draw_loss_curve(examples: Mapping[float, float]) -> Figure:
    """The loss −ln p against the probability p that the right class got, with examples marked.

    Args:
        examples: for some probabilities above 0 and up to 1, their losses.
    """
    figure = new_figure("What an answer costs", 7.0, 3.4)
    axes = figure.subplots()
    p = np.linspace(0.004, 1, 500)
    axes.plot(p, -np.log(p), color=BLUE, linewidth=2)
    for probability, loss in examples.items():
        axes.plot(probability, loss, "o", color=ORANGE, markersize=10)
        text = f"p = {probability:g}: loss {loss:.2f}"
        side, shift = (
            ("center", (0, 12)) if probability > 0.8 else ("left", (8, 8))
        )  # no space on the far right
        axes.annotate(
            text, (probability, loss), shift, textcoords="offset points", ha=side, fontsize=FONT - 1
        )
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks(np.linspace(0, 1, 6))
    label(axes, "probability p of the right class", "loss = −ln p")
    return figure


def draw_architecture(layers: Sequence[tuple[str, tuple[int, ...], int]]) -> Figure:
    """Draw a network from left to right, a box for each layer.

    A box is as high as the layer's images are, and as wide as its channels are many, on a
    logarithmic scale; a layer without images is a bar whose height grows with the logarithm of its
    numbers.

    Args:
        layers: for each layer its type, such as `Conv2D`, the shape of its output, without the
            batch, and how many parameters it has.
    """
    figure = new_figure("The network: the shape after each layer, and its parameters", 8.0, 3.8)
    axes = figure.subplots()
    axes.axis("off")
    largest = max(shape[0] for _, shape, _ in layers if len(shape) == 3)
    rows = {"layer": 0.66, "shape": -0.72, "parameters": -0.98}
    for name, y in rows.items():
        axes.text(-0.55, y, name, ha="right", va="center", fontsize=FONT - 2, color=GREY)
    for place, (name, shape, parameters) in enumerate(layers):
        height = shape[0] / largest if len(shape) == 3 else math.log2(shape[0] + 1) / 14
        width = 0.12 + 0.04 * math.log2(shape[-1]) if len(shape) == 3 else 0.1
        corner = (place - width / 2, -height / 2)
        axes.add_patch(
            Rectangle(corner, width, height, facecolor=COLORS.get(name, GREY), edgecolor="black")
        )
        size = " × ".join(map(str, shape[:2])) + (f"\n× {shape[2]}" if len(shape) == 3 else "")
        kind = name.replace("Pooling2D", "\nPooling2D").replace(
            "InputLayer", "Input\nLayer"
        )  # or neighbors touch
        for text, y in zip(
            (kind, size, f"{parameters:,}" if parameters else "–"), rows.values(), strict=True
        ):
            axes.text(place, y, text, ha="center", va="center", fontsize=FONT - 2)
        if place:
            arrow = {"arrowstyle": "->", "color": GREY}
            axes.annotate("", (place - 0.33, 0), (place - 0.67, 0), arrowprops=arrow)
    axes.set_xlim(-1.3, len(layers) - 0.5)
    axes.set_ylim(-1.1, 0.8)
    return figure
