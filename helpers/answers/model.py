"""Answers of 03_model."""

import math
from typing import Any

import numpy as np

from helpers.judging import network_problem, problem_with

EDGE_KERNEL = np.array([[1, 0, -1]] * 3)


def by_hand(answer: Any) -> str | None:
    """One output of a 3 × 3 convolution by hand, and that after ReLU."""
    pixels = np.array([[0, 0.5, 0.5], [0, 0.5, 0], [0.5, 0.5, 1]])
    total = (pixels * EDGE_KERNEL).sum()
    hints = {
        (total, total): "The sum is right. What does ReLU make of a negative number?",
        (-total, -total): "The sign: the right column has the weight −1.",
        (-total, 0): "The sign of the sum: the right column has the weight −1.",
        (0, 0): "First the sum as it is, below 0 too; then the result after ReLU.",
        (total, -total): "ReLU doesn't drop the sign: it replaces a negative number by 0.",
        (2, 2): "The right column counts against: subtract it.",
        (3.5, 3.5): "That is all the ink. Multiply by the weights first.",
    }
    return problem_with(answer, [total, max(total, 0)], hints)


def parameters(answer: Any) -> str | None:
    """How many parameters 32 filters of 5 × 5 on an image in color have."""
    hints = {
        5 * 5 * 32: "Each filter has a kernel for every channel that comes in, and a bias.",
        (5 * 5 + 1) * 32: "Each filter has a kernel for every channel that comes in, not one.",
        5 * 5 * 3 * 32: "Those are the weights. Each filter also has a bias.",
        (5 * 5 + 1) * 3 * 32: "Almost: a filter has one bias, not one for each of its kernels.",
        5 * 5 * 3 + 1: "That is one filter. There are 32.",
        5 * 5 * 3 * 32 + 1: "Almost: each of the 32 filters has a bias of its own.",
    }
    return problem_with(answer, (5 * 5 * 3 + 1) * 32, hints)


def network(answer: Any, image_shape: tuple[int, ...], classes: int) -> str | None:
    """Eight filters of 5 × 5, pooling, and a dense layer of probabilities."""
    height, width, channels = image_shape
    pixels_left = ((height - 4) // 2) * ((width - 4) // 2)
    return network_problem(
        answer,
        input_shape=image_shape,
        classes=classes,
        layers=["Conv2D", "MaxPool2D", "Flatten", "Dense"],
        parameters=(5 * 5 * channels + 1) * 8 + (pixels_left * 8 + 1) * classes,
    )


def softmax(answer: Any) -> str | None:
    """The softmax of the scores 1, 1 and 0."""
    e = math.e
    hints = {
        (0.5, 0.5, 0): "You divided the scores themselves. Raise e to each first; e⁰ is 1, not 0.",
        (e, e, 1): "Those are the exponentials. Divide each by their sum.",
        (0.665, 0.245, 0.09): "Those belong to the scores 2, 1 and 0.",
        (0.5, 0.5, 0.5): "They have to add up to 1.",
    }
    right = np.array([e, e, 1]) / (2 * e + 1)
    return problem_with(answer, right, hints, within=0.01)


PROBLEMS = {
    "ex-by-hand": by_hand,
    "ex-parameters": parameters,
    "ex-network": network,
    "ex-softmax": softmax,
}
