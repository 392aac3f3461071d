"""The figures of 08_scaling_out: how devices share a batch, and how well workers are used."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from helpers.figures import BLUE, FONT, GREEN, GREY, ORANGE, label, new_figure

STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "s"))
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
    figure = new_figure(f"One update with {devices} devices", 8.0, 1.7 + 0.55 * devices, alt=alt)
    axes = figure.subplots()
    computing = [FASTEST + SLOWER_BY * (2 * number % 3) for number in range(devices)]
    together = max(computing)  # from here on, all are at the same step
    steps = {
        "computes gradients": (BLUE, "", [(0.0, length) for length in computing]),
        "waits": ("white", "///", [(length, together - length) for length in computing]),
        "exchanges the mean": (ORANGE, "", [(together, EXCHANGE)] * devices),
        "updates": (GREEN, "", [(together + EXCHANGE, UPDATE)] * devices),
    }
    for name, (color, hatch, bars) in steps.items():
        starts, lengths = zip(*bars, strict=True)
        axes.barh(
            range(devices), lengths, 0.6, starts,
            color=color, hatch=hatch, edgecolor=GREY, label=name,
        )  # fmt: skip
    for number, length in enumerate(computing):
        share = f"{batch_size // devices} images"
        axes.text(length / 2, number, share, color="white", ha="center", va="center", fontsize=FONT)
    axes.set_yticks(range(devices), [f"device {number + 1}" for number in range(devices)])
    axes.invert_yaxis()
    axes.set_xticks([])
    label(axes, "time (not to scale)", "")
    axes.tick_params(labelsize=FONT - 1)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=FONT - 1)
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
    for (name, values), (color, line, marker) in zip(curves.items(), STYLES, strict=False):
        axes.plot(shares, values, line, color=color, marker=marker, label=name)
    axes.set_xscale("log")
    axes.set_xticks(shares, [f"{share:,}" for share in shares])
    axes.minorticks_off()
    axes.set_ylim(0, 1.05)
    label(axes, "images per worker in each batch", "efficiency")
    axes.legend(frameon=False, fontsize=FONT)
    return figure
