"""Exercises: the notebooks' own solutions are right, each likely mistake gets its hint, and nothing
ever stops the notebook.
"""

import math
import re
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from nbclient import NotebookClient
from scipy.stats import binomtest, ttest_ind

from helpers import answers
from helpers.exercises import AFTER_AN_ERROR, TO_DO, check
from helpers.judging import network_problem, problem_with, reader_problem, training_problem
from series.chain import ROOT

# Images that are easy to tell apart: a bright row, another one for each of three classes.
LABELS = np.arange(1000) % 3
RAW = np.zeros((1000, 28, 28), "uint8")
RAW[np.arange(1000), 5 + 4 * LABELS] = 255
IMAGES = (RAW[..., None] / 255).astype("float32")


# Accuracies of two recipes.
BEFORE, AFTER = [0.961, 0.958, 0.964, 0.960, 0.957], [0.966, 0.963, 0.962, 0.968, 0.965]


def solutions() -> dict[str, tuple[str, str]]:
    """By each exercise's name the sources of its check and of its solution."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("0*.ipynb")):
        cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        for place, source in enumerate(cells):
            if named := re.search(r'\bcheck\(\s*"(ex-[\w-]+)"', source):
                found[named[1]] = (source, cells[place + 1])
    return found


SOLUTIONS = solutions()


def wilson(hits: int, total: int) -> tuple[float, float]:
    return tuple(binomtest(int(hits), int(total)).proportion_ci(method="wilson"))


def gain_interval(before: list[float], after: list[float]) -> tuple[float, float]:
    return tuple(ttest_ind(after, before, equal_var=False).confidence_interval())


def as_in_the_notebooks() -> dict[str, object]:
    """Small values for the names that the cells of solutions and checks use."""
    truth, said = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2]), np.array([0, 1, 1, 1, 2, 2, 2, 0, 0])
    chances = np.array(
        [
            [0.95, 0.03, 0.02],
            [0.5, 0.3, 0.2],
            [0.97, 0.02, 0.01],
            [0.93, 0.05, 0.02],
            [0.96, 0.03, 0.01],
        ]
    )
    untrained = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(3)])
    gradients = np.array([1.0, 2.0])
    scores = iter(AFTER)
    return {
        "math": math, "np": np, "keras": keras, "seed": 1, "source": "own", "train_images": 0,
        "x_train": RAW, "train_counts": np.array([50, 30, 20]), "test_counts": np.array([6, 9, 4]),
        "y_test": np.zeros(19), "images": IMAGES, "num_classes": 3, "descend": lambda *_, **__: 0,
        "X_few": IMAGES, "Y_few": LABELS, "class_names": np.array(["ant", "bee", "cow"]),
        "small": untrained, "interval": wilson, "Y_test": truth, "predicted": said,
        "my_emails": answers.testing.EMAILS, "right": np.array([True, False, True, True, False]),
        "confidence": np.array([0.99, 0.97, 0.95, 0.7, 0.5]),
        "prepare": lambda path: np.eye(3)[["3.jpg", "4.png", "5.png"].index(path.name)],
        "ask": lambda batch: np.asarray(batch).reshape(len(batch), -1)[:, :3],
        "predicted_probabilities": tf.constant(chances), "x_test": np.eye(3), "idxs": range(5),
        "chances_of_nonsense": np.array([[0.94, 0.06, 0], [0.8, 0.1, 0.1]]),
        "my_image": np.arange(1, 17).reshape(4, 4), "whole": gradients,
        "my_larger": gradients, "my_smaller": gradients,
        "tf": tf, "ttest_ind": ttest_ind, "my_before": BEFORE, "my_after": AFTER,
        "recipes": {"moved images": {}}, "my_ours": BEFORE, "my_scores": AFTER,
        "seeds": range(5), "x_judge": RAW, "y_judge": LABELS, "report": lambda *_: None,
        "accuracy": lambda *_: next(scores), "gain_interval": gain_interval,
        "dealt": [3, 1, 2, 6, 5, 4], "illnesses": dict.fromkeys(range(1, 7), ("ill",)),
        "my_right": 18, "my_count": 20, "my_x": RAW, "my_y": np.sort(LABELS),
        "train": lambda *_: {"val_accuracy": [0.9]},
    }  # fmt: skip


@pytest.mark.parametrize("exercise", answers.PROBLEMS)
def test_each_solution_is_right_and_each_hint_is_for_an_answer_that_gets_it(
    exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints_tried = []

    def try_hints(answer, right, hints=(), **options) -> str | None:
        for wrong, hint in hints.items() if isinstance(hints, dict) else hints:
            assert problem_with(wrong, right, hints, **options) == hint
            hints_tried.append(hint)
        return problem_with(answer, right, hints, **options)

    for module in answers.MODULES:
        if hasattr(module, "problem_with"):
            monkeypatch.setattr(module, "problem_with", try_hints)
    found = []

    def judge(name: str, answer: object, **data: object) -> None:
        found.append(answers.PROBLEMS[name](answer, **data))

    check_cell, solution = SOLUTIONS[exercise]
    names = {**as_in_the_notebooks(), "check": judge}
    exec(solution, names)
    exec(check_cell, names)
    assert found == [None]
    without_hints = ("ex-network", "ex-train", "ex-read", "ex-map", "ex-illness", "ex-repair")
    assert hints_tried or exercise in without_hints


def test_the_verdict_is_shown_with_its_words_as_text_and_without_an_answer_it_is_to_do(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr("helpers.exercises.display", lambda bundle, raw: shown.append(bundle))
    check("ex-shape", (28, 28))
    check("ex-shape", "<b>")
    right, wrong = shown
    assert right["text/plain"] == "Right."
    assert "✔ Right." in right["text/html"]
    assert wrong["text/plain"].startswith("Not yet. The answer is numbers of shape (2,)")
    assert "&lt;b&gt;" in wrong["text/html"]
    for answer in (..., (0.5, ...), keras.Sequential([keras.Input((28, 28, 1))])):
        check("ex-shape", answer)
    assert capsys.readouterr().out == f"{TO_DO}\n" * 3


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (3.0000001, 3, None),
        ([0.6, 0.8], np.array([0.6, 0.8], "float32"), None),
        ("three", 3, "The answer is one number; yours is 'three'."),
        (None, 3, "The answer is one number; yours is None."),
        ([1, [2, 3]], 3, "The answer is one number; yours is [1, [2, 3]]."),
        (tf.constant(704.0), 564, "It isn't 704.0."),
        (11, 0.11, "Right in percent. Write it as a number between 0 and 1."),
        ((28, 28), (28, 28, 1), "The answer is numbers of shape (3,); yours is (28, 28)."),
        (np.eye(2) * 2, np.eye(2), "The shape is right, and the numbers aren't."),
    ],
)
def test_an_answer_without_a_hint_gets_a_line_of_its_own(answer, right, said: str) -> None:
    assert problem_with(answer, right) == said


def test_the_type_of_the_numbers_can_be_asked_for() -> None:
    assert problem_with(np.ones(2, "float32"), np.ones(2), dtype="float32") is None
    assert "float64 instead of float32" in problem_with(np.ones(2), np.ones(2), dtype="float32")


SHAPE = (28, 28, 1)
DESCRIBED = {
    "input_shape": SHAPE,
    "classes": 10,
    "layers": ("Conv2D", "MaxPool2D", "Flatten", "Dense"),
    "parameters": (3 * 3 + 1) * 8 + (13 * 13 * 8 + 1) * 10,
}


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


def changed(place: int, *instead: object) -> keras.Model:
    """The described network with something else in place of one of its layers."""
    new = described()
    new[place : place + 1 or None] = instead
    return keras.Sequential(new)


@pytest.mark.parametrize("make", [functional, with_layers_of_their_own])
def test_any_network_that_meets_the_description_is_right(make) -> None:
    assert network_problem(make(), **DESCRIBED) is None


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: changed(-1, layers.Dense(10, activation="sigmoid")), 'activation="softmax"'),
        (lambda: changed(0, keras.Input((32, 32, 1))), "(32, 32, 1); an image has (28, 28, 1)"),
        (lambda: changed(3), "Is Flatten missing"),
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
    ],
)  # fmt: skip
def test_a_network_gets_the_hint_about_its_likeliest_mistake(make, hint) -> None:
    assert hint in network_problem(make(), **DESCRIBED)


def test_an_answer_that_did_not_run_is_mentioned_and_one_that_is_missing_too() -> None:
    """In a kernel, as a reader has it whose first attempt stops with an error."""
    sources = (
        "from helpers.exercises import check, explain_missing_answers\nexplain_missing_answers()",
        "my_x = 4 +",
        'check("ex-rate", my_x)',
        'check("ex-rate", misspelled)',
        "my_x = 0.5",
        "my_y = my_z + 1",
        'check("ex-rate", my_x)',
    )
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    _, _, no_answer, another_name, _, own_cell, right = (cell.outputs for cell in notebook.cells)
    assert len(no_answer) == 1
    assert no_answer[0].traceback[0].startswith("my_x has no value yet\n")
    for usual in (another_name, own_cell):
        assert usual[0].ename == "NameError" and "Traceback" in "".join(usual[0].traceback)
    assert right[0].text == f"{AFTER_AN_ERROR}\n"
    assert right[1].data["text/plain"] == "Right."


def trained(
    *inside: keras.layers.Layer, optimizer: object = None, loss: str = "", **fit
) -> keras.Model:
    """A small network, compiled, and trained on 100 images unless `epochs=0`."""
    keras.utils.set_random_seed(1)
    own = inside or (layers.Conv2D(4, 3, 3, activation="relu"), layers.Flatten())
    network = keras.Sequential([keras.Input(SHAPE), *own, layers.Dense(3, "softmax")])
    optimizer = optimizer or keras.optimizers.Adam(0.03)
    network.compile(optimizer, loss or "sparse_categorical_crossentropy")
    settings = {"epochs": 10, "validation_split": 0.2, "verbose": 0} | fit
    if settings["epochs"]:
        network.fit(IMAGES[:100], LABELS[:100], **settings)
    return network


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: keras.Model(*(2 * [keras.Input((3,))])), "The input shape is (3,)"),
        (lambda: trained(epochs=0), "call fit on it"),
        (lambda: trained(epochs=1, validation_split=0.0), "validation_split=0.2"),
        (lambda: trained(loss="mean_squared_error", epochs=0), "sparse_categorical_crossentropy"),
        (lambda: trained(layers.Flatten(), epochs=2), "no convolution"),
        (lambda: trained(optimizer=keras.optimizers.Adam(1e-7), epochs=1), "too large or small"),
        (lambda: trained(optimizer="sgd", epochs=1), "Its optimizer is SGD. The exercise says"),
        (lambda: trained(epochs=1).history, "what fit returned"),
    ],
)
def test_a_network_that_learned_too_little_gets_its_hint(make, hint) -> None:
    problem = training_problem(make(), IMAGES[:100], LABELS[:100], 3, better_than=1.0)
    assert hint in problem


def test_a_network_is_right_that_reads_more_than_it_has_to() -> None:
    good, bad = trained(), trained(optimizer="sgd", epochs=1)
    for least in (0.9, bad):
        assert training_problem(good, IMAGES[:100], LABELS[:100], 3, better_than=least) is None
    problem = training_problem(bad, IMAGES[:100], LABELS[:100], 3, better_than=good)
    assert problem.startswith("It reads 0.")


PICTURES = [Path("three.png"), Path("four.png")]
READ = np.array(["3", "4"])  # as the names of the classes are kept


def name_of(path: Path) -> np.str_:
    return READ[PICTURES.index(path)]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda path: ..., "three dots"),
        (lambda path: None, "is return missing?"),
        (lambda path: np.int64(3), "class_names[place]"),
        (lambda path: np.array(["3"]), "[0]"),
        (lambda path: 0.98, "most probable"),
        (lambda path: "3", "For four.png it says 3."),
        (lambda path: name_of(path).shape[3], "stops with IndexError"),
    ],
)
def test_a_function_that_reads_pictures_gets_its_line(read, said: str) -> None:
    assert said in reader_problem(read, PICTURES, READ)
    assert reader_problem(name_of, PICTURES, READ) is None
