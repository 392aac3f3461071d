"""The figures of 04_training: templates, step sizes, and losses while networks learn."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from helpers.figures import (
    BLUE,
    FONT,
    GREY,
    MOST_NAMED,
    RED,
    add_legend,
    draw_curves,
    label,
    new_figure,
)


def draw_templates(templates: np.ndarray, class_names: Sequence[str] | np.ndarray) -> Figure:
    """Draw the weights of a network without hidden layers as pictures, one for each of the first 20
    classes.

    Args:
        templates: of shape (classes, height, width); the colors of 0 and of the largest weight are
            the same for all.
        class_names: of shape (classes,).
    """
    alt = (
        "The weights of each class as a picture: blurred shapes of the digits in purple, "
        "surrounded by orange."
    )
    limit = float(np.abs(templates).max())
    drawn = templates[:MOST_NAMED]
    rows = -(-len(drawn) // 5)
    figure = new_figure("The weights from each pixel to each class", 7.5, 1.7 * rows + 1.4, alt=alt)
    grid = figure.subplots(rows, 5, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, template, name in zip(grid.flat, drawn, class_names, strict=False):
        picture = axes.imshow(template, cmap="PuOr", vmin=-limit, vmax=limit)
        axes.set_title(name, fontsize=FONT)
    colors = figure.colorbar(picture, ax=grid, location="bottom", shrink=0.6, aspect=40)
    colors.set_label("weight (purple: for, orange: against)", fontsize=FONT - 1)
    return figure


def draw_rates(losses: Mapping[float, Sequence[float]]) -> Figure:
    """Draw the loss of each update's batch, on a logarithmic scale, for up to three learning rates.

    Args:
        losses: for each learning rate the loss of each batch.
    """
    alt = "Losses at the end, mean of ten batches: " + ", ".join(
        f"{np.mean(values[-10:]):.3g} with a rate of {rate:g}" for rate, values in losses.items()
    )
    figure = new_figure("The same network with three learning rates", 7.5, 4.2, alt=alt)
    axes = figure.subplots()
    updates = range(1, len(next(iter(losses.values()))) + 1)
    draw_curves(axes, updates, {f"rate {rate:g}": values for rate, values in losses.items()})
    log_losses(axes, "updates made")
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
    figure = new_figure("Memorizing, and what dropout does about it", 7.5, 4.5, alt=alt)
    axes = figure.subplots()
    for losses, style, color, name in (
        (plain["loss"], "--", RED, "training, without dropout"),
        (plain["val_loss"], "-s", RED, "validation, without dropout"),
        (dropout["loss"], "--", BLUE, "training, with dropout"),
        (dropout["val_loss"], "-o", BLUE, "validation, with dropout"),
    ):
        epochs = range(1, len(losses) + 1)
        axes.plot(epochs, losses, style, color=color, linewidth=1.8, markersize=5, label=name)
    log_losses(axes, "epochs")
    add_legend(axes)
    return figure


def draw_step_sizes(updates: Sequence[float], schedules: Mapping[str, Sequence[float]]) -> Figure:
    """Draw step sizes against updates.

    Args:
        updates: the numbers of the updates at which the step sizes are given.
        schedules: the step size at each of these updates, by the name of the schedule.
    """
    alt = (
        "The constant step size is a level line. The cosine one rises to the same height, then "
        "falls smoothly to 0."
    )
    figure = new_figure("The step size of each update", 7.5, 3.3, alt=alt)
    axes = figure.subplots()
    draw_curves(axes, updates, schedules)
    label(axes, "updates made", "step size (learning rate)")
    axes.set_ylim(bottom=0)
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
    figure = new_figure("The loss while the network learns", 7.5, 4.2, alt=alt)
    axes = figure.subplots()
    ends = images[-1] * np.arange(1, len(val_losses) + 1) / len(val_losses)
    axes.plot(images, losses, color=BLUE, linewidth=0.8, alpha=0.35, label="each training batch")
    axes.plot(*running_mean(images, losses), color=BLUE, linewidth=2, label="their running mean")
    held_out = "held-out images, after each epoch"
    axes.plot(ends, val_losses, "o", color=RED, markersize=8, label=held_out)
    log_losses(axes, "training images seen")
    add_legend(axes)
    return figure


def running_mean(images: Sequence[float], losses: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """The mean loss of each stretch of batches, a twentieth of them all but at least five, at the
    middle of the stretch.

    It is the plain mean. On a logarithmic scale the eye takes another one, which is lower.
    """
    length = min(len(losses), max(5, len(losses) // 20))
    weights = np.ones(length) / length
    return np.convolve(images, weights, "valid"), np.convolve(losses, weights, "valid")


def log_losses(axes: Axes, x: str) -> None:
    """Finish a plot of losses on a logarithmic scale against a count, which `x` names."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())  # or it would write 2.3 × 10⁰
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, x, "loss (logarithmic scale)")
