"""Drawing: what several figures share. Each notebook's own figures are in a module beside this one.

Figures are made without pyplot, so that none shows up twice and none is left open. Each drawing
function returns a `Figure` with the sentence that a screen reader speaks, and `show` displays both.
The numbers that a figure shows are computed in the notebook and handed in.
"""

import base64
import html
import io
import textwrap
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

# Okabe and Ito's palette, told apart with any color vision (https://jfly.uni-koeln.de/color/).
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#767676"
CURVES = ((RED, "--"), (BLUE, "-"), (GREEN, "-."))  # told apart in print, too
FONT = 12  # points; the smallest text in a figure is two points less
MOST_NAMED = 20  # classes; of more, figures name and draw as many as fit
DPI = 200  # pixels an inch, so that figures stay sharp on good screens; shown at half of that


def show(figure: Figure, alt: str = "") -> None:
    """Display a figure below the cell, with a text for readers who can't see it.

    Args:
        figure: what one of the drawing functions returned.
        alt: one or two sentences that say what the figure shows; left out, those that its drawing
            function gave it.
    """
    display(picture_bundle(figure, alt), raw=True)


def picture_bundle(figure: Figure, alt: str = "") -> dict[str, str]:
    """A figure as a cell displays it: an `<img>` tag, and a line of text where there are none.

    The tag brings its alt text to JupyterLab, nbconvert and the report. The paper is white on a
    dark page too, with a margin and rounded corners.

    Args:
        figure: what one of the drawing functions returned.
        alt: as `show` takes it.
    """
    alt = alt or str(figure.get_label())
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # no figure has a formula, and a class may be called $5
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        # A class may be called 猫, for which the font has a box only.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        # Not compressed: it is read again at once, and compressed below.
        figure.savefig(
            drawn, format="png", dpi=DPI, facecolor="white", pil_kwargs={"compress_level": 0}
        )
    with Image.open(drawn) as picture:
        width = picture.width // 2
        small = io.BytesIO()
        picture.convert("RGB").quantize(colors=128).save(small, format="png", optimize=True)
    data = base64.b64encode(small.getvalue()).decode()
    # Never wider or higher than what a projector shows at once, with its proportions kept.
    style = (
        "max-width: 100%; height: auto; max-height: 70vh; object-fit: contain; "
        "background: white; padding: 8px; border-radius: 8px; box-sizing: border-box"
    )
    source = f"data:image/png;base64,{data}"
    alt = html.escape(alt)
    tag = f'<img src="{source}" alt="{alt}" width="{width + 16}" style="{style}">'
    return {"text/html": tag, "text/plain": f"[figure: {figure.get_suptitle()}]"}


def new_figure(title: str, width: float = 7.5, height: float = 3.6, alt: str = "") -> Figure:
    """An empty figure with a title and a text for readers who can't see it, `width` by `height`
    inches.

    It keeps its labels from overlapping.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title, fontsize=FONT + 2)
    figure.set_label(alt)
    return figure


def percent(share: float) -> str:
    """A share in whole percent; one that would be rounded up to all of it is `>99%`."""
    return ">99%" if share >= 0.995 else f"{share:.0%}"


def label(axes: Axes, x: str, y: str) -> None:
    """Name both axes, and take away the frame's upper and right line."""
    axes.set_xlabel(x, fontsize=FONT)
    axes.set_ylabel(y, fontsize=FONT)
    axes.tick_params(labelsize=FONT - 1)
    axes.spines[["top", "right"]].set_visible(False)


def add_legend(axes: Axes) -> None:
    """Name the lines and markers below the axes, where the names lie on no point."""
    axes.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=FONT - 1)


def draw_curves(axes: Axes, x: Sequence[float], curves: Mapping[str, Sequence[float]]) -> None:
    """Draw up to three curves over the places `x`, named in a legend below the axes."""
    for (name, values), (color, line) in zip(curves.items(), CURVES, strict=False):
        axes.plot(x, values, line, color=color, linewidth=2, label=name)
    add_legend(axes)


