import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from helpers.figures.model import draw_architecture
from helpers.figures.training import draw_losses, draw_step_sizes

LAYERS = [
    ("InputLayer", (28, 28, 1), 0),
    ("Conv2D", (26, 26, 64), 640),
    ("MaxPooling2D", (13, 13, 64), 0),
    ("Flatten", (10816,), 0),
    ("Dense", (10,), 108170),
]


def boxes_of(figure) -> list[Rectangle]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def test_each_layer_has_a_box_its_shape_and_its_parameters():
    figure = draw_architecture(LAYERS)
    assert len(figure.axes[0].patches) == len(LAYERS)
    assert texts(figure)[:3] == ["layer", "shape", "parameters"]
    assert texts(figure)[3:9] == ["InputLayer", "28 × 28\n× 1", "–", "Conv2D", "26 × 26\n× 64", "640"]
    assert texts(figure)[-3:] == ["Dense", "10", "108,170"]


def test_a_box_is_as_high_as_its_image_and_wider_with_more_channels():
    image, convolution, pooling, flat, dense = boxes_of(draw_architecture(LAYERS))
    assert pooling.get_height() / convolution.get_height() == pytest.approx(13 / 26)
    assert pooling.get_width() == convolution.get_width() > image.get_width()
    assert flat.get_height() > dense.get_height() > 0


def test_other_networks_can_be_drawn():
    layers = [("InputLayer", (8, 12, 1), 0), ("Dropout", (8, 12, 1), 0), ("Flatten", (96,), 0), ("Dense", (1,), 97)]
    figure = draw_architecture(layers)
    FigureCanvasAgg(figure).draw()
    assert len(figure.axes[0].patches) == 4


def test_the_text_under_neighbouring_boxes_does_not_overlap():
    layers = [("Conv2D", (26, 26, 128), 295168), ("MaxPooling2D", (13, 13, 256), 295168)] * 4
    figure = draw_architecture(layers)
    FigureCanvasAgg(figure).draw()
    captions = [text for text in figure.axes[0].texts if text.get_text()][3:]
    edges = [caption.get_window_extent() for caption in captions]
    for row in range(3):
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(edges[row::3]))
    assert all(edge.x0 >= 0 and edge.x1 <= figure.bbox.x1 for edge in edges)


def test_step_sizes_are_drawn_by_name():
    figure = draw_step_sizes([0, 5, 10], {"constant": [0.1] * 3, "cosine": [0.0, 0.1, 0.0]})
    constant, cosine = figure.axes[0].lines
    assert constant.get_label() == "constant"
    assert np.asarray(cosine.get_ydata()).tolist() == [0.0, 0.1, 0.0]
    assert constant.get_color() != cosine.get_color()
    assert figure.axes[0].get_xlabel() == "updates made"


@pytest.mark.parametrize("epochs", [1, 3])
def test_held_out_images_stand_at_the_end_of_each_epoch(epochs):
    images = [16 * (batch + 1) for batch in range(10 * epochs)]
    figure = draw_losses(images, [2.0 / count for count in images], [0.5] * epochs)
    batches, held_out = figure.axes[0].lines
    assert np.array_equal(batches.get_xdata(), images)
    assert np.asarray(held_out.get_xdata()).tolist() == [160 * (epoch + 1) for epoch in range(epochs)]
    assert "logarithmic" in figure.axes[0].get_ylabel()


def test_a_training_without_held_out_images_or_with_a_broken_loss_can_be_drawn():
    figure = draw_losses([16, 32], [2.3, float("nan")], [])
    FigureCanvasAgg(figure).draw()
    assert len(figure.axes[0].lines) == 2
