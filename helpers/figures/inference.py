"""The figures of 06_inference: the probabilities of one image, and an image with its box and centre of mass."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures import BLUE, GREY, RED, draw_image, label, new_figure


def draw_probabilities(image: np.ndarray, probabilities: np.ndarray, class_names: np.ndarray, title: str) -> Figure:
    """An image beside the probability of each class, the highest one picked out.

    Args:
        image: of shape (height, width) or (height, width, 1).
        probabilities: from 0 to 1, shape (classes,).
        class_names: of shape (classes,).
        title: what the figure shows.
    """
    figure = new_figure(title, 7.0, 2.8)
    left, right = figure.subplots(1, 2, width_ratios=[1, 2])
    draw_image(left, image)
    highest = int(np.argmax(probabilities))
    colours = [BLUE if index == highest else GREY for index in range(len(probabilities))]
    bars = right.bar(range(len(probabilities)), probabilities * 100, color=colours)
    right.bar_label(bars, [f"{share:.0%}" if share >= 0.005 else "" for share in probabilities], fontsize=8)
    right.set_xticks(range(len(class_names)), class_names, rotation=60 if max(map(len, class_names)) > 3 else 0)
    right.set_ylim(0, 110)
    label(right, "class", "probability (%)")
    return figure


def draw_centred(image: np.ndarray, middle: tuple[float, float]) -> Figure:
    """An image of shape (height, width), the box around its ink, and its centre of mass (row, column) in pixels."""
    figure = new_figure("The image that the model will see", 4.6, 4.2)
    axes = figure.subplots()
    axes.imshow(image, cmap="gray_r", interpolation="nearest")
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    corner, width, height = (columns[0] - 0.5, rows[0] - 0.5), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=BLUE, linewidth=2, label="box of the ink"))
    axes.plot(middle[1], middle[0], "+", color=RED, markersize=16, markeredgewidth=3, label="centre of mass")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)
    label(axes, "column (pixels)", "row (pixels)")
    return figure
