"""Exercises: an answer is still to do, right, or gets the hint that fits it, and nothing ever stops
the notebook.
"""

from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
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

HINTS = {640: "Add the biases.", "B": "The other axis.", (1, 2): "Channels.", None: "No return?"}


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (..., 3, TO_DO),
        (3.0000001, 3, "Right."),
        (" b ", "B", "Right."),
        ([0.6, 0.8], np.array([0.6, 0.8], "float32"), "Right."),
        (640, 576, "Not yet. Add the biases."),
        ("b", "C", "Not yet. The other axis."),
        ([1, 2], [3, 4], "Not yet. Channels."),
        (None, 3, "Not yet. No return?"),
        (2, "C", "Not yet. The answer is a letter, in quotation marks; yours is 2."),
        ("D", "C", "Not yet. It isn't 'D'."),
        ("three", 3, "Not yet. The answer is one number; yours is 'three'."),
        (float("nan"), 3, "Not yet. The answer is one number; yours is nan."),
        ([1, [2, 3]], 3, "Not yet. The answer is one number; yours is [1, [2, 3]]."),
        (tf.constant(704.0), 564, "Not yet. It isn't 704.0."),
        (11, 0.11, "Not yet. Right in percent. Write it as a number between 0 and 1."),
        ((28, 28), (28, 28, 1), "Not yet. The answer is numbers of shape (3,); yours is (28, 28)."),
        (np.eye(2) * 2, np.eye(2), "Not yet. The shape is right, and the numbers aren't."),
    ],
)
def test_each_answer_gets_its_line(answer, right, said: str, capsys: pytest.CaptureFixture) -> None:
    check(answer, right, hints=HINTS)
    assert capsys.readouterr().out.strip() == said


def test_hints_about_wrong_arrays_are_pairs(capsys: pytest.CaptureFixture) -> None:
    right = np.array([[0, 255], [255, 0]], "uint8")
    for answer in (right, 255 - right):
        check(answer, right, hints=[(255 - right, "That is as it was.")])
    assert capsys.readouterr().out == "Right.\nNot yet. That is as it was.\n"


def test_nearness_and_the_type_of_the_numbers_can_be_set(capsys: pytest.CaptureFixture) -> None:
    check(0.31, 0.3, within=0.05)
    check(np.ones(2, "float32"), np.ones(2), dtype="float32")
    check(np.ones(2), np.ones(2), dtype="float32")
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["Right."] * 2
    assert said[2] == "Not yet. The numbers are right; their type is float64 instead of float32."


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
    """Each activation as a layer, pixels scaled, names made up."""
    inputs, _, pooling, flatten, _ = described()
    eyes = [layers.Rescaling(1 / 255), layers.Conv2D(8, (3, 3), name="eyes"), layers.ReLU()]
    end = [layers.Dropout(0.2), layers.Dense(10), layers.Activation("softmax")]
    return keras.Sequential([inputs, *eyes, pooling, flatten, *end])


def with_functions() -> keras.Model:
    """ReLU and softmax as functions that are called."""
    inputs, _, pooling, flatten, _ = described()
    x = keras.activations.relu(layers.Conv2D(8, 3)(inputs))
    x = layers.Dense(10)(flatten(pooling(x)))
    return keras.Model(inputs, keras.ops.softmax(x))


def changed(place: int, *instead: object) -> keras.Model:
    """The described network with something else in place of one of its layers."""
    new = described()
    new[place : place + 1 or None] = instead
    return keras.Sequential(new)


def of_its_own_class() -> keras.Model:
    network = type("Own", (keras.Model,), {})()
    network.built = True
    return network


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential(described()),
        functional,
        with_layers_of_their_own,
        with_functions,
    ],
)
def test_any_network_that_meets_the_description_is_right(make, capsys) -> None:
    check_network(make(), SHAPE, 10, KINDS, PARAMETERS)
    check_network(make(), SHAPE, 10)
    assert capsys.readouterr().out == "Right.\n" * 2


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: changed(-1, layers.Dense(10, activation="sigmoid")), 'activation="softmax"'),
        (lambda: changed(0, keras.Input((32, 32, 1))), "(32, 32, 1); an image has (28, 28, 1)"),
        (lambda: changed(3), "Is Flatten missing"),
        (lambda: functional(skip="Flatten"), "Is Flatten missing"),
        (lambda: functional(skip="Conv2D"), "Conv2D is missing in what leads"),
        (lambda: changed(-1, layers.Dense(9, activation="softmax")), "9 numbers come out"),
        (lambda: changed(1, layers.Conv2D(8, 3, activation="tanh")), "there is no ReLU"),
        (lambda: changed(1, described()[1], layers.Conv2D(8, 3)), "more layers than described"),
        (lambda: changed(1, layers.Conv2D(8, 5, activation="relu")), "parameters, and the desc"),
        (lambda: described()[-1], "That is a single layer."),
        (lambda: functional().output, "Tie both ends together"),
        (described, "Give it to keras.Sequential"),
        (lambda: None, "That is None."),
        (lambda: "Conv2D", "A Keras network is needed"),
        (lambda: keras.Sequential(described()[1:]), "keras.Input((28, 28, 1))"),
        (of_its_own_class, "It can't be checked"),
        (lambda: ..., TO_DO),
        (lambda: keras.Sequential([keras.Input(SHAPE)]), TO_DO),
    ],
)  # fmt: skip
def test_a_network_gets_the_hint_about_its_likeliest_mistake(make, hint, capsys) -> None:
    check_network(make(), SHAPE, 10, KINDS, PARAMETERS)
    said = capsys.readouterr().out
    assert said.startswith(("Not yet. ", TO_DO)) and hint in said


