"""Answers of 04_training."""

import math
from typing import Any

import numpy as np

from helpers.judging import problem_with, training_problem


def rate(answer: Any) -> str | None:
    """The learning rate that goes from 3 to the lowest point of x² in one step."""
    hints = {
        1: "From 3 the step is 6 long, so it ends at −3, as high as before, and then goes back.",
        0.9: "In the figure, 0.9 jumps over the lowest point.",
        0.8: "A rate of 0.1 leaves 0.8 of the distance in each step. Which rate leaves nothing?",
        0.1: "Above, 0.1 took many steps.",
        3: "That is how long the step should be: rate · gradient. The gradient at 3 is 6.",
        2: "The gradient at 3 is 6. What times 6 is 3?",
    }
    return problem_with(answer, 3 / (2 * 3), hints)


def updates(answer: Any) -> str | None:
    """The updates of three epochs on 48,000 images in batches of 256."""
    hints = {
        188: "That is one epoch.",
        187: "That is one epoch, and its last, smaller batch counts, too.",
        187.5: "That is one epoch, and there are no half batches: a smaller one counts as one.",
        562.5: "There are no half batches: the last one is smaller, but it is one.",
        562: "There are no half batches: the last one is smaller, but it is one.",
        561: "The last, smaller batch of each epoch counts, too.",
        563: "Round up within each epoch, before you multiply.",
        235: "That is one epoch, and a fifth of the images is held out.",
        703: "A fifth of the images is held out, and the last batch of each epoch counts.",
        704: "A fifth of the images is held out, and you round up within each epoch.",
        705: "A fifth of the images is held out.",
    }
    return problem_with(answer, 3 * math.ceil(48000 / 256), hints)


def train(
    answer: Any, images: Any, labels: np.ndarray, classes: int, better_than: Any
) -> str | None:
    """A network of the reader's own, trained on these images with a fifth of them held out."""
    return training_problem(answer, images, labels, classes, better_than)


PROBLEMS = {
    "ex-rate": rate,
    "ex-updates": updates,
    "ex-train": train,
}
