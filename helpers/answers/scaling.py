"""Answers of 08_scaling_out."""

import math
from typing import Any

from helpers.judging import problem_with


def unequal(answer: Any) -> str | None:
    """The weight of the gradient of 48 images when it is averaged with that of 16."""
    hints = {
        0.5: "Then each of the 16 images would count three times as much as each of the 48.",
        0.25: "That's the second one's.",
    }
    return problem_with(answer, 0.75, hints)


def gpus(answer: Any) -> str | None:
    """How many cards of 80 GB hold what training 70 billion weights needs, 16 bytes for each."""
    hints = {
        3.5: "That's the weights alone, and half a GPU.",
        4: "That's the weights alone. What else is kept?",
        7: "That's two of the four numbers.",
        10.5: "That's three of the four numbers, and half a GPU.",
        11: "That's three of the four numbers. Which one is missing?",
    }
    return problem_with(answer, math.ceil(16 * 70e9 / 80e9), hints)


PROBLEMS = {"ex-unequal": unequal, "ex-gpus": gpus}
