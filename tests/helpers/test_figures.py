"""What readers rely on in the figures: they can be drawn for any data, be read from the back row,
and show the numbers.

That each notebook draws its figures is seen by running the notebooks.
"""

import io
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
MOST_INCHES_HIGH = 4.8  # what a projector shows at 150 % without scrolling


def texts(figure: Figure) -> list[str]:
    """Every text that the figure shows, once it has been drawn."""
    FigureCanvasAgg(figure).draw()
    return [
        text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()
    ]


def figures(height: int, width: int, color: bool) -> dict[str, Figure]:
    """The figures of the notebooks, for images of one size, three classes and a single group or
    example.
    """
    random = np.random.default_rng(1)
    raw = random.integers(0, 256, (height, width, 3) if color else (height, width), dtype=np.uint8)
    gray = np.atleast_3d(raw).mean(axis=2) / 255
    smaller, kernel, shares = gray[2:, 2:], np.array([[1, 0, -1]] * 3), np.array([1.0, 0.5, 0.0])
    layers = [
        ("InputLayer", (height, width, 1), 0),
        ("Conv2D", (height - 2, width - 2, 64), 640),
        ("Dense", (3,), 97),
    ]
    history = {"loss": [2.3, 0.5], "val_loss": [2.0, 0.6]}
    one, two = np.array([0.9]), np.array([[0.7, 0.9]])
    return {
        "descents": setup.draw_descents(np.square, {0.1: [3.0, 2.4], 5.0: [3.0, -27.0, 243.0]}),
        "descent": setup.draw_descent(np.square, 5.0, [3.0, -27.0, 243.0]),
        "class shares": dataset.draw_class_shares(shares, shares[::-1], NAMES.tolist()),
        "pixels": dataset.draw_pixels(np.atleast_3d(raw)[:, :, 0], height // 5, width // 3),
        "normalizations": dataset.draw_normalizations(raw / 255, raw / 255),
        "products": model.draw_products(gray, 2, 3, kernel, gray[2:5, 3:6] * kernel),
        "maps by hand": model.draw_feature_maps(gray, {"edges": kernel}, {"edges": smaller}),
        "kernel": model.draw_kernel(gray, kernel, smaller),
        "shift": model.draw_shift([gray, gray], [smaller, smaller], left=3),
        "pooling": model.draw_pooling(smaller[:4, :4], smaller[:2, :2]),
        "loss": model.draw_loss_curve({0.5: 0.69}),
        "architecture": model.draw_architecture(layers),
        "templates": training.draw_templates(random.normal(size=(3, height, width)), NAMES),
        "rates": training.draw_rates({0.001: [2.3, 2.2], 0.1: [1.0, 0.5], 100.0: [64.0, 20.0]}),
        "moved": training.draw_moved({"dense": [[0.9, 0.5], [0.8, 0.4]], "other": [[1.0, 0.9]]}),
        "overfitting": training.draw_overfitting(history, history),
        "step sizes": training.draw_step_sizes(
            [0, 1], {"constant": [0.1, 0.1], "cosine": [0.0, 0.1]}
        ),
        "losses": training.draw_losses([32], [2.3], [2.2]),
        "confusion": testing.draw_confusion(np.diag([5, 0, 2]), NAMES),
        "precision": testing.draw_precision_recall(
            shares, shares[::-1], [(0, 1)] * 3, [(0.5, 1)] * 3, NAMES
        ),
        "reliability": testing.draw_reliability(one, one, two, 3),
        "kernels": testing.draw_kernels(random.normal(size=(5, 3, 3))),
        "kernels before and after": testing.draw_kernels(
            random.normal(size=(64, 3, 3)), random.normal(size=(64, 3, 3))
        ),
        "feature maps": testing.draw_feature_maps(
            raw, [random.random((2, height, width)), np.empty((0, 4, 5))]
        ),
        "occlusion": testing.draw_occlusion(
            [raw], [random.random((4, 5))], ["said one"], patch=3, step=2
        ),
        "shift curves": improving.draw_shift_curves("Moved", {"yours": [0.9, 0.5], "ours": [1, 1]}),
        "costs": improving.draw_costs({"one": {"conv2d": 5_000, "dense": 20}, "two": {"dense": 7}}),
        "normalization": improving.draw_normalization(
            random.normal(size=(4, height, width, 3)), random.normal(size=(4, height, width, 3))
        ),
        "comparison": improving.draw_comparison("Two recipes", {"a": [0.9], "b": [0.8]}, {}),
        "update": scaling.draw_data_parallelism(4, 256),
        "efficiency": scaling.draw_efficiency("Efficiency", [1, 4], {"cores": [0.5, 0.9]}),
        "photo": inference.draw_photo(raw, "A photo"),
        "moved, one model": inference.draw_moved([0.9, 0.5], [(0.8, 1), (0.4, 0.6)]),
        "probabilities": inference.draw_probabilities(
            raw, shares / shares.sum(), NAMES, "An image"
        ),
    }


@pytest.mark.parametrize(
    ("height", "width", "color"),
    [(8, 12, False), pytest.param(32, 32, True, marks=pytest.mark.slow)],
)
def test_every_figure_can_be_drawn_for_any_images_in_letters_for_the_back_row(
    height, width, color
) -> None:
    for name, figure in figures(height, width, color).items():
        assert texts(figure), name
        assert (
            min(float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_text())
            >= 10
        ), name
        assert figure.get_suptitle(), name
        assert cut_words(figure) == [], name


def cut_words(figure: Figure) -> list[str]:
    """The words that run over the figure's edge."""
    FigureCanvasAgg(figure).draw()
    words = [text for text in figure.findobj(Text) if re.search("[a-z]", text.get_text())]
    edge = figure.bbox
    return [
        text.get_text()
        for text in words
        if text.get_visible()
        and (box := text.get_window_extent())
        and max(edge.x0 - box.x0, box.x1 - edge.x1, edge.y0 - box.y0, box.y1 - edge.y1) > 1
    ]


def test_no_word_is_cut_where_a_row_is_all_there_is() -> None:
    for count in (1, 2, 4, 8):
        kernels = np.ones((count, 3, 3))
        for before in (kernels, None):
            assert cut_words(testing.draw_kernels(kernels, before)) == []
    for classes in (2, 5, 10):
        names = [f"class {number}" for number in range(classes)]
        assert cut_words(training.draw_templates(np.ones((classes, 12, 12)), names)) == []


@pytest.mark.parametrize("name", ["9", "class 0", "T-shirt/top", "golden retriever"])
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


def test_the_figures_of_the_first_three_notebooks_fit_on_a_screen() -> None:
    for name, figure in list(figures(28, 28, False).items())[:12]:
        assert figure.get_figheight() <= MOST_INCHES_HIGH, name


def test_a_figure_of_the_first_three_notebooks_brings_its_own_alt_text() -> None:
    for name, figure in list(figures(28, 28, False).items())[:12]:
        assert len(str(figure.get_label())) > 40, name


def test_a_path_that_leaves_the_picture_is_marked_and_one_that_stays_is_not() -> None:
    figure = setup.draw_descents(np.square, {0.1: [3.0, 2.4], 5.0: [3.0, -27.0]})
    ends = [axes.get_title() for axes in figure.axes]
    assert [end.splitlines()[1] for end in ends] == ["ends at x = 2.40", "leaves the picture"]
    assert texts(figure).count("start") == 2
    assert "until they leave" in figure.get_label()


def test_the_sum_of_the_products_is_in_the_picture() -> None:
    products = np.array([[0.5, 0, -2.0]] * 3)
    figure = model.draw_products(np.zeros((8, 8)), 1, 1, np.ones((3, 3)), products)
    assert "sum: −4.5" in texts(figure)


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that touch each other, once the figure has been drawn."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    written = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in written]
    return [
        (name, other)
        for (name, box), (other, other_box) in itertools.combinations(boxes, 2)
        if box.overlaps(other_box)
    ]


@pytest.mark.parametrize(
    "losses",
    [
        {0.001: [2.3, 2.2], 0.1: [2.3, 2.1], 100.0: [64.0, 2.3]},
        {0.001: [2.3, 2.2], 0.1: [2.3, 2.2], 100.0: [2.3, 2.2]},
    ],
)
def test_lines_that_end_close_together_have_names_that_do_not_touch(losses) -> None:
    assert overlapping(training.draw_rates(losses)) == []
    moved = {"dense": [[0.9, 0.51]], "convolutional": [[0.9, 0.5]]}
    assert overlapping(training.draw_moved(moved)) == []
    history = {"loss": [2.3, 0.5], "val_loss": [2.0, 0.5]}
    assert overlapping(training.draw_overfitting(history, history)) == []


def test_pooled_squares_are_as_large_as_those_they_come_from() -> None:
    """So that the picture shows what pooling does: half as wide and half as high."""
    figure = model.draw_pooling(np.ones((4, 4)), np.ones((2, 2)))
    FigureCanvasAgg(figure).draw()
    squares = [axes.transData.transform([(0, 0), (1, 1)]) for axes in figure.axes]
    before, after = (abs(ends[1] - ends[0]) for ends in squares)
    assert after == pytest.approx(before, rel=0.02)


def test_the_confusion_matrix_writes_every_count_a_dot_for_none_and_nothing_where_it_would_not_fit() -> (
    None
):
    shown = texts(testing.draw_confusion(np.array([[51, 13, 0], [0, 72, 0], [0, 24, 0]]), NAMES))
    assert {"51", "13", "72", "24", *NAMES} <= set(shown)
    assert shown.count("·") == 5
    assert "777" not in texts(
        testing.draw_confusion(np.full((30, 30), 777), np.arange(30).astype(str))
    )


def test_the_map_of_an_occlusion_lies_where_the_patch_was() -> None:
    chances = np.ones((11, 11))
    chances[0, 10] = (
        0  # a patch of 7 pixels in the upper right corner: rows 0 to 6, columns 20 to 26
    )
    figure = testing.draw_occlusion([np.zeros((28, 28))], [chances], ["said 1"], patch=7, step=2)
    picture = figure.axes[1].images[0]
    left, right, bottom, top = picture.get_extent()
    wide, high = (right - left) / 11, (bottom - top) / 11
    # Its middle, in pixels from the edges.
    assert (left + 10.5 * wide, top + 0.5 * high) == (
        23.5,
        3.5,
    )
    assert figure.axes[1].get_xlim() == (0, 28) and figure.axes[1].get_ylim() == (28, 0)
    [frame] = figure.axes[0].patches
    assert frame.get_bbox().bounds == (19.5, -0.5, 7, 7)  # the first image's pixels begin at -0.5


def test_the_reliability_diagram_says_how_many_images_are_in_each_group() -> None:
    shares = np.array([0.55, 0.99])
    ends = np.stack([shares, shares], axis=1)
    figure = testing.draw_reliability(shares, shares, ends, 9520)
    assert "a group of about 4,760 images" in texts(figure)
    assert "one image" in texts(testing.draw_reliability(shares, shares, ends, 2))


def test_groups_that_crowd_the_upper_corner_are_drawn_once_more_enlarged() -> None:
    shares = np.array([0.6, 0.95, *np.linspace(0.997, 1.0, 8)])
    ends = np.stack([shares - 0.01, np.minimum(shares + 0.01, 1)], axis=1)
    whole, corner = testing.draw_reliability(shares, shares, ends, 10_000).axes
    assert whole.get_xlim()[0] == 55 and corner.get_xlim()[0] == 98.5
    assert len(corner.collections[-1].get_offsets()) == 8
    spread = np.linspace(0.5, 1.0, 10)
    ends = np.stack([spread - 0.01, spread], axis=1)
    assert len(testing.draw_reliability(spread, spread, ends, 10_000).axes) == 1


def test_a_convolution_with_a_single_kernel_or_no_varying_map_is_drawn() -> None:
    dead = np.empty((0, 3, 4))
    figure = testing.draw_feature_maps(np.zeros((8, 8)), [np.ones((1, 6, 6)), dead, dead])
    shown = texts(figure)
    assert shown.count("no map varies") == 2
    assert "convolution 2\n3 × 4" in shown
    shown = texts(testing.draw_kernels(np.ones((1, 3, 3)), np.zeros((1, 3, 3))))
    assert "1" in shown and "The first convolution's only kernel" in shown


def test_kernels_of_another_network_are_not_called_those_before_training() -> None:
    kernels = np.ones((4, 3, 3))
    assert "before training" in texts(testing.draw_kernels(kernels, kernels))
    assert "before training" not in texts(testing.draw_kernels(kernels, np.ones((8, 3, 3))))


@pytest.mark.parametrize("count", [1, 2, 8, 64])
def test_small_weights_leave_room_for_the_numbers_beside_their_colors(count: int) -> None:
    kernels = np.random.default_rng(1).normal(0, 0.05, (count, 3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib warns where something has no room
        testing.draw_kernels(kernels, kernels).savefig(io.BytesIO(), format="png")


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.944, "94%"), (0.9949, "99%"), (0.995, ">99%"), (1, ">99%")]
)
def test_no_share_is_rounded_up_to_certainty(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("losses", "ticks"),
    [([2.31, 2.29], {"2.3"}), ([2.3, 0.7], {"1", "2"}), ([20.0, 0.05], {"0.1", "1", "10"})],
)
def test_a_loss_is_read_off_in_plain_numbers(losses, ticks) -> None:
    shown = set(texts(training.draw_losses([32, 64], losses, losses[-1:])))
    assert ticks <= shown
    assert not [text for text in shown if "10^" in text or "times" in text]


