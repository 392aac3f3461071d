"""The figures of 04_training: templates, step sizes, and losses while networks learn."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from helpers.figures import BLUE, FONT, GREEN, GREY, ORANGE, RED, label, new_figure


def draw_templates(templates: np.ndarray, class_names: Sequence[str] | np.ndarray) -> Figure:
    """Draw the weights of a network without hidden layers as pictures, one for each class.

    Args:
        templates: of shape (classes, height, width); the colors of 0 and of the largest weight are
            the same for all.
        class_names: of shape (classes,).
    """
    limit = float(np.abs(templates).max())
    title = "The weights from each pixel to each class"
    if len(templates) > 30:  # more would make a figure of many pages
        title, templates = "The weights from each pixel to the first 30 classes", templates[:30]
    columns = min(5, len(templates))
    rows = -(-len(templates) // columns)
    alt = (
        "The weights of each class as a picture: blurred shapes of the digits in purple, "
        "surrounded by orange."
    )
    figure = new_figure(title, 7.5, 1.7 * rows + 0.6, alt=alt)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, template, name in zip(grid.flat, templates, class_names, strict=False):
        picture = axes.imshow(
            template, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest"
        )
        axes.set_title(name, fontsize=FONT)
    end = "\n" if rows == 1 else " "  # a single row has no room for a long line beside it
    figure.colorbar(picture, ax=grid, shrink=0.8).set_label(
        f"weight\n(purple: for,{end}orange: against)", fontsize=FONT - 1
    )
    return figure


def draw_rates(losses: Mapping[float, Sequence[float]]) -> Figure:
    """Draw the loss of each update's batch, on a logarithmic scale, for up to three learning rates.

    Args:
        losses: for each learning rate the loss of each batch.
    """
    alt = "Losses at the end, mean of ten batches: " + ", ".join(
        f"{np.mean(values[-10:]):.3g} with a rate of {rate:g}" for rate, values in losses.items()
    )
    figure = new_figure("The same network with three learning rates", 7.5, 3.9, alt=alt)
    axes = figure.subplots()
    ends = []
    for (rate, values), color in zip(losses.items(), (GREEN, BLUE, RED), strict=False):
        axes.plot(range(1, len(values) + 1), values, color=color, linewidth=1.5)
        ends.append((float(np.median(values[-10:])), f"rate {rate:g}", color))
    log_losses(axes, "updates made")
    label_lines(axes, len(values), ends)
    return figure


def draw_moved(accuracies: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    """Draw how many images networks read when every image is moved by so many pixels.

    Args:
        accuracies: for each kind of network a row for each seed: the share of images, from 0 to 1,
            that are read right when they are moved by 0, 1, 2, … pixels.
    """
    kinds = [(name, np.asarray(rows)) for name, rows in accuracies.items()]
    alt = "Images read right, mean of the seeds, not moved and moved furthest: " + "; ".join(
        f"{name} {rows[:, 0].mean():.0%} and {rows[:, -1].mean():.0%}" for name, rows in kinds
    )
    figure = new_figure("What happens when the digits are moved", 7.5, 3.9, alt=alt)
    axes = figure.subplots()
    ends = []
    for (name, rows), color, marker in zip(kinds, (RED, BLUE), "so", strict=False):
        places = np.arange(rows.shape[1])
        axes.plot(places, rows.mean(axis=0) * 100, color=color, linewidth=2)
        for row in rows:
            axes.plot(places, row * 100, marker, color=color, markersize=5, alpha=0.6)
        ends.append((float(np.median(rows[:, -1])) * 100, name, color))
    axes.set(ylim=(0, 102), xticks=places)
    label_lines(axes, places[-1], ends)
    label(
        axes,
        "pixels moved to the right (dots: seeds, line: their mean)",
        "read correctly (%)",
    )
    return figure


def draw_overfitting(
    plain: Mapping[str, Sequence[float]], dropout: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw training and validation loss of the same network without and with dropout.

    Args:
        plain: the `history` of the network without dropout: `loss` and `val_loss`, a value for each
            epoch.
        dropout: the same with dropout.
    """
    ends = [history[name][-1] for history in (plain, dropout) for name in ("loss", "val_loss")]
    alt = (
        "Losses after the last epoch, training and validation: without dropout "
        f"{ends[0]:.2f} and {ends[1]:.2f}, with dropout {ends[2]:.2f} and {ends[3]:.2f}."
    )
    figure = new_figure("Memorizing, and what dropout does about it", 7.5, 4.2, alt=alt)
    axes = figure.subplots()
    lines: list[tuple[float, str, str]] = []
    for name, history, color, marker in (
        ("without dropout", plain, RED, "s"),
        ("with dropout", dropout, BLUE, "o"),
    ):
        for part, losses, style in (
            ("training", history["loss"], "--"),
            ("validation", history["val_loss"], f"-{marker}"),
        ):
            epochs = range(1, len(losses) + 1)
            axes.plot(epochs, losses, style, color=color, linewidth=1.8, markersize=5)
            lines.append((losses[-1], f"{part}, {name}", color))
    log_losses(axes, "epochs")
    label_lines(axes, len(plain["loss"]), lines)
    return figure


