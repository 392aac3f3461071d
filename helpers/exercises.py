"""Checking a reader's answer to an exercise: to do, right, or a hint about the likeliest mistake."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Hints = Mapping[Any, str] | Sequence[tuple[Any, str]]
TO_DO = "To do: put your answer in place of the three dots, run that cell, then this one."


def check(answer: Any, right: Any, hints: Hints = (), within: float = 1e-6) -> None:
    """Say whether an answer is right. It never stops the notebook.

    Args:
        answer: the reader's answer; `...` where there is none yet.
        right: a number, a letter, a text, or an array of numbers.
        hints: for a likely wrong answer, what it confuses; as pairs where the wrong answers are
            arrays.
        within: how far a number may be from the right one.
    """
    if answer is ...:
        print(TO_DO)
    elif _same(answer, right, within):
        print("Right.")
    else:
        pairs = hints.items() if isinstance(hints, Mapping) else hints
        print(
            "Not yet.",
            next(
                (hint for wrong, hint in pairs if _same(answer, wrong, within)),
                _other(answer, right),
            ),
        )


def spoiled(image: np.ndarray) -> np.ndarray:
    """An image, uint8, as somebody prepared it who got one thing wrong. What, is for the reader of
    06 to find.
    """
    return 255 - image


def _other(answer: Any, right: Any) -> str:
    """What to say of an answer that no hint is for."""
    yours = (repr(answer) if isinstance(answer, str) else str(answer))[:60]
    if (isinstance(answer, str) and isinstance(right, str)) or _same(
        answer, right, within=1e300
    ):  # the right kind
        return f"It isn't {yours}."
    kind = f"{np.size(right)} numbers" if np.ndim(right) else "one number"
    return f"The answer is {'a letter, in quotation marks' if isinstance(right, str) else kind}; yours is {yours}."


def _same(answer: Any, right: Any, within: float) -> bool:
    if isinstance(right, str):
        return isinstance(answer, str) and answer.strip().lower() == right.lower()
    try:
        given, expected = np.asarray(answer, dtype="float64"), np.asarray(right, dtype="float64")
    except (TypeError, ValueError):
        return False
    return given.shape == expected.shape and bool(np.allclose(given, expected, rtol=0, atol=within))