@pytest.mark.parametrize(
    "count", [10, 26, *(pytest.param(many, marks=pytest.mark.slow) for many in (47, 300))]
)
@pytest.mark.parametrize("form", ["{0}", "class number {0}", "letter"])
def test_names_of_classes_don_t_run_into_each_other(count: int, form: str) -> None:
    names = [
        chr(65 + number % 26) if form == "letter" else form.format(number)
        for number in range(count)
    ]
    shares, ends = np.full(count, 1 / count), [(0.0, 1.0)] * count
    for figure, place in (
        (dataset.draw_class_shares(shares, shares, names), 0),
        (testing.draw_confusion(np.eye(count, dtype=int), np.array(names)), 0),
        (testing.draw_precision_recall(shares, shares, ends, ends, np.array(names)), 0),
        (inference.draw_probabilities(np.zeros((28, 28)), shares, names, "An image"), -1),
    ):
        FigureCanvasAgg(figure).draw()
        axes = figure.axes[place]
        boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
        slant = np.radians(axes.get_xticklabels()[0].get_rotation())
        height = axes.get_xticklabels()[0].get_fontsize() * figure.dpi / 72
        gap = np.diff([axes.transData.transform((x, 0))[0] for x in axes.get_xticks()]).min()
        # Between slanted lines there must be room for their letters, side by side for the width.
        assert gap * np.sin(slant) > height if slant else gap > max(box.width for box in boxes)


