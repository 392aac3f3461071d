"""The figures of 02: each has its title and labelled axes, and shows what it was given, whatever the data's size."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from helpers.figures import dataset as figures


def check_labels(figure: Figure, axes_count: int) -> None:
    assert figure.get_suptitle()
    assert len(figure.axes) == axes_count
    for axes in figure.axes:
        is_picture = bool(axes.images)
        assert is_picture or (axes.get_xlabel() and axes.get_ylabel())
    figure.canvas.draw()


@pytest.mark.parametrize("classes", [2, 10, 26])
def test_class_shares_are_per_cent_of_each_part(classes: int) -> None:
    train, test = np.arange(classes * 7) % classes, np.zeros(5, dtype=int)
    figure = figures.draw_class_shares(train, test, [f"class {index}" for index in range(classes)])
    check_labels(figure, 1)
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert heights[:classes] == pytest.approx([100 / classes] * classes)
    assert heights[classes:] == pytest.approx([100] + [0] * (classes - 1))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()][1] == "class 1"
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        f"{7 * classes} images for training",
        "5 images for testing",
    ]


def test_pixel_values_count_every_pixel_once() -> None:
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16).repeat(3, axis=0)
    images[0, 0, 0] = 255
    figure = figures.draw_pixel_values(images)
    check_labels(figure, 1)
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert sum(heights) == images.size
    assert heights[0] == 23
    assert heights[-1] == 25
    assert figure.axes[0].get_yscale() == "log"


@pytest.mark.parametrize("shape", [(28, 28), (8, 12), (16, 16, 3)])
def test_normalizations_show_three_pictures_and_their_rows(shape: tuple[int, ...]) -> None:
    raw = np.random.default_rng(1).integers(1, 256, shape, dtype=np.uint8)
    rows = raw / np.linalg.norm(raw.astype(float), axis=1, keepdims=True)
    figure = figures.draw_normalizations(raw, rows, raw / 255)
    check_labels(figure, 6)
    as_it_is, by_pixels, by_rows = ([bar.get_height() for bar in axes.patches] for axes in figure.axes[3:])  # type: ignore[attr-defined]
    assert by_rows == pytest.approx([1] * shape[0])
    assert np.array(as_it_is) / 255 == pytest.approx(by_pixels)
