"""Exercises: an answer is still to do, right, or gets the hint that fits it, and nothing ever stops
the notebook.
"""

from pathlib import Path
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from keras import layers
from nbclient import NotebookClient

from helpers.exercises import (
    AFTER_AN_ERROR,
    CHECK,
    TO_DO,
    check,
    check_network,
    check_reader,
    check_trained,
)

HINTS = {
    640: "Each kernel also has a bias.",
    "B": "That is the other axis.",
    (1, 2): "Count the channels.",
}


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (..., 3, TO_DO),
        (3, 3, "Right."),
        (3.0000001, 3, "Right."),
        (np.int64(3), 3, "Right."),
        (640, 576, "Not yet. Each kernel also has a bias."),
        (" b ", "B", "Right."),
        ("b", "C", "Not yet. That is the other axis."),
        (2, "C", "Not yet. The answer is a letter, in quotation marks; yours is 2."),
        ("three", 3, "Not yet. The answer is one number; yours is 'three'."),
        ("(28, 28)", (28, 28), "Not yet. The answer is 2 numbers; yours is '(28, 28)'."),
        (704, 564, "Not yet. It isn't 704."),
        ("D", "C", "Not yet. It isn't 'D'."),
        (np.array([5, 6]), [3, 4], "Not yet. It isn't [5 6]."),
        (tf.constant(704.0), 564, "Not yet. It isn't 704.0."),
        (tf.constant([5, 6]), [3, 4], "Not yet. It isn't [5 6]."),
        (11, 0.11, "Not yet. Right in percent. Write it as a number between 0 and 1."),
        (
            [42, 58],
            [0.42, 0.58],
            "Not yet. Right in percent. Write it as a number between 0 and 1.",
        ),
        (300, 3, "Not yet. It isn't 300."),
        (None, 3, "Not yet. The answer is one number; yours is None."),
        ([1, [2, 3]], 3, "Not yet. The answer is one number; yours is [1, [2, 3]]."),
        (float("nan"), 3, "Not yet. The answer is one number; yours is nan."),
        ([0.6, 0.8], np.array([0.6, 0.8], "float32"), "Right."),
        ((28, 28, 1), (28, 28, 1), "Right."),
        ((28, 28), (28, 28, 1), "Not yet. The answer is 3 numbers; yours is (28, 28)."),
        ([1, 2], [3, 4], "Not yet. Count the channels."),
    ],
)
def test_each_answer_gets_its_line(answer, right, said: str, capsys: pytest.CaptureFixture) -> None:
    check(answer, right, hints=HINTS)
    assert capsys.readouterr().out.strip() == said


def test_hints_about_wrong_arrays_are_pairs(capsys: pytest.CaptureFixture) -> None:
    right = np.array([[0, 255], [255, 0]], "uint8")
    pairs = [(255 - right, "That is as it was."), (right / 255, "That is 1 for ink.")]
    for answer in (right, ~(255 - right), 255 - right, right / 255, right[0]):
        check(answer, right, hints=pairs)
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [
        "Right.",
        "Right.",
        "Not yet. That is as it was.",
        "Not yet. That is 1 for ink.",
    ]
    assert said[4] == "Not yet. The answer has the shape (2, 2); yours has (2,)."


def test_the_type_of_the_numbers_can_be_asked_for(capsys: pytest.CaptureFixture) -> None:
    right = np.array([[0.5, 1]], "float32")
    for answer in (right, right.astype("float64"), right[0], 2 * right, ..., "x", [[1], [2, 3]]):
        check(answer, right, dtype="float32")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Right."
    assert said[1] == "Not yet. The numbers are right; their type is float64 instead of float32."
    assert said[2] == "Not yet. The answer has the shape (1, 2); yours has (2,)."
    assert said[3] == "Not yet. The shape is right, and the numbers aren't."
    assert said[4] == TO_DO
    assert said[5:] == [
        f"Not yet. The answer is 2 numbers; yours is {x}." for x in ("'x'", "[[1], [2, 3]]")
    ]


def test_a_number_too_large_for_an_array_is_not_right(capsys: pytest.CaptureFixture) -> None:
    check(10**400, 3)
    check(10**400, 0.5)
    assert [line[:8] for line in capsys.readouterr().out.splitlines()] == ["Not yet."] * 2


