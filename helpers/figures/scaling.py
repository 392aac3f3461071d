"""The figures of 07_scaling_out: how workers share a batch, and what that costs and brings."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from helpers.figures import BLUE, GREEN, GREY, ORANGE, RED, label, new_figure

HALF_WIDTHS = (0.26, 0.43, 0.26, 0.32)  # of the boxes in each column of the drawing, where columns are 1 apart
STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (GREEN, "-.", "^"))


def draw_data_parallelism(workers: int, batch_size: int) -> Figure:
    """Draw one update: a batch is shared out, each worker computes gradients, all apply their mean."""
    figure = new_figure(f"One update with {workers} workers", 7.5, 1.4 + 0.8 * workers)
    axes = figure.subplots()
    middle = (workers - 1) / 2
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white"}
    arrow = {"arrowstyle": "->", "color": GREY}

    def place(x: float, y: float, text: str, colour: str) -> None:
        axes.text(x, y, text, ha="center", va="center", fontsize=9, bbox={**box, "edgecolor": colour})

    place(0, middle, f"a batch of\n{batch_size} images", GREY)
    place(2, middle, "the mean of\nthe gradients", RED)
    for number, y in enumerate(reversed(range(workers))):
        place(1, y, f"worker {number + 1}: its copy of the\nmodel, {batch_size // workers} images", BLUE)
        place(3, y, f"worker {number + 1}:\nthe same update", BLUE)
        for start, end in (((0, middle), (1, y)), ((1, y), (2, middle)), ((2, middle), (3, y))):
            tip, tail = (end[0] - HALF_WIDTHS[end[0]], end[1]), (start[0] + HALF_WIDTHS[start[0]], start[1])
            axes.annotate("", tip, tail, arrowprops=arrow)
    axes.set(xlim=(-0.45, 3.45), ylim=(-0.6, workers - 0.4))
    axes.axis("off")
    return figure


def draw_curves(
    title: str, x: str, y: str, places: Sequence[float], curves: Mapping[str, Sequence[float]], scale: str = "linear"
) -> Figure:
    """Draw up to three curves against places on a logarithmic axis; `scale` is that of the vertical axis."""
    figure = new_figure(title, 7.0, 3.6)
    axes = figure.subplots()
    for (name, values), (colour, line, marker) in zip(curves.items(), STYLES, strict=False):
        axes.plot(places, values, line, color=colour, marker=marker, markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_yscale(scale)
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.minorticks_off()
    label(axes, x, y)
    axes.legend(frameon=False)
    return figure
