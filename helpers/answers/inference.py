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


def threshold(answer: Any, chances: np.ndarray, nonsense: np.ndarray) -> str | None:
    """How many of nine images a threshold refuses that refuses all nonsense.

    Args:
        answer: the reader's number.
        chances: probabilities for the images, of shape (count, classes).
        nonsense: probabilities for pictures that are no digits, of shape (count, classes).
    """
    chances = np.asarray(chances)
    least = nonsense.max()
    surest = chances.max(axis=-1)
    hints = {
        (surest > least).sum(): "Those are the ones that it keeps.",
        (chances <= least).sum(): "Take the largest of each row first: .max(axis=-1).",
        (surest <= 0.9).sum(): "That is for 0.9. Does it refuse all three?",
    }
    return problem_with(answer, (surest <= least).sum(), hints)


PROBLEMS = {"ex-read": read, "ex-threshold": threshold}
