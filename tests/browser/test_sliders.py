"""Sliders in JupyterLab: moved with the keyboard, they change the picture below them."""

import pytest

pytestmark = pytest.mark.browser

IMPORT = "from helpers.explore import Slider, explore\nfrom helpers.figures import new_figure"
EXPLORE = """def draw(rate):
    return new_figure('A picture', alt=f'This picture is for {rate:.1f}.')

explore(draw, [Slider('learning rate', 0.5, 0, 1, 0.1)])"""


@pytest.fixture
def exploring(lab):
    lab.show_cells(imports=IMPORT, explore=EXPLORE)
    return lab


def test_a_slider_is_named_moves_by_arrow_keys_and_changes_the_picture(exploring, violations):
    page = exploring.page
    slider = page.get_by_role("slider", name="learning rate")
    slider.wait_for()
    page.get_by_alt_text("This picture is for 0.5.").wait_for()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    page.get_by_alt_text("This picture is for 0.7.").wait_for()
    assert page.locator(".digit-sliders span").inner_text() == "0.7"
    page.get_by_text("This picture is for 0.7.").wait_for(state="attached")  # spoken
    assert page.locator(".jp-OutputArea-output img").count() == 1
    assert violations(page, ".digit-sliders") == []

    page.get_by_role("button", name="Reset").click()
    page.get_by_alt_text("This picture is for 0.5.").wait_for()


def test_opened_again_without_a_kernel_the_picture_is_there_and_nothing_is_red(exploring):
    page = exploring.page
    page.get_by_role("slider", name="learning rate").wait_for()
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    exploring.stop()
    page.goto(f"{exploring.url}/lab/tree/notebooks/own.ipynb?reset&token=digits")
    page.get_by_alt_text("This picture is for 0.5.").wait_for()
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    assert page.locator(".jp-RenderedText[data-mime-type*='error']").count() == 0
