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
        templates: of shape (classes, height, width); the colors of 0 and of the largest weight are the same for all.
        class_names: of shape (classes,).
    """
    columns = min(5, len(templates))
    rows = -(-len(templates) // columns)
    figure = new_figure("The weights from each pixel to each class", 7.5, 1.7 * rows + 0.6)
    grid = figure.subplots(rows, columns, squeeze=False)
    limit = float(np.abs(templates).max())
    for axes in grid.flat:
        axes.axis("off")
    for axes, template, name in zip(grid.flat, templates, class_names, strict=False):
        picture = axes.imshow(template, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")
        axes.set_title(name, fontsize=FONT)
    bar = figure.colorbar(picture, ax=grid, shrink=0.8)
    bar.set_label("weight (purple: ink here speaks for the class)", fontsize=FONT - 1)
    return figure


def draw_rates(losses: Mapping[float, Sequence[float]]) -> Figure:
    """Draw the training loss after each epoch, on a logarithmic scale, for up to three learning rates.

    Args:
        losses: for each learning rate the mean loss of each epoch.
    """
    figure = new_figure("The same network with three learning rates")
    axes = figure.subplots()
    for (rate, values), color, marker in zip(losses.items(), (ORANGE, BLUE, RED), "sov", strict=False):
        _draw_epochs(axes, values, f"learning rate {rate:g}", color, "-", marker)
    _finish_losses(figure, axes)
    return figure


def draw_overfitting(plain: Mapping[str, Sequence[float]], dropout: Mapping[str, Sequence[float]]) -> Figure:
    """Draw training and validation loss of the same network without and with dropout.

    Args:
        plain: the `history` of the network without dropout: `loss` and `val_loss`, a value for each epoch.
        dropout: the same with dropout.
    """
    figure = new_figure("Learning by heart, and what dropout does about it", 7.5, 4.2)
    axes = figure.subplots()
    for name, history, color, marker in (("without dropout", plain, ORANGE, "s"), ("with dropout", dropout, BLUE, "o")):
        _draw_epochs(axes, history["loss"], f"training, {name}", color, "--", "")
        _draw_epochs(axes, history["val_loss"], f"validation, {name}", color, "-", marker)
    _finish_losses(figure, axes)
    return figure


def draw_step_sizes(updates: Sequence[float] | np.ndarray, schedules: Mapping[str, Sequence[float]]) -> Figure:
    """Draw step sizes against updates.

    Args:
        updates: the numbers of the updates at which the step sizes are given.
        schedules: the step size at each of these updates, by the name of the schedule.
    """
    figure = new_figure("The step size of each update", 7.5, 3.0)
    axes = figure.subplots()
    for (name, sizes), color, style in zip(schedules.items(), (ORANGE, BLUE), ("--", "-"), strict=False):
        axes.plot(updates, sizes, style, color=color, linewidth=2, label=name)
    label(axes, "updates made", "step size (learning rate)")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right upper", frameon=False, fontsize=FONT - 1)
    return figure


def draw_losses(images: Sequence[float], losses: Sequence[float], val_losses: Sequence[float]) -> Figure:
    """Draw the loss of every batch against the images seen, with the loss on the held-out images after each epoch.

    Args:
        images: how many images training had seen after each batch, those of all epochs counted.
        losses: the mean loss of each batch, above 0.
        val_losses: the mean loss on the held-out images after each epoch; epochs are equally long.
    """
    figure = new_figure("The loss while the network learns")
    axes = figure.subplots()
    ends = [images[-1] * (epoch + 1) / len(val_losses) for epoch in range(len(val_losses))]
    axes.plot(images, losses, color=BLUE, linewidth=0.8, label="each training batch")
    axes.plot(ends, val_losses, "o", color=RED, markersize=8, label="held-out images, after each epoch")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, "training images seen", "loss (logarithmic scale)")
    axes.legend(frameon=False, fontsize=FONT - 1)
    return figure


def _draw_epochs(axes: Axes, values: Sequence[float], name: str, color: str, line: str, marker: str) -> None:
    epochs = range(1, len(values) + 1)
    axes.plot(epochs, values, line, color=color, marker=marker or None, markersize=5, linewidth=1.8, label=name)


def _finish_losses(figure: Figure, axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, "epochs", "loss (logarithmic scale)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=FONT - 1)
