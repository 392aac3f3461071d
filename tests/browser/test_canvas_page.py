"""The canvas in JupyterLab: drawn on with the mouse and from the keyboard, read by a small network."""

from typing import Any

import pytest

from helpers.folders import folder_classes

pytestmark = pytest.mark.browser

TRAIN = """
from pathlib import Path

import keras
import numpy as np
from helpers.canvas import Canvas
from series.chain import DATA_FOLDER
from helpers.lesson import create_model, process_data

trained = Path("canvas.keras")  # by the first of the tests
if trained.exists():
    model = keras.models.load_model(trained)
else:
    keras.utils.set_random_seed(1)
    with np.load(DATA_FOLDER / "mnist.npz") as data:
        images, labels = process_data(data["x_train"][:6000], "pixels"), data["y_train"][:6000]
    model = create_model((28, 28, 1), 10, "adam", "sparse_categorical_crossentropy", ["accuracy"], filters=16)
    model.fit(images, labels, batch_size=32, epochs=1, verbose=0)
    model.save(trained)
"""
SHOW = "Canvas(model, 'pixels', '0123456789', DATA_FOLDER.parent / 'drawings')"
USED_HEIGHT = """() => document.querySelector(".digit-canvas fieldset").getBoundingClientRect().bottom
    - document.querySelector(".digit-canvas").getBoundingClientRect().top"""
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.62, 0.4), (0.52, 0.6), (0.45, 0.8)]


def code(cell_id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "code", "id": cell_id, "metadata": {}, "source": source}


@pytest.fixture
def drawing(lab):
    cells = [code("train", TRAIN), code("canvas", SHOW)]
    metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        }
    }
    lab.show(
        "notebooks/canvas.ipynb",
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5},
    )
    lab.run()
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


def test_a_seven_drawn_with_the_mouse_is_read_counted_and_saved(drawing, violations):
    page = drawing.page
    answer = page.locator(".digit-canvas .answer")
    draw(page, SEVEN)
    page.wait_for_function(
        "document.querySelector('.digit-canvas .spoken').textContent.includes('reads 7')"
    )
    assert "The model reads 7" in answer.inner_text()
    assert page.locator(".digit-canvas .best th").inner_text() == "7"
    assert page.locator(".digit-canvas .map").count() == 18
    # On a projector, the paper, the answer and what to press next are seen at once.
    room = page.locator(".jp-WindowedPanel-outer").bounding_box()["height"]
    assert page.evaluate(USED_HEIGHT) <= room

    page.get_by_label("save the drawing").check()
    for count in (1, 2):
        page.get_by_role("button", name="7", exact=True).click()
        page.wait_for_function(
            f"document.querySelector('.digit-canvas .room .right')?.textContent === '{count}'"
        )
        assert "Counted: a 7, read as 7. Saved as" in answer.inner_text() and ink(page) == 0
        draw(page, SEVEN)
    assert [
        problem for theme in ("Dark", "Light") for problem in in_theme(page, theme, violations)
    ] == []
    folder = drawing.root / "drawings"
    assert folder_classes(folder) == ("7",) and len(list(folder.rglob("*.png"))) == 2


def test_undo_takes_one_stroke_back_and_clear_all(drawing):
    page = drawing.page
    draw(page, SEVEN)
    one_stroke = ink(page)
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    assert ink(page) > one_stroke
    page.get_by_role("button", name="Undo").click()
    assert ink(page) == one_stroke
    page.get_by_role("button", name="Clear").click()
    assert ink(page) == 0 and page.locator(".digit-canvas .answer").inner_text() == "Draw a digit."


def test_the_keyboard_draws_and_jupyterlab_keeps_its_hands_off(drawing):
    page = drawing.page
    page.locator(".digit-canvas .paper").focus()
    cells = page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length")
    for key in [*["ArrowUp"] * 5, "Space", *["ArrowDown"] * 10, "Space"]:
        page.keyboard.press(key)
    page.wait_for_function(
        "document.querySelector('.digit-canvas .spoken').textContent.includes('reads 1')"
    )
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
    page.wait_for_function(
        "document.querySelector('.digit-canvas .spoken').textContent.includes('reads 1')"
    )