def test_none_can_have_a_hint(capsys: pytest.CaptureFixture) -> None:
    for answer in (None, float("nan"), 4):
        check(answer, 3, hints={None: "It returned nothing.", 4: "One too many."})
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Not yet. It returned nothing."
    assert said[1].endswith("yours is nan.")
    assert said[2] == "Not yet. One too many."


def test_how_near_is_near_enough_can_be_set(capsys: pytest.CaptureFixture) -> None:
    check(0.31, 0.3, within=0.05)
    assert capsys.readouterr().out == "Right.\n"


SHAPE = (28, 28, 1)
KINDS = ("Conv2D", "MaxPool2D", "Flatten", "Dense")
PARAMETERS = (3 * 3 + 1) * 8 + (13 * 13 * 8 + 1) * 10


def described() -> list:
    """The layers of the network that the tests ask for."""
    return [
        keras.Input(SHAPE),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPool2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def functional(skip: str = "") -> keras.Model:
    """The same network layer by layer; the result of the layer `skip` is not passed on."""
    inputs, *rest = described()
    x = inputs
    for layer in rest:
        result = layer(x)
        x = x if type(layer).__name__ == skip else result
    return keras.Model(inputs, x)


def with_layers_of_their_own() -> keras.Model:
    """Each activation as a layer, another layer for flattening, pixels scaled, names made up."""
    return keras.Sequential(
        [
            keras.Input(SHAPE, name="paper"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, (3, 3), name="eyes"),
            layers.ReLU(),
            layers.MaxPooling2D((2, 2)),
            layers.Reshape((-1,)),
            layers.Dropout(0.2),
            layers.Dense(10),
            layers.Activation("softmax"),
        ]
    )


def nested() -> keras.Model:
    """A network inside another one, with the activation as a function."""
    inputs, conv, *rest = described()
    eyes = keras.Sequential([inputs, conv], name="eyes")
    outside = keras.Input(SHAPE)
    x = eyes(outside)
    for layer in rest[:-1]:
        x = layer(x)
    return keras.Model(outside, keras.ops.softmax(layers.Dense(10)(x)))


def with_functions() -> keras.Model:
    """ReLU as a function that is called."""
    inputs, _, *rest = described()
    x = keras.activations.relu(layers.Conv2D(8, 3)(inputs))
    for layer in rest:
        x = layer(x)
    return keras.Model(inputs, x)


def changed(place: int, *instead: object) -> keras.Model:
    """The described network with something else in place of one of its layers."""
    new = described()
    new[place : place + 1 or None] = instead
    return keras.Sequential(new)


def unbuilt() -> keras.Model:
    return keras.Sequential(described()[1:])


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential(described()),
        functional,
        with_layers_of_their_own,
        nested,
        with_functions,
    ],
)
def test_any_network_that_meets_the_description_is_right(make, capsys) -> None:
    check_network(make(), SHAPE, 10, KINDS, PARAMETERS)
    assert capsys.readouterr().out == "Right.\n"


def test_without_a_list_of_layers_any_classifier_is_right(capsys) -> None:
    pooled = [keras.Input((None, None, 1)), layers.Conv2D(10, 3), layers.GlobalAveragePooling2D()]
    check_network(keras.Sequential([*pooled, layers.Softmax()]), SHAPE, 10)
    check_network(keras.Sequential(described()), SHAPE, 10)
    assert capsys.readouterr().out == "Right.\n" * 2


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: changed(-1, layers.Dense(10)), 'activation="softmax"'),
        (lambda: changed(-1, layers.Dense(10, activation="sigmoid")), 'activation="softmax"'),
        (lambda: changed(0, keras.Input((32, 32, 1))), "(32, 32, 1); an image has (28, 28, 1)"),
        (lambda: keras.Sequential([keras.Input((28, 28)), *described()[3:]]), "channels are miss"),
        (lambda: changed(3), "Is Flatten missing"),
        (lambda: functional(skip="Flatten"), "Is Flatten missing"),
        (lambda: functional(skip="MaxPooling2D"), "MaxPooling2D is missing in what leads"),
        (lambda: functional(skip="Conv2D"), "Conv2D is missing in what leads"),
        (lambda: changed(-1, layers.Dense(9, activation="softmax")), "9 numbers come out"),
        (lambda: changed(1, layers.Conv2D(8, 3)), "there is no ReLU"),
        (lambda: changed(1, layers.Conv2D(8, 3, activation="tanh")), "whose activation is tanh,"),
        (lambda: changed(1, described()[1], layers.Conv2D(8, 3)), "is one Conv2D too many"),
        (lambda: changed(1, layers.Conv2D(8, 5, activation="relu")), "parameters, and the desc"),
        (lambda: changed(2, layers.MaxPool2D(3)), "Compare filters, kernel size, padding and poo"),
        (lambda: described()[-1], "That is a single layer."),
        (lambda: functional().output, "Tie both ends together"),
        (described, "Give it to keras.Sequential"),
        (lambda: functional().summary(print_fn=lambda *_, **__: None), "That is None."),
        (lambda: keras.Sequential, "yours is a Sequential"),
        (lambda: "Conv2D", "yours is a str"),
        (unbuilt, "keras.Input((28, 28, 1))"),
    ],
)  # fmt: skip
def test_a_network_gets_the_hint_about_its_likeliest_mistake(make, hint, capsys) -> None:
    check_network(make(), SHAPE, 10, KINDS, PARAMETERS)
    said = capsys.readouterr().out
    assert said.startswith("Not yet. ") and hint in said


