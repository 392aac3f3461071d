"""The figures of 02_dataset: how many of each class, what a pixel is, what `rows` does."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.figures import (
    BLUE,
    GREY,
    ORANGE,
    add_legend,
    draw_frame,
    draw_image,
    draw_numbers,
    label,
    name_classes,
    new_figure,
)

PART = 8  # pixels of the enlarged part, in height and width


def draw_class_shares(
    train_shares: np.ndarray, test_shares: np.ndarray, class_names: Sequence[str]
) -> Figure:
    """Two bars for each class: its share of the images for training and for testing.

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
    figure = new_figure("How the images are spread over the classes", 7.5, 3.5, alt=alt)
    axes = figure.subplots()
    places = np.arange(len(class_names))
    axes.bar(places - 0.2, 100 * train_shares, width=0.4, color=BLUE, label="training images")
    axes.bar(places + 0.2, 100 * test_shares, width=0.4, color=ORANGE, label="test images")
    equal = 100 / len(class_names)
    axes.axhline(equal, color="black", linestyle=":", linewidth=1.5, label="equal shares")
    name_classes(axes, class_names)
    label(axes, "class", "share of the images (%)")
    add_legend(axes)
    return figure


def draw_pixels(image: np.ndarray, top: int, left: int) -> Figure:
    """An image, and a square part of it with the number of each pixel.

    Args:
        image: uint8 of shape (height, width).
        top: the first row of the part.
        left: its first column.
    """
    alt = (
        "An image with a frame around a part of it; beside it that part enlarged, with the number "
        "of each pixel: 0 where there is no ink, large numbers inside the strokes."
    )
    figure = new_figure("An image, and the numbers of a part of it", 7.5, 4.2, alt=alt)
    whole, enlarged = figure.subplots(1, 2, width_ratios=[2, 3])
    draw_image(whole, image, "the image")
    draw_frame(whole, top, left, PART, ORANGE)
    part = image[top : top + PART, left : left + PART]
    draw_numbers(enlarged, part, "the part in the frame", "{:g}", "gray_r", (0, 255))
    return figure


def draw_normalizations(pixels: np.ndarray, rows: np.ndarray) -> Figure:
    """One image divided by 255, and with its rows at length 1; beside each row, its length. The
    row with the weakest ink is orange.

    Args:
        pixels: the image after `process_data(…, "pixels")`, float of shape (height, width) or
            (height, width, channels), from 0 to 1.
        rows: the same image after `process_data(…, "rows")`, from 0 to 1.
    """
    alt = (
        "The same image twice, with a bar for the length of each row of pixels. With pixels the "
        "lengths differ; with rows all are 1, or 0 where there is no ink. The bars of the row with "
        "the weakest ink are orange; with rows it is dark."
    )
    figure = new_figure("One image, prepared in two ways", 7.5, 3.4, alt=alt)
    grid = figure.subplots(1, 4, width_ratios=[5, 3, 5, 3])
    height, width = np.shape(pixels)[:2]
    strongest = np.reshape(pixels, (height, -1)).max(axis=1)  # of each row
    weakest = np.where(strongest > 0, strongest, np.inf).argmin()
    colors = [ORANGE if row == weakest else GREY for row in range(height)]
    for place, (name, image) in enumerate({"pixels": pixels, "rows": rows}.items()):
        picture, bars = grid[2 * place : 2 * place + 2]
        draw_image(picture, image, name)
        lengths = np.linalg.norm(image, axis=1).reshape(height, -1).mean(axis=1)  # of the channels
        bars.barh(range(height), lengths, height=0.8, color=colors)
        bars.set(ylim=(height - 0.5, -0.5), yticks=[])
        bars.set_box_aspect(5 / 3 * height / width)  # as high as the picture, so that rows align
        label(bars, "row length", "")
    grid[3].sharex(grid[1])  # lengths can be compared
    return figure