def test_an_answer_that_did_not_run_is_mentioned_and_one_that_is_missing_too() -> None:
    """In a kernel, as a reader has it whose first attempt stops with an error."""
    sources = (
        "from helpers.exercises import check, explain_missing_answers\nexplain_missing_answers()",
        "my_x = 4 +",
        f"{CHECK}\ncheck(my_x, 3)",
        f"{CHECK}\ncheck(misspelled, 3)",
        "my_x = 3",
        "my_y = my_z + 1",
        f"{CHECK}\ncheck(my_x, 3)",
    )
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    _, _, no_answer, another_name, _, own_cell, right = (cell.outputs for cell in notebook.cells)
    assert len(no_answer) == 1
    assert no_answer[0].traceback[0].startswith("my_x has no value yet\n")
    for usual in (another_name, own_cell):
        assert usual[0].ename == "NameError" and "Traceback" in "".join(usual[0].traceback)
    assert right[0].text == f"{AFTER_AN_ERROR}\nRight.\n"


# Images that are easy to tell apart: a bright row, another one for each class.
EASY_LABELS = np.arange(100) % 4
EASY = np.zeros((100, 8, 8, 1), "float32")
EASY[np.arange(100), 2 * EASY_LABELS] = 1.0


def trained(
    *inside: keras.layers.Layer, optimizer: object = None, loss: str = "", **fit
) -> keras.Model:
    """A small network, compiled, and trained unless `epochs=0`."""
    keras.utils.set_random_seed(1)
    own = inside or (layers.Conv2D(8, 3, activation="relu"), layers.MaxPool2D(), layers.Flatten())
    network = keras.Sequential([keras.Input((8, 8, 1)), *own, layers.Dense(4, "softmax")])
    network.compile(
        optimizer or keras.optimizers.Adam(0.03), loss or "sparse_categorical_crossentropy"
    )
    settings = {"epochs": 15, "validation_split": 0.2, "verbose": 0} | fit
    if settings["epochs"]:
        network.fit(EASY, EASY_LABELS, **settings)
    return network


def not_compiled() -> keras.Model:
    whole = trained(epochs=0)
    return keras.Model(whole.inputs, whole.outputs)


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (not_compiled, "call compile, then fit"),
        (lambda: trained(epochs=0), "call fit on it"),
        (lambda: trained(epochs=1, validation_split=0.0), "validation_split=0.2"),
        (lambda: trained(loss="mean_squared_error", epochs=0), "sparse_categorical_crossentropy"),
        (lambda: trained(layers.Flatten(), epochs=2), "no convolution"),
        (lambda: trained(optimizer=keras.optimizers.Adam(1e-7), epochs=1), "too large or small"),
        (lambda: trained(optimizer=keras.optimizers.Adam(0.002), epochs=2), "still falling"),
        (lambda: trained(optimizer="sgd", epochs=1), "Its optimizer is SGD. The exercise says"),
        (lambda: trained(epochs=1).history, "what fit returned"),
    ],
)
def test_a_network_that_learned_too_little_gets_its_hint(make, hint, capsys) -> None:
    check_trained(make(), EASY, EASY_LABELS, 4, better_than=1.0)
    said = capsys.readouterr().out
    assert said.startswith("Not yet. ") and hint in said


def test_a_network_is_right_that_reads_more_than_it_has_to(capsys) -> None:
    good, bad = trained(), trained(optimizer="sgd", epochs=1)
    check_trained(good, EASY, EASY_LABELS, 4, better_than=0.9)
    check_trained(good, EASY, EASY_LABELS, 4, better_than=bad)
    check_trained(..., EASY, EASY_LABELS, 4, better_than=0.9)
    check_trained(bad, EASY, EASY_LABELS, 4, better_than=good)
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == ["Right.", "Right.", TO_DO]
    assert said[3].startswith("Not yet. It reads 0.")


PICTURES = [Path("three.png"), Path("four.png")]
READ = np.array(["3", "4"])  # as the names of the classes are kept


def name_of(path: Path) -> np.str_:
    return READ[PICTURES.index(path)]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda path: ..., TO_DO),
        (name_of, "Right."),
        (lambda path: None, "is return missing?"),
        (lambda path: np.int64(3), "class_names[place]"),
        (lambda path: np.array(["3"]), "[0]"),
        (lambda path: 0.98, "most probable"),
        (lambda path: "3", "For four.png it says 3."),
        (lambda path: name_of(path).shape[3], "stops with IndexError"),
    ],
)
def test_a_function_that_reads_pictures_gets_its_line(read, said: str, capsys) -> None:
    check_reader(read, PICTURES, READ)
    assert said in capsys.readouterr().out
