"""What 04_training needs beside Keras' own `fit`: the size of the held-out part, a record of every
batch, a forecast.

The lesson itself is in the notebook: loading, the batches, the step size, `fit`, saving.
"""

# ruff: noqa: ARG002 (Keras says what a callback's methods are given)

import math
import time
import timeit
from pathlib import Path
from typing import Any

import keras
import numpy as np

from helpers.lesson import process_data
from series.chain import VALIDATION_SHARE
from series.errors import LessonError
from series.files import read_json, write_json
from series.runs import RunFolder


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


class Recorder(keras.callbacks.Callback):
    """Records the loss of every batch, and what each epoch measured.

    Args:
        training_images: how many images an epoch trains on.
        batch_size: how many images a batch holds; the last one of an epoch may hold fewer.
        folder: that of a `keras.callbacks.BackupAndRestore`, which comes later in the list of
            callbacks. The history is kept there too after each epoch, and a training that continues
            goes on with it.

    Attributes:
        history: what `history.json` holds. `epochs`: how many are finished. `loss`, `val_loss` and
            each metric: a list with a value for each finished epoch. `batches`: two lists, `images`
            (seen in all epochs so far) and `loss` (mean over the images of that batch alone).
            `seconds`: time in all finished epochs, those of earlier sessions included.
            `training_seconds`: the same without validation. `images_per_second`: images trained on,
            divided by that time.
    """

    def __init__(self, training_images: int, batch_size: int, folder: Path | None = None) -> None:
        super().__init__()
        self._training_images, self._batch_size = training_images, batch_size
        self._folder = folder
        self.start_over()

    def start_over(self) -> None:
        """Forget what was recorded."""
        self.history: dict[str, Any] = {"epochs": 0, "batches": {"images": [], "loss": []}}
        self.history |= {"seconds": 0.0, "training_seconds": 0.0}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Go on with the history of the epochs that `BackupAndRestore` has kept, if any."""
        if self._folder is None:
            return
        progress = self._folder / "training_metadata.json"  # as BackupAndRestore writes it
        if progress.exists():
            epochs = read_json(progress)["epoch"]
            self.history = read_json(self._folder / f"history-{epochs}.json")
        else:
            self.start_over()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Begin to count the images of this epoch."""
        self._epoch, self._seen, self._total = epoch, 0, 0.0
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        """Add the batch to the record."""
        # Keras gives the mean loss over all images of the epoch so far: take the earlier ones out
        # again.
        seen = min((batch + 1) * self._batch_size, self._training_images)
        total = float(logs["loss"]) * seen
        self.history["batches"]["images"].append(self._epoch * self._training_images + seen)
        self.history["batches"]["loss"].append((total - self._total) / max(seen - self._seen, 1))
        self._seen, self._total = seen, total
        self._batch_ended = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Add what Keras measured over the whole epoch."""
        history = self.history
        for name, value in logs.items():  # a metric may be one number or several
            history.setdefault(name, []).append(np.asarray(value, dtype=float).tolist())
        history["epochs"] = epoch + 1
        history["seconds"] += time.perf_counter() - self._began
        history["training_seconds"] += self._batch_ended - self._began
        history["images_per_second"] = (
            history["batches"]["images"][-1] / history["training_seconds"]
        )
        if self._folder is not None:  # a file for each epoch: one belongs to the kept weights
            write_json(self._folder / f"history-{epoch + 1}.json", history)


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
    shape, outputs = tuple(images.shape[1:]), model.output_shape[-1]
    if model.input_shape[1:] != shape or outputs < classes:
        raise LessonError(
            f"model.keras takes images of shape {model.input_shape[1:]} and tells {outputs} "
            f"classes apart; dataset.npz has images of shape {shape} and {classes} classes",
            "run all of 03_model again, with this dataset",
        )
    model.train_on_batch(images, labels)  # also builds the graph
    speed = 3 * len(images) / timeit.timeit(lambda: model.train_on_batch(images, labels), number=3)
    epochs, chosen = int(folder.parameters["epochs"]), int(folder.parameters["train_images"])
    # What is held out needs no gradients, so it takes about a third of the time.
    work = epochs * (1 - VALIDATION_SHARE * 2 / 3)
    minutes = min(chosen or count, count) * work / speed / 60
    rate = f"on this machine ({speed:.0f} images a second)."
    if minutes < 1:
        return f"With these settings, training takes less than a minute {rate}"
    forecast = f"With these settings, training takes about {minutes:.0f} min {rate}"
    fewer = int(55 * speed / work)
    if fewer < 100:  # from so few, nothing would be learned, and 0 means all of them
        return f"{forecast}\nWith fewer epochs, or fewer filters in 03_model, it takes less."
    return f"{forecast}\nWith train_images = {fewer} it takes less than a minute."


def refuse_unusable(model: keras.Model, images: Any) -> None:
    """See whether later notebooks can load a model and read probabilities from it.

    Args:
        model: the model to save.
        images: a few prepared images, as the model takes them.

    Raises:
        LessonError: a layer is one that a new kernel doesn't know, or no probabilities come out.
    """
    for layer in model.layers:
        if not type(layer).__module__.startswith("keras.") or isinstance(
            layer, keras.layers.Lambda
        ):
            raise LessonError(
                f"the layer {layer.name} ({type(layer).__name__}) can't be loaded in a new kernel",
                "use Keras' own layers, and functions of keras.ops between them, then run all of "
                "03_model again",
            )
    rows = np.asarray(model(images[:10]), dtype="float64")
    if (rows < 0).any() or not np.allclose(rows.sum(axis=-1), 1, atol=0.01):
        raise LessonError(
            "what comes out of the model for an image doesn't add up to 1, so these are no "
            "probabilities",
            'give the last layer activation="softmax", compile without from_logits=True, then run '
            "all of 03_model again",
        )
