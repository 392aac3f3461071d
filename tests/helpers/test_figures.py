"""What readers rely on in the figures: they can be drawn for any data, be read from the back row,
and show the numbers.

That each notebook draws its figures is seen by running the notebooks.
"""

import itertools
import re
import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers.figures import (
    dataset,
    draw_moved,
    image_grid,
    improving,
    inference,
    model,
    percent,
    picture_bundle,
    scaling,
    setup,
    testing,
    training,
)

NAMES = np.array(["zero", "one", "two"])
random = np.random.default_rng(1)
kernels = random.normal(size=(64, 3, 3))
history = {"loss": [2.3, 0.5], "val_loss": [2.0, 0.6]}


def written(figure: Figure) -> list[Text]:
    """Every text that the figure shows, once it has been drawn."""
    FigureCanvasAgg(figure).draw()
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in written(figure)]


def cut_words(figure: Figure) -> list[str]:
    """The words that run over the figure's edge."""
    named = [text for text in written(figure) if re.search("[a-z]", text.get_text())]
    left, bottom, right, top = figure.bbox.padded(1).extents
    boxes = {text.get_text(): text.get_window_extent() for text in named}
    return [
        text
        for text, box in boxes.items()
        if box.x0 < left or box.x1 > right or box.y0 < bottom or box.y1 > top
    ]


