"""Answers of 01_setup."""

from typing import Any

from helpers.judging import problem_with


def shape(answer: Any) -> str | None:
    """The shape that is left when the mean of 100 pictures of 28 × 28 is taken over axis 0."""
    hints = {
        (100, 28): "Here axis 1 or 2 disappeared. Axis 0 counts the pictures.",
        (100,): "That is one mean for each picture. Axis 0, which counts them, should disappear.",
        (1, 28, 28): "Close: the axis disappears. It becomes 1 only with keepdims=True.",
    }
    return problem_with(answer, (28, 28), hints)


PROBLEMS = {"ex-shape": shape}
