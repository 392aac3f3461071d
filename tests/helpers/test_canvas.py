import runpy

import keras
import numpy as np
import pytest

from helpers.canvas import MAPS, Canvas, folder_names
from helpers.folders import load_folder
from helpers.lesson import create_model
from series.chain import ROOT

NAMES = tuple("0123456789")
PAGE = runpy.run_path(str(ROOT / "docs" / "make_page.py"))


def untrained(shape: tuple[int, int, int] = (28, 28, 1)) -> keras.Model:
    keras.utils.set_random_seed(1)
    return create_model(
        shape, 10, "adam", "sparse_categorical_crossentropy", ["accuracy"], filters=8
    )


def a_seven(side: int = 140) -> np.ndarray:
    ink = np.zeros((side, side))
    ink[side // 5 : side // 4, side // 3 : 2 * side // 3] = 1
    for row in range(side // 5, 4 * side // 5):
        column = 2 * side // 3 - (row - side // 5) // 3
        ink[row, column - side // 20 : column] = 1
    return ink


@pytest.fixture
def canvas(tmp_path):
    return Canvas(untrained(), "pixels", NAMES, tmp_path / "drawings")


@pytest.fixture
def answer(canvas):
    """What the canvas answers to a message of the page about a drawing, and its buffers."""

    class Page:
        def send(self, content, buffers):
            self.sent = content, buffers

    def answer(ink=None, **message):
        page, ink = Page(), a_seven() if ink is None else ink
        pixels = memoryview((ink * 255).astype("uint8").tobytes())
        canvas.answer(page, {"drawing": "page-1", "shape": [140, 140], **message}, [pixels])
        return page.sent

    return answer


def test_a_drawing_is_prepared_and_read(canvas):
    image, probabilities, maps = canvas.read(a_seven())
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    assert image.shape == (28, 28) and max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert probabilities.shape == (10,) and np.isclose(probabilities.sum(), 1, atol=1e-4)
    assert [part.shape for part in maps] == [(MAPS, 26, 26), (MAPS, 26, 26), (MAPS, 13, 13)]
    strength = maps[0].mean(axis=(1, 2))
    assert list(strength) == sorted(strength, reverse=True) and maps[0].max() == 255


def test_color_models_read_drawings_too():
    image, probabilities, _ = Canvas(untrained((32, 32, 3)), "pixels", NAMES).read(a_seven())
    assert image.shape == (32, 32) and probabilities.shape == (10,)


def test_a_model_of_dark_ink_on_light_ground_gets_its_drawings_inverted(canvas):
    light = Canvas(canvas._inside, "pixels", NAMES, dark_background=False)
    assert np.array_equal(light.read(a_seven())[0], 255 - canvas.read(a_seven())[0])


def test_saved_drawings_are_a_folder_that_notebook_2_loads(canvas):
    image = canvas.read(a_seven())[0]
    paths = [canvas.save(image, meant) for meant in (7, 7, 1, 1)]
    (x_train, y_train), (x_test, _), names = load_folder(paths[0].parent.parent)
    assert names == ("1", "7") and sorted(y_train) == [0, 1]
    assert np.array_equal(x_train[0], image) and np.array_equal(x_test[0], image)
    # Four pictures, two folders, nothing temporary.
    assert len(list(paths[0].parent.parent.rglob("*"))) == 6


def test_each_class_has_a_folder_of_its_own_whatever_its_name_is(tmp_path):
    names = ["T-shirt/top", "T-shirt:top", "a", "A", "..", "x. ", "猫", "/"]
    folders = folder_names(names)
    assert len({name.casefold() for name in folders}) == len(names)
    for name in folders:
        (tmp_path / name).mkdir()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(folders)
    assert folders[0] == "T-shirt_top" and folders[6] == "猫"


def test_the_page_gets_an_answer_that_fits_its_buffers(canvas, answer):
    content, buffers = answer()
    assert [len(buffer) for buffer in buffers] == [np.prod(shape) for shape in content["shapes"]]
    assert content["drawing"] == "page-1" and len(content["probabilities"]) == 10
    assert "confusion" not in content and canvas.confusion.sum() == 0


def test_what_was_meant_is_counted_and_saved_if_wanted(canvas, answer):
    first, _ = answer(meant=7, keep=False)
    second, _ = answer(meant=7, keep=True, drawing="page-2")
    assert "saved" not in first and second["saved"].endswith(".png")
    assert canvas.confusion[7].sum() == canvas.confusion.sum() == 2
    assert second["confusion"] == canvas.confusion.tolist()


def test_a_drawing_counts_once_however_often_it_is_named(canvas, answer, tmp_path):
    # Pressed again, since a busy kernel's answer was late.
    answers = [answer(meant=meant, keep=True)[0] for meant in (7, 7, 1)]
    assert canvas.confusion[7].sum() == canvas.confusion.sum() == 1
    assert [content["meant"] for content in answers] == [7, 7, 7]
    assert len(list((tmp_path / "drawings").rglob("*.png"))) == 1


def test_a_drawing_that_could_not_be_saved_is_not_counted(canvas, answer, tmp_path):
    (tmp_path / "drawings").touch()  # a file where the folder would be
    content, _ = answer(meant=7, keep=True)
    assert "drawings" in content["problem"] and content["meant"] == 7
    assert canvas.confusion.sum() == 0


@pytest.mark.parametrize(("side", "says"), [(0, "Nothing is drawn"), (3, "Too little is drawn")])
def test_too_little_ink_is_answered_with_a_problem(canvas, answer, side, says):
    ink = np.zeros((140, 140))
    ink[:side, :side] = 1
    content, _ = answer(ink, meant=7, keep=True)
    assert says in content["problem"] and canvas.confusion.sum() == 0


def test_where_nobody_can_draw_a_stored_drawing_is_shown(canvas, capsys):
    canvas._ipython_display_()
    output = capsys.readouterr().out
    assert "Nobody can draw here" in output and "<img" in output and "widget" not in output


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.LayerNormalization(name="odd"),
        keras.layers.Conv2D(4, 3, strides=2, name="odd"),
        keras.layers.Conv2D(4, 3, activation="gelu", name="odd"),
        keras.layers.MaxPooling2D(padding="same", name="odd"),
        keras.layers.ReLU(max_value=6, name="odd"),
    ],
)
def test_a_layer_that_the_page_cannot_compute_is_named(layer):
    network = keras.Sequential([keras.Input((28, 28, 1)), layer])
    with pytest.raises(ValueError, match=r"layer odd \("):
        PAGE["make_page"](network)


def test_the_committed_page_is_what_the_command_makes():
    page = PAGE["make_page"](keras.models.load_model(PAGE["READER"], compile=False))
    again = "python docs/make_page.py makes docs/draw.html again"
    # As text: on Windows, git may have changed the ends of the lines.
    assert PAGE["DRAW_PAGE"].read_text(encoding="utf-8") == page, again
    assert len(page.encode()) <= 400_000
    for left_over in ("/* network */", "/* canvas.css */", "export ", "import ", "http"):
        assert left_over not in page
