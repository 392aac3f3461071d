"""The figures of 05_testing: which class was taken for which, how far to trust it, and what the
network looks at.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import (
    BLUE,
    FONT,
    GREY,
    MOST_NAMED,
    RED,
    add_legend,
    draw_frame,
    draw_image,
    draw_shares,
    label,
    name_classes,
    new_figure,
)

MOST_KERNELS, KERNELS_IN_A_ROW = 32, 8


def draw_confusion(matrix: np.ndarray, class_names: np.ndarray) -> Figure:
    """The confusion matrix, each mistake colored by its share of the true class; hits would
    outshine them, so are gray. With more than 20 classes, the counts are left out.

    Args:
        matrix: counts of shape (classes, classes): a row for each true class, a column for each
            predicted one.
        class_names: of shape (classes,).
    """
    hits = np.eye(len(matrix), dtype=bool)
    mistakes = np.where(hits, 0, matrix)
    true, said = np.unravel_index(mistakes.argmax(), mistakes.shape)
    alt = (
        f"Confusion matrix: {matrix.trace()} images are on the diagonal, where true and predicted "
        f"class agree. The commonest mistake: {class_names[true]} taken for {class_names[said]}, "
        f"{mistakes.max()} times."
    )
    figure = new_figure("Which class was taken for which", 7.0, 6.0, alt=alt)
    axes = figure.subplots()
    shares = 100 * mistakes / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    most = max(shares.max(), 0.1)
    picture = axes.imshow(np.ma.masked_where(hits, shares), cmap="Blues", vmin=0, vmax=most)
    axes.set_facecolor("0.85")
    colors = figure.colorbar(picture, ax=axes, shrink=0.8)
    colors.set_label("mistakes, share of the true class (%)", fontsize=FONT - 1)
    label(axes, "predicted class", "true class")
    named = name_classes(axes, class_names)
    axes.set_yticks(named, [class_names[number] for number in named])
    if len(matrix) <= MOST_NAMED:
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": FONT - 1}
        for (row, column), count in np.ndenumerate(matrix):
            color = "white" if shares[row, column] > most / 2 else "black"
            axes.text(column, row, str(count) if count else "·", color=color, **style)
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
    classes = np.arange(len(class_names))
    for name, shares, interval, color, marker, places in (
        ("precision", precision, precision_interval, BLUE, "o", classes - 0.13),
        ("recall", recall, recall_interval, RED, "s", classes + 0.13),
    ):
        draw_shares(axes, places, shares, interval, color, marker, f"{name}, 95% interval")
    label(axes, "class", "share (%)")
    name_classes(axes, class_names)
    axes.grid(axis="y", color=GREY, alpha=0.3)
    add_legend(axes)
    return figure


def draw_reliability(
    claimed: np.ndarray, found: np.ndarray, interval: np.ndarray, count: int
) -> Figure:
    """How often the model is right where it claims a certain confidence.

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
    figure = new_figure("How far the model's confidence can be trusted", 7.0, 4.8, alt=alt)
    axes = figure.subplots()
    low = 100 * min(claimed.min(), np.min(interval)) - 2
    agree = "confidence = right answers"
    axes.plot([low, 100], [low, 100], color=GREY, linestyle="--", label=agree)
    group = f"about {count / len(claimed):,.0f} images, 95% interval"
    draw_shares(axes, 100 * claimed, found, interval, BLUE, "o", group)
    style: dict[str, Any] = {"fontsize": FONT, "color": GREY, "transform": axes.transAxes}
    axes.text(0.98, 0.06, "too sure", ha="right", **style)
    axes.text(0.02, 0.8, "too modest", **style)
    label(axes, "mean confidence of the group (%)", "right answers (%)")
    add_legend(axes)
    return figure


