"""Exercises: an answer is still to do, right, or gets the hint that fits it, and nothing ever stops
the notebook.
"""

import numpy as np
import pytest

from helpers.exercises import TO_DO, check

HINTS = {
    640: "Each kernel also has a bias.",
    "B": "That is the other axis.",
    (1, 2): "Count the channels.",
}


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (..., 3, TO_DO),
        (3, 3, "Right."),
        (3.0000001, 3, "Right."),
        (np.int64(3), 3, "Right."),
        (640, 576, "Not yet. Each kernel also has a bias."),
        (" b ", "B", "Right."),
        ("b", "C", "Not yet. That is the other axis."),
        (2, "C", "Not yet. The answer is a letter, in quotation marks; yours is 2."),
        ("three", 3, "Not yet. The answer is one number; yours is 'three'."),
        ("(28, 28)", (28, 28), "Not yet. The answer is 2 numbers; yours is '(28, 28)'."),
        (704, 564, "Not yet. It isn't 704."),
        ("D", "C", "Not yet. It isn't 'D'."),
        (np.array([5, 6]), [3, 4], "Not yet. It isn't [5 6]."),
        (None, 3, "Not yet. The answer is one number; yours is None."),
        ([1, [2, 3]], 3, "Not yet. The answer is one number; yours is [1, [2, 3]]."),
        (float("nan"), 3, "Not yet. The answer is one number; yours is nan."),
        ([0.6, 0.8], np.array([0.6, 0.8], "float32"), "Right."),
        ((28, 28, 1), (28, 28, 1), "Right."),
        ((28, 28), (28, 28, 1), "Not yet. The answer is 3 numbers; yours is (28, 28)."),
        ([1, 2], [3, 4], "Not yet. Count the channels."),
    ],
)
def test_each_answer_gets_its_line(answer, right, said: str, capsys: pytest.CaptureFixture) -> None:
    check(answer, right, hints=HINTS)
    assert capsys.readouterr().out.strip() == said


def test_hints_about_wrong_arrays_are_pairs(capsys: pytest.CaptureFixture) -> None:
    right = np.array([[0, 255], [255, 0]], "uint8")
    pairs = [(255 - right, "That is as it was."), (right / 255, "That is 1 for ink.")]
    for answer in (right, ~(255 - right), 255 - right, right / 255, right[0]):
        check(answer, right, hints=pairs)
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [
        "Right.",
        "Right.",
        "Not yet. That is as it was.",
        "Not yet. That is 1 for ink.",
    ]
    assert said[4].startswith("Not yet. The answer is 4 numbers")


def test_how_near_is_near_enough_can_be_set(capsys: pytest.CaptureFixture) -> None:
    check(0.31, 0.3, within=0.05)
    assert capsys.readouterr().out == "Right.\n"
