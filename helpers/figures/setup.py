"""The figure of 01_setup: the way down a curve, with one learning rate or several."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures import BLUE, FONT, GREY, ORANGE, label, new_figure, written

EDGE = 5.0  # the curve is drawn from x = −5 to 5
Curve = Callable[[np.ndarray], np.ndarray]


def draw_descents(title: str, error: Curve, paths: Mapping[float, Sequence[float]]) -> Figure:
    """The same curve once for each learning rate, with the steps that were taken on it.

    Where a path leaves the picture, its panel says so.

    Args:
        title: what the figure shows.
        error: the curve; takes and returns float64 of shape (count,).
        paths: for each learning rate the values of x, from the start to the last step.
    """
    alt = "The way down the same curve: " + "; ".join(
        f"with a learning rate of {rate:g} it {_end(path)}" for rate, path in paths.items()
    )
    figure = new_figure(title, 7.5, 3.4, alt=f"{alt}.")
    panels = figure.subplots(1, len(paths), sharey=True, squeeze=False)[0]
    for axes, (rate, path) in zip(panels, paths.items(), strict=True):
        _draw_path(axes, error, np.asarray(path, dtype="float64"))
        axes.set_title(f"learning rate {rate:g}\n{_end(path)}", fontsize=FONT)
    panels[0].set_ylabel("error", fontsize=FONT)
    return figure


def _draw_path(axes: Axes, error: Curve, path: np.ndarray) -> None:
    x = np.linspace(-EDGE, EDGE, 201)
    errors = error(path)
    axes.plot(x, error(x), color=GREY, linewidth=1)
    axes.plot(path, errors, "o-", color=BLUE, markersize=5, linewidth=1.5)
    axes.plot(path[:1], errors[:1], "o", color=ORANGE, markersize=10)
    label(axes, "x (orange: start)", "")
    axes.set(xlim=(-EDGE, EDGE), xticks=[-EDGE, 0, EDGE], ylim=(-1, error(x).max()))


def _end(path: Sequence[float]) -> str:
    """What becomes of x on its way, in words."""
    if max(map(abs, path)) > EDGE:
        return "leaves the picture"
    return f"ends at x = {written(path[-1], '{:.2f}')}"
