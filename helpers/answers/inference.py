"""Answers of 06_inference."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers.judging import problem_with, reader_problem
from series.chain import DATA_FOLDER

DRAWINGS = DATA_FOLDER / "drawings"


def read(
    answer: Any,
    prepare: Callable[[Path], np.ndarray],
    ask: Callable[[np.ndarray], np.ndarray],
    class_names: Sequence[str],
) -> str | None:
    """A function that takes the path of a picture and returns the name of its class.

    Args:
        answer: the reader's function.
        prepare, ask, class_names: as 06_inference defines them.
    """
    paths = [DRAWINGS / name for name in ("3.jpg", "4.png", "5.png")]
    right = [class_names[ask(prepare(path)[None])[0].argmax()] for path in paths]
    return reader_problem(answer, paths, right)


def photo(answer: Any, prepare: Callable[[Path], np.ndarray]) -> str | None:
    """A picture whose paper and ink were swapped, repaired.

    Args:
        answer: the reader's picture.
        prepare: as 06_inference defines it.
    """
    prepared = prepare(DRAWINGS / "4.png")
    swapped = 255 - prepared
    hints = [
        (1 - swapped, "The numbers of an image go from 0 to 255, not from 0 to 1."),
        (1 - swapped / 255, "That's the idea. Keep to 0 to 255: process_data scales them."),
        (swapped / 255, "process_data does that. Is a test image's paper dark or bright?"),
        (swapped, "That is as it was. Compare its paper with that of a test image."),
        (-swapped, "Below 0, uint8 begins again at 255: 255 becomes 1. Subtract from 255."),
        (swapped - 255, "Below 0, uint8 begins again at 255. Swap the two: 255 first."),
    ]
    return problem_with(answer, prepared, hints)


def threshold(answer: Any, chances: np.ndarray, nonsense: np.ndarray) -> str | None:
    """How many of ten drawings a threshold refuses that refuses all nonsense.

    Args:
        answer: the reader's number.
        chances: probabilities for the drawings, of shape (count, classes).
        nonsense: probabilities for pictures that are no digits, of shape (count, classes).
    """
    least = nonsense.max()
    surest = chances.max(axis=-1)
    hints = {
        (surest > least).sum(): "Those are the ones that it keeps.",
        (chances <= least).sum(): "Take the largest of each row first: .max(axis=-1).",
        (surest <= 0.9).sum(): "That is for 0.9. Does it refuse all three?",
    }
    return problem_with(answer, (surest <= least).sum(), hints)


PROBLEMS = {"ex-read": read, "ex-photo": photo, "ex-threshold": threshold}
