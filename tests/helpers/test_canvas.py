import keras
import numpy as np
import pytest

from helpers.canvas import MAPS, Canvas, folder_names
from helpers.canvas.page import DRAW_PAGE, READER, describe, main, make_page
from helpers.folders import load_folder
from helpers.lesson import create_model
from series.chain import run_name_problem
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


def test_each_class_has_one_folder_whatever_its_name_is(tmp_path):
    names = ["T-shirt/top", "T-shirt:top", "a", "A", "..", "con", "x. ", "\u00e9", "e\u0301", "/"]
    canvas = Canvas(untrained(), "pixels", names, tmp_path / "drawings")
    image = canvas.read(a_seven())[0]
    folders = [canvas.save(image, meant).parent for meant in range(10)]
    assert [folder.parent for folder in folders] == [tmp_path / "drawings"] * 10
    assert len({folder.name.casefold() for folder in folders}) == 10
    for folder in folders:
        assert run_name_problem(folder.name) is None, folder.name
    assert folders[0].name == "T-shirt_top"
    assert folder_names(["7", "8"]) == ["7", "8"]


def message(**more):
    return {"drawing": "page-1", "shape": [140, 140], **more}


@pytest.fixture
def ink():
    return memoryview((a_seven() * 255).astype("uint8").tobytes())


def test_the_page_gets_an_answer_that_fits_its_buffers(canvas, ink):
    page = FakePage()
    canvas.answer(page, message(), [ink])
    ((answer, buffers),) = page.sent
    assert [len(buffer) for buffer in buffers] == [np.prod(shape) for shape in answer["shapes"]]
    assert answer["drawing"] == "page-1" and len(answer["probabilities"]) == 10
    assert "confusion" not in answer and canvas.confusion.sum() == 0


def test_what_was_meant_is_counted_and_saved_if_wanted(canvas, ink):
    page = FakePage()
    canvas.answer(page, message(meant=7, keep=False), [ink])
    canvas.answer(page, message(meant=7, keep=True, drawing="page-2"), [ink])
    (first, _), (second, _) = page.sent
    assert "saved" not in first and second["saved"].endswith(".png")
    assert canvas.confusion[7].sum() == canvas.confusion.sum() == 2
    assert second["confusion"] == canvas.confusion.tolist()


def test_a_drawing_counts_once_however_often_it_is_named(canvas, ink, tmp_path):
    page = FakePage()
    for meant in (7, 7, 1):  # pressed again, since a busy kernel's answer was late
        canvas.answer(page, message(meant=meant, keep=True), [ink])
    assert canvas.confusion[7].sum() == canvas.confusion.sum() == 1
    assert [answer["meant"] for answer, _ in page.sent] == [7, 7, 7]
    assert len(list((tmp_path / "drawings").rglob("*.png"))) == 1


def test_a_drawing_that_could_not_be_saved_is_not_counted(ink):
    page, canvas = FakePage(), Canvas(untrained(), "pixels", NAMES)
    canvas.answer(page, message(meant=7, keep=True), [ink])
    ((answer, _),) = page.sent
    assert "no folder" in answer["problem"] and answer["meant"] == 7
    assert canvas.confusion.sum() == 0


def test_an_empty_drawing_is_answered_with_a_problem(canvas):
    page = FakePage()
    canvas.answer(page, message(meant=7, keep=True), [memoryview(bytes(140 * 140))])
    ((answer, _),) = page.sent
    assert "Nothing is drawn" in answer["problem"] and canvas.confusion.sum() == 0


def test_where_nobody_can_draw_a_stored_drawing_is_shown(canvas, capsys):
    canvas._ipython_display_()
    output = capsys.readouterr().out
    assert "Nobody can draw here" in output and "<img" in output and "widget" not in output


def test_feature_maps_are_named_in_words(canvas, monkeypatch):
    """Keras' names, such as conv2d_99, count what this kernel has made so far."""
    captions = []
    monkeypatch.setattr(
        "helpers.canvas.image_grid", lambda title, images, names, columns: captions.extend(names)
    )
    monkeypatch.setattr("helpers.canvas.show", lambda figure, alt: None)
    canvas._ipython_display_()
    assert captions[0] == "what it sees" and len(captions) > 1
    assert captions[1:] == [f"convolution {number}" for number in range(1, len(captions))]


def network(*layers):
    inputs = outputs = keras.Input((28, 28, 1))
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def test_the_page_is_made_from_the_layers_it_knows(monkeypatch):
    layers = keras.layers
    model = network(
        layers.Conv2D(4, 5, padding="same", use_bias=False),
        layers.MaxPooling2D(),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.3),
        layers.Conv2D(4, 3, activation="relu"),
        layers.Activation("relu"),
        layers.GlobalAveragePooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    )
    kinds = (
        "convolution maximum normalization activation convolution activation average flatten dense"
    )
    assert [layer["kind"] for layer in describe(model)] == kinds.split()
    page = make_page(model)
    assert page == make_page(model)
    for left_over in ("/* network */", "/* canvas.css */", "export ", "import ", "http"):
        assert left_over not in page


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.LayerNormalization(name="odd"),
        keras.layers.Conv2D(4, 3, strides=2, name="odd"),
        keras.layers.Conv2D(4, 3, activation="gelu", name="odd"),
        keras.layers.MaxPooling2D(3, strides=2, name="odd"),
        keras.layers.MaxPooling2D(padding="same", name="odd"),
        keras.layers.ReLU(max_value=6, name="odd"),
    ],
)
def test_a_layer_that_the_page_cannot_compute_is_named(layer):
    with pytest.raises(LessonError, match=r"layer odd \("):
        describe(network(layer, keras.layers.Flatten()))


def test_layers_that_are_not_in_one_line_are_refused():
    inputs = keras.Input((28, 28, 1))
    first = keras.layers.ReLU()(inputs)
    second = keras.layers.ReLU(name="aside")(inputs)
    with pytest.raises(LessonError, match="aside"):
        describe(keras.Model(inputs, keras.layers.Add()([first, second])))


def test_the_page_refuses_networks_of_color_images():
    with pytest.raises(LessonError, match="3 channels"):
        make_page(untrained((28, 28, 3)))


def test_the_committed_page_is_what_the_command_makes():
    page = make_page(keras.models.load_model(READER, compile=False))
    again = "python -m helpers.canvas.page makes docs/draw.html again"
    # As text: on Windows, git may have changed the ends of the lines.
    assert DRAW_PAGE.read_text(encoding="utf-8") == page, again
    assert len(page.encode()) <= 400_000


def test_without_the_network_the_command_says_how_to_train_it(monkeypatch, tmp_path):
    monkeypatch.setattr("helpers.canvas.page.READER", tmp_path / "reader.keras")
    with pytest.raises(SystemExit, match=r"python data/make_reader\.py"):
        main()
