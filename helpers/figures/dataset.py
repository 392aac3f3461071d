"""The figures of 02_dataset: how many of each class, what a pixel is, what the normalizations do."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures import (
    BLUE,
    FONT,
    GREY,
    ORANGE,
    draw_image,
    draw_numbers,
    label,
    name_classes,
    new_figure,
)


def draw_class_shares(
    train_shares: np.ndarray, test_shares: np.ndarray, class_names: Sequence[str]
) -> Figure:
    """Bars beside each other: the share of each class among the images for training and for
    testing.

    Args:
        train_shares: float of shape (classes,), from 0 to 1.
        test_shares: likewise, for the images for testing.
        class_names: one name for each class.
    """
    figure = new_figure("How the images are spread over the classes", 7.5, 3.2)
    axes = figure.subplots()
    places = np.arange(len(class_names))
    axes.bar(places - 0.2, 100 * train_shares, width=0.4, color=BLUE, label="training images")
    axes.bar(places + 0.2, 100 * test_shares, width=0.4, color=ORANGE, label="test images")
    name_classes(axes, class_names)
    label(axes, "class", "share of the images (%)")
    axes.set_ylim(0, axes.get_ylim()[1] * 1.25)  # space for the legend above the bars
    axes.legend(frameon=False, ncols=2, loc="upper center", fontsize=FONT - 1)
    return figure


def draw_pixels(image: np.ndarray, top: int, left: int, size: int = 8) -> Figure:
    """An image, and a square part of it with the number of each pixel.

    Args:
        image: uint8 of shape (height, width), from 0 to 255.
        top: the first row of the part.
        left: its first column.
        size: its height and width, in pixels.
    """
    figure = new_figure("An image, and the numbers of a part of it", 7.5, 4.2)
    whole, part = figure.subplots(1, 2, width_ratios=[2, 3])
    draw_image(whole, image, "the image")
    whole.add_patch(
        Rectangle((left - 0.5, top - 0.5), size, size, fill=False, edgecolor=ORANGE, linewidth=3)
    )
    rows, columns = slice(top, top + size), slice(left, left + size)
    draw_numbers(
        part, image[rows, columns], "the part in the frame", colors="gray_r", limits=(0, 255)
    )
    return figure


def draw_normalizations(raw: np.ndarray, pixels: np.ndarray, rows: np.ndarray) -> Figure:
    """One image as it is, divided by 255, and with its rows at length 1; beside each row of pixels,
    its length.

    Args:
        raw: the image as it is, uint8 of shape (height, width) or (height, width, 3), from 0 to
            255.
        pixels: the same image after `process_data(…, "pixels")`, from 0 to 1.
        rows: the same image after `process_data(…, "rows")`, from 0 to 1.
    """
    alt = "As it is and by pixels the image looks the same; by rows, a faint row is dark, and all lengths are 1 or 0."
    figure = new_figure(
        "The same image three times, and the length of each of its rows", 8.0, 2.8, alt=alt
    )
    grid = figure.subplots(1, 6, width_ratios=[5, 3] * 3)
    titles = ("as it is", "pixels: divided by 255", "rows: each to length 1")
    for picture, bars, title, image in zip(
        grid[::2], grid[1::2], titles, (raw, pixels, rows), strict=True
    ):
        draw_image(picture, image, title)
        lengths = np.linalg.norm(image.astype("float32"), axis=1).reshape(len(image), -1)
        bars.barh(
            np.arange(len(image)), lengths.mean(axis=1), height=0.8, color=GREY
        )  # in color, the channels' mean
        bars.set_ylim(len(image) - 0.5, -0.5)
        bars.set_box_aspect(
            5 / 3 * image.shape[0] / image.shape[1]
        )  # as high as the picture, so that rows align
        label(bars, "length", "")
        bars.set_yticks([])
    return figure
