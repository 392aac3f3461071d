"""Single cells of the notebooks, with data and models so small that a share has nothing to divide
by, a title has one thing to count, or an image has many places.
"""

import contextlib
import math
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gate
import keras
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure
from scipy.stats import binomtest, ttest_ind

from helpers import training
from helpers.figures import RED, image_grid, percent
from helpers.lesson import create_model
from series import files
from series.chain import BY_NAME
from series.runs import RunFolder

NAMES = np.array(["zero", "one", "two"])


class Model:
    """Answers with the given classes, one after the other, and counts what it is asked at once."""

    def __init__(self, *answers: int) -> None:
        self.answers = answers
        self.asked: list[np.ndarray] = []

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.asked.append(np.array(images))
        return np.eye(len(NAMES))[np.resize(self.answers, len(images))]

    def predict(self, images: np.ndarray, **_: object) -> np.ndarray:
        return self(images)

    def fit(self, *_: object, **__: object) -> None:
        pass


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, list[Figure]]]:
    """Run cells by their ids with these names; what they print, and the figures they show."""

    def run(notebook: str, *ids: str, **names: Any) -> tuple[str, list[Figure]]:
        sources = {cell.id: cell.source for cell in gate.read_cells(BY_NAME[notebook].path)}
        figures: list[Figure] = []
        names |= {"np": np, "class_names": NAMES, "image_grid": image_grid, "percent": percent}
        names |= {"show": lambda figure, **_: figures.append(figure), "binomtest": binomtest}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DeprecationWarning)  # of libraries among themselves
            for cell_id in ids:
                exec(sources[cell_id], names)
        return capsys.readouterr().out, figures

    return run


def gray(count: int, height: int = 12, width: int = 12) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, height, width), dtype="uint8")


@pytest.mark.parametrize("count", [5, 30])
def test_02_says_how_many_images_it_shows(run, count: int) -> None:
    labels = np.arange(count) % 3
    _, (figure,) = run("02_dataset", "grid", names=NAMES, x_train=gray(count), y_train=labels)
    shown = min(count, 24)
    assert figure.get_suptitle() == f"The first {shown} training images and their labels"
    assert sum(bool(axes.images) for axes in figure.axes) == shown


@pytest.mark.parametrize(
    ("mistakes", "title"),
    [(0, None), (1, "most confident mistake"), (3, "3 most confident mistakes")],
)
def test_05_counts_the_mistakes_it_shows(run, mistakes: int, title: str | None) -> None:
    labels, right = np.zeros(5, int), np.arange(5) >= mistakes
    _, figures = run(
        "05_testing", "worst-figure",
        images=gray(5), right=right, predicted=np.where(right, 0, 1), Y_test=labels,
        confidence=np.full(5, 0.7),
    )  # fmt: skip
    assert [figure.get_suptitle() for figure in figures] == ([f"The {title}"] if title else [])


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(28, 28, 11, 11), (12, 12, 5, 5), (512, 512, 11, 11), (20, 12, 9, 5), (12, 512, 4, 170)],
)
def test_05_covers_all_of_an_image_a_row_of_places_at_a_time(
    run, height: int, width: int, rows: int, columns: int
) -> None:
    model, names = Model(2), {"X_test": gray(2, height, width) / 255}
    images = gray(2, height, width)
    names |= {"images": images, "model": model}
    run("05_testing", "occlusion", "occlusion-figure", **names | {
        "right": np.array([True, False]), "confidence": np.ones(2), "worst": [1],
        "predicted": np.array([2, 1]), "caption": str,
        "testing": type("", (), {"draw_occlusion": staticmethod(lambda *given: None)}),
    })  # fmt: skip
    assert [len(asked) for asked in model.asked] == [columns] * rows * 2
    covered = [copy != names["X_test"][0] for asked in model.asked[:rows] for copy in asked]
    assert len({copy.tobytes() for copy in covered}) == rows * columns, "each at a place of its own"
    assert np.any(covered, axis=0).mean() > 0.8


