"""The figure of 01_setup: the way down a parabola with several learning rates."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import BLUE, FONT, GREY, ORANGE, label, new_figure


def draw_descents(
    error: Callable[[np.ndarray], np.ndarray], paths: Mapping[float, Sequence[float]]
) -> Figure:
    """The same curve once for each learning rate, with the steps that were taken on it.

    A path may leave the picture: its lines then end at the edge.

    Args:
        error: the curve; takes and returns float64 of shape (count,).
        paths: for each learning rate the values of x, from the start to the last step.
    """
    alt = "The curve of x² three times: a rate of 0.02 creeps down one side, 0.9 jumps about and nears 0, 1.1 leaves."
    figure = new_figure("The way down with different learning rates", 7.5, 3.4, alt=alt)
    x = np.linspace(-5, 5, 201)
    grid = figure.subplots(1, len(paths), sharey=True, squeeze=False)[0]
    for axes, (rate, path) in zip(grid, paths.items(), strict=True):
        places = np.asarray(path, dtype="float64")
        axes.plot(x, error(x), color=GREY, linewidth=1)
        axes.plot(places, error(places), "o-", color=BLUE, markersize=5, linewidth=1.5)
        axes.plot(places[:1], error(places[:1]), "o", color=ORANGE, markersize=10)
        axes.set_title(f"learning rate {rate:g}", fontsize=FONT)
        label(axes, "x", "")
        axes.set_xlim(x[0], x[-1])
        axes.set_xticks([-5, 0, 5])
        axes.set_ylim(-1, error(x).max())
    grid[0].set_ylabel("error", fontsize=FONT)
    start = np.asarray(next(iter(paths.values()))[:1])
    place = (float(start[0]), float(error(start)[0]))
    grid[0].annotate("start", place, (-8, 4), textcoords="offset points", ha="right", fontsize=FONT)
    return figure
