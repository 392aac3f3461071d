"""Plots that a reader draws with pyplot, shown like the series' own figures."""

from IPython.core.getipython import get_ipython
from matplotlib.figure import Figure

from helpers.figures import show


def describe_plots() -> None:
    """From now on, `plt.show()` gives each plot an alt text: its title, and what its axes are."""
    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        shell.display_formatter.ipython_display_formatter.for_type(Figure, _show)


def _show(figure: Figure) -> None:
    words = [figure.get_suptitle()]
    for axes in figure.axes:
        words += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
    show(figure, "; ".join(word.replace("\n", ", ") for word in words if word))
