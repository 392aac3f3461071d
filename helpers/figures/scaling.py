"""The figures of 08_scaling_out: how devices share a batch, and how well workers are used."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import (
    BLUE,
    FONT,
    GREEN,
    GREY,
    ORANGE,
    add_legend,
    draw_curves,
    label,
    new_figure,
)

# How long the steps of an update take in the drawing: no real times, but none is equally fast.
FASTEST, SLOWER_BY, EXCHANGE, UPDATE = 3.0, 0.8, 1.0, 0.7


def draw_data_parallelism(devices: int, batch_size: int) -> Figure:
    """Draw one update along the time: each device computes gradients for its share, waits for the
    slowest, takes part in the exchange, and applies the mean.
    """
    alt = (
        f"A bar for each of {devices} devices along the time. All compute the gradients of their "
        "share at once; those that are done early wait for the slowest. Then all exchange the mean "
        "and update at the same time."
    )
    figure = new_figure(f"One update with {devices} devices", 8.0, 1.9 + 0.55 * devices, alt=alt)
    axes = figure.subplots()
    rows = np.arange(devices)
    computing = FASTEST + SLOWER_BY * (2 * rows % 3)
    together = computing.max()  # from here on, all are at the same step
    style: dict[str, Any] = {"height": 0.6, "edgecolor": GREY}
    bars = axes.barh(rows, computing, color=BLUE, label="computes gradients", **style)
    share = f"{batch_size // devices} images"
    axes.bar_label(bars, [share] * devices, label_type="center", color="white", fontsize=FONT)
    waiting: dict[str, Any] = {"color": "white", "hatch": "///", "label": "waits"}
    axes.barh(rows, together - computing, left=computing, **waiting, **style)
    axes.barh(rows, EXCHANGE, left=together, color=ORANGE, label="exchanges the mean", **style)
    axes.barh(rows, UPDATE, left=together + EXCHANGE, color=GREEN, label="updates", **style)
    axes.set_yticks(rows, [f"device {number + 1}" for number in rows])
    axes.invert_yaxis()
    axes.set_xticks([])
    label(axes, "time (not to scale)", "")
    add_legend(axes)
    return figure


def draw_efficiency(
    title: str, shares: Sequence[int], curves: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw up to two curves of efficiency, from 0 to 1, against a worker's share of the batch
    (logarithmic).
    """
    alt = (
        "Both curves rise towards 1 as the share grows; that of the cores starts higher, that of "
        "the GPUs near 0."
    )
    figure = new_figure(title, alt=alt)
    axes = figure.subplots()
    draw_curves(axes, shares, curves)
    axes.set(xscale="log", ylim=(0, 1.05))
    axes.set_xticks(shares, [f"{share:,}" for share in shares])
    axes.minorticks_off()
    label(axes, "images per worker in each batch", "efficiency")
    return figure
