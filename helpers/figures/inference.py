"""The figure of 06_inference: an image and the probabilities of its classes."""

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import FONT, draw_image, label, name_classes, new_figure, percent


def draw_probabilities(
    image: np.ndarray, probabilities: np.ndarray, class_names: np.ndarray, title: str
) -> Figure:
    """An image beside the probability of each class, the highest one picked out.

    Args:
        image: of shape (height, width), (height, width, 1) or (height, width, 3).
        probabilities: from 0 to 1, shape (classes,).
        class_names: of shape (classes,).
        title: what the figure shows.
    """
    highest = int(np.argmax(probabilities))
    answer = f"{class_names[highest]}, with {percent(probabilities[highest])}"
    alt = f"{title}: an image, and beside it the probability of each class. The highest is that of {answer}."
    figure = new_figure(title, 7.5, 3.0, alt=alt)
    left, right = figure.subplots(1, 2, width_ratios=[1, 2.2])
    draw_image(left, image)
    colors = ["black" if index == highest else "0.65" for index in range(len(probabilities))]
    bars = right.bar(range(len(probabilities)), probabilities * 100, color=colors)
    right.bar_label(
        bars,
        [percent(share) if share >= 0.005 else "" for share in probabilities],
        fontsize=FONT - 2,
    )
    right.set_ylim(0, 112)
    label(right, "class", "probability (%)")
    name_classes(right, class_names)
    return figure
