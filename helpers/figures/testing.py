"""The figures of 05_testing: confusion matrix, precision and recall, reliability diagram."""

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import BLUE, GREY, ORANGE, label, new_figure

MOST_NUMBERS = 20  # classes; with more, numbers no longer fit into a confusion matrix' squares


def draw_confusion(matrix: np.ndarray, class_names: np.ndarray) -> Figure:
    """The confusion matrix, each row coloured by its shares, so that the few mistakes show beside the many hits.

    Args:
        matrix: counts of shape (classes, classes): a row for each true class, a column for each predicted one.
        class_names: of shape (classes,).
    """
    figure = new_figure("Which class was taken for which", 6.0, 5.4)
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class (square-root scale)")
    bar.set_ticks([0, 0.1, 0.316, 0.548, 0.775, 1], labels=["0 %", "1 %", "10 %", "30 %", "60 %", "100 %"])
    if len(matrix) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if shares[row, column] > 0.4 else "black"
            axes.text(column, row, f"{count}" if count else "·", ha="center", va="center", fontsize=9, color=colour)
    axes.set_xticks(range(len(matrix)), class_names, rotation=60 if max(map(len, class_names)) > 3 else 0)
    axes.set_yticks(range(len(matrix)), class_names)
    label(axes, "predicted class", "true class")
    return figure


def draw_precision_recall(precision: np.ndarray, recall: np.ndarray, class_names: np.ndarray) -> Figure:
    """Precision and recall of each class, from 0 to 1, both of shape (classes,)."""
    figure = new_figure("Precision and recall of each class", 7.0, 3.2)
    axes = figure.subplots()
    places = np.arange(len(class_names))
    axes.vlines(places, np.minimum(precision, recall) * 100, np.maximum(precision, recall) * 100, color=GREY, zorder=1)
    axes.scatter(places, precision * 100, color=BLUE, marker="o", label="precision")
    axes.scatter(places, recall * 100, color=ORANGE, marker="s", label="recall")
    axes.set_xticks(places, class_names, rotation=60 if max(map(len, class_names)) > 3 else 0)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    label(axes, "class", "share (%)")
    return figure


def draw_reliability(claimed: np.ndarray, found: np.ndarray, interval: np.ndarray, counts: np.ndarray) -> Figure:
    """How often the model is right where it claims a certain confidence, and how many images each point stands for.

    Args:
        claimed: mean confidence of each group of images, from 0 to 1, shape (groups,).
        found: share of right answers in each group, from 0 to 1, shape (groups,).
        interval: lower and upper end of the interval of `found`, shape (2, groups).
        counts: images in each group, shape (groups,).
    """
    figure = new_figure("How far the model's confidence can be trusted", 6.0, 5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    upper.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="confidence = share of right answers")
    upper.vlines(claimed * 100, *interval * 100, color=BLUE, linewidth=1)
    upper.scatter(claimed * 100, found * 100, color=BLUE, label="this model, with 95 % intervals")
    upper.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    label(upper, "", "right answers (%)")
    lower.bar(claimed * 100, counts, width=4, color=BLUE)
    lower.set(yscale="log", ylim=(0.5, None))
    label(lower, "mean confidence of the group (%)", "images (log)")
    return figure
