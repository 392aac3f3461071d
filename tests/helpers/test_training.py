"""Training: each batch is recorded, and one that was cut short continues only as the same training."""

import gc
import itertools
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import training
from helpers.training import Checkpoint, Recorder, feed, learned_from
from series import runs
from series.errors import LessonError

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 8, 8), dtype="uint8")
LABELS = np.arange(50, dtype="uint8") % 3
PREPARED = tf.constant(IMAGES[..., None] / 255, "float32")
TRAINING, BATCH = 40, 16  # a fifth is held out, and the last batch of an epoch holds 8 images
SEEN = [16, 32, 40, 56, 72, 80, 96, 112, 120]
RECIPE = {"parameters": {"epochs": 3}, "made_from": {"dataset.npz": "a"}}


@pytest.fixture(autouse=True)
def _iterators_end() -> Iterator[None]:
    """A training that was stopped leaves its iterator of images to the garbage collector.

    When it goes, TensorFlow waits for its thread: up to a minute if it is old. So it goes here, not
    in a later test.
    """
    yield
    gc.collect()


def new_model(learning_rate: float = 0.01) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(
        optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True
    )
    model.optimizer.build(model.trainable_variables)
    return model


class StopIn(keras.callbacks.Callback):
    """End the training in the middle of an epoch, counted from 1."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._stop_in = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        if (self._epoch, batch) == (self._stop_in, 1):
            raise KeyboardInterrupt


def train(
    folder: Path, *callbacks: keras.callbacks.Callback, model=None, recipe=RECIPE, **settings
):
    """What the cells of 04_training do."""
    recorder = Recorder(TRAINING, BATCH)
    checkpoint = Checkpoint(folder, recorder, recipe)
    model = checkpoint.resume(model or new_model())
    settings = {"epochs": 3, "verbose": 0} | settings
    started, done = [recorder, checkpoint, *callbacks], recorder.history["epochs"]
    training_batches, held_out = feed(PREPARED, LABELS, BATCH, seed=1, epoch=done)
    with checkpoint:
        kept = model.fit(
            training_batches,
            steps_per_epoch=math.ceil(TRAINING / BATCH),
            validation_data=held_out,
            shuffle=False,
            initial_epoch=done,
            callbacks=started,
            **settings,
        )
    return model, recorder.history, kept.history


def stop(folder: Path, epoch: int) -> str:
    with pytest.raises(training.TrainingStopped) as caught:
        train(folder, StopIn(epoch))
    return str(caught.value)


def places(batches: Iterable[tuple[tf.Tensor, tf.Tensor]]) -> list[list[int]]:
    """What is in batches of images that hold nothing but their own place."""
    return [images.numpy().ravel().tolist() for images, _ in batches]


def flat(batches: list[list[int]]) -> list[int]:
    return list(itertools.chain.from_iterable(batches))


@pytest.mark.parametrize(("count", "batch_size"), [(2, 1), (50, 16), (53, 7), (103, 200)])
def test_the_feed_holds_out_what_keras_does_and_makes_as_many_batches(count, batch_size) -> None:
    images = tf.reshape(tf.range(count, dtype="float32"), (count, 1))
    labels = np.zeros(count, "uint8")
    learned: list[list[int]] = []
    held_out: list[list[int]] = []

    class Spy(keras.Model):
        """Notes what `fit` on arrays learns from, and what it holds out."""

        def train_step(self, data):
            learned.append(data[0].numpy().ravel().tolist())
            return {"loss": 0.0}

        def test_step(self, data):
            held_out.append(data[0].numpy().ravel().tolist())
            return {"loss": 0.0}

    spy = Spy()
    spy.compile(run_eagerly=True)
    spy.built = True
    spy.fit(images, labels, batch_size=batch_size, validation_split=0.2, verbose=0)
    ours, ours_held_out = feed(images, labels, batch_size, seed=1)
    given = places(ours.take(len(learned)))
    assert [len(batch) for batch in given] == [len(batch) for batch in learned]
    assert sorted(flat(given)) == sorted(flat(learned)) == list(range(learned_from(count)))
    assert places(ours_held_out) == held_out


def test_each_epoch_sees_every_image_once_in_another_order_the_same_for_the_same_seed() -> None:
    images = tf.reshape(tf.range(50, dtype="float32"), (50, 1))

    def orders(seed: int, epoch: int = 0) -> list[list[int]]:
        batches = places(feed(images, LABELS, BATCH, seed, epoch)[0].take(3 * (4 - epoch)))
        return [flat(batches[start : start + 3]) for start in range(0, len(batches), 3)]

    four = orders(seed=1)
    assert all(sorted(order) == list(range(40)) for order in four)
    assert len({str(order) for order in [*four, list(range(40))]}) == 5
    assert orders(seed=1) == four
    assert orders(seed=2**32 - 1) != four
    assert orders(seed=1, epoch=2) == four[2:]  # what a training that continues goes on with


def test_no_pipeline_is_tuned_so_that_nothing_waits_for_its_thread() -> None:
    for batches in feed(PREPARED, LABELS, BATCH, seed=1):
        assert batches.options().autotune.enabled is False


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_to_hold_any_out_get_a_sentence(count: int) -> None:
    with pytest.raises(LessonError, match="set train_images to 2 or more"):
        feed(PREPARED[:count], LABELS[:count], BATCH, seed=1)


def test_each_batch_is_recorded_with_its_own_loss(tmp_path: Path) -> None:
    model, history, _ = train(tmp_path, model=new_model(learning_rate=0.0), epochs=2)
    two_epochs = feed(PREPARED, LABELS, BATCH, seed=1)[0].take(6)
    losses = [model.evaluate(*batch, verbose=0)[0] for batch in two_epochs]
    assert history["batches"]["images"] == SEEN[:6]
    assert history["batches"]["loss"] == pytest.approx(losses, abs=1e-5)


def test_each_epoch_is_recorded_as_keras_does_and_speed_is_that_of_training_alone(
    tmp_path: Path,
) -> None:
    _, history, kept = train(tmp_path)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert history[name] == pytest.approx(kept[name])
    assert history["epochs"] == 3
    assert 0 < history["training_seconds"] < history["seconds"]
    assert history["images_per_second"] == pytest.approx(120 / history["training_seconds"])


def test_a_training_continues_after_its_last_finished_epoch_with_the_earlier_history(
    tmp_path, capsys
) -> None:
    assert stop(tmp_path, epoch=3) == "Stopped. 2 epochs are kept; run this cell again to continue."
    model, history, _ = train(tmp_path)
    uninterrupted, whole, _ = train(tmp_path / "another")
    assert "An earlier training was cut short: 2 epochs are kept." in capsys.readouterr().out
    assert history["epochs"] == len(history["loss"]) == len(history["val_accuracy"]) == 3
    assert history["batches"]["images"] == SEEN
    assert int(model.optimizer.iterations) == 9
    assert history["batches"]["loss"] == pytest.approx(whole["batches"]["loss"], abs=1e-6)
    for ours, theirs in zip(model.get_weights(), uninterrupted.get_weights(), strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)
    assert len(list(tmp_path.glob("*.keras"))) == 1


def test_an_interrupt_is_one_sentence_and_another_error_is_not_hidden(tmp_path: Path) -> None:
    assert (
        stop(tmp_path, epoch=1)
        == "Stopped before an epoch was finished; run this cell again to start over."
    )
    assert stop(tmp_path, epoch=2) == "Stopped. 1 epoch is kept; run this cell again to continue."
    with pytest.raises(ZeroDivisionError), Checkpoint(tmp_path, Recorder(TRAINING, BATCH), RECIPE):
        _ = 1 / 0


@pytest.mark.parametrize(
    "other", [{**RECIPE, "parameters": {"epochs": 4}}, {**RECIPE, "made_from": {}}]
)
def test_another_training_starts_over(tmp_path: Path, other: dict) -> None:
    stop(tmp_path, epoch=2)
    recorder, model = Recorder(TRAINING, BATCH), new_model()
    assert Checkpoint(tmp_path, recorder, other).resume(model) is model
    assert recorder.history["epochs"] == 0
    assert not tmp_path.exists()


def test_what_others_put_beside_a_checkpoint_stays(tmp_path: Path) -> None:
    mine = [tmp_path / "my checkpoint.keras", tmp_path / "notes.txt"]
    for path in mine:
        path.write_text("mine")
    # What a killed process cannot delete.
    (tmp_path / ".123.partial.checkpoint.keras").write_bytes(b"PK")
    stop(tmp_path, epoch=2)
    Checkpoint(tmp_path, Recorder(TRAINING, BATCH), {}).delete()
    assert sorted(tmp_path.iterdir()) == mine


def test_a_damaged_checkpoint_gets_a_sentence_and_stays(tmp_path: Path) -> None:
    stop(tmp_path, epoch=2)
    path = tmp_path / "checkpoint.keras"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(
        LessonError,
        match=r"checkpoint\.keras is damaged \(.*\)\nTo fix it: delete it and start over",
    ):
        train(tmp_path)
    assert path.exists()


def test_the_cell_run_again_before_an_epoch_is_finished_forgets_what_was_recorded(
    tmp_path: Path,
) -> None:
    recorder, model = Recorder(TRAINING, BATCH), new_model()
    recorder.on_epoch_begin(0)
    recorder.on_train_batch_end(0, {"loss": 1.0})
    Checkpoint(tmp_path, recorder, RECIPE).resume(model)
    assert recorder.history["batches"] == {"images": [], "loss": []}


def test_what_stops_in_the_middle_of_saving_an_epoch_loses_nothing(
    tmp_path: Path, monkeypatch
) -> None:
    stop(tmp_path, epoch=2)

    def save_half(model: keras.Model, path: Path) -> None:
        path.write_bytes(b"PK")
        raise KeyboardInterrupt

    with (
        monkeypatch.context() as patch,
        pytest.raises(training.TrainingStopped, match=r"1 epoch is kept"),
    ):
        patch.setattr(keras.Model, "save", save_half)
        train(tmp_path)
    recorder = Recorder(TRAINING, BATCH)
    assert int(Checkpoint(tmp_path, recorder, RECIPE).resume(new_model()).optimizer.iterations) == 3
    assert recorder.history["epochs"] == 1


@pytest.mark.parametrize(
    ("train_images", "epochs", "words"),
    [
        (
            1,
            1000,
            r"With these settings, training takes less than a minute on this machine \(\d+ images a second\)\.$",
        ),
        (
            0,
            100,
            r"takes about \d+ min on this machine .*\nWith train_images = [1-9]\d* it takes less than a minute\.$",
        ),
        # train_images = 0 would mean all of them
        (0, 10**9, r"\nWith fewer epochs, or fewer filters in 03_model, it takes less\.$"),
    ],
)
def test_how_long_says_what_to_expect(
    tmp_path: Path, train_images: int, epochs: int, words: str
) -> None:
    parameters = {"epochs": epochs, "train_images": train_images, "batch_size": 256}
    folder = runs.RunFolder("04_training", tmp_path, parameters)
    np.savez(
        tmp_path / "dataset.npz",
        x_train=np.tile(IMAGES, (2, 1, 1)),
        y_train=np.tile(LABELS, 1000),
        normalization="pixels",
    )
    new_model().save(tmp_path / "model.keras")
    assert re.search(words, training.how_long(folder))


@pytest.mark.parametrize(("side", "more_classes"), [(1, 0), (0, 1)])
def test_a_network_for_another_data_set_is_told_to_be_made_again(
    side: int, more_classes: int, tmp_path: Path
) -> None:
    images = np.pad(IMAGES, ((0, 0), (0, side), (0, side)))
    labels = LABELS + more_classes
    np.savez(tmp_path / "dataset.npz", x_train=images, y_train=labels, normalization="pixels")
    new_model().save(tmp_path / "model.keras")
    parameters = {"epochs": 1, "train_images": 0, "batch_size": 4}
    with pytest.raises(LessonError, match="run all of 03_model again"):
        training.how_long(runs.RunFolder("04_training", tmp_path, parameters))


def test_how_long_takes_no_more_images_at_once_than_training(tmp_path: Path, monkeypatch) -> None:
    asked = []

    class Model:
        input_shape, output_shape = (None, *IMAGES.shape[1:], 1), (None, 10)

        def train_on_batch(self, images: np.ndarray, labels: np.ndarray) -> None:
            asked.append((len(images), len(labels)))

    monkeypatch.setattr(training.keras.models, "load_model", lambda _: Model())
    images, labels = np.tile(IMAGES, (2, 1, 1)), np.tile(LABELS, 2)
    np.savez(tmp_path / "dataset.npz", x_train=images, y_train=labels, normalization="pixels")
    (tmp_path / "model.keras").touch()
    monkeypatch.setattr(runs.RunFolder, "need", lambda self, name: self.path / name)
    for batch_size, most in ((4, 4), (256, 64)):
        parameters = {"epochs": 1, "train_images": 0, "batch_size": batch_size}
        training.how_long(runs.RunFolder("04_training", tmp_path, parameters))
        assert {*asked} == {(most, most)}
        asked.clear()
