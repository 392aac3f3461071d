"""The figures of 05_testing: which class was taken for which, how far to trust it, and what the
network looks at.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures import (
    BLUE,
    FONT,
    GREY,
    ORANGE,
    RED,
    draw_image,
    label,
    name_classes,
    new_figure,
)

MOST_NUMBERS = 20  # classes; with more, numbers no longer fit into a confusion matrix' squares
MOST_KERNELS = 66


def draw_confusion(matrix: np.ndarray, class_names: np.ndarray) -> Figure:
    """The confusion matrix, each mistake colored by its share of the true class; hits would
    outshine them, so are gray.

    Args:
        matrix: counts of shape (classes, classes): a row for each true class, a column for each
            predicted one.
        class_names: of shape (classes,).
    """
    figure = new_figure("Which class was taken for which", 7.0, 6.0)
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
    axes.set_yticks(range(len(matrix)), class_names)
    return figure


def draw_precision_recall(
    precision: np.ndarray, recall: np.ndarray, class_names: np.ndarray
) -> Figure:
    """Precision and recall of each class, from 0 to 1, both of shape (classes,)."""
    figure = new_figure("Precision and recall of each class", 7.5, 3.4)
    axes = figure.subplots()
    places = np.arange(len(class_names))
    axes.vlines(
        places,
        np.minimum(precision, recall) * 100,
        np.maximum(precision, recall) * 100,
        color=GREY,
        zorder=1,
    )
    axes.scatter(places, precision * 100, s=50, color=BLUE, marker="o", label="precision", zorder=3)
    axes.scatter(
        places,
        recall * 100,
        s=110,
        color="none",
        edgecolor=ORANGE,
        linewidth=2,
        marker="s",
        label="recall",
    )
    label(axes, "class", "share (%)")
    name_classes(axes, class_names)
    figure.legend(loc="outside right upper", frameon=False, fontsize=FONT - 1)
    return figure


def draw_reliability(
    claimed: np.ndarray, found: np.ndarray, interval: np.ndarray, counts: np.ndarray
) -> Figure:
    """How often the model is right where it claims a certain confidence, and how many images each
    point stands for.

    Args:
        claimed: mean confidence of each group of images, from 0 to 1, shape (groups,).
        found: share of right answers in each group, from 0 to 1, shape (groups,).
        interval: lower and upper end of the interval of `found`, shape (groups, 2).
        counts: images in each group, shape (groups,).
    """
    figure = new_figure("How far the model's confidence can be trusted", 7.0, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    upper.plot(
        [0, 100], [0, 100], color=GREY, linestyle="--", label="confidence = share of right answers"
    )
    upper.vlines(claimed * 100, *(np.asarray(interval).T * 100), color=BLUE, linewidth=1.5)
    upper.scatter(
        claimed * 100, found * 100, s=45, color=BLUE, label="this model, with 95% intervals"
    )
    upper.text(98, 8, "too sure", ha="right", fontsize=FONT, color=GREY)
    upper.text(2, 88, "too modest", fontsize=FONT, color=GREY)
    label(upper, "", "right answers (%)")
    bars = lower.bar(claimed * 100, counts, width=4, color=BLUE)
    lower.bar_label(bars, [f"{count:,}" for count in counts], fontsize=FONT - 2)
    lower.set(yscale="log", ylim=(0.5, counts.max() * 12))
    label(lower, "mean confidence of the group (%)", "images (log)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=FONT - 1)
    return figure


def draw_kernels(kernels: np.ndarray) -> Figure:
    """The kernels of a convolution as pictures, the first 66 of them.

    Args:
        kernels: of shape (filters, height, width); all share one scale of colors, from the smallest
            to the largest.
    """
    shown = kernels[:MOST_KERNELS]
    columns = min(8 if len(shown) <= 32 else 11, len(shown))
    rows = -(-len(shown) // columns)
    some = "" if len(shown) == len(kernels) else f", {len(shown)} of them"
    figure = new_figure(
        f"The first convolution's {len(kernels)} kernels{some}", 7.5, 6.5 / columns * rows + 0.6
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    limit = float(np.abs(kernels).max())
    for axes in grid.flat:
        axes.axis("off")
    for axes, kernel in zip(grid.flat, shown, strict=False):
        picture = axes.imshow(kernel, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")
    figure.colorbar(picture, ax=grid, shrink=0.9, aspect=12).set_label("weight", fontsize=FONT - 1)
    return figure


def draw_feature_maps(
    image: np.ndarray, maps: Sequence[np.ndarray], names: Sequence[str]
) -> Figure:
    """An image, and below it a row of feature maps for each layer, each map on its own scale from 0
    to its maximum.

    Args:
        image: of shape (height, width), (height, width, 1) or (height, width, 3).
        maps: for each layer an array of shape (maps, height, width); the same number of maps for
            each.
        names: one for each layer.
    """
    columns = max(map(len, maps))
    figure = new_figure("What each convolution makes of one image", 7.5, 1.35 * len(maps) + 1.9)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.2, len(maps)], squeeze=False)[:, 0]
    draw_image(top.subplots(), image, "the image")
    grid = bottom.subplots(len(maps), columns, squeeze=False)
    for row, layer, name in zip(grid, maps, names, strict=True):
        for axes in row:
            axes.set_axis_off()
        for axes, values in zip(row, layer, strict=False):
            axes.set_axis_on()
            axes.imshow(values, cmap="Greys", vmin=0, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
        height, width = layer.shape[1:]
        row[0].set_ylabel(f"{name}\n{height} × {width}", fontsize=FONT - 1)
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

    A frame in each image is the patch where the probability is lowest.

    Args:
        images: of shape (height, width), (height, width, 1) or (height, width, 3).
        chances: for each image, probabilities from 0 to 1 of shape (rows, columns), one for each
            place.
        captions: one for each image.
        patch: height and width of the patch in pixels; the first one covers the upper left corner.
        step: pixels from each place of the patch to the next.
    """
    figure = new_figure("Where does the answer come from?", max(3.4 * len(images) + 0.8, 5), 6.2)
    grid = figure.subplots(2, len(images), squeeze=False)
    for (upper, lower), image, values, caption in zip(
        grid.T, images, chances, captions, strict=True
    ):
        draw_image(upper, image, caption)
        row, column = np.multiply(np.unravel_index(values.argmin(), values.shape), step) - 0.5
        upper.add_patch(
            Rectangle((column, row), patch, patch, fill=False, edgecolor=RED, linewidth=2.5)
        )
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
        for color, wide in (
            ("black", 3.5),
            ("white", 1.5),
        ):  # seen on dark colors and on bright ones
            lower.contour(
                *places, ink, levels=[(ink.min() + ink.max()) / 2], colors=color, linewidths=wide
            )
        lower.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0), facecolor="0.9")
        lower.set_title("while a patch centered here covers it", fontsize=FONT - 2)
    figure.colorbar(picture, ax=grid, shrink=0.6).set_label(
        "probability of the answer", fontsize=FONT - 1
    )
    return figure
