"""The figures of 04_training: the step size of each update, and the loss while training went on."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from helpers.figures import BLUE, GREY, RED, label, new_figure


def draw_step_sizes(updates: Sequence[float], schedules: Mapping[str, Sequence[float]]) -> Figure:
    """Draw step sizes against updates.

    Args:
        updates: the numbers of the updates at which the step sizes are given.
        schedules: the step size at each of these updates, by the name of the schedule.
    """
    figure = new_figure("The step size of each update", 7.0, 3.0)
    axes = figure.subplots()
    for (name, sizes), colour, style in zip(schedules.items(), (GREY, BLUE), ("--", "-"), strict=False):
        axes.plot(updates, sizes, style, color=colour, label=name)
    label(axes, "updates made", "step size (learning rate)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def draw_losses(images: Sequence[float], losses: Sequence[float], val_losses: Sequence[float]) -> Figure:
    """Draw the loss of every batch against the images seen, with the loss on the held-out images after each epoch.

    Args:
        images: how many images training had seen after each batch, those of all epochs counted.
        losses: the mean loss of each batch, above 0.
        val_losses: the mean loss on the held-out images after each epoch; epochs are equally long.
    """
    figure = new_figure("The loss while the network learns", 7.0, 3.6)
    axes = figure.subplots()
    ends = [images[-1] * (epoch + 1) / len(val_losses) for epoch in range(len(val_losses))]
    axes.plot(images, losses, color=BLUE, linewidth=0.8, label="each training batch")
    axes.plot(ends, val_losses, "o", color=RED, markersize=7, label="held-out images, after each epoch")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, "training images seen", "loss (logarithmic scale)")
    axes.legend(frameon=False)
    return figure
