"""Answers of 07_improving."""

import math
from collections.abc import Sequence
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


def interval(answer: Any, before: Sequence[float], after: Sequence[float]) -> str | None:
    """Welch's interval of the gain from one recipe to another, over seeds."""
    low, high = _gain(before, after)
    pooled = _gain(before, after, equal_var=True)
    hints = [
        ((-high, -low), "That is the loss: what was before is taken from what came after."),
        ((high, low), "The low end comes first."),
        (pooled, "Recipes may spread unequally: equal_var=False is missing."),
    ]
    return problem_with(answer, (low, high), hints)


def verdict(answer: Any, before: Sequence[float], after: Sequence[float]) -> str | None:
    """The interval of the gain of the reader's own recipe, and what it says."""
    if not after:
        return "Change something first: put it between the braces above, and run that cell again."
    if len(after) < 2:
        right = "can't tell"  # whatever interval it is
    else:
        low, high = _gain(before, after)
        if problem := interval(answer[:2], before, after):
            return problem
        right = "better" if low > 0 else "worse" if high < 0 else "can't tell"
    hint = "Look where 0 is: below the interval, above it or inside. (One seed has no interval.)"
    return None if answer[2] == right else hint


def _gain(
    before: Sequence[float], after: Sequence[float], equal_var: bool = False
) -> tuple[float, float]:
    from scipy.stats import ttest_ind  # it takes a second

    if min(np.ptp(before), np.ptp(after)) == 0:
        return -math.inf, math.inf
    low, high = ttest_ind(after, before, equal_var=equal_var).confidence_interval()
    return float(low), float(high)


def fade(answer: Any) -> str | None:
    """A function for `map`: each image times a random number from 0.5 to 1, labels as they are."""
    labels = np.arange(64)
    try:
        images, kept = answer(np.ones((64, 4, 4, 1), "float32"), labels)
        pixels = np.reshape(images, (64, 16))
    except Exception as error:  # whatever the reader's lines raise
        return f"With a batch of 64 it stops with {type(error).__name__}: {error}".splitlines()[0]
    if not np.array_equal(kept, labels):
        return "The labels have changed. Return them as they came, in second place."
    if np.ptp(pixels, axis=1).max() > 1e-6:
        return "Pixels of one image got different numbers. Is the shape [count, 1, 1, 1]?"
    if pixels.min() == 1:
        return "The images are still as they were."
    if np.ptp(pixels) < 1e-6:
        return "All images got the same number. Each needs its own: the shape begins with count."
    if pixels.min() < 0.5 or pixels.max() > 1:
        return "Some numbers lie outside 0.5 to 1."
    return None


PROBLEMS = {
    "ex-move": move,
    "ex-interval": interval,
    "ex-map": fade,
    "ex-yours": verdict,
    "ex-cost": cost,
}
