"""docs/draw.html opened from disk: it computes what Keras and helpers' preparation compute."""

import runpy

import keras
import numpy as np
import pytest

from helpers.canvas import Canvas
from helpers.data import load_mnist
from helpers.lesson import process_data
from series.chain import DATA_FOLDER, ROOT

pytestmark = pytest.mark.browser

DRAW_PAGE, DIGITS = ROOT / "docs" / "draw.html", "0123456789"
# Ten digits as strokes: lists of points (x, y) from 0 to 100.
STROKES = runpy.run_path(str(DATA_FOLDER / "drawings" / "make_drawings.py"))["STROKES"]
WIDTHS = (400, 853, 1366)  # a phone, a projector, a laptop

RUN = "images => images.map(image => reader.run(Uint8Array.from(image)).probabilities)"
LISTEN = """() => {
    const send = reader.send;
    reader.send = (question, _, buffers) => {
        window.ink = [...new Uint8Array(buffers[0])];
        send(question, _, buffers);
    };
}"""
PREPARE = """() => [...reader.prepare({
    values: Float32Array.from(window.ink, (value) => value / 255), height: 140, width: 140,
})]"""
TO_THE_RIGHT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def model():
    return keras.models.load_model(DATA_FOLDER / "reader.keras", compile=False)


@pytest.fixture
def drawing(page):
    errors, requests = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(DRAW_PAGE.as_uri())
    yield page
    assert errors == [] and requests == [DRAW_PAGE.as_uri()]


def draw(page, digit):
    paper = page.locator(".paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    for stroke in STROKES[digit]:
        places = [
            (
                box["x"] + (0.2 + 0.6 * x / 100) * box["width"],
                box["y"] + (0.1 + 0.8 * y / 100) * box["height"],
            )
            for x, y in stroke
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=4)
        page.mouse.up()
    # The page asks once a frame: after the next one it has been asked about the whole drawing.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_it_reads_200_test_images_as_keras_does(drawing, model):
    _, (images, _) = load_mnist()
    images = images[np.random.default_rng(1).choice(len(images), 200, replace=False)]
    expected = model.predict(process_data(images, "pixels"), verbose=0)
    probabilities = np.array(drawing.evaluate(RUN, images.reshape(200, -1).tolist()))
    assert probabilities.shape == expected.shape
    assert np.array_equal(probabilities.argmax(axis=1), expected.argmax(axis=1))
    assert abs(probabilities - expected).max() < 0.001


@pytest.mark.parametrize("digit", STROKES)
def test_it_prepares_and_reads_a_drawing_as_the_kernel_does(drawing, model, digit):
    drawing.evaluate(LISTEN)
    draw(drawing, digit)
    ink = np.array(drawing.evaluate("window.ink"), dtype="uint8").reshape(140, 140) / 255
    image, probabilities, maps = Canvas(model, "pixels", DIGITS).read(ink)
    prepared = np.array(drawing.evaluate(PREPARE)).reshape(28, 28)
    assert abs(prepared - image.astype(int)).mean() / 255 < 0.02
    read = drawing.locator(".best th").inner_text()
    assert read == DIGITS[probabilities.argmax()] == str(digit)
    result = drawing.evaluate("image => reader.run(Uint8Array.from(image))", image.ravel().tolist())
    assert abs(np.array(result["probabilities"]) - probabilities).max() < 0.001
    for layer, own in zip(maps, result["maps"], strict=True):
        assert own["shape"] == list(layer.shape)
        pixels = np.array(own["bytes"]).reshape(layer.shape)
        assert abs(pixels - layer.astype(int)).mean() / 255 < 0.02


def test_it_counts_what_was_meant_and_offers_no_folder(drawing):
    for digit, meant in ((4, 4), (7, 7), (1, 7)):
        draw(drawing, digit)
        drawing.get_by_role("button", name=str(meant), exact=True).click()
        assert (
            f"you meant {meant}, the model read {digit}." in drawing.locator(".hint").inner_text()
        )
    words = "Read as meant: 2 of 3. Most often misread: 7 as 1, once."
    assert drawing.locator(".summary").inner_text() == words
    assert drawing.get_by_role("checkbox").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_can_be_used_by_everybody(drawing, violations, width, theme):
    drawing.set_viewport_size({"width": width, "height": 768})
    drawing.emulate_media(color_scheme=theme)
    assert violations(drawing) == []
    draw(drawing, 7)
    drawing.get_by_role("button", name="7", exact=True).click()
    assert violations(drawing) == []
    assert drawing.evaluate(TO_THE_RIGHT) == 0
    assert drawing.locator(".paper").bounding_box()["width"] == 320


def test_a_dot_is_too_little_to_read(drawing):
    drawing.locator(".paper").click()
    drawing.get_by_text("Too little is drawn").wait_for()
    assert drawing.locator(".answer").inner_text() == "Draw a digit."
