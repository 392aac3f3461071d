"""The exercises of 07: each likely mistake gets its hint, and what is right is right."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import t

from helpers.answers.improving import fade, interval, verdict

BEFORE, AFTER = [0.961, 0.958, 0.964, 0.960], [0.966, 0.963, 0.962, 0.968]


def test_an_interval_is_welchs() -> None:
    right = _welch()
    assert interval(right, BEFORE, AFTER) is None
    assert "loss" in str(interval((-right[1], -right[0]), BEFORE, AFTER))
    assert "first" in str(interval(right[::-1], BEFORE, AFTER))


def test_a_verdict_needs_a_change_seeds_and_the_place_of_0() -> None:
    right = _welch()
    said = "better" if right[0] > 0 else "can't tell"
    assert verdict((*right, said), BEFORE, AFTER) is None
    assert "Look where 0 is" in str(verdict((*right, "worse"), BEFORE, AFTER))
    assert "Change something" in str(verdict((*right, said), BEFORE, []))
    assert verdict((-np.inf, np.inf, "can't tell"), [0.9], [0.95]) is None
    assert verdict((0, 1, "better"), [0.9], [0.95]) is not None


@pytest.mark.parametrize(
    ("shape", "low", "hint"),
    [
        ([64, 1, 1, 1], 0.5, None),
        ([1], 0.5, "All images"),
        ([64, 4, 4, 1], 0.5, "Pixels"),
        ([64, 1, 1, 1], 0.0, "outside"),
        ([64, 1, 1, 1], 1.0, "as they were"),
    ],
)
def test_fading_takes_a_number_for_each_image(shape: list, low: float, hint: str | None) -> None:
    said = fade(lambda images, labels: (images * tf.random.uniform(shape, low, 1.0), labels))
    assert said is None if hint is None else hint in str(said)


def test_fading_leaves_the_labels_and_never_stops_the_notebook() -> None:
    factors = np.linspace(0.5, 1, 64).reshape(-1, 1, 1, 1)
    assert "labels" in str(fade(lambda images, labels: (images * factors, labels * 2)))
    assert "stops with" in str(fade(lambda images, labels: images * factors))


def _welch() -> tuple[float, float]:
    """The interval by its textbook formula."""
    shares = [np.var(each, ddof=1) / len(each) for each in (BEFORE, AFTER)]
    error = np.sqrt(sum(shares))
    freedom = sum(shares) ** 2 / sum(share**2 / 3 for share in shares)
    gain = np.mean(AFTER) - np.mean(BEFORE)
    reach = t.ppf(0.975, freedom) * error
    return gain - reach, gain + reach
