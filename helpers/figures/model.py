"""The figures of 03_model: a convolution by hand, kernels, a shift, pooling, the loss as a curve,
the network's layers.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import (
    BLUE,
    FONT,
    GREEN,
    GREY,
    ORANGE,
    RED,
    draw_frame,
    draw_image,
    draw_numbers,
    label,
    new_figure,
    written,
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
    total = written(products.sum(), "{:.1f}")
    alt = (
        "The image with a frame of three by three pixels; the nine pixels in the frame; the nine "
        f"weights of the kernel; the nine products, and their sum, {total}."
    )
    figure = new_figure("A convolution at one place", 8.0, 2.9, alt=alt)
    whole, pixels, weights, result = figure.subplots(1, 4, width_ratios=[4, 3, 3, 3])
    size = len(kernel)
    draw_image(whole, image, "the image")
    draw_frame(whole, row, column, size, GREEN)
    framed = image[row : row + size, column : column + size]
    draw_numbers(pixels, framed, "pixels in the frame", "{:.2f}", "gray_r", (0, 1))
    draw_numbers(weights, kernel, "× kernel", "{:g}", SIGNED, (-2, 2))
    draw_numbers(result, products, "= products", "{:.2f}", SIGNED, (-2, 2))
    result.set_xlabel(f"sum: {total}", fontsize=FONT)
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
    alt = f"Feature maps of one digit. They show: {', '.join(kernels)}."
    figure = new_figure("What each kernel finds in the same image", 7.5, 4.3, alt=alt)
    grid = figure.subplots(2, len(kernels) + 1, height_ratios=[2, 3])
    grid[0, 0].axis("off")
    draw_image(grid[1, 0], image, "the image")
    for (top, bottom), (name, kernel) in zip(grid[:, 1:].T, kernels.items(), strict=True):
        draw_numbers(top, kernel, name, "{:.2g}", SIGNED, (-2, 2))
        draw_image(bottom, maps[name], "its feature map")
    return figure


def draw_kernel(image: np.ndarray, kernel: np.ndarray, feature_map: np.ndarray) -> Figure:
    """An image, a kernel, and the feature map that the kernel makes of the image.

    Args:
        image: float of shape (height, width), from 0 to 1.
        kernel: float of shape (size, size).
        feature_map: what the convolution and ReLU give, float of shape (height, width).
    """
    rows = "; ".join(", ".join(written(weight, "{:g}") for weight in row) for row in kernel)
    share = float((feature_map > 0).mean())
    alt = f"The kernel {rows}. It finds something at {share:.0%} of the places."
    figure = new_figure("A kernel, and what it finds", 7.5, 2.8, alt=alt)
    left, middle, right = figure.subplots(1, 3, width_ratios=[4, 3, 4])
    draw_image(left, image, "the image")
    draw_numbers(middle, kernel, "the kernel", "{:g}", SIGNED, (-2, 2))
    draw_image(right, feature_map, "its feature map", limits=(0, max(float(feature_map.max()), 1)))
    return figure


def draw_shift(images: Sequence[np.ndarray], maps: Sequence[np.ndarray], left: int) -> Figure:
    """An image and its feature map, and both again after a move to the left.

    A line marks in all of them where the ink of the unmoved image begins.

    Args:
        images: the image and the moved one, float of shape (height, width).
        maps: the feature map of each, float of shape (height, width).
        left: how many pixels it was moved.
    """
    alt = (
        f"A digit and the map of its right edges; then both again, {left} pixels further left and "
        "otherwise the same."
    )
    figure = new_figure("The image moves, and its feature map moves along", 7.5, 2.4, alt=alt)
    titles = ("the image", "its feature map", "moved", "its feature map")
    pictures = (images[0], maps[0], images[1], maps[1])
    for place, axes in enumerate(figure.subplots(1, 4)):
        draw_image(axes, pictures[place], titles[place])
        start = float(pictures[place % 2].any(axis=0).argmax()) - 0.5
        axes.axvline(start, color=ORANGE, linestyle="--", linewidth=1.5)
    return figure


def draw_pooling(corner: np.ndarray, pooled: np.ndarray) -> Figure:
    """A part of a feature map with a frame around each square of 2 × 2, and the largest number of
    each square.

    Args:
        corner: float of shape (height, width), both even.
        pooled: float of half that height and width.
    """
    alt = (
        f"{corner.size} numbers in colored squares of two by two; beside them {pooled.size} "
        "numbers, half as wide and half as high in all: the largest of each square."
    )
    figure = new_figure("Pooling keeps the largest number of each square", 6.0, 3.3, alt=alt)
    before, after = figure.subplots(1, 2)
    limits = (0.0, float(max(corner.max(), 0.1)))
    draw_numbers(before, corner, "a part of the feature map", "{:.1f}", "gray_r", limits)
    draw_numbers(after, pooled, "after pooling", "{:.1f}", "gray_r", limits)
    for row, column in np.ndindex(pooled.shape):
        color = (BLUE, ORANGE, GREEN, RED)[(row % 2) * 2 + column % 2]
        draw_frame(before, row * 2 + 0.05, column * 2 + 0.05, 1.9, color)
        draw_frame(after, row + 0.05, column + 0.05, 0.9, color)
    # The same room as on the left, so that the squares are as large: half as wide, half as high.
    height, width = corner.shape
    aside = (width - pooled.shape[1]) / 2
    after.set(xlim=(-0.5 - aside, width - 0.5 - aside), ylim=(height - 0.5, -0.5))
    after.axis("off")
    return figure


def draw_loss_curve(examples: Mapping[float, float]) -> Figure:
    """The loss −ln p against the probability p that the right class got, with examples marked.

    Args:
        examples: for some probabilities above 0 and up to 1, their losses.
    """
    marked = ", ".join(f"{loss:.2f} at p = {p:g}" for p, loss in examples.items())
    alt = f"The loss falls steeply from p = 0 on, and reaches 0 at p = 1. It is {marked}."
    figure = new_figure("What an answer costs", 7.0, 3.4, alt=alt)
    axes = figure.subplots()
    p = np.linspace(0.004, 1, 500)
    axes.plot(p, -np.log(p), color=BLUE, linewidth=2)
    for probability, loss in examples.items():
        axes.plot(probability, loss, "o", color=ORANGE, markersize=10)
        text = f"p = {probability:g}: loss {loss:.2f}"
        spot = (probability, loss)
        axes.annotate(text, spot, (8, 8), textcoords="offset points", fontsize=FONT - 1)
    axes.set(xlim=(-0.02, 1.2), xticks=np.linspace(0, 1, 6))  # room for the last one's text
    label(axes, "probability p of the right class", "loss = −ln p")
    return figure


def draw_architecture(layers: Sequence[tuple[str, tuple[int, ...], int]]) -> Figure:
    """Draw a network from left to right, a box for each layer.

    A box is as high as the layer's images are, and the wider the more channels they have (by the
    square root). A layer without images is a bar whose height grows with the logarithm of its
    numbers.

    Args:
        layers: for each layer its type, such as `Conv2D`, the shape of its output, without the
            batch, and how many parameters it has.
    """
    alt = "The layers from left to right, with the shape after each: " + ", ".join(
        f"{name} {' × '.join(map(str, shape))}" for name, shape, _ in layers
    )
    figure = new_figure(
        "The network: the shape after each layer, and its parameters", 8.0, 3.8, alt=f"{alt}."
    )
    axes = figure.subplots()
    axes.axis("off")
    tallest = max(shape[0] for _, shape, _ in layers if len(shape) == 3)
    deepest = max(shape[2] for _, shape, _ in layers if len(shape) == 3)
    captions = {"layer": 0.66, "shape": -0.72, "parameters": -0.98}
    for name, y in captions.items():
        axes.text(-0.62, y, name, ha="right", va="center", fontsize=FONT - 2, color=GREY)
    for place, (name, shape, parameters) in enumerate(layers):
        if len(shape) == 3:
            height, width = shape[0] / tallest, 0.08 + 0.66 * math.sqrt(shape[2] / deepest)
            size = f"{shape[0]} × {shape[1]}\n× {shape[2]}"
        else:
            height, width = math.log2(shape[0] + 1) / 14, 0.1
            size = str(shape[0])
        color = COLORS.get(name, GREY)
        axes.bar(place, height, width, -height / 2, color=color, edgecolor="black")
        # Long names would touch their neighbors.
        kind = name.replace("Pooling2D", "\nPooling2D").replace("InputLayer", "Input\nLayer")
        words = (kind, size, f"{parameters:,}" if parameters else "–")
        for text, y in zip(words, captions.values(), strict=True):
            axes.text(place, y, text, ha="center", va="center", fontsize=FONT - 2)
    axes.set(xlim=(-1.4, len(layers) - 0.5), ylim=(-1.1, 0.8))
    return figure
