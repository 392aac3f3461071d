"""The figures of 06_inference: a photo, an image and the probabilities of its classes, and how many
images are read when they are moved.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import (
    BLUE,
    FONT,
    add_legend,
    draw_image,
    draw_shares,
    label,
    name_classes,
    new_figure,
    percent,
)


def draw_probabilities(
    image: np.ndarray,
    probabilities: np.ndarray,
    class_names: np.ndarray,
    title: str,
    true: str = "",
) -> Figure:
    """An image beside the probability of each class, the highest one picked out.

    Args:
        image: as the model gets it, from 0 (white) to 1 (black), of shape (height, width),
            (height, width, 1) or (height, width, 3).
        probabilities: from 0 to 1, shape (classes,).
        class_names: of shape (classes,).
        title: what the figure shows.
        true: the true class, where it is known.
    """
    highest = int(np.argmax(probabilities))
    answer = f"{class_names[highest]}, with {percent(probabilities[highest])}"
    known = f" The true class is {true}." if true else ""
    alt = (
        f"{title}: an image, and beside it the probability of each class. The highest is that of "
        f"{answer}.{known}"
    )
    figure = new_figure(title, 7.5, 3.0, alt=alt)
    left, right = figure.subplots(1, 2, width_ratios=[1, 2.2])
    caption = f"true class: {true}" if true else "what the model gets"
    draw_image(left, image, caption, limits=(0, 1))
    bars = right.bar(range(len(probabilities)), probabilities * 100, color="0.65")
    bars[highest].set_color("black")
    numbers = [percent(share) if share >= 0.005 else "" for share in probabilities]
    right.bar_label(bars, numbers, fontsize=FONT - 2)
    right.set_ylim(0, 112)
    label(right, "class", "probability (%)")
    name_classes(right, class_names)
    return figure


def draw_photo(photo: np.ndarray, title: str) -> Figure:
    """A picture as it came.

    Args:
        photo: uint8 of shape (height, width), (height, width, 3) or (height, width, 4).
        title: what to ask about it.
    """
    figure = new_figure(title, 5.0, 3.6, alt="The picture as it is: one digit on bright paper.")
    draw_image(figure.subplots(), photo)
    return figure


def draw_moved(read: Sequence[float], intervals: Sequence[tuple[float, float]]) -> Figure:
    """How many images are read when all are moved to the right by 0, 1, 2, … pixels.

    Args:
        read: the share that is read right, from 0 to 1, for each number of pixels.
        intervals: the lower and upper end of its 95% interval.
    """
    alt = "Read right: " + ", ".join(
        f"{share:.0%} moved by {pixels}" for pixels, share in enumerate(read)
    )
    figure = new_figure("What happens when the digits are moved", 7.0, 3.8, alt=alt)
    axes = figure.subplots()
    places, percents = range(len(read)), np.multiply(read, 100)
    draw_shares(axes, places, read, intervals, BLUE, "o-", "this model, 95% interval")
    for place, share in enumerate(read):
        spot = (place, percents[place])
        axes.annotate(percent(share), spot, (6, 6), textcoords="offset points", fontsize=FONT - 1)
    axes.set(ylim=(0, 108), xticks=places)
    label(axes, "pixels moved to the right", "read correctly (%)")
    add_legend(axes)
    return figure
