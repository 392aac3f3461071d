"""Sliders above a picture: a reader turns a number and sees what it changes.

The sliders (explore.js, an anywidget without a build step) are the browser's own, so that keyboard
and screen reader work with them. The picture below them is an ordinary output of the cell: it stays
where an editor can't show sliders, and it is all there is where nobody can move them (papermill,
nbval, nbconvert).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from helpers.figures import picture_bundle

NO_SLIDERS = "This editor can't show the sliders. The picture shows their first values."


@dataclass(frozen=True)
class Slider:
    """A number to turn: its name, its first value, its range, and the step between values."""

    label: str
    value: float
    low: float
    high: float
    step: float


class SliderPage(anywidget.AnyWidget):
    """What the browser shows. It sends the sliders' values, and speaks `spoken`."""

    _esm = Path(__file__).with_name("explore.js")
    setup = traitlets.Dict().tag(sync=True)
    values: Any = traitlets.List().tag(sync=True)
    spoken = traitlets.Unicode().tag(sync=True)


def explore(draw: Callable[..., Figure], sliders: Sequence[Slider], columns: int = 1) -> None:
    """Show a picture, and sliders above it where somebody can move them.

    Args:
        draw: draws the picture from the sliders' values, which it takes in their order.
        sliders: the numbers to turn; the picture that everybody sees has their first values.
        columns: how many sliders stand beside each other.
    """
    first_values = [slider.value for slider in sliders]
    picture = draw(*first_values)
    if not somebody_can_act():
        display(picture_bundle(picture), raw=True)
        return
    page = SliderPage(
        setup={"sliders": [asdict(slider) for slider in sliders], "columns": columns},
        values=first_values,
    )
    # What an editor without widgets shows in their place is the bundle's plain text.
    display({**_bundle_of(page), "text/plain": NO_SLIDERS}, raw=True)
    shown = display(picture_bundle(picture), raw=True, display_id=True)

    def draw_again(change: dict[str, Any]) -> None:
        picture = draw(*change["new"])
        shown.update(picture_bundle(picture), raw=True)
        page.spoken = str(picture.get_label())

    page.observe(draw_again, "values")


def somebody_can_act() -> bool:
    """Whether the running cell was started on a page that a reader has in front of them.

    JupyterLab and its kin tell the kernel which cell they run; what runs notebooks with nobody
    there doesn't.
    """
    header = getattr(get_ipython(), "parent_header", {})
    return "cellId" in header.get("metadata", {})


def _bundle_of(page: SliderPage) -> dict[str, Any]:
    # anywidget gives the data, or the data with metadata.
    bundle = page._repr_mimebundle_()
    return dict(bundle[0] if isinstance(bundle, tuple) else bundle or {})
