"""The figures of 04_training: templates, step sizes, and losses while networks learn."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.figures import BLUE, FONT, GREY, ORANGE, RED, label, new_figure


def draw_templates(templates: np.ndarray, class_names: Sequence[str] | np.ndarray) -> Figure:
    """Draw the weights of a network without hidden layers as pictures, one for each class.

    Args:
        templates: of shape (classes, height, width); the colors of 0 and of the largest weight are
            the same for all.
        class_names: of shape (classes,).
    """
    columns = min(5, len(templates))
    rows = -(-len(templates) // columns)
    alt = "The ten weight vectors as pictures: blurred shapes of the digits in purple, surrounded by orange."
    figure = new_figure("The weights from each pixel to each class", 7.5, 1.7 * rows + 0.6, alt=alt)
    grid = figure.subplots(rows, columns, squeeze=False)
    limit = float(np.abs(templates).max())
    for axes in grid.flat:
        axes.axis("off")
    for axes, template, name in zip(grid.flat, templates, class_names, strict=False):
        picture = axes.imshow(
            template, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest"
        )
        axes.set_title(name, fontsize=FONT)
    figure.colorbar(picture, ax=grid, shrink=0.8).set_label(
        "weight (purple: ink speaks for it)", fontsize=FONT - 1
    )
    return figure


def draw_rates(losses: Mapping[float, Sequence[float]]) -> Figure:
    """Draw the loss of each update's batch, on a logarithmic scale, for up to three learning rates.

    Args:
        losses: for each learning rate the loss of each batch.
    """
    alt = "A rate of 0.001 creeps down, 0.1 falls steadily, 100 jumps far up at once and mostly stays above the others."
    figure = new_figure("The same network with three learning rates", alt=alt)
    axes = figure.subplots()
    for (rate, values), color in zip(losses.items(), (ORANGE, BLUE, RED), strict=False):
        axes.plot(
            range(1, len(values) + 1),
            values,
            color=color,
            linewidth=1.5,
            label=f"learning rate {rate:g}",
        )
    log_losses(axes, "updates made")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=FONT - 1)
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
    alt = "Without dropout only the training loss goes on falling. With it, the validation loss ends lower."
    figure = new_figure("Learning by heart, and what dropout does about it", 7.5, 4.2, alt=alt)
    axes = figure.subplots()
    for name, history, color, marker in (
        ("without dropout", plain, ORANGE, "s"),
        ("with dropout", dropout, BLUE, "o"),
    ):
        epochs = range(1, len(history["loss"]) + 1)
        axes.plot(
            epochs, history["loss"], "--", color=color, linewidth=1.8, label=f"training, {name}"
        )
        axes.plot(
            epochs,
            history["val_loss"],
            f"-{marker}",
            color=color,
            markersize=5,
            label=f"validation, {name}",
        )
    log_losses(axes, "epochs")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=FONT - 1)
    return figure


def draw_step_sizes(
    updates: Sequence[float] | np.ndarray, schedules: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw step sizes against updates.

    Args:
        updates: the numbers of the updates at which the step sizes are given.
        schedules: the step size at each of these updates, by the name of the schedule.
    """
    alt = "The constant step size is a level line. The cosine one rises to the same height, then falls smoothly to 0."
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
    alt = "The loss of the batches falls steeply, then slowly and noisily; dots mark the loss on the held-out images."
    figure = new_figure("The loss while the network learns", alt=alt)
    axes = figure.subplots()
    ends = [images[-1] * (epoch + 1) / len(val_losses) for epoch in range(len(val_losses))]
    axes.plot(images, losses, color=BLUE, linewidth=0.8, label="each training batch")
    axes.plot(
        ends, val_losses, "o", color=RED, markersize=8, label="held-out images, after each epoch"
    )
    log_losses(axes, "training images seen")
    axes.legend(frameon=False, fontsize=FONT - 1)
    return figure


def log_losses(axes: Axes, x: str) -> None:
    """Finish a plot of losses on a logarithmic scale against a count, which `x` names."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, x, "loss (logarithmic scale)")
