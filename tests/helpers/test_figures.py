"""What readers rely on in the figures of 01 to 03: they can be drawn for any data, and show the numbers handed in."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers.figures import dataset, model, setup

MOST_INCHES_HIGH = 4.8  # what a projector shows at 150 % without scrolling


def texts(figure: Figure) -> list[str]:
    """Every text that the figure shows, once it has been drawn."""
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def figures(height: int, width: int, color: bool) -> dict[str, Figure]:
    """Each figure of the three notebooks, for images of one size."""
    random = np.random.default_rng(1)
    raw = random.integers(0, 256, (height, width, 3) if color else (height, width), dtype=np.uint8)
    gray = np.atleast_3d(raw).mean(axis=2) / 255
    smaller = gray[2:, 2:]
    kernel = np.array([[1, 0, -1]] * 3)
    names = ["first class", "second class", "third class"]
    layers = [("InputLayer", (height, width, 1), 0), ("Conv2D", (height - 2, width - 2, 64), 640), ("Dense", (3,), 97)]
    return {
        "descents": setup.draw_descents(np.square, {0.1: [3.0, 2.4], 5.0: [3.0, -27.0, 243.0]}),
        "class shares": dataset.draw_class_shares(np.array([0.5, 0.5, 0]), np.array([1, 0, 0]), names),
        "pixels": dataset.draw_pixels(np.atleast_3d(raw)[:, :, 0], height // 5, width // 3),
        "normalizations": dataset.draw_normalizations(raw, raw / 255, raw / 255),
        "products": model.draw_products(gray, 2, 3, kernel, gray[2:5, 3:6] * kernel),
        "feature maps": model.draw_feature_maps(gray, {"edges": kernel}, {"edges": smaller}),
        "shift": model.draw_shift([gray, gray], [smaller, smaller]),
        "pooling": model.draw_pooling(smaller[:4, :4], smaller[:2, :2]),
        "loss": model.draw_loss_curve({0.5: 0.69}),
        "architecture": model.draw_architecture(layers),
    }


@pytest.mark.parametrize(("height", "width", "color"), [(28, 28, False), (8, 12, False), (32, 32, True)])
def test_every_figure_can_be_drawn_for_any_images_and_fits_on_a_screen(height: int, width: int, color: bool) -> None:
    for name, figure in figures(height, width, color).items():
        assert texts(figure), name
        assert figure.get_suptitle(), name
        assert figure.get_figheight() <= MOST_INCHES_HIGH, name


def test_every_text_can_be_read_from_the_back_row() -> None:
    for name, figure in figures(28, 28, False).items():
        FigureCanvasAgg(figure).draw()
        sizes = [float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_text()]
        assert min(sizes) >= 10, name


def test_the_numbers_of_a_convolution_are_written_out() -> None:
    pixels, kernel = np.array([[0.25] * 3] * 3), np.array([[1, 0, -1]] * 3)
    shown = texts(model.draw_products(pixels, 0, 0, kernel, pixels * kernel))
    assert shown.count("0.25") == 9 + 3  # the pixels, and the products of the left column
    assert shown.count("−0.25") == 3
    assert shown.count("−1") == 3


def test_a_part_of_an_image_shows_its_own_pixels() -> None:
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    shown = texts(dataset.draw_pixels(image, top=2, left=3, size=2))
    assert {"23", "24", "33", "34"} <= set(shown)
    assert "22" not in shown
    assert "25" not in shown


def test_each_layer_is_drawn_with_its_shape_and_its_parameters() -> None:
    layers = [("InputLayer", (28, 28, 1), 0), ("Conv2D", (26, 26, 64), 640), ("Dense", (10,), 108170)]
    shown = texts(model.draw_architecture(layers))
    assert {"28 × 28\n× 1", "26 × 26\n× 64", "640", "10", "108,170"} <= set(shown)


def test_texts_under_neighboring_layers_do_not_overlap() -> None:
    layers = [("Conv2D", (26, 26, 128), 295168), ("MaxPooling2D", (13, 13, 256), 295168)] * 4
    figure = model.draw_architecture(layers)
    FigureCanvasAgg(figure).draw()
    edges = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    crossing = [
        (one, other) for index, one in enumerate(edges) for other in edges[:index] if one.count_overlaps([other])
    ]
    assert not crossing
    assert all(edge.x0 >= 0 and edge.x1 <= figure.bbox.x1 for edge in edges)
