"""Real workers on this machine: two learn what one learns, a lost one is noticed, and the training goes on."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest

from helpers import chain, runs
from helpers.data import load_mnist
from helpers.lesson import process_data
from helpers.runs import RunFolder
from helpers.scaling.cluster import free_addresses, tf_config

pytestmark = pytest.mark.slow
IMAGES, BATCH = 1250, 100  # 1,000 to learn from, 250 held out: the last batch of those is a short one


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    return tmp_path


def leave_inputs(name: str, model: keras.Model) -> Path:
    """A run's folder with a little of MNIST and a network."""
    folder = RunFolder("03_model", chain.runs_folder() / name, {})
    (x_train, y_train), (x_test, y_test) = load_mnist()
    with folder.leave("dataset.npz") as path:
        np.savez(
            path,
            x_train=x_train[:IMAGES],
            y_train=y_train[:IMAGES],
            x_test=x_test[:100],
            y_test=y_test[:100],
            class_names=np.array([str(digit) for digit in range(10)]),
            normalization="pixels",
            source="mnist",
        )
    with folder.leave("model.keras") as path:
        model.save(path)
    return folder.path


def small_network() -> keras.Model:
    return network(keras.layers.Conv2D(8, 3, 2, activation="relu"))


def network(*hidden: keras.layers.Layer, optimizer: str | keras.optimizers.Optimizer = "adam") -> keras.Model:
    output = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28, 1)), *hidden, keras.layers.Flatten(), output])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def command(name: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "helpers", "worker", "--name", name, f"--batch-size={BATCH}", *options]


def train(name: str, *options: str) -> str:
    result = subprocess.run(command(name, *options), capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def history(folder: Path) -> dict:
    return json.loads((folder / "history.json").read_text(encoding="utf-8"))


def test_two_workers_learn_what_one_learns_and_leave_what_05_reads() -> None:
    model = small_network()
    one, two = leave_inputs("one", model), leave_inputs("two", model)
    train("one", "--epochs=9", "--steps=50")
    train("two", "--epochs=9", "--steps=50", "--local=2")
    assert_same_weights(one, two)
    histories = [history(folder) for folder in (one, two)]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert np.allclose(histories[0][name], histories[1][name], atol=1e-4)
        assert len(histories[1][name]) == histories[1]["epochs"] == 5
    assert len(histories[1]["batches"]["loss"]) == 50
    assert histories[1]["batches"]["images"][-1] == 50 * BATCH

    opened = runs.open_run("05_testing", "two")
    with np.load(opened.need("dataset.npz")) as data:
        images, labels = process_data(data["x_train"][-250:], "pixels"), data["y_train"][-250:]
    plain = keras.models.load_model(opened.need("trained.keras"))
    held_out = plain.evaluate(images, labels, verbose=0, return_dict=True)
    assert held_out["accuracy"] == pytest.approx(histories[1]["val_accuracy"][-1], abs=1e-4)
    kept = runs.read_record(two)
    entry = kept["artifacts"]["trained.keras"]
    assert entry["maker"] == "worker"
    assert set(entry["made_from"]) == {"dataset.npz", "model.keras"}
    assert [(each["workers"], each["batch_size"], each["updates"]) for each in kept["workers"]] == [(2, BATCH, 50)]
    assert kept["workers"][0]["images_per_second"] > 0
    assert not list(two.glob("*checkpoint*"))


def assert_same_weights(one: Path, two: Path, learned: float = 1e-3) -> None:
    files = [one / "trained.keras", two / "trained.keras", one / "model.keras"]
    for alone, together, before in zip(*(keras.models.load_model(file).get_weights() for file in files), strict=True):
        assert np.abs(alone - together).max() < 1e-4
        assert np.abs(alone - before).max() > learned, "something was learned"


def test_they_do_for_a_few_updates_with_the_lessons_own_layers() -> None:
    # A few updates of plain gradient descent only. The black background has the same value at hundreds of places, so
    # when it comes near 0 before a ReLU, its rounding decides for all of them at once, and from there on two trainings
    # are thousandths apart: in one process too, when it has another number of threads or adds up two half batches.
    layers = keras.layers
    convolutions = [layers.Conv2D(64, 3, activation="relu")]
    for filters in (128, 256):
        convolutions += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPool2D()]
    model = network(*convolutions, optimizer=keras.optimizers.SGD())
    one, two = leave_inputs("one", model), leave_inputs("two", model)
    for name, workers in (("one", 1), ("two", 2)):
        train(name, f"--local={workers}", "--epochs=1", "--steps=6", "--learning-rate=0.01")
    assert_same_weights(one, two, learned=1e-5)


