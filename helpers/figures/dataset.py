"""The figures of 02_dataset: how many of each class, what values pixels have, what the normalisations do."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import BLUE, GREY, ORANGE, draw_image, label, new_figure


def draw_class_shares(train_labels: np.ndarray, test_labels: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Bars beside each other: the share of each class among the images for training and for testing.

    Args:
        train_labels: integers of shape (count,), from 0 to the number of classes less one.
        test_labels: likewise, for the images for testing.
        class_names: one name for each class.
    """
    figure = new_figure("How the images are spread over the classes")
    axes = figure.subplots()
    places = np.arange(len(class_names))
    for name, labels, shift, colour in (("training", train_labels, -0.2, BLUE), ("testing", test_labels, 0.2, ORANGE)):
        shares = np.bincount(labels, minlength=len(class_names)) / len(labels)
        axes.bar(places + shift, 100 * shares, width=0.4, color=colour, label=f"{len(labels):,} images for {name}")
    axes.set_xticks(places, class_names, rotation=60 if max(map(len, class_names)) > 3 else 0)
    label(axes, "class", "share of the images (%)")
    axes.set_ylim(0, axes.get_ylim()[1] * 1.25)  # room for the legend above the bars
    axes.legend(frameon=False, ncols=2, loc="upper center")
    return figure


def draw_pixel_values(images: np.ndarray) -> Figure:
    """A histogram of pixel values in 32 equal steps, with a logarithmic count.

    Args:
        images: uint8 of any shape, from 0 to 255.
    """
    figure = new_figure("How often each pixel value occurs")
    axes = figure.subplots()
    counts = np.bincount(images.ravel(), minlength=256).reshape(32, 8).sum(axis=1)
    axes.bar(np.arange(32) * 8, counts, width=8, align="edge", color=BLUE, edgecolor="white")
    axes.set_yscale("log")
    axes.set_xticks([0, 64, 128, 192, 255])
    label(axes, "pixel value (0 is background, 255 is full ink)", "number of pixels (log scale)")
    return figure


def draw_normalizations(raw: np.ndarray, rows: np.ndarray, pixels: np.ndarray) -> Figure:
    """One image as it is, divided by 255, and with its rows at length 1; below each, the length of every row.

    Args:
        raw: the image as it is, uint8 of shape (height, width) or (height, width, 3), from 0 to 255.
        rows: the same image after `process_data(…, "rows")`, from 0 to 1.
        pixels: the same image after `process_data(…, "pixels")`, from 0 to 1.
    """
    figure = new_figure("The same image, three times", 7.5, 5.0)
    grid = figure.subplots(2, 3, height_ratios=[3, 2])
    titles = ("as it is", "pixels: divided by 255", "rows: each row to length 1")
    for (top, bottom), title, image in zip(grid.T, titles, (raw, pixels, rows), strict=True):
        draw_image(top, image, title)
        lengths = np.linalg.norm(image.astype("float32"), axis=1).reshape(len(image), -1)
        bottom.bar(np.arange(len(image)), lengths.mean(axis=1), color=GREY)  # in colour, the channels' mean
        label(bottom, "row (0 is the top one)", "length of the row")
    return figure
