"""Drawing: what every figure shares. Each notebook's own figures stand in a room of their own beside this one.

Figures are made without pyplot, so that none shows up twice and none is left open. Each drawing function returns a
`Figure`; `show` displays it with the sentence that a screen reader speaks.
"""

import io
from collections.abc import Sequence

import numpy as np
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart with any colour vision (https://jfly.uni-koeln.de/color/).
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#767676"


def show(figure: Figure, alt: str) -> None:
    """Display a figure below the cell, with a text for readers who cannot see it.

    Args:
        figure: what one of the drawing functions returned.
        alt: one or two sentences that say what the figure shows.
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    image = Image(data=picture.getvalue(), format="png", alt=alt)
    display(image)


def new_figure(title: str, width: float = 7.0, height: float = 3.5) -> Figure:
    """An empty figure with a title, `width` by `height` inches, that keeps its labels from overlapping."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title, fontsize=12)
    return figure


def label(axes: Axes, x: str, y: str) -> None:
    """Name both axes, and take away the frame's upper and right line."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)


def draw_image(axes: Axes, image: np.ndarray, title: str = "", colour: str = "black") -> None:
    """Draw one grey image of shape (height, width) or (height, width, 1), dark ink on white, without ticks."""
    axes.imshow(np.squeeze(image), cmap="gray_r", interpolation="nearest")
    axes.set_title(title, fontsize=10, color=colour)
    axes.set_xticks([])
    axes.set_yticks([])


def image_grid(
    title: str,
    images: Sequence[np.ndarray] | np.ndarray,
    captions: Sequence[str],
    columns: int,
    colours: Sequence[str] | None = None,
) -> Figure:
    """A grid of images, row by row, each with its caption above it.

    Args:
        title: what the grid shows.
        images: arrays of shape (height, width) or (height, width, 1).
        captions: one for each image.
        columns: how many images stand in a row.
        colours: the colour of each caption; black where none is given.
    """
    rows = -(-len(images) // columns)
    height = 1.1 + max(caption.count("\n") for caption in captions) * 0.2
    figure = new_figure(title, 1.2 * columns, height * rows + 0.5)
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.axis("off")
    for index, (axes, image, caption) in enumerate(zip(grid, images, captions, strict=False)):
        axes.axis("on")
        draw_image(axes, image, caption, colours[index] if colours else "black")
    return figure