@pytest.mark.parametrize("make", [lambda: ..., lambda: keras.Sequential([keras.Input(SHAPE)])])
def test_a_network_that_has_no_layer_is_still_to_do(make, capsys) -> None:
    check_network(make(), SHAPE, 10, KINDS)
    assert capsys.readouterr().out == TO_DO + "\n"


def test_a_network_that_stops_on_images_does_not_stop_the_notebook(capsys) -> None:
    class Stopping(keras.layers.Layer):
        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape)

        def call(self, x):
            raise RuntimeError("no")

    check_network(keras.Sequential([*described(), Stopping()]), SHAPE, 10)
    assert "stops with RuntimeError" in capsys.readouterr().out


def in_cells(*cells: str) -> str:
    """What the last of these cells prints, when they are run one after the other in IPython."""
    shell = InteractiveShell.instance()
    try:
        for cell in cells[:-1]:
            shell.run_cell(cell)
        with capture_output() as captured:
            shell.run_cell(cells[-1])
    finally:
        InteractiveShell.clear_instance()
    return str(captured.stdout)


IMPORT = "from helpers.exercises import check"


@pytest.mark.parametrize("broken", ["my_x = 4 +", "my_x = misspelled"])
def test_an_answer_that_did_not_run_is_mentioned(broken: str) -> None:
    said = in_cells(IMPORT, "my_x = 3", broken, "check(my_x, 3)")
    assert said == f"{AFTER_AN_ERROR}\nRight.\n"
    assert in_cells(IMPORT, broken, "my_x = 3", "check(my_x, 3)") == "Right.\n"


def test_a_check_without_an_answer_says_so_and_fails_in_one_line() -> None:
    """In a kernel, as a reader has it whose first attempt stops with an error."""
    sources = (
        "from helpers.exercises import check, explain_missing_answers\nexplain_missing_answers()",
        "my_x = 4 +",
        f"{CHECK}\ncheck(my_x, 3)",
        f"{CHECK}\ncheck(misspelled, 3)",
        "my_y = my_z + 1",
        "my_x = 3",
        f"{CHECK}\ncheck(my_x, 3)",
    )
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    states = []
    NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        on_cell_executed=lambda execute_reply, **_: states.append(
            execute_reply["content"]["status"]
        ),
    ).execute()
    assert states == ["ok", "error", "error", "error", "error", "ok", "ok"]
    _, _, no_answer, another_name, own_cell, _, right = (cell.outputs for cell in notebook.cells)
    assert len(no_answer) == 1
    assert no_answer[0].traceback[0].startswith("my_x has no value yet\n")
    for usual in (another_name, own_cell):
        assert usual[0].ename == "NameError" and "Traceback" in "".join(usual[0].traceback)
    assert right[0].text == "Right.\n"


# Images that are easy to tell apart: a bright row, another one for each class.
EASY_LABELS = np.arange(100) % 4
EASY = np.zeros((100, 8, 8, 1), "float32")
EASY[np.arange(100), 2 * EASY_LABELS] = 1.0


