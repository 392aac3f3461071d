"""What 04_training needs beside Keras' own `fit`: its images in batches, a record of every batch,
checkpoints to continue from, a forecast.

The lesson itself is in the notebook: loading, the step size, `fit`, saving.
"""

# ruff: noqa: ARG002 (Keras says what a callback's methods are given)

import contextlib
import json
import math
import time
import timeit
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from helpers.lesson import process_data
from series import files
from series.chain import VALIDATION_SHARE
from series.errors import LessonError
from series.runs import RunFolder

RECORD = "record.json"  # the part of a checkpoint that isn't Keras' own


def learned_from(count: int) -> int:
    """How many of `count` images are learned from: all but the last fifth, which is held out.

    It is the number that Keras works out for `validation_split=0.2`.

    Raises:
        LessonError: there are too few to hold any out.
    """
    learned = math.floor(count * (1 - VALIDATION_SHARE))
    if not 0 < learned < count:
        raise LessonError(
            f"{count} training image(s) can't be divided into two parts",
            "set train_images to 2 or more, or to 0, which takes all",
        )
    return learned


def feed(
    images: tf.Tensor, labels: np.ndarray, batch_size: int, seed: int, epoch: int = 0
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """The batches that `fit(images, labels, batch_size=…, validation_split=0.2)` makes, without the
    wait after an epoch.

    When `fit` gets arrays, TensorFlow tunes the pipeline that makes batches of them, in a thread of
    its own. After an epoch that thread may sleep on for up to a minute, and `fit` waits for it.
    Here nothing is tuned, so no such thread exists.

    Args:
        images: of shape (count, …).
        labels: of shape (count,).
        batch_size: how many images a batch holds; the last one of an epoch may hold fewer.
        seed: start of the random order, another one in each epoch.
        epoch: how many epochs of this training are already finished; it goes on with the next one's
            order.

    Returns:
        The batches to learn from, epoch after epoch without end, so `fit` has to be told its
        `steps_per_epoch`; and those that are held out, the last fifth, in the order given.

    Raises:
        LessonError: there are too few images to hold any out.
    """
    count = learned_from(len(labels))

    def batches_of_epoch(number: tf.Tensor) -> tf.data.Dataset:
        # The order depends on nothing but seed and epoch: `fit` opens more passes than it uses.
        shuffled = tf.argsort(tf.random.stateless_uniform((count,), tf.stack([seed, number])))
        return tf.data.Dataset.from_tensor_slices(shuffled).batch(batch_size)

    endless = tf.data.Dataset.range(epoch, tf.int64.max).flat_map(batches_of_epoch)
    held_out = tf.data.Dataset.range(count, len(labels)).batch(batch_size)
    return _collect(endless, images, labels), _collect(held_out, images, labels)


def _collect(places: tf.data.Dataset, images: tf.Tensor, labels: np.ndarray) -> tf.data.Dataset:
    """Batches of images and labels for batches of places: no image is copied before it is used."""
    all_images, all_labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)

    def gather(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(all_images, batch), tf.gather(all_labels, batch)

    options = tf.data.Options()
    options.autotune.enabled = False
    return places.map(gather).prefetch(2).with_options(options)  # two wait while one is used


class Recorder(keras.callbacks.Callback):
    """Records the loss of every batch, and what each epoch measured.

    Args:
        training_images: how many images an epoch trains on.
        batch_size: how many images a batch holds; the last one of an epoch may hold fewer.

    Attributes:
        history: what `history.json` holds. `epochs`: how many are finished. `loss`, `val_loss` and
            each metric: a list with a value for each finished epoch. `batches`: two lists, `images`
            (seen in all epochs so far) and `loss` (mean over the images of that batch alone).
            `seconds`: time in `fit`, that of earlier sessions included, up to their last
            checkpoint. `training_seconds`: the same without validation. `images_per_second`: images
            trained on, divided by that time.
    """

    def __init__(self, training_images: int, batch_size: int) -> None:
        super().__init__()
        self._training_images, self._batch_size = training_images, batch_size
        self.start_over()

    def start_over(self) -> None:
        """Forget what was recorded."""
        self.history: dict[str, Any] = {"epochs": 0, "batches": {"images": [], "loss": []}}
        self.history |= {"seconds": 0.0, "training_seconds": 0.0}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Set the clock back by the time that earlier sessions took."""
        self._began = time.perf_counter() - self.history["seconds"]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Begin to count the images of this epoch."""
        self._epoch, self._seen, self._total = epoch, 0, 0.0
        self._epoch_began = time.perf_counter() - self.history["training_seconds"]

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        """Add the batch to the record."""
        # Keras gives the mean loss over all images of the epoch so far: take the earlier ones out
        # again.
        seen = min((batch + 1) * self._batch_size, self._training_images)
        total = float(logs["loss"]) * seen
        self.history["batches"]["images"].append(self._epoch * self._training_images + seen)
        self.history["batches"]["loss"].append((total - self._total) / max(seen - self._seen, 1))
        self._seen, self._total = seen, total
        self.history["training_seconds"] = time.perf_counter() - self._epoch_began

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Add what Keras measured over the whole epoch."""
        history = self.history
        for name, value in logs.items():  # a metric may be one number or several
            history.setdefault(name, []).append(np.asarray(value, dtype=float).tolist())
        history["epochs"] = epoch + 1
        history["seconds"] = time.perf_counter() - self._began
        history["images_per_second"] = (
            history["batches"]["images"][-1] / history["training_seconds"]
        )


class TrainingStopped(LessonError):
    """Training was interrupted: what is kept, and how to continue."""

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}."


class Checkpoint(keras.callbacks.Callback):
    """Keeps model, optimizer and history after each epoch, and continues from there.

    They are one file: the model as Keras saves it, which is a zip archive, with the record as one
    more part. It is written under another name and then renamed, so a half-written one is never
    used, and one epoch is kept until the next is complete. Keras' own `BackupAndRestore` writes
    weights and the number of the epoch to two files, which contradict each other if the process
    ends between the two (`double_checkpoint` keeps the pair before as well, and doesn't notice).
    It knows nothing of the recipe, and the history of the earlier epochs would be a third file.

    As a context manager around `fit` it turns an interrupt into one sentence that says what is
    kept.

    Args:
        folder: where the file is kept; nothing else is in it.
        recorder: the record to keep with the model; it comes before the checkpoint in the list of
            callbacks.
        recipe: all that a training must share with an earlier one to continue it, as plain values.
    """

    def __init__(self, folder: Path, recorder: Recorder, recipe: dict[str, Any]) -> None:
        super().__init__()
        self._path, self._recorder, self._kept = folder / "checkpoint.keras", recorder, 0
        self._recipe = json.loads(json.dumps(recipe, default=str))

    def resume(self, model: keras.Model) -> keras.Model:
        """The model to continue with: that of the last finished epoch of the same training, or else
        `model` itself.

        The recorder continues the kept history. What another training kept here is deleted.

        Raises:
            LessonError: what is kept is damaged.
        """
        try:
            kept = json.loads(dict(files.unzip(self._path))[RECORD]) if self._path.is_file() else {}
        except (OSError, ValueError, KeyError) as error:
            raise LessonError(
                f"{files.display_path(self._path)} is damaged ({error})", "delete it and start over"
            ) from error
        if kept.get("recipe") != self._recipe:
            self.delete()
            self._recorder.start_over()
            return model
        self._recorder.history, self._kept = kept["history"], kept["history"]["epochs"]
        print(f"An earlier training was cut short: {_epochs(self._kept)} kept.")
        return keras.models.load_model(self._path)

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyboardInterrupt):
            what = (
                f"Stopped. {_epochs(self._kept)} kept"
                if self._kept
                else "Stopped before an epoch was finished"
            )
            raise TrainingStopped(
                what, f"run this cell again to {'continue' if self._kept else 'start over'}"
            ) from None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep this epoch in place of the one before it."""
        with files.atomic_write(self._path) as temporary:
            self.model.save(temporary)
            with zipfile.ZipFile(temporary, "a") as archive:
                archive.writestr(
                    RECORD, json.dumps({"recipe": self._recipe, "history": self._recorder.history})
                )
        self._kept = epoch + 1

    def delete(self) -> None:
        """Delete what is kept: it belongs to another training, or this one has saved its result."""
        # A killed process leaves them.
        half_written = self._path.parent.glob(f".*.partial.{self._path.name}")
        for path in (self._path, *half_written):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it was never there, or holds something that isn't ours
            self._path.parent.rmdir()


def _epochs(count: int) -> str:
    return "1 epoch is" if count == 1 else f"{count} epochs are"


def _check_fit(network: keras.Model, shape: tuple[int, ...], classes: int) -> None:
    """Raise a LessonError where the data was made anew for other images, and the network wasn't."""
    if network.input_shape[1:] == shape and network.output_shape[-1] >= classes:
        return
    raise LessonError(
        f"model.keras takes images of shape {network.input_shape[1:]} and tells "
        f"{network.output_shape[-1]} classes apart; dataset.npz has images of shape {shape} and "
        f"{classes} classes",
        "run all of 03_model again, with this dataset",
    )


def how_long(folder: RunFolder) -> str:
    """How long 04_training will take on this machine with its parameters, in a sentence, from three
    timed updates.

    Where that is more than a minute, a second sentence says with which change it is less.

    Args:
        folder: the run's folder, as 04_training opened it.

    Raises:
        LessonError: the run's `dataset.npz` or `model.keras` is damaged, or the network is for
            images or classes of another data set.
    """
    model = keras.models.load_model(folder.need("model.keras"))
    with np.load(folder.need("dataset.npz"), allow_pickle=False) as data:
        count, classes = len(data["y_train"]), int(data["y_train"].max()) + 1
        # No more than training itself takes at once: large images may need all the memory there is.
        few = min(64, int(folder.parameters["batch_size"]))
        images = process_data(data["x_train"][:few], str(data["normalization"]))
        labels = data["y_train"][:few]
    _check_fit(model, tuple(images.shape[1:]), classes)
    model.train_on_batch(images, labels)  # also builds the graph
    speed = 3 * len(images) / timeit.timeit(lambda: model.train_on_batch(images, labels), number=3)
    # What is held out needs no gradients, so it takes about a third of the time.
    work = 1 - VALIDATION_SHARE + VALIDATION_SHARE / 3
    epochs, chosen = int(folder.parameters["epochs"]), int(folder.parameters["train_images"])
    seconds = epochs * min(chosen or count, count) * work / speed
    if seconds < 60:
        return (
            "With these settings, training takes less than a minute on this machine "
            f"({speed:.0f} images a second)."
        )
    fewer = int(55 * speed / work / epochs)
    # So few that nothing would be learned, or 0, which means all of them.
    remedy = (
        f"With train_images = {fewer}"
        if fewer >= 100
        else "With fewer epochs, or fewer filters in 03_model,"
    )
    return (
        f"With these settings, training takes about {seconds / 60:.0f} min on this machine "
        f"({speed:.0f} images a second).\n{remedy} it takes less"
        f"{' than a minute' if fewer >= 100 else ''}."
    )
