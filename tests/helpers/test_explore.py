"""Sliders: a picture for everybody, and something to move it with where somebody can."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers import explore as module
from helpers.explore import Slider, explore
from helpers.figures import new_figure

SLIDERS = [Slider("rate", 0.1, 0, 1, 0.1), Slider("steps", 5, 1, 9, 1)]
WIDGET = "application/vnd.jupyter.widget-view+json"


def draw(rate: float, steps: int):
    return new_figure("The way", alt=f"The way down with a rate of {rate} in {steps} steps.")


@pytest.fixture
def outputs(monkeypatch):
    """Runs `explore` as a cell, and gives the outputs of that cell and the pages that it made."""

    def run(metadata: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Any]]:
        pages: list[Any] = []

        class Page(module.SliderPage):
            def __init__(self, **values: Any) -> None:
                super().__init__(**values)
                pages.append(self)

        monkeypatch.setattr(module, "SliderPage", Page)
        shell = SimpleNamespace(parent_header={"metadata": metadata})
        monkeypatch.setattr(module, "get_ipython", lambda: shell)
        with capture_output() as captured:
            explore(draw, SLIDERS)
        return [output.data for output in captured.outputs], pages

    InteractiveShell.instance()
    yield run
    InteractiveShell.clear_instance()


def test_where_nobody_can_act_there_is_the_picture_alone(outputs) -> None:
    [picture], pages = outputs({})
    assert pages == []
    assert picture["text/plain"] == "[figure: The way]"
    assert 'alt="The way down with a rate of 0.1 in 5 steps."' in picture["text/html"]


def test_in_an_editor_the_sliders_come_first_and_the_picture_stays_without_them(outputs) -> None:
    [sliders, picture], [page] = outputs({"cellId": "x"})
    assert WIDGET in sliders
    assert "can't show the sliders" in sliders["text/plain"]
    assert WIDGET not in picture and "0.1 in 5 steps" in picture["text/html"]
    assert page.values == [0.1, 5]
    assert [slider["label"] for slider in page.setup["sliders"]] == ["rate", "steps"]


def test_moving_a_slider_draws_again_and_says_what_is_shown(outputs) -> None:
    _, [page] = outputs({"cellId": "x"})
    with capture_output() as captured:
        page.values = [0.9, 5]
    assert page.spoken == "The way down with a rate of 0.9 in 5 steps."
    assert re.search(r'alt="[^"]*0\.9 in 5', captured.outputs[0].data["text/html"])
