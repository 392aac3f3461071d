"""The figures of 02_dataset: how many of each class, what a pixel is, what `rows` does."""

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
    shares = np.concatenate([train_shares, test_shares])
    alt = (
        "Two bars for each class, its share of the training images and of the test images: from "
        f"{shares.min():.0%} to {shares.max():.0%}. A line marks equal shares."
    )
    figure = new_figure("How the images are spread over the classes", 7.5, 3.2, alt=alt)
    axes = figure.subplots()
    places = np.arange(len(class_names))
    axes.bar(places - 0.2, 100 * train_shares, width=0.4, color=BLUE, label="training images")
    axes.bar(places + 0.2, 100 * test_shares, width=0.4, color=ORANGE, label="test images")
    equal = 100 / len(class_names)
    axes.axhline(equal, color="black", linestyle=":", linewidth=1.5, label="equal shares")
    name_classes(axes, class_names)
    label(axes, "class", "share of the images (%)")
    axes.set_ylim(0, axes.get_ylim()[1] * 1.25)  # space for the legend above the bars
    axes.legend(frameon=False, ncols=3, loc="upper center", fontsize=FONT - 1)
    return figure


def draw_pixels(image: np.ndarray, top: int, left: int, size: int = 8) -> Figure:
    """An image, and a square part of it with the number of each pixel.

    Args:
        image: uint8 of shape (height, width), from 0 to 255.
        top: the first row of the part.
        left: its first column.
        size: its height and width, in pixels.
    """
    alt = (
        "An image with a frame around a part of it; beside it that part enlarged, with the number "
        "of each pixel: 0 where there is no ink, large numbers inside the strokes."
    )
    figure = new_figure("An image, and the numbers of a part of it", 7.5, 4.2, alt=alt)
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


def draw_normalizations(pixels: np.ndarray, rows: np.ndarray) -> Figure:
    """One image divided by 255, and with its rows at length 1; beside each row, its length. The
    row with the weakest ink is orange.

    Args:
        pixels: the image after `process_data(…, "pixels")`, float of shape (height, width) or
            (height, width, 3), from 0 to 1.
        rows: the same image after `process_data(…, "rows")`, from 0 to 1.
    """
    alt = (
        "The same image twice, with a bar for the length of each row of pixels. With pixels the "
        "lengths differ; with rows all are 1, or 0 where there is no ink. The bars of the row with "
        "the weakest ink are orange; with rows it is dark."
    )
    figure = new_figure("One image, prepared in two ways", 7.5, 3.4, alt=alt)
    grid = figure.subplots(1, 4, width_ratios=[5, 3] * 2)
    lengths = [
        np.linalg.norm(image, axis=1).reshape(len(image), -1).mean(axis=1)  # of the channels
        for image in (pixels, rows)
    ]
    strongest = np.reshape(pixels, (len(pixels), -1)).max(axis=1)  # of each row
    weakest = int(np.where(strongest > 0, strongest, np.inf).argmin())
    longest = max(float(np.max(lengths)), 1.0)
    colors = [ORANGE if row == weakest else GREY for row in range(len(pixels))]
    for picture, bars, name, image, length in zip(
        grid[::2], grid[1::2], ("pixels", "rows"), (pixels, rows), lengths, strict=True
    ):
        draw_image(picture, image, name)
        bars.barh(np.arange(len(image)), length, height=0.8, color=colors)
        bars.set_xlim(0, longest * 1.05)  # the same scale for both
        bars.set_ylim(len(image) - 0.5, -0.5)
        # As high as the picture, so that rows align.
        bars.set_box_aspect(5 / 3 * image.shape[0] / image.shape[1])
        label(bars, "row length", "")
        bars.set_yticks([])
    return figure