def draw_step_sizes(
    updates: Sequence[float] | np.ndarray, schedules: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw step sizes against updates.

    Args:
        updates: the numbers of the updates at which the step sizes are given.
        schedules: the step size at each of these updates, by the name of the schedule.
    """
    alt = (
        "The constant step size is a level line. The cosine one rises to the same height, then "
        "falls smoothly to 0."
    )
    figure = new_figure("The step size of each update", 7.5, 3.0, alt=alt)
    axes = figure.subplots()
    for (name, sizes), color, style in zip(
        schedules.items(), (ORANGE, BLUE), ("--", "-"), strict=False
    ):
        axes.plot(updates, sizes, style, color=color, linewidth=2, label=name)
    label(axes, "updates made", "step size (learning rate)")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right upper", frameon=False, fontsize=FONT - 1)
    return figure


def draw_losses(
    images: Sequence[float], losses: Sequence[float], val_losses: Sequence[float]
) -> Figure:
    """Draw the loss of every batch against the images seen, with the loss on the held-out images
    after each epoch.

    Args:
        images: how many images training had seen after each batch, those of all epochs counted.
        losses: the mean loss of each batch, above 0.
        val_losses: the mean loss on the held-out images after each epoch; epochs are equally long.
    """
    alt = (
        f"The loss of the batches begins at {losses[0]:.2f}; the last tenth has a mean of "
        f"{np.mean(losses[-max(1, len(losses) // 10) :]):.2f}. Held-out images after each epoch: "
        + ", ".join(f"{loss:.2f}" for loss in val_losses)
    )
    figure = new_figure("The loss while the network learns", alt=alt)
    axes = figure.subplots()
    ends = [images[-1] * (epoch + 1) / len(val_losses) for epoch in range(len(val_losses))]
    for number, end in enumerate(ends[:-1]):
        name = "end of an epoch" if number == 0 else None
        axes.axvline(end, color=GREY, linewidth=1, linestyle=":", label=name)
    axes.plot(images, losses, color=BLUE, linewidth=0.8, alpha=0.35, label="each training batch")
    axes.plot(*running_mean(images, losses), color=BLUE, linewidth=2, label="their running mean")
    axes.plot(
        ends, val_losses, "o", color=RED, markersize=8, label="held-out images, after each epoch"
    )
    log_losses(axes, "training images seen")
    axes.legend(frameon=False, fontsize=FONT - 1)
    return figure


def running_mean(
    images: Sequence[float], losses: Sequence[float], share: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """The mean loss of each stretch of batches, `share` of them all but at least five, at the
    middle of the stretch.

    It is the plain mean. On a logarithmic scale the eye takes another one, which is lower.
    """
    length = min(len(losses), max(5, round(share * len(losses))))
    weights = np.ones(length) / length
    return np.convolve(images, weights, "valid"), np.convolve(losses, weights, "valid")


def label_lines(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's name at its right end, in its color; names of lines that end close together
    move up, so that they don't touch.

    Args:
        axes: with its final limits and scale.
        x: where the lines end.
        ends: for each line the height at its end, its name, its color.
    """
    to_share = axes.transScale + axes.transLimits  # from data to shares of the axes
    free = 0.0  # the lowest free place, as a share of the height of the axes
    for height, text, color in sorted(ends):
        _, share = to_share.transform((x, height))
        place = max(float(share), free)
        free = place + 0.07  # a line of text
        axes.annotate(
            text,
            (x, place),
            xycoords=("data", "axes fraction"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=FONT - 2,
            color=color,
            annotation_clip=False,
        )


def log_losses(axes: Axes, x: str) -> None:
    """Finish a plot of losses on a logarithmic scale against a count, which `x` names."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    steps = (1.0, 2.0, 5.0) if high / low < 30 else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())  # or it would write 2.3 × 10⁰
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, x, "loss (logarithmic scale)")
