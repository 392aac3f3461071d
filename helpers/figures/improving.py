"""The figures of 07_improving: what layers cost, what normalization does, and recipes compared."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from helpers.figures import BLUE, FONT, GREY, ORANGE, label, new_figure

LEAST = 0.0001  # misread; a logarithmic scale has no 0


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
    for axes, (name, layers) in zip(panels, costs.items(), strict=True):
        millions = np.array(list(layers.values())) / 1e6
        bars = axes.barh(list(layers), millions, color=BLUE)
        axes.bar_label(bars, fmt="%.2f", fontsize=FONT - 2, padding=3)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_title(f"{name}: {millions.sum():.1f} million", fontsize=FONT, loc="left")
        label(axes, "", "")
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
    numbers = range(1, before.shape[-1] + 1)
    for axes, maps, title in zip(panels, (before, after), ("before", "after"), strict=True):
        means, spreads = maps.mean(axis=(0, 1, 2)), maps.std(axis=(0, 1, 2))
        axes.errorbar(means, numbers, xerr=spreads, fmt="o", color=BLUE, capsize=4)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set_title(title, fontsize=FONT)
        label(axes, "mean ± standard deviation", "")
    panels[0].set_ylabel("feature map", fontsize=FONT)
    panels[0].set_yticks(numbers)
    panels[0].invert_yaxis()
    return figure


def mark_middles(figure: Figure) -> None:
    """Draw a cross through the middle of each image of a grid, so that moves are seen."""
    for axes in figure.axes:
        for image in axes.images:
            height, width = np.asarray(image.get_array()).shape[:2]
            axes.axhline((height - 1) / 2, color=ORANGE, linewidth=1)
            axes.axvline((width - 1) / 2, color=ORANGE, linewidth=1)


def draw_comparison(
    title: str, scores: Mapping[str, Sequence[float]], moved: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw the share that recipes misread, a logarithmic scale: a ring for each seed, a line at
    their mean.

    Args:
        title: what the figure shows.
        scores: by the name of the recipe, the accuracy of each seed, from 0 to 1.
        moved: the same on moved images; empty to leave that panel out.
    """
    means = ", ".join(f"{name} {1 - np.mean(values):.1%}" for name, values in scores.items())
    alt = f"A ring for each seed and a line at the mean. Misread on average: {means}."
    panels = {"as they are": scores}
    if moved:
        panels["moved by 4 pixels"] = moved
    figure = new_figure(title, 8.0, 0.38 * len(scores) + 1.5, alt=alt)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (images, values) in zip(grid, panels.items(), strict=True):
        _draw_rings(axes, values)
        label(axes, f"misread, {images} (%)", "")
    grid[0].invert_yaxis()
    return figure


def _draw_rings(axes: Axes, scores: Mapping[str, Sequence[float]]) -> None:
    for row, values in enumerate(scores.values()):
        percents = 100 * np.maximum(1 - np.asarray(values), LEAST)
        axes.plot([percents.mean()] * 2, [row - 0.35, row + 0.35], color=ORANGE, linewidth=3)
        axes.plot(percents, [row] * len(percents), "o", mfc="none", mec=BLUE, mew=1.5, ms=8)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.set_yticks(range(len(scores)), list(scores))
    axes.grid(axis="x", color=GREY, alpha=0.3)
