"""The figures of 07_improving: what moving costs, what layers cost, and recipes compared."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures import BLUE, FONT, GREEN, GREY, ORANGE, RED, label, new_figure

STYLES = ((RED, "o", "--"), (BLUE, "s", "-"), (GREEN, "^", "-."))


def draw_shift_curves(title: str, curves: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the share of images that is read against how far they were moved.

    Args:
        title: what the figure shows.
        curves: by the name of the network, its accuracy from 0 to 1 with images moved by 0, 1, 2, …
            pixels; up to three.
    """
    ends = ", ".join(
        f"{name} from {values[0]:.0%} to {values[-1]:.0%}" for name, values in curves.items()
    )
    farthest = max(len(values) for values in curves.values()) - 1
    alt = f"Accuracy against the distance moved, from 0 to {farthest} pixels: {ends}."
    figure = new_figure(title, alt=alt)
    axes = figure.subplots()
    for (name, values), (color, marker, line) in zip(curves.items(), STYLES, strict=False):
        percents = 100 * np.asarray(values)
        axes.plot(percents, line, color=color, marker=marker, markersize=7, label=name)
    axes.set_xticks(range(farthest + 1))
    axes.set_ylim(0, 103)
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, "pixels moved to the right", "read correctly (%)")
    high = min(values[0] for values in curves.values()) > 0.4
    axes.legend(frameon=False, fontsize=FONT - 1, loc="lower left" if high else "best")
    return figure


def draw_costs(costs: Mapping[str, Mapping[str, int]]) -> Figure:
    """Draw the multiplications of each layer as bars, on the same scale for all networks.

    Args:
        costs: by the name of the network, by the name of the layer, how often it multiplies for one
            image.
    """
    totals = ", ".join(
        f"{name} {sum(layers.values()) / 1e6:.1f} million" for name, layers in costs.items()
    )
    alt = f"Bars of the multiplications of each layer. In all: {totals}."
    rows = [len(layers) for layers in costs.values()]
    figure = new_figure("Multiplications for one image", 7.5, 0.34 * sum(rows) + 1.6, alt=alt)
    panels = figure.subplots(len(rows), 1, sharex=True, squeeze=False, height_ratios=rows)[:, 0]
    most = max(max(layers.values()) for layers in costs.values()) / 1e6
    for axes, (name, layers) in zip(panels, costs.items(), strict=True):
        millions = [count / 1e6 for count in layers.values()]
        bars = axes.barh(range(len(layers)), millions, color=BLUE)
        axes.bar_label(bars, [f"{count:.2f}" for count in millions], fontsize=FONT - 2, padding=3)
        axes.set_yticks(range(len(layers)), list(layers), fontsize=FONT - 1)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.15 * most)
        axes.set_title(f"{name}: {sum(millions):.1f} million", fontsize=FONT, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=FONT - 1)
    panels[-1].set_xlabel("multiplications (millions)", fontsize=FONT)
    return figure


def draw_normalization(before: np.ndarray, after: np.ndarray) -> Figure:
    """Draw mean and spread of some feature maps before and after batch normalization.

    Args:
        before, after: the numbers of a batch, of shape (count, height, width, maps).
    """
    alt = (
        "For each feature map a dot at its mean and a line one standard deviation to each side: "
        "before, at different places and of different lengths; after, all around 0 and alike."
    )
    figure = new_figure("Feature maps before and after batch normalization", 7.5, 3.4, alt=alt)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)  # one scale: lengths can be compared
    for axes, maps, title in zip(panels, (before, after), ("before", "after"), strict=True):
        means, spreads = maps.mean(axis=(0, 1, 2)), maps.std(axis=(0, 1, 2))
        numbers = range(1, len(means) + 1)
        axes.errorbar(means, numbers, xerr=spreads, fmt="o", color=BLUE, capsize=4)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set_title(title, fontsize=FONT)
        label(axes, "mean ± standard deviation", "")
    panels[0].set_ylabel("feature map", fontsize=FONT)
    panels[0].set_yticks(numbers)
    panels[0].invert_yaxis()
    return figure


def draw_comparison(
    title: str, scores: Mapping[str, Sequence[float]], moved: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw the accuracies of recipes: a dot for each seed, a line at their mean.

    Args:
        title: what the figure shows.
        scores: by the name of the recipe, the accuracy of each seed, from 0 to 1.
        moved: the same on moved images; empty to leave that panel out.
    """
    means = ", ".join(f"{name} {np.mean(values):.1%}" for name, values in scores.items())
    alt = f"A dot for each seed and a line at the mean. Means: {means}."
    panels = {"as they are": scores, **({"moved by 4 pixels": moved} if moved else {})}
    figure = new_figure(title, 8.0, 0.38 * len(scores) + 1.5, alt=alt)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (images, values) in zip(grid, panels.items(), strict=True):
        _draw_dots(axes, values)
        label(axes, f"read correctly, {images} (%)", "")
    return figure


def _draw_dots(axes: Axes, scores: Mapping[str, Sequence[float]]) -> None:
    for row, values in enumerate(scores.values()):
        percents = 100 * np.asarray(values)
        axes.plot([percents.mean()] * 2, [row - 0.35, row + 0.35], color=ORANGE, linewidth=3)
        axes.plot(percents, [row] * len(percents), "o", color=BLUE, markersize=8, mec="white")
    low, high = axes.get_xlim()
    if high - low < 0.2:  # all alike: Matplotlib would choose a scale of thousandths
        low, high = low - 1, high + 1
    rim = 0.03 * (high - low)  # for the dots; no share is below none or above all
    axes.set_xlim(max(low, -rim), min(high, 100 + rim))
    axes.set_yticks(range(len(scores)), list(scores), fontsize=FONT - 1)
    axes.set_ylim(len(scores) - 0.5, -0.5)
    axes.grid(axis="x", color=GREY, alpha=0.3)
