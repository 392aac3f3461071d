"""Answers of 02_dataset."""

from typing import Any

import numpy as np

from helpers.judging import problem_with
from helpers.lesson import process_data


def lazy(answer: Any, train_counts: np.ndarray, test_counts: np.ndarray) -> str | None:
    """The test accuracy of always answering the commonest class of the training images."""
    right = test_counts[train_counts.argmax()] / test_counts.sum()
    hints = {
        0.11: "Nearly. Give three digits after the point.",
        train_counts.max() / train_counts.sum(): "That is its share of the training images.",
        1 / len(test_counts): "That holds if all classes are equally common. These aren't quite.",
    }
    return problem_with(answer, right, hints, within=0.0006)


def prepare(answer: Any, x_train: np.ndarray) -> str | None:
    """The first thousand training images as float32 from 0 to 1, with channels."""
    raw = x_train[:1000]
    prepared = raw.reshape(*raw.shape[:3], -1).astype("float32") / 255
    hints = [
        (prepared[..., 0], "The numbers are right. The channel axis is missing."),
        (prepared[:, None, ..., 0], "The new axis comes last: axis=-1."),
        (prepared * 255, "Those are still numbers up to 255."),
        (prepared / 255, "You divided by 255 twice."),
    ]
    return problem_with(answer, prepared, hints, dtype="float32")


def row(answer: Any) -> str | None:
    """The row (6, 8), scaled to length 1."""
    hints = {
        (0.8, 0.6): "The right numbers, in another order: the first belongs to 6.",
        (6 / 255, 8 / 255): "That is what pixels does.",
        (6 / 8, 1): "You divided by the largest number. Divide by the length, √(36 + 64).",
        (6 / 14, 8 / 14): "You divided by the sum. Divide by the length, √(36 + 64).",
        (6 / 100, 8 / 100): "Almost: 100 is the sum of the squares. The length is its square root.",
    }
    right = process_data(np.array([[[6, 8]]]), "rows").numpy().ravel()
    return problem_with(answer, right, hints, within=0.001)


PROBLEMS = {"ex-lazy": lazy, "ex-prepare": prepare, "ex-row": row}
