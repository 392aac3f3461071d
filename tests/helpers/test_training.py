"""What 04_training uses: the held-out fifth, batches, the record of each batch, the forecast."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import training
from helpers.lesson import batches_of
from helpers.training import Recorder, learned_from
from series import runs
from series.errors import LessonError

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 8, 8), dtype="uint8")
LABELS = np.arange(50, dtype="uint8") % 3
PREPARED = tf.constant(IMAGES[..., None] / 255, "float32")


def new_model(learning_rate: float = 0.01) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.mark.parametrize("count", [2, 50, 53, 48_001])
def test_as_many_are_learned_from_as_keras_takes(count: int) -> None:
    images = np.zeros((count, 1), "float32")
    (learned, _), _ = keras.src.trainers.data_adapters.array_slicing.train_validation_split(
        (images, images), validation_split=0.2
    )
    assert learned_from(count) == len(learned)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_to_hold_any_out_get_a_sentence(count: int) -> None:
    with pytest.raises(LessonError, match="set train_images to 2 or more"):
        learned_from(count)


def test_each_epoch_sees_every_image_once_in_another_order_the_same_for_the_same_seed() -> None:
    def orders(seed: int) -> list[list[int]]:
        keras.utils.set_random_seed(seed)
        batches = batches_of(tf.range(40), np.arange(40), 16)
        return [[int(label) for _, part in batches for label in part] for _ in range(3)]

    first = orders(seed=1)
    assert all(sorted(order) == list(range(40)) for order in first)
    assert len({str(order) for order in [*first, list(range(40))]}) == 4
    assert orders(seed=1) == first
    assert orders(seed=2) != first


def test_no_pipeline_is_tuned_so_that_nothing_waits_for_its_thread() -> None:
    assert batches_of(PREPARED, LABELS, 16).options().autotune.enabled is False


def test_each_batch_and_epoch_is_recorded_and_speed_is_that_of_training_alone() -> None:
    recorder, model = Recorder(40, 16), new_model(learning_rate=0.0)
    held_out = PREPARED[40:], LABELS[40:]
    kept = model.fit(
        PREPARED[:40], LABELS[:40], batch_size=16, epochs=2, shuffle=False, verbose=0,
        validation_data=held_out, callbacks=[recorder],
    ).history  # fmt: skip
    history = recorder.history
    assert history["batches"]["images"] == [16, 32, 40, 56, 72, 80]
    parts = [slice(0, 16), slice(16, 32), slice(32, 40)]
    losses = [model.evaluate(PREPARED[part], LABELS[part], verbose=0)[0] for part in parts]
    assert history["batches"]["loss"] == pytest.approx(2 * losses, abs=1e-5)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert history[name] == pytest.approx(kept[name])
    assert history["epochs"] == 2
    assert 0 < history["training_seconds"] < history["seconds"]
    assert history["images_per_second"] == pytest.approx(80 / history["training_seconds"])


@pytest.mark.parametrize(
    ("train_images", "epochs", "words"),
    [
        (1, 1000, r"takes less than a minute on this machine \(\d+ images a second\)\.$"),
        (
            0,
            100,
            r"takes about \d+ min on this machine .*\nWith train_images = [1-9]\d* it takes less",
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
