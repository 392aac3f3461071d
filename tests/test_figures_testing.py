"""The figures of 05_testing and 06_inference: they can be drawn, and show the numbers that they were given."""

import io

import numpy as np
import pytest

from helpers.figures.inference import draw_centred, draw_probabilities
from helpers.figures.testing import draw_confusion, draw_precision_recall, draw_reliability

NAMES = np.array(["zero", "one", "two"])


def drawn(figure):
    """The figure, once it has been drawn in full."""
    figure.savefig(io.BytesIO(), format="png")
    for axes in figure.axes:
        assert axes.get_xlabel() or axes.get_ylabel() or axes.get_images(), "axes without a label"
    assert figure.get_suptitle()
    return figure


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_the_confusion_matrix_shows_each_count_in_its_square():
    figure = drawn(draw_confusion(np.array([[5, 1, 0], [0, 7, 2], [0, 0, 9]]), NAMES))
    assert texts(figure.axes[0]) == ["5", "1", "·", "·", "7", "2", "·", "·", "9"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == NAMES.tolist()


@pytest.mark.parametrize("size", [3, 30])
def test_a_class_without_images_and_many_classes_can_be_drawn(size):
    figure = drawn(draw_confusion(np.zeros((size, size), dtype=int), np.arange(size).astype(str)))
    assert len(texts(figure.axes[0])) == (9 if size == 3 else 0)


def test_precision_and_recall_stand_at_their_heights():
    figure = drawn(draw_precision_recall(np.array([0.9, 1, 0.5]), np.array([0.8, 1, 0]), NAMES))
    dots = [points.get_offsets()[:, 1].tolist() for points in figure.axes[0].collections[1:]]
    assert dots == [[90, 100, 50], [80, 100, 0]]


@pytest.mark.parametrize("groups", [1, 3])
def test_the_reliability_diagram_shows_each_group_and_its_count(groups):
    claimed, found = np.linspace(0.5, 1, groups), np.linspace(0.4, 1, groups)
    figure = drawn(draw_reliability(claimed, found, np.array([found - 0.1, found]), np.arange(1, groups + 1)))
    assert [bar.get_height() for bar in figure.axes[1].patches] == list(range(1, groups + 1))
    assert figure.axes[0].collections[-1].get_offsets().tolist() == [
        [c, f] for c, f in zip(claimed * 100, found * 100, strict=True)
    ]


def test_the_highest_probability_is_picked_out():
    figure = drawn(draw_probabilities(np.eye(5), np.array([0.1, 0.7, 0.2]), NAMES, "An image"))
    colours = [bar.get_facecolor() for bar in figure.axes[1].patches]
    assert colours[0] == colours[2] != colours[1]
    assert texts(figure.axes[1]) == ["10%", "70%", "20%"]


def test_the_frame_lies_around_the_ink():
    image = np.zeros((10, 12), dtype="uint8")
    image[2:5, 3:9] = 200
    figure = drawn(draw_centred(image, (3.0, 5.5)))
    frame = figure.axes[0].patches[0]
    assert frame.get_xy() == (2.5, 1.5) and (frame.get_width(), frame.get_height()) == (6, 3)