def figures_of_images(height: int, width: int, color: bool) -> dict[str, Figure]:
    """The figures that show images, for images of one size."""
    raw = random.integers(0, 256, (height, width, 3) if color else (height, width), dtype=np.uint8)
    gray = np.atleast_3d(raw).mean(axis=2) / 255
    smaller, kernel, shares = gray[2:, 2:], np.array([[1, 0, -1]] * 3), np.array([0.7, 0.3, 0.0])
    return {
        "pixels": dataset.draw_pixels(np.atleast_3d(raw)[:, :, 0], height // 5, width // 3),
        "normalizations": dataset.draw_normalizations(raw / 255, raw / 255),
        "products": model.draw_products(gray, 2, 3, kernel, gray[2:5, 3:6] * kernel),
        "maps by hand": model.draw_feature_maps(gray, {"edges": kernel}, {"edges": smaller}),
        "kernel": model.draw_kernel(gray, kernel, smaller),
        "shift": model.draw_shift([gray, gray], [smaller, smaller], left=3),
        "pooling": model.draw_pooling(smaller[:4, :4], smaller[:2, :2]),
        "templates": training.draw_templates(random.normal(size=(3, height, width)), NAMES),
        "feature maps": testing.draw_feature_maps(
            raw, [random.random((2, height, width)), np.empty((0, 4, 5))]
        ),
        "occlusion": testing.draw_occlusion([raw], [random.random((4, 5))], ["said one"], 3, 2),
        "photo": inference.draw_photo(raw, "A photo"),
        "probabilities": inference.draw_probabilities(raw, shares, NAMES, "An image"),
    }


def figures_of_numbers() -> dict[str, Figure]:
    """The figures that show no images."""
    shares, layers = np.array([1.0, 0.5, 0.0]), [("Conv2D", (26, 26, 64), 640), ("Dense", (3,), 97)]
    ends, maps = [(0, 1)] * 3, random.normal(size=(4, 8, 8, 3))
    one, interval = np.array([0.9]), np.array([[0.7, 0.9]])
    paths = {0.1: [3.0, 2.4], 5.0: [3.0, -27.0, 243.0]}
    return {
        "descents": setup.draw_descents("Down", np.square, paths),
        "class shares": dataset.draw_class_shares(shares, shares[::-1], NAMES.tolist()),
        "loss": model.draw_loss_curve({0.5: 0.69}),
        "architecture": model.draw_architecture(layers),
        "rates": training.draw_rates({0.001: [2.3, 2.2], 0.1: [1.0, 0.5], 100.0: [64.0, 20.0]}),
        "moved": draw_moved("Moved", {"dense": [[0.9, 0.5], [0.8, 0.4]], "other": [[1.0, 0.9]]}),
        "overfitting": training.draw_overfitting(history, history),
        "step sizes": training.draw_step_sizes([0, 1], {"constant": [1, 1], "cosine": [0, 1]}),
        "losses": training.draw_losses([32], [2.3], [2.2]),
        "confusion": testing.draw_confusion(np.diag([5, 0, 2]), NAMES),
        "precision": testing.draw_precision_recall(shares, shares, ends, ends, NAMES),
        "reliability": testing.draw_reliability(one, one, interval, 9520),
        "one kernel": testing.draw_kernels(kernels[:1]),
        "kernels": testing.draw_kernels(kernels / 50, kernels / 50),
        "costs": improving.draw_costs({"one": {"conv2d": 5_000, "dense": 20}, "two": {"dense": 7}}),
        "normalization": improving.draw_normalization(maps, maps),
        "comparison": improving.draw_comparison("Recipes", {"a": [0.9], "b": [0.8]}, {"a": [0.5]}),
        "update": scaling.draw_data_parallelism(4, 256),
        "efficiency": scaling.draw_efficiency("Efficiency", [1, 4], {"cores": [0.5, 0.9]}),
        "moved, one model": inference.draw_moved([0.9, 0.5], [(0.8, 1), (0.4, 0.6)]),
    }


@pytest.mark.parametrize(
    "figures",
    [
        lambda: figures_of_images(8, 12, False),
        lambda: figures_of_images(32, 32, True),
        figures_of_numbers,
    ],
    ids=["small and gray", "in color", "no images"],
)
def test_every_figure_has_title_alt_text_and_letters_for_the_back_row(figures) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib warns where something has no room
        for name, figure in figures().items():
            assert cut_words(figure) == [], name
            assert min(float(text.get_fontsize()) for text in written(figure)) >= 10, name
            assert figure.get_suptitle() and len(str(figure.get_label())) > 30, name


@pytest.mark.parametrize("name", ["9", "T-shirt/top", "golden retriever"])
@pytest.mark.parametrize(
    ("form", "columns"), [("said {0} (100%)\nis {0}", 5), ("read {0}, is {0}", 3)]
)
def test_captions_of_a_grid_don_t_run_into_each_other(name: str, form: str, columns: int) -> None:
    caption = form.format(name)
    figure = image_grid("A grid", np.ones((6, 12, 12)), [caption] * 6, columns)
    assert cut_words(figure) == []
    boxes = [axes.title.get_window_extent() for axes in figure.axes if axes.images]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert figure.axes[0].get_title().split() == caption.split()


@pytest.mark.parametrize("count", [10, 26, 300])
@pytest.mark.parametrize("form", ["{0}", "class number {0}"])
def test_names_of_classes_don_t_run_into_each_other(count: int, form: str) -> None:
    names = [form.format(number) for number in range(count)]
    shares, ends = np.full(count, 1 / count), [(0.0, 1.0)] * count
    for figure, place in (
        (dataset.draw_class_shares(shares, shares, names), 0),
        (testing.draw_confusion(np.eye(count, dtype=int), np.array(names)), 0),
        (testing.draw_precision_recall(shares, shares, ends, ends, np.array(names)), 0),
        (inference.draw_probabilities(np.zeros((28, 28)), shares, names, "An image"), -1),
    ):
        FigureCanvasAgg(figure).draw()
        axes = figure.axes[place]
        labels = axes.get_xticklabels()
        assert [label.get_text() for label in labels] == [names[int(x)] for x in axes.get_xticks()]
        slant = np.radians(labels[0].get_rotation())
        height = labels[0].get_fontsize() * figure.dpi / 72
        gap = np.diff([axes.transData.transform((x, 0))[0] for x in axes.get_xticks()]).min()
        # Between slanted lines there must be room for their letters, side by side for the width.
        widest = max(label.get_window_extent().width for label in labels)
        assert gap * np.sin(slant) > height if slant else gap > widest


def test_names_are_taken_as_they_are() -> None:
    """No formula where there are dollars, and a box and no warning for what the font lacks."""
    names, image, shares = ["$a_b_c$", "猫"], np.zeros((28, 28)), np.full(2, 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in (
            testing.draw_confusion(np.eye(2, dtype=int), np.array(names)),
            inference.draw_probabilities(image, shares, np.array(names), names[0]),
            image_grid(names[0], image[None], ["read $5,\nis $10"], 1),
        ):
            assert picture_bundle(figure)["text/html"].startswith("<img")


def test_a_path_that_leaves_the_picture_is_marked_and_one_that_stays_is_not() -> None:
    figure = setup.draw_descents("Down", np.square, {0.1: [3.0, 2.4], 5.0: [3.0, -27.0]})
    ends = [axes.get_title() for axes in figure.axes]
    assert [end.splitlines()[1] for end in ends] == ["ends at x = 2.40", "leaves the picture"]
    assert "with a learning rate of 5 it leaves the picture" in figure.get_label()


def test_pooled_squares_are_as_large_as_those_they_come_from() -> None:
    """So that the picture shows what pooling does: half as wide and half as high."""
    figure = model.draw_pooling(np.ones((4, 4)), np.ones((2, 2)))
    FigureCanvasAgg(figure).draw()
    before, after = (
        np.diff(axes.transData.transform([(0, 0), (1, 1)]), axis=0) for axes in figure.axes
    )
    assert after == pytest.approx(before, rel=0.02)


def test_the_confusion_matrix_writes_counts_where_they_fit() -> None:
    shown = words(testing.draw_confusion(np.array([[51, 13, 0], [0, 72, 0], [0, 24, 0]]), NAMES))
    assert {"51", "13", "72", "24", *NAMES} <= set(shown)
    assert shown.count("·") == 5
    many = testing.draw_confusion(np.full((30, 30), 777), np.arange(30).astype(str))
    assert "777" not in words(many)


def test_the_map_of_an_occlusion_lies_where_the_patch_was() -> None:
    chances = np.ones((11, 11))
    chances[0, 10] = 0  # a patch of 7 pixels in the upper right corner: columns 20 to 26
    figure = testing.draw_occlusion([np.eye(28)], [chances], ["said 1"], patch=7, step=2)
    image, under_patch = figure.axes[:2]
    left, right, bottom, top = under_patch.images[0].get_extent()
    wide, high = (right - left) / 11, (bottom - top) / 11
    assert (left + 10.5 * wide, top + 0.5 * high) == (23, 3)  # the patch's middle pixel
    assert under_patch.get_xlim() == image.get_xlim() and under_patch.get_ylim() == image.get_ylim()
    for axes in (image, under_patch):
        [frame] = axes.patches
        assert frame.get_bbox().bounds == (19.5, -0.5, 7, 7)  # the first pixel begins at -0.5


def test_kernels_of_another_network_are_not_called_those_before_training() -> None:
    assert "before training" in words(testing.draw_kernels(kernels, kernels))
    assert "before training" not in words(testing.draw_kernels(kernels, np.ones((8, 3, 3))))


def test_no_share_is_rounded_up_to_certainty() -> None:
    assert [percent(share) for share in (0.9949, 0.995, 1)] == ["99%", ">99%", ">99%"]


@pytest.mark.parametrize(
    ("losses", "ticks"),
    [([2.31, 2.29], {"2.3"}), ([2.3, 0.7], {"1", "2"}), ([20.0, 0.05], {"0.1", "1", "10"})],
)
def test_a_loss_is_read_off_in_plain_numbers(losses, ticks) -> None:
    shown = set(words(training.draw_losses([32, 64], losses, losses[-1:])))
    assert ticks <= shown
    assert not [text for text in shown if "10^" in text or "times" in text]