@pytest.mark.parametrize("count", [30, 3000])
def test_06_moves_each_held_out_image_once(run, count: int) -> None:
    model, images = Model(0), np.arange(count * 144).reshape(count, 12, 12)
    names = {"x_train": images, "y_train": np.zeros(count, int), "seed": 1, "model": model}
    drawn: list[Any] = []
    draw = {"draw_moved": staticmethod(lambda *given: drawn.extend(given))}
    run("06_inference", "moved", see=lambda images: images, inference=type("", (), draw), **names)
    held_out = min(count // 5, 500)
    for asked in model.asked:
        assert len(asked) == len({image.tobytes() for image in asked}) == held_out
    low, high = drawn[1][0]
    span = binomtest(held_out, held_out).proportion_ci(method="wilson")
    assert (low, high) == (span.low, span.high)


def test_04_goes_on_after_an_interrupt_and_starts_anew_once_it_is_saved(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs_begun: list[int] = []

    class Interrupt(keras.callbacks.Callback):
        """In the cells, it stands where TensorBoard does."""

        def __init__(self, epoch: int) -> None:
            super().__init__()
            self._epoch = epoch

        def on_epoch_begin(self, epoch, logs=None):
            epochs_begun.append(epoch)

        def on_train_batch_end(self, batch, logs=None):
            if epochs_begun[-1] == self._epoch and batch == 1:
                raise KeyboardInterrupt

    def run_04(*ids: str, interrupted_in: int = -1, **parameters: Any) -> list[int]:
        monkeypatch.setattr(
            keras.callbacks, "TensorBoard", lambda *_, **__: Interrupt(interrupted_in)
        )
        epochs_begun.clear()
        folder = RunFolder("04_training", tmp_path, {"epochs": 3} | parameters)
        names = dict(
            vars(training), keras=keras, tf=tf, shutil=shutil, time=time, folder=folder,
            seed=1, batch_size=4, epochs=3, step_size=0.01, write_json=files.write_json,
        )  # fmt: skip
        images, labels = tf.random.uniform((20, 6, 6, 1)), np.arange(20) % 3
        names |= {"X_train": images, "Y_train": labels, "X_few": images, "Y_few": labels}
        with contextlib.suppress(KeyboardInterrupt):
            run("04_training", "batches", "callbacks", *ids, **names)
        return epochs_begun

    loss = "sparse_categorical_crossentropy"
    network = create_model((6, 6, 1), 3, "adam", loss, ["accuracy"], filters=2)
    network.optimizer.build(network.trainable_variables)
    network.save(tmp_path / "model.keras")
    assert run_04("fit", interrupted_in=1) == [0, 1]
    assert run_04("fit", epochs=4) == [0, 1, 2], "another recipe starts anew"
    assert run_04("fit", "save", "fit") == [1, 2, 0, 1, 2]
    history = files.read_json(tmp_path / "history.json")
    assert history["epochs"] == len(history["loss"]) == len(history["val_accuracy"]) == 3
    assert history["batches"]["images"] == [*range(4, 49, 4)]


@pytest.mark.parametrize(
    ("answers", "title"), [((0,), None), ((1, 0, 0), "surest mistake"), ((1,), "3 surest mistakes")]
)
def test_07_counts_the_mistakes_it_shows(run, answers: tuple, title: str | None) -> None:
    model = Model(*answers)
    _, figures = run(
        "07_improving", "worst", RED=RED, model=model, normalization="rows",
        x_judge=gray(3), y_judge=np.zeros(3, int),
        ask=lambda model, images, **_: model(images),
    )  # fmt: skip
    whole = [f"The {title} in a held-out sample of 3"] if title else []
    assert [figure.get_suptitle() for figure in figures] == whole


def names_of_07(*ids: str) -> dict[str, Any]:
    """What these cells of 07 define."""
    sources = {cell.id: cell.source for cell in gate.read_cells(BY_NAME["07_improving"].path)}
    names: dict[str, Any] = {"np": np, "math": math, "ttest_ind": ttest_ind}
    for cell_id in ids:
        exec(sources[cell_id], names)
    return names


@pytest.mark.parametrize(("seeds", "found"), [(3, 0.37), (5, 0.77), (10, 0.99)])
def test_the_rule_of_07_seldom_errs_and_finds_more_with_more_seeds(
    seeds: int, found: float
) -> None:
    verdict = names_of_07("rule")["verdict"]
    random = np.random.default_rng(7)
    pairs = random.normal(size=(800, 2, seeds))
    alarms = [verdict(before, after) != "can't tell" for before, after in pairs]
    finds = [verdict(before, after + 2) == "better" for before, after in pairs]
    assert 0.01 <= np.mean(alarms) <= 0.07
    assert np.mean(finds) == pytest.approx(found, abs=0.05)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ([0.90], [0.95], "can't tell"),
        ([0.90, 0.91, 0.90], [0.95, 0.96, 0.95], "better"),
        ([0.95, 0.96, 0.95], [0.90, 0.92, 0.91], "worse"),
        ([0.90, 0.97, 0.93], [0.95, 0.96, 0.94], "can't tell"),
        # All alike: nothing shows by how much seeds differ, and SciPy would warn.
        ([0.90, 0.90, 0.90], [0.95, 0.95, 0.95], "can't tell"),
    ],
)
def test_07_gives_each_gain_its_verdict(
    before: list[float], after: list[float], outcome: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names_of_07("rule")["verdict"](before, after) == outcome


def test_each_recipe_of_07_changes_one_value_of_another_row() -> None:
    names = names_of_07("recipe")
    recipes = names["recipes"]
    assert list(recipes)[1:] == list(names["changes"])
    for name, (start, _) in names["changes"].items():
        assert len(recipes[name].items() - recipes[start].items()) == 1, name


@pytest.mark.parametrize("turns", range(4))
def test_07_moves_in_four_directions_by_turning(turns: int) -> None:
    move_right = names_of_07("move")["move_right"]
    image = np.zeros((1, 9, 9), "uint8")
    image[0, 4, 4] = 1
    turned = np.rot90(move_right(np.rot90(image, turns, axes=(1, 2)), 2), -turns, axes=(1, 2))
    row, column = ((4, 6), (6, 4), (4, 2), (2, 4))[turns]  # right, down, left, up
    assert turned[0, row, column] == turned.sum() == 1