def name_classes(axes: Axes, class_names: Sequence[str] | np.ndarray) -> list[int]:
    """Write the names of the classes below the horizontal axis, slanted where they need it.

    Returns:
        The labels of the named classes: all, or of more than 20 every second, third, … one.
    """
    places = list(range(0, len(class_names), -(-len(class_names) // MOST_NAMED)))
    names = [class_names[place] for place in places]
    slant = 60 if max(map(len, names)) * len(names) > 40 else 0
    axes.set_xticks(places, names, rotation=slant, fontsize=FONT - 1)
    return places


def draw_shares(
    axes: Axes,
    places: Sequence[float] | np.ndarray,
    shares: Sequence[float] | np.ndarray,
    intervals: Sequence[tuple[float, float]] | np.ndarray,
    color: str,
    marker: str,
    name: str,
) -> None:
    """Draw shares, from 0 to 1, as percents, each with a line for its interval."""
    low, high = 100 * np.asarray(intervals).T
    percents = 100 * np.asarray(shares)
    ends = np.clip([percents - low, high - percents], 0, None)
    axes.errorbar(
        places, percents, ends, fmt=marker, markersize=7, color=color, alpha=0.8, label=name
    )


def draw_image(
    axes: Axes,
    image: np.ndarray,
    title: str = "",
    color: str = "black",
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw one image without ticks.

    Args:
        axes: where to draw.
        image: (height, width) or (height, width, 1), drawn as dark ink on white; else in color.
        title: what it is.
        color: the title's color.
        limits: the values that are white and black; the image's own extremes where none are given.
    """
    low, high = limits or (None, None)
    axes.imshow(np.squeeze(image), cmap="gray_r", interpolation="nearest", vmin=low, vmax=high)
    axes.set_title(title, fontsize=FONT - 1, color=color)
    axes.set(xticks=[], yticks=[])


def draw_frame(
    axes: Axes, row: float, column: float, size: float, color: str, width: float = 3
) -> None:
    """Draw a frame around `size` × `size` pixels, of which the first has this row and column."""
    corner = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=color, linewidth=width))


def draw_numbers(
    axes: Axes,
    values: np.ndarray,
    title: str,
    form: str,
    colors: str,
    limits: tuple[float, float],
) -> None:
    """Draw a small table of numbers as colored squares, each with its number.

    Args:
        axes: where to draw.
        values: numbers of shape (rows, columns).
        title: what they are.
        form: how each number is written, such as `{:.2f}`.
        colors: the name of a Matplotlib color map.
        limits: the values of its first and last color.
    """
    picture = axes.imshow(values, cmap=colors, vmin=limits[0], vmax=limits[1])
    for (row, column), value in np.ndenumerate(values):
        dark = sum(picture.to_rgba(value)[:3]) < 1.5
        axes.text(
            column,
            row,
            written(value, form),
            ha="center",
            va="center",
            fontsize=FONT - 1,
            color="white" if dark else "black",
        )
    axes.set_title(title, fontsize=FONT - 1)
    axes.set(xticks=[], yticks=[])


def written(number: float, form: str) -> str:
    """A number as text, with the real minus sign, and none before a zero."""
    text = form.format(number)
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def draw_moved(title: str, accuracies: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    """Draw how many images networks read when every image is moved by so many pixels.

    Args:
        title: what the figure shows.
        accuracies: for each of up to three networks a row for each seed: the share of images, from
            0 to 1, that is read right when they are moved by 0, 1, 2, … pixels.
    """
    percents = {name: 100 * np.asarray(rows) for name, rows in accuracies.items()}
    alt = "Images read right, not moved and moved furthest: " + "; ".join(
        f"{name} {rows[:, 0].mean():.0f}% and {rows[:, -1].mean():.0f}%"
        for name, rows in percents.items()
    )
    figure = new_figure(title, 7.5, 3.9, alt=f"{alt}.")
    axes = figure.subplots()
    places = range(max(rows.shape[1] for rows in percents.values()))
    draw_curves(axes, places, {name: rows.mean(axis=0) for name, rows in percents.items()})
    for rows, (color, _) in zip(percents.values(), CURVES, strict=False):
        axes.plot(places, rows.T, "o", color=color, mfc="none", markersize=7)
    axes.set(xticks=places)
    axes.grid(axis="y", color=GREY, alpha=0.3)
    label(axes, "pixels moved to the right (dots: seeds, line: their mean)", "read correctly (%)")
    return figure


def image_grid(
    title: str,
    images: Sequence[np.ndarray] | np.ndarray,
    captions: Sequence[str],
    columns: int,
    colors: Sequence[str] | None = None,
) -> Figure:
    """A grid of images, row by row, each with its caption above it.

    Args:
        title: what the grid shows.
        images: arrays of shape (height, width), (height, width, 1) or (height, width, 3).
        captions: one for each image; long lines are broken.
        columns: how many images are in a row.
        colors: the color of each caption; black where none is given.
    """
    rows = -(-len(images) // columns)
    alt = f"{title}. In rows of {columns}: " + ", ".join(
        caption.replace("\n", " ") for caption in captions
    )
    wrapped = [
        "\n".join(textwrap.fill(line, 20) for line in caption.split("\n")) for caption in captions
    ]
    longest = max(len(line) for caption in wrapped for line in caption.split("\n"))
    width = max(1.35, 0.09 * longest + 0.1)  # inches, so that neighbors' captions don't touch
    height = 1.25 + max(caption.count("\n") for caption in wrapped) * 0.22
    figure = new_figure(title, max(width * columns, 4.5), height * rows + 0.5, alt=alt)
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.axis("off")
    for index, (axes, image, caption) in enumerate(zip(grid, images, wrapped, strict=False)):
        axes.axis("on")
        axes.set_anchor("N")  # captions of a row at one height, whatever the images' proportions
        draw_image(axes, image, caption, colors[index] if colors else "black")
    return figure
