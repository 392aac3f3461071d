"""The figures of 01_setup: the way down a curve with one learning rate, or with several."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures import BLUE, FONT, GREY, ORANGE, label, new_figure

EDGE = 5.0  # the curve is drawn from x = −5 to 5


Curve = Callable[[np.ndarray], np.ndarray]


def draw_descents(error: Curve, paths: Mapping[float, Sequence[float]]) -> Figure:
    """The same curve once for each learning rate, with the steps that were taken on it.

    Where a path leaves the picture, its panel says so.

    Args:
        error: the curve; takes and returns float64 of shape (count,).
        paths: for each learning rate the values of x, from the start to the last step.
    """
    alt = "The way down the same curve: " + "; ".join(
        f"with a learning rate of {rate:g}, {_outcome(path)}" for rate, path in paths.items()
    )
    figure = new_figure("The way down with different learning rates", 7.5, 3.4, alt=f"{alt}.")
    grid = figure.subplots(1, len(paths), sharey=True, squeeze=False)[0]
    for axes, (rate, path) in zip(grid, paths.items(), strict=True):
        _draw_path(axes, error, path)
        axes.set_title(f"learning rate {rate:g}\n{_end(path)}", fontsize=FONT)
    grid[0].set_ylabel("error", fontsize=FONT)
    return figure


def draw_descent(error: Curve, rate: float, path: Sequence[float]) -> Figure:
    """The way down a curve with one learning rate, and where it ends.

    Args:
        error: the curve; takes and returns float64 of shape (count,).
        rate: the learning rate.
        path: the values of x, from the start to the last step.
    """
    title = f"{len(path) - 1} steps down"
    alt = f"With a learning rate of {rate:g}, {_outcome(path)}."
    figure = new_figure(title, 6.0, 3.6, alt=alt)
    axes = figure.subplots()
    _draw_path(axes, error, path)
    axes.set_ylabel("error", fontsize=FONT)
    axes.set_title(f"learning rate {rate:g}: {_end(path)}", fontsize=FONT)
    return figure


def _draw_path(axes: Axes, error: Curve, path: Sequence[float]) -> None:
    x = np.linspace(-EDGE, EDGE, 201)
    places = np.asarray(path, dtype="float64")
    axes.plot(x, error(x), color=GREY, linewidth=1)
    axes.plot(places, error(places), "o-", color=BLUE, markersize=5, linewidth=1.5)
    axes.plot(places[:1], error(places[:1]), "o", color=ORANGE, markersize=10)
    start = (float(places[0]), float(error(places)[0]))
    axes.annotate(
        "start", start, xytext=(5, -4), textcoords="offset points", va="top",
        fontsize=FONT - 1, annotation_clip=False,
    )  # fmt: skip
    label(axes, "x", "")
    axes.set_xlim(-EDGE, EDGE)
    axes.set_xticks([-EDGE, 0, EDGE])
    axes.set_ylim(-1, error(x).max())


def _leaves(path: Sequence[float]) -> bool:
    return max(map(abs, path)) > EDGE


def _end(path: Sequence[float]) -> str:
    return "leaves the picture" if _leaves(path) else f"ends at x = {_short(path[-1])}"


def _outcome(path: Sequence[float]) -> str:
    """What becomes of x on its way, in words."""
    if _leaves(path):
        return "the steps grow until they leave the picture"
    jumps = any(before * after < 0 for before, after in pairwise(path))
    way = "jumping from side to side" if jumps else "on one side"
    return f"{way}, x goes from {_short(path[0])} to {_short(path[-1])}"


def _short(x: float) -> str:
    """A number with two digits after the point, and the real minus sign."""
    return f"{x + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")
