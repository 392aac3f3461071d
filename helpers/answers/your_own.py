"""Answers of 09_your_own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.judging import problem_with

TOLD_BY = {
    1: "training falls a little and validation doesn't, with about one right in ten",
    2: "the loss jumps up, then stays at 2.30, with one answer for everything",
    3: "both lines fall together, slowly",
    4: "the first loss is far above 2.30, and below 17",
    5: "training goes well, and validation is hopeless",
    6: "the first loss is the highest of all",
}


def illness(answer: Any, dealt: Sequence[int]) -> str | None:
    """The number of each patient's illness.

    Args:
        answer: six numbers, for A to F.
        dealt: the right ones.
    """
    try:
        given = [int(number) for number in answer]
    except (TypeError, ValueError):
        return "The answer is a list of six numbers from 1 to 6."
    if sorted(given) != sorted(TOLD_BY):
        return "The answer has each of the numbers 1 to 6 once."
    wrong = [place for place in range(6) if given[place] != dealt[place]]
    if not wrong:
        return None
    letter, number = "ABCDEF"[wrong[0]], given[wrong[0]]
    return f"{6 - len(wrong)} of 6. {letter} isn't {number}: with that, {TOLD_BY[number]}."


def repair(answer: Any, labels: np.ndarray) -> str | None:
    """A training whose images came sorted by class.

    Args:
        answer: what `train` returned.
        labels: the labels that it was given.
    """
    if not isinstance(answer, Mapping) or "val_accuracy" not in answer:
        return "The answer is what train returns: my_training = train(my_x, my_y)."
    held_out = labels[int(0.8 * len(labels)) :]
    if len(np.unique(held_out)) < len(np.unique(labels)):
        return "The last fifth, which is held out, still lacks some of the classes."
    if answer["val_accuracy"][-1] < 0.2:
        return "The labels no longer belong to the images: give both the same order."
    return None


def interval(answer: Any) -> str | None:
    """The 95% interval for 18 of 20, with two right and two wrong added."""

    def ends(right: float, count: float, widths: float = 2) -> np.ndarray:
        p = right / count
        return p + np.array([-1, 1]) * widths * np.sqrt(p * (1 - p) / count)

    p = 20 / 24
    hints = [
        (ends(18, 20), "Add two right and two wrong first, or 20 of 20 would be certain."),
        (ends(20, 24, 1), "That is one width to each side: it holds in two cases of three."),
        (p + np.array([-2, 2]) * p * (1 - p) / 24, "Where is the square root?"),
        (ends(20, 22), "Two right and two wrong make four more pictures."),
        (p + np.array([-2, 2]) * np.sqrt(p * (1 - p)), "Divide by the number of pictures."),
        (ends(20, 24)[::-1], "The lower end comes first."),
    ]
    return problem_with(answer, ends(20, 24), hints, within=0.005)


PROBLEMS = {"ex-illness": illness, "ex-repair": repair, "ex-card-interval": interval}
