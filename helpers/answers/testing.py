"""Answers of 05_testing."""

from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from helpers.judging import problem_with


def matrix(answer: Any, truth: np.ndarray, predicted: np.ndarray, classes: int) -> str | None:
    """The confusion matrix: rows are the true classes, columns the predicted ones.

    Args:
        answer: the reader's matrix.
        truth, predicted: whole numbers from 0, of shape (count,).
        classes: how many classes there are.
    """
    counted = confusion_matrix(truth, predicted, labels=np.arange(classes))
    diagonal = np.diag(counted.diagonal())
    one_list = np.tile(counted.sum(axis=0), (len(counted), 1))
    hints = [
        (counted.T, "Rows are the true classes, columns the predicted ones: swap the two."),
        (np.zeros_like(counted), "Nothing was counted yet: += 1, not = 1 or == 1?"),
        ((counted > 0).astype(int), "Add 1 each time, with +=, instead of putting 1 there."),
        (diagonal, "Count the wrong answers too: every image has a place."),
        (counted - diagonal, "Count the right answers too, on the diagonal."),
        (
            one_list,
            "All rows are the same: [[0] * 10] * 10 is ten times one list. Take np.zeros.",
        ),
    ]
    return problem_with(answer, counted, hints)


def fifty(answer: Any) -> str | None:
    """Wilson's 95% interval of 45 of 50, as a pair of low and high."""
    low, high = binomtest(45, 50).proportion_ci(method="wilson")
    hints = [
        ((high, low), "The two are swapped."),
        ((100 * low, 100 * high), "Right in percent. Write them from 0 to 1."),
        (binomtest(90, 100).proportion_ci(method="wilson"), "There are 50 photos, not 100."),
        (binomtest(45, 50).proportion_ci(), "Close: interval uses Wilson's method."),
        ((0.9, 0.9), "That is the share itself. Ask interval(hits, total) for its two ends."),
    ]
    return problem_with(answer, (low, high), hints, within=0.006)


EMAILS = np.array([[45, 1, 4], [10, 40, 0], [0, 23, 27]])


def recall(answer: Any) -> str | None:
    """Precision and recall of three classes of emails, as a pair of three numbers each."""
    if len(answer) != 2 or any(part is ... for part in answer):
        return "Both are needed: my_precision and my_recall, three numbers each."
    precision, recall = (EMAILS.diagonal() / EMAILS.sum(axis=axis) for axis in (0, 1))
    right = np.array([precision, recall])
    share = "Divide each of them by a sum: of its column for precision, of its row for recall."
    hints = [
        (right[::-1], "The two are swapped: axis=0 sums each column."),
        (np.array([precision, precision]), "Recall divides by the sum of each row: axis=1."),
        (np.array([recall, recall]), "Precision divides by the sum of each column: axis=0."),
        (100 * right, "Right in percent. Write them from 0 to 1."),
        ((100 * right).round(1), "Right in percent. Write them from 0 to 1."),
        ([EMAILS / EMAILS.sum(axis=axis) for axis in (0, 1)], "First take the .diagonal()."),
        (np.array([EMAILS.diagonal()] * 2), share),
        (np.array([EMAILS.diagonal() / EMAILS.sum()] * 2), share),
    ]
    return problem_with(answer, right, hints, within=0.006)


def doubt(answer: Any, right: np.ndarray, confidence: np.ndarray) -> str | None:
    """The share read correctly where a person reads what the model is less sure of than 0.9.

    Args:
        answer: the reader's share.
        right: whether the model is right, bool of shape (count,).
        confidence: its top probabilities, of shape (count,), from 0 to 1.
    """
    handed_over = confidence < 0.9
    together = (right | handed_over).mean()
    alone = right & ~handed_over
    hints = {
        right.mean(): "That is the model alone.",
        100 * together: "Right in percent. Write it as a share.",
        right.mean() + handed_over.mean(): "Some of those handed over were right anyway.",
        handed_over.mean(): "That is the share handed over. What is read correctly in the end?",
        (right | handed_over).sum(): "That is their number. Take the share: .mean().",
        alone.mean(): "The person reads the others correctly, too.",
        alone.sum() / max((~handed_over).sum(), 1): (
            "That is the share among those that the model keeps. Take it of all images."
        ),
    }
    return problem_with(answer, together, hints, within=0.00006)


PROBLEMS = {"ex-fifty": fifty, "ex-matrix": matrix, "ex-recall": recall, "ex-doubt": doubt}
