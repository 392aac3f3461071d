"""Answers of 07_improving."""

from typing import Any

import numpy as np

from helpers.judging import problem_with


def move(answer: Any) -> str | None:
    """A picture of 4 × 4 numbers from 1 to 16, moved down by 2; 0 comes in at the top."""
    numbers = np.arange(1, 17).reshape(4, 4)
    right = np.pad(numbers, ((2, 0), (0, 0)))[:4]
    hints = [
        (numbers, "It is still where it was."),
        (right + numbers * (right == 0), "What comes in at the top is 0; these are its old rows."),
        (np.roll(numbers, 2, axis=0), "What left at the bottom came back at the top."),
        (np.pad(numbers, ((1, 0), (0, 0)))[:4], "It went down by 1. Does it use `down`?"),
        (np.pad(numbers, ((3, 0), (0, 0)))[:4], "By 3: does it change the image that it gets?"),
        (np.pad(numbers, ((0, 2), (0, 0)))[2:], "It went up: swap the two slices."),
        (np.pad(numbers, ((0, 0), (2, 0)))[:, :4], "It went right. Rows are the first axis."),
        (np.pad(numbers, ((0, 0), (0, 2)))[:, 2:], "It went left. Rows are the first axis."),
    ]
    return problem_with(answer, right, hints)


def cost(answer: Any) -> str | None:
    """The multiplications of 16 filters of 3 × 3 on 8 maps of 14 × 14 with padding."""
    weights = 3 * 3 * 8 * 16
    hints = {
        weights: "Those are its weights. Each is used once at every place of the output.",
        weights + 16: "Those are its parameters. Each weight is used at every place of the output.",
        14 * 14 * (weights + 16): "Leave out the biases: they are added.",
        14 * 14 * weights + 16: "Leave out the biases: they are added.",
        14 * 14 * 8 * 16: "And the 3 × 3 of each kernel?",
        3 * 3 * 8: "That is one number of the output. How many does it have?",
        14 * 14 * 3 * 3 * 8: "That is one of the 16 filters.",
        14 * 14 * 3 * 3 * 16: "A filter has 3 × 3 weights for each of the 8 maps that go in.",
        12 * 12 * weights: 'With padding="same", as many places come out as went in.',
        14 * 14 * 16: "Those are the numbers that come out. Each takes 3 × 3 × 8 multiplications.",
    }
    return problem_with(answer, 14 * 14 * weights, hints)


PROBLEMS = {"ex-move": move, "ex-cost": cost}
