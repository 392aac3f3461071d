"""The figures of 05_testing: which class was taken for which, how far to trust it, and what the
network looks at.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from helpers.figures import (
    BLUE,
    FONT,
    GREY,
    RED,
    draw_image,
    label,
    name_classes,
    named_classes,
    new_figure,
)

MOST_NUMBERS = 20  # classes; with more, numbers no longer fit into a confusion matrix' squares
MOST_KERNELS = 32


def draw_confusion(matrix: np.ndarray, class_names: np.ndarray) -> Figure:
    """The confusion matrix, each mistake colored by its share of the true class; hits would
    outshine them, so are gray.

    Args:
        matrix: counts of shape (classes, classes): a row for each true class, a column for each
            predicted one.
        class_names: of shape (classes,).
    """
    mistakes = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    true, said = np.unravel_index(mistakes.argmax(), mistakes.shape)
    alt = (
        f"Confusion matrix: {matrix.trace()} images are on the diagonal, where true and predicted "
        f"class agree. The commonest mistake: {class_names[true]} taken for {class_names[said]}, "
        f"{mistakes.max()} times."
    )
    figure = new_figure("Which class was taken for which", 7.0, 6.0, alt=alt)
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    hits = np.eye(len(matrix), dtype=bool)
    most = max(shares[~hits].max(initial=0), 0.001)
    image = axes.imshow(
        np.ma.masked_where(hits, shares * 100), cmap="Blues", vmin=0, vmax=most * 100
    )
    axes.set_facecolor("0.85")
    figure.colorbar(image, ax=axes, shrink=0.8).set_label(
        "mistakes, share of the true class (%)", fontsize=FONT - 1
    )
    if len(matrix) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(matrix):
            color = "white" if row != column and shares[row, column] > most / 2 else "black"
            axes.text(
                column, row, count or "·", ha="center", va="center", fontsize=FONT - 1, color=color
            )
    label(axes, "predicted class", "true class")
    name_classes(axes, class_names)
    named = named_classes(class_names)
    axes.set_yticks(list(named), [class_names[number] for number in named])
    return figure


def draw_precision_recall(
    precision: np.ndarray,
    recall: np.ndarray,
    precision_interval: Sequence[tuple[float, float]],
    recall_interval: Sequence[tuple[float, float]],
    class_names: np.ndarray,
) -> Figure:
    """Precision and recall of each class with their intervals.

    Args:
        precision, recall: from 0 to 1, of shape (classes,).
        precision_interval, recall_interval: lower and upper end for each class.
        class_names: of shape (classes,).
    """
    alt = (
        "A dot for the precision of each class, a square for its recall, with intervals. Lowest "
        f"precision: {precision.min():.1%}, class {class_names[precision.argmin()]}; lowest "
        f"recall: {recall.min():.1%}, class {class_names[recall.argmin()]}."
    )
    figure = new_figure("Precision and recall of each class", 7.5, 3.8, alt=alt)
    axes = figure.subplots()
    for name, shares, interval, color, marker, aside in (
        ("precision", precision, precision_interval, BLUE, "o", -0.13),
        ("recall", recall, recall_interval, RED, "s", 0.13),
    ):
        places = np.arange(len(class_names)) + aside
        axes.vlines(places, *(np.asarray(interval).T * 100), color=color, linewidth=1.5, alpha=0.6)
        axes.scatter(places, shares * 100, s=45, color=color, marker=marker, label=name, zorder=3)
    label(axes, "class", "share (%)")
    name_classes(axes, class_names)
    axes.grid(axis="y", color=GREY, alpha=0.3)
    figure.legend(
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=FONT - 1,
        title="lines: 95% intervals",
        title_fontsize=FONT - 1,
    )
    return figure


def draw_reliability(
    claimed: np.ndarray, found: np.ndarray, interval: np.ndarray, count: int
) -> Figure:
    """How often the model is right where it claims a certain confidence. Where many groups lie in
    the upper corner, it is drawn once more, enlarged.

    Args:
        claimed: mean confidence of each group of images, from 0 to 1, shape (groups,). The groups
            are of about equal size.
        found: share of right answers in each group, from 0 to 1, shape (groups,).
        interval: lower and upper end of the interval of `found`, shape (groups, 2).
        count: how many images all groups hold together.
    """
    alt = "Share of right answers against mean confidence: " + ", ".join(
        f"{right:.1%} at {sure:.1%}" for right, sure in zip(found, claimed, strict=True)
    )
    ends = np.asarray(interval) * 100
    least = min(100 * claimed.min(), ends.min())
    low = max(0.0, np.floor(least / 5 - 0.5) * 5)
    in_corner = 100 * claimed > 100 - (100 - low) / 10
    enlarged = in_corner.sum() >= 3 and not in_corner.all()
    figure = new_figure(
        "How far the model's confidence can be trusted", 9.0 if enlarged else 7.0, 4.8, alt=alt
    )
    left, *right = figure.subplots(1, 1 + enlarged, squeeze=False)[0]
    size = count / len(claimed)
    each = f"a group of about {size:,.0f} images" if size >= 1.5 else "one image"
    _draw_groups(left, claimed * 100, found * 100, ends, low, each)
    for axes in right:
        corner = min(100 * claimed[in_corner].min(), ends[in_corner].min())
        _draw_groups(
            axes,
            claimed[in_corner] * 100,
            found[in_corner] * 100,
            ends[in_corner],
            np.floor(2 * corner) / 2,
        )
        axes.set_title(f"its upper corner, enlarged: {in_corner.sum()} groups", fontsize=FONT - 1)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=FONT - 1)
    return figure


def _draw_groups(
    axes: Axes, claimed: np.ndarray, found: np.ndarray, ends: np.ndarray, low: float, each: str = ""
) -> None:
    """Draw groups of images, all in percent, from `low` to 100; the legend and the
    two sides are named where `each` says what a dot is.
    """
    names = ("confidence = right answers", "95% interval", each) if each else ("", "", "")
    axes.plot([low, 100], [low, 100], color=GREY, linestyle="--", label=names[0])
    axes.vlines(claimed, *ends.T, color=BLUE, linewidth=1.5, label=names[1])
    axes.scatter(claimed, found, s=45, color=BLUE, alpha=0.8, label=names[2], zorder=3)
    wide = 100 - low
    if each:
        axes.text(100, low + wide * 0.06, "too sure", ha="right", fontsize=FONT, color=GREY)
        axes.text(low + wide * 0.02, low + wide * 0.8, "too modest", fontsize=FONT, color=GREY)
    axes.locator_params(nbins=5)
    axes.set(xlim=(low, 100 + wide * 0.02), ylim=(low, 100 + wide * 0.03))
    label(axes, "mean confidence of the group (%)", "right answers (%)")


def draw_kernels(kernels: np.ndarray, before: np.ndarray | None = None) -> Figure:
    """The kernels of a convolution as pictures, the first 32 of them, numbered from 1; on the left
    as they were before training, if that is known.

    Args:
        kernels: of shape (filters, height, width).
        before: the same before training, left out where its shape is another one. All share one
            scale of colors, around 0.
    """
    known = before is not None and before.shape == kernels.shape
    parts = [("before training", before), ("after training", kernels)] if known else [("", kernels)]
    count = min(len(kernels), MOST_KERNELS)
    columns = min(8 if count > 8 else 4, count)
    rows = -(-count // columns)
    some = "" if count == len(kernels) else f", {count} of them"
    how_many = "only kernel" if len(kernels) == 1 else f"{len(kernels)} kernels"
    title = f"The first convolution's {how_many}{some}"
    alt = f"{title}: numbered squares of purple and orange weights" + (
        ", before training on the left, after training on the right." if known else "."
    )
    width = 0.62 * columns * len(parts) + 1.8
    figure = new_figure(title, max(width, 5), 0.82 * rows + 1.2, alt=alt)
    limit = max(float(np.abs(values).max()) for _, values in parts if values is not None)
    widths = [columns + 0.4] * len(parts) + [2.2]  # numbers beside the colors take room
    parts_and_side = figure.subfigures(1, len(widths), squeeze=False, width_ratios=widths)[0]
    halves, side = parts_and_side[:-1], parts_and_side[-1]
    for half, (name, values) in zip(halves, parts, strict=True):
        half.suptitle(name, fontsize=FONT)
        grid = half.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        assert values is not None
        for number, (axes, kernel) in enumerate(
            zip(grid.flat, values[:count], strict=False), start=1
        ):
            picture = axes.imshow(
                kernel, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest"
            )
            axes.set_title(str(number), fontsize=FONT - 2, pad=2)
    if known:  # a line between before and after
        line = Line2D([0, 0], [0.04, 0.96], transform=halves[1].transSubfigure, color=GREY)
        halves[1].add_artist(line)
    colors = figure.colorbar(picture, cax=side.subplots(), aspect=14)
    end = "\n" if rows == 1 else " "  # a single row has no room for a long line beside it
    colors.set_label(f"weight{end}(purple: above 0)", fontsize=FONT - 1)
    return figure


def draw_feature_maps(image: np.ndarray, maps: Sequence[np.ndarray]) -> Figure:
    """An image, and below it a row of feature maps for each convolution, each map on its own scale
    from 0 to its maximum.

    Args:
        image: of shape (height, width), (height, width, 1) or (height, width, 3).
        maps: for each convolution an array of shape (maps, height, width), perhaps of no map: a
            convolution whose ReLUs answer 0 everywhere has none that varies.
    """
    columns = max(1, *map(len, maps))
    alt = "Feature maps of one image, layer by layer: " + ", ".join(
        f"{len(layer)} of {layer.shape[1]} by {layer.shape[2]} pixels" for layer in maps
    )
    figure = new_figure(
        "What each convolution makes of one image", 7.5, 1.35 * len(maps) + 1.9, alt=alt
    )
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.2, len(maps)], squeeze=False)[:, 0]
    draw_image(top.subplots(), image, "the image")
    grid = bottom.subplots(len(maps), columns, squeeze=False)
    for number, (row, layer) in enumerate(zip(grid, maps, strict=True), start=1):
        for axes in row:
            axes.set(xticks=[], yticks=[], frame_on=False)
        for axes, values in zip(row, layer, strict=False):
            axes.set_frame_on(True)
            axes.imshow(values, cmap="Greys", vmin=0, interpolation="nearest")
        if not len(layer):
            row[0].set_title("no map varies", fontsize=FONT - 1)
        height, width = layer.shape[1:]
        name = f"convolution {number}\n{height} × {width}"
        row[0].set_ylabel(name, fontsize=FONT - 1)
    return figure


def draw_occlusion(
    images: Sequence[np.ndarray],
    chances: Sequence[np.ndarray],
    captions: Sequence[str],
    patch: int,
    step: int,
) -> Figure:
    """Images, and below each the probability of its answer while a patch covers it, drawn at the
    middle of the patch.

    A frame, in the image and in its map, is the patch where the probability is lowest.

    Args:
        images: as the model gets them, of shape (height, width), (height, width, 1) or (height,
            width, 3).
        chances: for each image, probabilities from 0 to 1 of shape (rows, columns), one for each
            place.
        captions: one for each image.
        patch: height and width of the patch in pixels; the first one covers the upper left corner.
        step: pixels from each place of the patch to the next.
    """
    alt = (
        "For each image, the probability of its answer while a patch covers a place: "
        + "; ".join(
            f"{caption}: from {values.min():.0%} to {values.max():.0%}"
            for caption, values in zip(captions, chances, strict=True)
        )
    )
    figure = new_figure(
        "Where does the answer come from?", max(3.4 * len(images) + 0.8, 5), 6.2, alt=alt
    )
    grid = figure.subplots(2, len(images), squeeze=False)
    for (upper, lower), image, values, caption in zip(
        grid.T, images, chances, captions, strict=True
    ):
        draw_image(upper, image, caption)
        row, column = np.multiply(np.unravel_index(values.argmin(), values.shape), step) - 0.5
        _frame(upper, column, row, patch)
        height, width = image.shape[:2]
        first, (bottom, right) = (
            (patch - step) / 2,
            np.multiply(values.shape, step) + (patch - step) / 2,
        )
        picture = lower.imshow(
            values, cmap="viridis", vmin=0, vmax=1, extent=(first, right, bottom, first)
        )
        ink = image.astype("float32").reshape(height, width, -1).mean(axis=-1)
        places = np.arange(width) + 0.5, np.arange(height) + 0.5
        # Seen on dark colors and on bright ones.
        for color, wide in (
            ("black", 3.5),
            ("white", 1.5),
        ):
            lower.contour(
                *places, ink, levels=[(ink.min() + ink.max()) / 2], colors=color, linewidths=wide
            )
        _frame(lower, column + 0.5, row + 0.5, patch)
        lower.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0), facecolor="0.9")
        lower.set_title("the answer's probability\nwith a patch centered here", fontsize=FONT - 2)
    figure.colorbar(picture, ax=grid, shrink=0.6).set_label(
        "probability of the answer", fontsize=FONT - 1
    )
    return figure


def _frame(axes: Axes, left: float, top: float, side: float) -> None:
    axes.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=RED, linewidth=2.5))