def draw_kernels(kernels: np.ndarray, before: np.ndarray | None = None) -> Figure:
    """The kernels of a convolution as pictures, the first 32 of them; on the left as they
    were before training, if that is known.

    Args:
        kernels: of shape (filters, height, width).
        before: the same before training, left out where its shape is another one. All share one
            scale of colors, around 0.
    """
    parts = {"after training": kernels}
    if before is not None and before.shape == kernels.shape:
        parts = {"before training": before, "after training": kernels}
    count = min(len(kernels), MOST_KERNELS)
    title = f"The first convolution's {len(kernels)} kernels"
    if count < len(kernels):
        title = f"{title}, {count} of them"
    alt = f"{title}: squares of purple and orange weights, {' and '.join(parts)}."
    rows = -(-count // KERNELS_IN_A_ROW)
    figure = new_figure(title, 4.6 * len(parts) + 1.2, 0.75 * rows + 1.2, alt=alt)
    halves = figure.subplots(1, len(parts), squeeze=False)[0]
    limit = max(float(np.abs(values).max()) for values in parts.values())
    for axes, (name, values) in zip(halves, parts.items(), strict=True):
        tiles = _tiles(values[:count])
        picture = axes.imshow(tiles, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")
        axes.set_title(name, fontsize=FONT)
        axes.axis("off")
    colors = figure.colorbar(picture, ax=halves)
    colors.set_label("weight\n(purple: above 0)", fontsize=FONT - 1)
    return figure


def _tiles(kernels: np.ndarray) -> np.ndarray:
    """Kernels in rows of eight as one picture, with a gap after each."""
    rows = -(-len(kernels) // KERNELS_IN_A_ROW)
    missing = rows * KERNELS_IN_A_ROW - len(kernels)
    padded = np.pad(kernels, ((0, missing), (0, 1), (0, 1)), constant_values=np.nan)
    height, width = padded.shape[1:]
    table = padded.reshape(rows, KERNELS_IN_A_ROW, height, width).swapaxes(1, 2)
    return table.reshape(rows * height, KERNELS_IN_A_ROW * width)


def draw_feature_maps(image: np.ndarray, maps: Sequence[np.ndarray]) -> Figure:
    """An image, and below it a row of feature maps for each convolution, each map on its own scale
    from 0 to its maximum.

    Args:
        image: of shape (height, width), (height, width, 1) or (height, width, 3).
        maps: for each convolution an array of shape (maps, height, width), perhaps of no map: a
            convolution whose ReLUs answer 0 everywhere has none that varies.
    """
    alt = "Feature maps of one image, layer by layer: " + ", ".join(
        f"{len(layer)} of {layer.shape[1]} by {layer.shape[2]} pixels" for layer in maps
    )
    rows, columns = len(maps) + 1, max(1, *map(len, maps))
    figure = new_figure("What each convolution makes of one image", 7.5, 1.35 * rows + 0.7, alt=alt)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[], frame_on=False)
    draw_image(grid[0, 0], image, "the image")
    for number, (row, layer) in enumerate(zip(grid[1:], maps, strict=True), start=1):
        for axes, values in zip(row, layer, strict=False):
            axes.set_frame_on(True)
            axes.imshow(values, cmap="Greys", vmin=0, interpolation="nearest")
        height, width = layer.shape[1:]
        row[0].set_ylabel(f"convolution {number}\n{height} × {width}", fontsize=FONT - 1)
        if not len(layer):
            row[0].set_title("no map varies", fontsize=FONT - 1)
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
    width = max(3.4 * len(images) + 0.8, 5)
    figure = new_figure("Where does the answer come from?", width, 6.2, alt=alt)
    grid = figure.subplots(2, len(images), squeeze=False)
    first = (patch - step) / 2 - 0.5  # where the map begins: its first square is the first patch's
    for upper, lower, image, values, caption in zip(*grid, images, chances, captions, strict=True):
        draw_image(upper, image, caption)
        bottom, right = np.multiply(values.shape, step) + first
        extent = (first, right, bottom, first)
        picture = lower.imshow(values, cmap="viridis", vmin=0, vmax=1, extent=extent)
        ink = image.reshape(*image.shape[:2], -1).mean(axis=-1)
        outline = [(ink.min() + ink.max()) / 2]
        lower.contour(ink, levels=outline, colors="black", linewidths=3.5)
        lower.contour(ink, levels=outline, colors="white", linewidths=1.5)  # seen on any color
        row, column = np.multiply(np.unravel_index(values.argmin(), values.shape), step)
        for axes in (upper, lower):
            draw_frame(axes, row, column, patch, RED)
        lower.set(xticks=[], yticks=[], facecolor="0.9")
        lower.set(xlim=upper.get_xlim(), ylim=upper.get_ylim())
        lower.set_title("the answer's probability\nwith a patch centered here", fontsize=FONT - 2)
    colors = figure.colorbar(picture, ax=grid, shrink=0.6)
    colors.set_label("probability of the answer", fontsize=FONT - 1)
    return figure
