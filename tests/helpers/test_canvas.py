import keras
import numpy as np
import pytest

from helpers.canvas import MAPS, Canvas
from helpers.folders import load_folder
from helpers.lesson import create_model
from series.errors import LessonError

NAMES = tuple("0123456789")


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


class FakePage:
    def __init__(self):
        self.sent = []

    def send(self, content, buffers=None):
        self.sent.append((content, buffers))


def test_a_drawing_is_prepared_and_read(canvas):
    image, probabilities, maps = canvas.read(a_seven())
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    assert image.shape == (28, 28) and max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert probabilities.shape == (10,) and np.isclose(probabilities.sum(), 1, atol=1e-4)
    assert [part.shape for part in maps] == [(MAPS, 26, 26), (MAPS, 26, 26), (MAPS, 13, 13)]
    strength = maps[0].mean(axis=(1, 2))
    assert list(strength) == sorted(strength, reverse=True) and maps[0].max() == 255


def test_where_one_draws_makes_no_difference(canvas):
    small, moved = a_seven(140), np.zeros((140, 140))
    moved[:115, :115] = small[25:, 25:]
    assert np.array_equal(canvas.read(small)[0], canvas.read(moved)[0])


def test_color_models_read_drawings_too(tmp_path):
    image, probabilities, _ = Canvas(untrained((32, 32, 3)), "pixels", NAMES, tmp_path).read(
        a_seven()
    )
    assert image.shape == (32, 32) and probabilities.shape == (10,)


@pytest.mark.parametrize("side", [0, 3])
def test_too_little_ink_is_refused(canvas, side):
    ink = np.zeros((140, 140))
    ink[:side, :side] = 1
    with pytest.raises(LessonError):
        canvas.read(ink)


def test_saved_drawings_are_a_folder_that_notebook_2_loads(canvas):
    image = canvas.read(a_seven())[0]
    paths = [canvas.save(image, meant) for meant in (7, 7, 1, 1)]
    (x_train, y_train), (x_test, _), names = load_folder(paths[0].parent.parent)
    assert names == ("1", "7") and sorted(y_train) == [0, 1]
    assert np.array_equal(x_train[0], image) and np.array_equal(x_test[0], image)
    assert (
        len(list(paths[0].parent.parent.rglob("*"))) == 6
    )  # four pictures, two folders, nothing temporary


def test_the_page_gets_an_answer_that_fits_its_buffers_and_what_was_meant_is_counted_and_saved_if_wanted(
    canvas,
):
    page = FakePage()
    ink = memoryview((a_seven() * 255).astype("uint8").tobytes())
    for more in ({}, {"meant": 7, "keep": False}, {"meant": 7, "keep": True}):
        canvas.answer(page, {"shape": [140, 140], **more}, [ink])
    (first, buffers), (second, _), (third, _) = page.sent
    assert [len(buffer) for buffer in buffers] == [np.prod(shape) for shape in first["shapes"]]
    assert "confusion" not in first and "saved" not in second and third["saved"].endswith(".png")
    assert canvas.confusion[7].sum() == canvas.confusion.sum() == 2
    assert third["confusion"] == canvas.confusion.tolist()


def test_an_empty_drawing_is_answered_with_a_problem(canvas):
    page = FakePage()
    canvas.answer(
        page, {"shape": [140, 140], "meant": 7, "keep": True}, [memoryview(bytes(140 * 140))]
    )
    ((answer, _),) = page.sent
    assert "nothing is drawn" in answer["problem"] and canvas.confusion.sum() == 0


def test_where_nobody_can_draw_a_stored_drawing_is_shown(canvas, capsys):
    canvas._ipython_display_()
    output = capsys.readouterr().out
    assert "Nobody can draw here" in output and "<img" in output and "widget" not in output