def trained(
    *inside: keras.layers.Layer, rate: float = 0.03, loss: str = "", functional: bool = False, **fit
) -> keras.Model:
    """A small network, compiled, and trained unless `epochs=0`."""
    keras.utils.set_random_seed(1)
    own = inside or (layers.Conv2D(8, 3, activation="relu"), layers.MaxPool2D(), layers.Flatten())
    network = keras.Sequential([keras.Input((8, 8, 1)), *own, layers.Dense(4, "softmax")])
    if functional:
        image = keras.Input((8, 8, 1))
        network = keras.Model(image, network(image))
    network.compile(
        keras.optimizers.Adam(rate), loss or "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    settings = {"epochs": 15, "validation_split": 0.2, "verbose": 0} | fit
    if settings["epochs"]:
        network.fit(EASY, EASY_LABELS, **settings)
    return network


def slow(*values: object) -> Any:
    """A case that trains, which takes seconds; there is a quick one of its kind."""
    return pytest.param(*values, marks=pytest.mark.slow)


def flattened(*more: keras.layers.Layer) -> keras.Model:
    return trained(layers.Flatten(), *more, rate=0.02, epochs=2)


def not_compiled() -> keras.Model:
    whole = trained(epochs=0)
    return keras.Model(whole.inputs, whole.outputs)


def trained_with_sgd() -> keras.Model:
    network = trained(epochs=0)
    network.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(EASY, EASY_LABELS, epochs=2, validation_split=0.2, verbose=0)
    return network


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (not_compiled, "call compile, then fit"),
        (lambda: trained(epochs=0), "call fit on it"),
        slow(lambda: trained(validation_split=0.0), "validation_split=0.2"),
        (lambda: trained(loss="mean_squared_error", epochs=0), "sparse_categorical_crossentropy"),
        (flattened, "no convolution"),
        slow(lambda: trained(rate=1e-7, epochs=1), "far too large or small"),
        slow(lambda: trained(rate=0.002, epochs=2), "still falling"),
        (trained_with_sgd, "Its optimizer is SGD. The exercise says"),
        slow(lambda: trained().history, "what fit returned"),
        (lambda: trained(layers.Conv2D(4, 3), epochs=0), "Is Flatten missing"),
        (lambda: 0.97, "A Keras network is needed"),
    ],
)
def test_a_network_that_learned_too_little_gets_its_hint(make, hint, capsys) -> None:
    check_trained(make(), EASY, EASY_LABELS, 4, better_than=1.0)
    said = capsys.readouterr().out
    assert said.startswith("Not yet. ") and hint in said


@pytest.mark.parametrize(
    "make",
    [
        trained,
        slow(lambda: trained(functional=True)),
        slow(
            lambda: trained(
                layers.SeparableConv2D(8, 3, activation="relu"),
                layers.Dropout(0.2),
                layers.Flatten(),
            )
        ),
        slow(lambda: trained(validation_split=0.0, validation_data=(EASY[80:], EASY_LABELS[80:]))),
    ],
)
def test_any_network_that_reads_enough_of_what_was_held_out_is_right(make, capsys) -> None:
    check_trained(make(), EASY, EASY_LABELS, 4, better_than=0.9)
    assert capsys.readouterr().out == "Right.\n"


def test_a_network_can_be_compared_with_another_one_instead(capsys) -> None:
    good, bad = trained(), trained(rate=1e-7, epochs=1)
    check_trained(good, EASY, EASY_LABELS, 4, better_than=bad)
    check_trained(bad, EASY, EASY_LABELS, 4, better_than=good)
    check_trained(..., EASY, EASY_LABELS, 4, better_than=good)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Right."
    assert said[1].startswith("Not yet. It reads 0.")
    assert said[2] == TO_DO


PICTURES = [Path("three.png"), Path("four.png")]
READ = np.array(["3", "4"])  # as the names of the classes are kept


def name_of(path: Path) -> np.str_:
    return READ[PICTURES.index(path)]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda path: ..., TO_DO),
        (name_of, "Right."),
        (lambda path: str(name_of(path)), "Right."),
        (lambda path: {"t": "3", "f": "4"}[path.name[0]], "Right."),
        (lambda path: None, "is return missing?"),
        (lambda path: np.int64(3), "class_names[place]"),
        (lambda path: np.array(["3"]), "[0]"),
        (lambda path: 0.98, "most probable"),
        (lambda path: "3", "For four.png it says 3."),
        (lambda path: name_of(path).shape[3], "stops with IndexError"),
        (lambda: "3", "stops with TypeError"),
        (..., "stops with TypeError"),
    ],
)
def test_a_function_that_reads_pictures_gets_its_line(read, said: str, capsys) -> None:
    check_reader(read, PICTURES, READ)
    assert said in capsys.readouterr().out
