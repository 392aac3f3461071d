"""The figures of 08_scaling_out: how devices or workers share a batch, and how well they are used."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from helpers.figures import BLUE, FONT, GREY, ORANGE, RED, label, new_figure

HALF_WIDTHS = (
    0.28,
    0.26,
    0.3,
    0.24,
)  # of the boxes in each column of the drawing, where columns are 1 apart
STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "s"))


def draw_data_parallelism(devices: int, batch_size: int) -> Figure:
    """Draw one update: a batch is shared out, each device computes gradients, all apply their mean."""
    figure = new_figure(f"One update with {devices} devices", 8.0, 1.4 + 0.8 * devices)
    axes = figure.subplots()
    middle = (devices - 1) / 2

    def place(x: float, y: float, text: str, color: str) -> None:
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": color}
        axes.text(x, y, text, ha="center", va="center", fontsize=FONT - 1, bbox=box)

    place(0, middle, f"a batch of\n{batch_size} images", GREY)
    place(2, middle, "the mean of\nthe gradients", RED)
    for number, y in enumerate(reversed(range(devices))):
        place(1, y, f"device {number + 1}:\n{batch_size // devices} images", BLUE)
        place(3, y, f"device {number + 1}:\nupdate", BLUE)
        for start, end in (((0, middle), (1, y)), ((1, y), (2, middle)), ((2, middle), (3, y))):
            tip, tail = (
                (end[0] - HALF_WIDTHS[end[0]], end[1]),
                (start[0] + HALF_WIDTHS[start[0]], start[1]),
            )
            axes.annotate("", tip, tail, arrowprops={"arrowstyle": "->", "color": GREY})
    axes.set(xlim=(-0.45, 3.45), ylim=(-0.6, devices - 0.4))
    axes.axis("off")
    return figure


def draw_efficiency(
    title: str, shares: Sequence[int], curves: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw up to two curves of efficiency, from 0 to 1, against a worker's share of the batch
    (logarithmic).
    """
    alt = "Both curves rise towards 1 as the share grows; that of the cores starts higher, that of the GPUs near 0."
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