def test_they_do_with_the_lessons_own_network() -> None:
    # With numbers of 64 bits: with 32, the last digit of a sum depends on how it is shared out, and this network makes
    # a difference in the last digit a thousand times larger within a few updates, in one process too.
    cells = json.loads(chain.BY_NAME["03_model"].path.read_text(encoding="utf-8"))["cells"]
    lesson = next("".join(cell["source"]) for cell in cells if cell["id"] == "create-model")
    assert ', dtype="float32"' in lesson
    names = {"keras": keras}
    exec(lesson.replace(', dtype="float32"', ""), names)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        loss = "sparse_categorical_crossentropy"
        model = names["create_model"]((28, 28, 1), 10, keras.optimizers.Adam(), loss, ["accuracy"])
        model.optimizer.build(model.trainable_variables)
    finally:
        keras.config.set_dtype_policy(policy)
    one, two = leave_inputs("one", model), leave_inputs("two", model)
    for name, workers in (("one", 1), ("two", 2)):
        train(name, f"--local={workers}", "--epochs=2", "--steps=50", "--batch-size=32")
    assert_same_weights(one, two)


@pytest.fixture
def killed_workers(root: Path) -> Iterator[tuple[str, int, float, list[psutil.Process]]]:
    """What is said, the exit code, the seconds until all had stopped and the processes, after one of two was killed."""
    folder = leave_inputs("lost", small_network())
    launcher = subprocess.Popen(command("lost", "--epochs=500", "--local=2"), stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    said = []
    for line in launcher.stdout:
        said.append(line)
        if "epoch 2 of 500" in line or "epoch 1 of 500: loss" in line or (folder / "checkpoint-of-workers").exists():
            break
    workers = psutil.Process(launcher.pid).children()
    workers[-1].kill()
    begin = time.monotonic()
    rest, _ = launcher.communicate(timeout=60)
    yield "".join(said) + rest, launcher.returncode, time.monotonic() - begin, workers
    for process in workers:
        if process.is_running():
            process.kill()


def test_a_killed_worker_is_noticed_and_starting_again_goes_on(
    root: Path, killed_workers: tuple[str, int, float, list[psutil.Process]]
) -> None:
    said, code, seconds, workers = killed_workers
    assert seconds < 60
    assert code == 5, said
    assert "another worker was lost" in said
    assert "start all workers again: training goes on from the last checkpoint" in said
    assert "chief ended with exit code 5" in said
    assert not any(process.is_running() for process in workers)
    kept = sorted((root / "lost" / "checkpoint-of-workers").glob("epoch-*"))
    done = json.loads((kept[-1] / "record.json").read_text(encoding="utf-8"))["history"]["epochs"]
    assert not (root / "lost" / "trained.keras").exists()

    again = subprocess.Popen(command("lost", "--epochs=500", "--local=2"), stdout=subprocess.PIPE, text=True)
    assert again.stdout is not None
    try:
        first = next(line for line in again.stdout if "2 workers:" in line)
    finally:
        again.kill()
        again.communicate(timeout=60)
    assert f"going on after epoch {done}, from the last checkpoint" in first
    time.sleep(2)
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if "--name=lost" in (process.info["cmdline"] or [])
    ]


def test_a_worker_does_not_wait_for_ever_for_one_that_never_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_inputs("lonely", small_network())
    monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config(free_addresses(2), 0)))
    began = time.monotonic()
    result = subprocess.run(command("lonely", "--wait=3"), capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "worker 1 of 2: waiting for the others, 3 seconds at most" in result.stdout
    assert "Timeout (0:00:03)!" in result.stderr
    assert time.monotonic() - began > 3


def test_other_options_start_afresh_and_one_worker_goes_on_where_two_began() -> None:
    folder = leave_inputs("mixed", small_network())
    launcher = subprocess.Popen(command("mixed", "--epochs=3", "--local=2"), stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    while not list((folder / "checkpoint-of-workers").glob("epoch-*")):
        assert launcher.poll() is None
        time.sleep(0.05)
    launcher.kill()
    launcher.communicate(timeout=60)
    kept = folder / "checkpoint-of-workers"
    if kept.exists():  # else the machine was fast enough to train to the end
        assert "going on after epoch" in train("mixed", "--epochs=3")
        assert history(folder)["epochs"] == 3
        assert history(folder)["resumed_at"] > 1
    assert "training begins" in train("mixed", "--epochs=1")
    assert os.listdir(folder).count("checkpoint-of-workers") == 0