def test_a_class_with_dollars_in_its_name_is_no_formula() -> None:
    names, shares, image = ["$a_b_c$", "$5 or $10"], np.full(2, 0.5), np.zeros((28, 28))
    caption = "read $5,\nis $10"
    for figure, written in (
        (dataset.draw_class_shares(shares, shares, names), names),
        (testing.draw_confusion(np.eye(2, dtype=int), np.array(names)), names),
        (inference.draw_probabilities(image, shares, names, names[0]), names),
        (image_grid(names[0], image[None], [caption], 1), [names[0], caption]),
    ):
        picture_bundle(figure)  # a formula like the first name is an error
        math = {text.get_text(): text.get_parse_math() for text in figure.findobj(Text)}
        assert [math[name] for name in written] == [False] * len(written)


@pytest.mark.parametrize("shares", [[0.0], [0.0, 0.01], [0.5], [0.99, 1.0], [1.0], [0.1, 0.9]])
def test_a_comparison_has_no_shares_below_none_or_above_all(shares: list[float]) -> None:
    axes = improving.draw_comparison("Recipes", {"a": shares, "b": shares}, {}).axes[0]
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert all(-1e-9 <= tick <= 100 + 1e-9 for tick in ticks)
    assert low < 100 * min(shares) and 100 * max(shares) < high and high - low > 0.2


