"""What readers rely on in the figures of 04 to 06: they can be drawn for any data, and show the numbers handed in."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers.figures import inference, testing, training

NAMES = np.array(["zero", "one", "two"])


def texts(figure: Figure) -> list[str]:
    """Every text that the figure shows, once it has been drawn."""
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def figures(height: int, width: int, color: bool) -> dict[str, Figure]:
    """Each figure of the three notebooks, for images of one size, three classes and a single group or example."""
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (height, width, 3) if color else (height, width), dtype=np.uint8)
    gray = np.atleast_3d(image).mean(axis=2)
    history = {"loss": [2.3, 0.5], "val_loss": [2.0, 0.6]}
    shares = np.array([1.0, 0.5, 0.0])
    return {
        "templates": training.draw_templates(random.normal(size=(3, height, width)), NAMES),
        "rates": training.draw_rates({0.001: [2.3, 2.2], 0.1: [1.0, 0.5], 100.0: [64.0, 20.0]}),
        "overfitting": training.draw_overfitting(history, history),
        "step sizes": training.draw_step_sizes([0, 1], {"constant": [0.1, 0.1], "cosine": [0.0, 0.1]}),
        "losses": training.draw_losses([32], [2.3], [2.2]),
        "confusion": testing.draw_confusion(np.diag([5, 0, 2]), NAMES),
        "precision": testing.draw_precision_recall(shares, shares[::-1], NAMES),
        "reliability": testing.draw_reliability(
            np.array([0.9]), np.array([0.8]), np.array([[0.7, 0.9]]), np.array([3])
        ),
        "kernels": testing.draw_kernels(random.normal(size=(5, 3, 3))),
        "feature maps": testing.draw_feature_maps(image, [random.random((2, height, width))], ["conv2d"]),
        "occlusion": testing.draw_occlusion([image], [random.random((4, 5))], ["said one"]),
        "probabilities": inference.draw_probabilities(image, shares / shares.sum(), NAMES, "An image"),
        "centered": inference.draw_centered(gray, (3.0, 4.0)),
    }


@pytest.mark.parametrize(("height", "width", "color"), [(28, 28, False), (8, 12, False), (32, 32, True)])
def test_every_figure_can_be_drawn_for_any_images_in_letters_for_the_back_row(
    height: int, width: int, color: bool
) -> None:
    for name, figure in figures(height, width, color).items():
        assert texts(figure), name
        assert figure.get_suptitle(), name
        assert min(float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_text()) >= 10, name


def test_the_confusion_matrix_writes_every_count_and_a_dot_for_none() -> None:
    shown = texts(testing.draw_confusion(np.array([[51, 13, 0], [0, 72, 0], [0, 24, 0]]), NAMES))
    assert {"51", "13", "72", "24", *NAMES} <= set(shown)
    assert shown.count("·") == 5


def test_with_many_classes_the_confusion_matrix_leaves_out_numbers_that_would_not_fit() -> None:
    shown = texts(testing.draw_confusion(np.full((30, 30), 777), np.arange(30).astype(str)))
    assert "777" not in shown


def test_the_share_of_each_class_is_written_where_it_can_be_told_from_none() -> None:
    shown = texts(inference.draw_probabilities(np.eye(8), np.array([0.297, 0.7, 0.003]), NAMES, "An image"))
    assert {"30%", "70%"} <= set(shown)
    assert "0%" not in shown


def test_the_title_says_how_many_kernels_are_drawn_when_there_are_more() -> None:
    title = testing.draw_kernels(np.ones((200, 3, 3))).get_suptitle()
    assert title.startswith(f"{testing.MOST_KERNELS} kernels")
