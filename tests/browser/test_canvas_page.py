"""The canvas in JupyterLab: drawn on with the mouse and from the keyboard, read by the reader."""

import pytest

pytestmark = pytest.mark.browser

SETUP = """
import keras
from helpers.canvas import Canvas
from helpers.data import DATA_FOLDER

model = keras.models.load_model(DATA_FOLDER / "reader.keras")
"""
SHOW = "Canvas(model, 'pixels', '0123456789', DATA_FOLDER.parent / 'drawings')"
USED_HEIGHT = """() => document.querySelector(".digit-canvas fieldset").getBoundingClientRect().bottom
    - document.querySelector(".digit-canvas").getBoundingClientRect().top"""
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.62, 0.4), (0.52, 0.6), (0.45, 0.8)]


@pytest.fixture
def drawing(lab):
    lab.show_cells(setup=SETUP, canvas=SHOW)
    lab.page.locator(".digit-canvas .paper").wait_for()
    return lab


def draw(page, points):
    paper = page.locator(".digit-canvas .paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def ink(page):
    return page.evaluate(
        """() => { const paper = document.querySelector(".digit-canvas .paper");
        return paper.getContext("2d").getImageData(0, 0, paper.width, paper.height).data
            .filter((_, place) => place % 4 === 3).reduce((sum, value) => sum + (value > 0), 0); }"""
    )


def in_theme(page, theme, violations):
    page.evaluate(
        f"jupyterapp.commands.execute('apputils:change-theme', {{ theme: 'JupyterLab {theme}' }})"
    )
    light = str(theme == "Light").lower()
    page.locator(
        f"body[data-jp-theme-light={light}][data-jp-theme-name='JupyterLab {theme}']"
    ).wait_for(state="attached")
    return [f"{theme}: {problem}" for problem in violations(page, ".digit-canvas")]


def hint(page):
    return page.locator(".digit-canvas .hint").inner_text()


def wait_until_spoken(page, words):
    page.wait_for_function(
        f"document.querySelector('.digit-canvas .spoken').textContent.includes({words!r})"
    )


def test_a_seven_drawn_with_the_mouse_is_read_counted_and_saved(drawing, violations):
    page = drawing.page
    answer = page.locator(".digit-canvas .answer")
    assert page.locator(".digit-canvas-missing").is_hidden()
    draw(page, SEVEN)
    wait_until_spoken(page, "reads 7")
    assert answer.inner_text().startswith("The model reads 7 (")
    assert page.locator(".digit-canvas .best th").inner_text() == "7"
    assert page.locator(".digit-canvas .map").count() == 18
    # On a projector, the paper, the answer and what to press next are seen at once.
    room = page.locator(".jp-WindowedPanel-outer").bounding_box()["height"]
    assert page.evaluate(USED_HEIGHT) <= room

    page.get_by_label("save the drawing").check()
    one_seven = ink(page)
    for count in (1, 2):
        page.get_by_role("button", name="7", exact=True).click()
        page.wait_for_function(
            f"document.querySelector('.digit-canvas .room .right')?.textContent === '{count}'"
        )
        # The drawing and its answer stay, to be discussed, until the next stroke.
        assert "Counted: you meant 7, the model read 7. Saved as" in hint(page)
        assert ink(page) > 0 and answer.inner_text().startswith("The model reads 7 (")
        draw(page, SEVEN)
        assert ink(page) == one_seven and hint(page) == ""
    assert f"Read as meant: {count} of {count}." in page.locator(".summary").inner_text()
    assert [
        problem for theme in ("Dark", "Light") for problem in in_theme(page, theme, violations)
    ] == []
    folder = drawing.root / "drawings"
    assert [path.parent.name for path in folder.rglob("*.*")] == ["7", "7"]


def test_undo_takes_one_stroke_back_and_clear_all_while_the_last_answer_stays(drawing):
    page = drawing.page
    draw(page, SEVEN)
    one_stroke = ink(page)
    wait_until_spoken(page, "reads 7")
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    assert ink(page) > one_stroke
    page.get_by_role("button", name="Undo").click()
    assert ink(page) == one_stroke
    wait_until_spoken(page, "reads 7")
    page.get_by_role("button", name="Clear").click()
    assert ink(page) == 0 and page.locator(".digit-canvas .answer").inner_text() == "Draw a digit."
    assert "The last drawing was read as 7" in hint(page)
    assert page.locator(".digit-canvas .best th").inner_text() == "7"


def test_no_button_is_silent_and_a_second_click_counts_nothing(drawing):
    page = drawing.page
    seven = page.get_by_role("button", name="7", exact=True)
    for button, words in (("Undo", "draw a digit first"), ("Clear", "draw a digit first")):
        page.get_by_role("button", name=button).click(force=True)  # although it is disabled
        assert words in hint(page)
    assert seven.get_attribute("aria-disabled") == "true"
    seven.click(force=True)
    assert "then say which one you meant" in hint(page)
    draw(page, SEVEN)
    assert seven.get_attribute("aria-disabled") == "false"
    seven.click()
    page.locator(".digit-canvas .room .right").wait_for()
    seven.click(force=True)
    page.locator(".digit-canvas .meant").nth(1).click(force=True)
    assert "counted already" in hint(page)
    assert "of 1." in page.locator(".summary").inner_text()


def test_without_its_kernel_the_canvas_says_what_to_do(drawing):
    page = drawing.page
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    draw(page, SEVEN)
    wait_until_spoken(page, "kernel doesn't answer")
    assert "run the notebook again up to this cell" in hint(page)
    page.get_by_role("button", name="7", exact=True).click()
    wait_until_spoken(page, "kernel doesn't answer")

    drawing.stop()
    page.goto(page.url.split("?")[0] + "?reset&token=digits")
    missing = page.locator(".digit-canvas-missing")
    missing.wait_for()
    assert "run the notebook again up to this cell" in missing.inner_text()


def test_the_keyboard_draws_and_jupyterlab_keeps_its_hands_off(drawing):
    page = drawing.page
    page.locator(".digit-canvas .paper").focus()
    cells = page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length")
    for key in [*["ArrowUp"] * 5, "Space", *["ArrowDown"] * 10, "Space"]:
        page.keyboard.press(key)
    wait_until_spoken(page, "reads 1")
    page.keyboard.press("u")
    assert page.locator(".digit-canvas .answer").inner_text() == "Draw a digit."
    page.keyboard.press("c")
    assert page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length") == cells
    assert page.evaluate("document.activeElement.className") == "paper"


def test_a_finger_draws(drawing):
    page = drawing.page
    page.locator(".digit-canvas .paper").evaluate(
        """(paper) => { const box = paper.getBoundingClientRect();
        paper.setPointerCapture = () => {};
        const touch = (type, x, y) => paper.dispatchEvent(new PointerEvent(type, { pointerId: 9, pointerType: "touch",
            clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, cancelable: true }));
        touch("pointerdown", 0.5, 0.2);
        for (let y = 0.2; y < 0.8; y += 0.05) touch("pointermove", 0.5, y);
        touch("pointerup", 0.5, 0.8); }"""
    )
    wait_until_spoken(page, "reads 1")