def test_a_name_that_the_font_lacks_is_a_box_and_no_warning() -> None:
    figure = testing.draw_confusion(np.eye(2, dtype=int), np.array(["猫", "dog"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture_bundle(figure)


@pytest.mark.parametrize("start", [0.02, 0.12, 0.98])
def test_the_legend_lies_on_no_point(start: float) -> None:
    read = [start, start, start / 2, start / 4, start / 9]
    for figure in (
        inference.draw_moved(read, [(share - 0.01, share + 0.01) for share in read]),
        improving.draw_shift_curves("Moved", {"yours": read, "ours": [start] * 5}),
    ):
        FigureCanvasAgg(figure).draw()
        (axes,) = figure.axes
        box = axes.get_legend().get_window_extent()
        for place, share in enumerate(read):
            assert not box.contains(*axes.transData.transform((place, 100 * share)))


def test_of_many_classes_only_as_many_are_named_as_can_be_read() -> None:
    names = [f"kind {number}" for number in range(300)]
    axes = testing.draw_confusion(np.eye(300, dtype=int), np.array(names)).axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        labels = [tick.get_text() for tick in axis.get_ticklabels()]
        assert len(labels) <= 30
        assert labels == [names[int(place)] for place in axis.get_ticklocs()]
    templates = training.draw_templates(np.ones((300, 12, 12)), names)
    assert templates.get_figheight() < 12
    assert "first 30" in str(templates.get_suptitle())
