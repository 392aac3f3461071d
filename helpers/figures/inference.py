"""The figures of 06_inference: the probabilities of one image, and an image with its box and center of mass."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures import BLUE, FONT, GREY, RED, draw_image, label, name_classes, new_figure


def draw_probabilities(image: np.ndarray, probabilities: np.ndarray, class_names: np.ndarray, title: str) -> Figure:
    """An image beside the probability of each class, the highest one picked out.

    Args:
        image: of shape (height, width), (height, width, 1) or (height, width, 3).
        probabilities: from 0 to 1, shape (classes,).
        class_names: of shape (classes,).
        title: what the figure shows.
    """
    figure = new_figure(title, 7.5, 3.0)
    left, right = figure.subplots(1, 2, width_ratios=[1, 2.2])
    draw_image(left, image)
    highest = int(np.argmax(probabilities))
    colors = [BLUE if index == highest else GREY for index in range(len(probabilities))]
    bars = right.bar(range(len(probabilities)), probabilities * 100, color=colors)
    right.bar_label(bars, [f"{share:.0%}" if share >= 0.005 else "" for share in probabilities], fontsize=FONT - 2)
    right.set_ylim(0, 112)
    label(right, "class", "probability (%)")
    name_classes(right, class_names)
    return figure


def draw_centered(image: np.ndarray, middle: tuple[float, float]) -> Figure:
    """An image of shape (height, width), the box around its ink, and its center of mass (row, column) in pixels."""
    alt = "The prepared image with a frame around its ink, and a cross at its center of mass, in the middle."
    figure = new_figure("The image that the model will see", 5.0, 4.6, alt=alt)
    axes = figure.subplots()
    axes.imshow(image, cmap="gray_r", interpolation="nearest")
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    corner, width, height = (columns[0] - 0.5, rows[0] - 0.5), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=BLUE, linewidth=2, label="box of the ink"))
    axes.plot(middle[1], middle[0], "+", color=RED, markersize=16, markeredgewidth=3, label="center of mass")
    label(axes, "column (pixels)", "row (pixels)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=FONT - 1)
    return figure
