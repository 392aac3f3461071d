"""What 04_training needs beside Keras' own `fit`: a record of every batch, checkpoints to continue from, a forecast.

The lesson itself is in the notebook: loading, the step size, `fit`, saving.
"""

# ruff: noqa: ARG002 (Keras says what a callback's methods are given)

import json
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import keras
import numpy as np

from helpers import files
from helpers.errors import LessonError
from helpers.lesson import process_data
from helpers.runs import RunFolder


class Recorder(keras.callbacks.Callback):
    """Records the loss of every batch, and what each epoch measured.

    Args:
        training_images: how many images an epoch trains on.
        batch_size: how many images a batch holds; the last one of an epoch may hold fewer.

    Attributes:
        history: what `history.json` holds. `epochs`: how many are finished. `loss`, `val_loss` and each metric: a list
            with a value for each finished epoch. `batches`: two lists, `images` (seen in all epochs so far) and `loss`
            (mean over the images of that batch alone). `seconds`: time in `fit`, that of earlier sessions included, up
            to their last checkpoint. `training_seconds`: the same without validation. `images_per_second`: images
            trained on, divided by that time. `resumed_at`: the epoch, counted from 1, with which this session
            continued; 0 where it began.
    """

    def __init__(self, training_images: int, batch_size: int) -> None:
        super().__init__()
        self._training_images, self._batch_size = training_images, batch_size
        self.start()

    def start(self, history: dict[str, Any] | None = None) -> None:
        """Begin an empty record, or continue the one that a checkpoint kept."""
        new = {"epochs": 0, "batches": {"images": [], "loss": []}, "seconds": 0.0, "training_seconds": 0.0}
        self.history: dict[str, Any] = history or {**new, "images_per_second": 0.0}
        self.history["resumed_at"] = history["epochs"] + 1 if history else 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Set the clock back by the time that earlier sessions took."""
        self._began = time.perf_counter() - self.history["seconds"]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Begin to count the images of this epoch."""
        self._epoch, self._seen, self._total = epoch, 0, 0.0
        self._trained = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the batch to the record."""
        # Keras gives the mean loss over all images of the epoch so far: take the earlier ones out again.
        seen = min((batch + 1) * self._batch_size, self._training_images)
        total = float((logs or {})["loss"]) * seen
        self.history["batches"]["images"].append(self._epoch * self._training_images + seen)
        self.history["batches"]["loss"].append((total - self._total) / max(seen - self._seen, 1))
        self._seen, self._total = seen, total
        now = time.perf_counter()
        self.history["training_seconds"] += now - self._trained
        self._trained = now

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add what Keras measured over the whole epoch."""
        for name, value in (logs or {}).items():  # a metric may be one number or several
            self.history.setdefault(name, []).append(np.asarray(value, dtype=float).tolist())
        history = self.history
        history["epochs"] = epoch + 1
        history["seconds"] = time.perf_counter() - self._began
        history["images_per_second"] = history["batches"]["images"][-1] / history["training_seconds"]


class TrainingStopped(LessonError):
    """Training was interrupted: what is kept, and how to continue."""

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}."

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Checkpoint(keras.callbacks.Callback):
    """Keeps model, optimizer and history after each epoch, and continues from there.

    A finished epoch becomes a folder `epoch-0001` with `model.keras` and `record.json`. It is written under another
    name and then renamed, so a half-written one is never used, and only then is the one before it deleted. Keras' own
    `BackupAndRestore` overwrites its only copy in place, continues whatever the parameters are, and loses the history
    of the earlier epochs.

    As a context manager around `fit` it turns an interrupt into one sentence that says what is kept.

    Args:
        folder: where the epochs are kept; nothing else is in it.
        recorder: the record to keep with the model; it comes before the checkpoint in the list of callbacks.
        recipe: all that a training must share with an earlier one to continue it, as plain values.
    """

    def __init__(self, folder: Path, recorder: Recorder, recipe: dict[str, Any]) -> None:
        super().__init__()
        self._folder, self._recorder = folder, recorder
        self._recipe = json.loads(json.dumps(recipe, default=str))

    def resume(self, model: keras.Model) -> keras.Model:
        """The model to continue with: that of the last finished epoch of the same training, or else `model` itself.

        Where there is none, what another training kept here is deleted. The recorder is set to match.
        """
        for path in sorted(self._folder.glob("epoch-*"), reverse=True):
            kept = files.read_json(path / "record.json")
            if kept["recipe"] == self._recipe:
                self._recorder.start(kept["history"])
                print(f"An earlier training was cut short: {_epochs(kept['history']['epochs'])} kept.")
                return keras.models.load_model(path / "model.keras")
        self.delete()
        self._recorder.start()
        return model

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            finished = self._recorder.history["epochs"]
            what = f"Stopped. {_epochs(finished)} kept" if finished else "Stopped before an epoch was finished"
            raise TrainingStopped(what, f"run this cell again to {'continue' if finished else 'start over'}") from None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep this epoch, then delete the one before it."""
        name = f"epoch-{epoch + 1:04}"
        with files.replacing(self._folder / name) as temporary:
            temporary.mkdir()
            self.model.save(temporary / "model.keras")
            files.write_json(temporary / "record.json", {"recipe": self._recipe, "history": self._recorder.history})
        for other in self._folder.glob("epoch-*"):
            if other.name != name:
                shutil.rmtree(other)

    def delete(self) -> None:
        """Delete what is kept: it belongs to another training, or this one has saved its result."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _epochs(count: int) -> str:
    return "1 epoch is" if count == 1 else f"{count} epochs are"


def how_long(folder: RunFolder) -> str:
    """How long 04_training will take on this machine with its parameters, in a sentence, from three timed updates.

    Where that is more than a minute, a second sentence says with which change it is less.

    Args:
        folder: the run's folder, as 04_training opened it.

    Raises:
        LessonError: the run's `dataset.npz` or `model.keras` is damaged.
    """
    model = keras.models.load_model(folder.need("model.keras"))
    with np.load(folder.need("dataset.npz"), allow_pickle=False) as data:
        count = len(data["y_train"])
        images, labels = process_data(data["x_train"][:64], str(data["normalization"])), data["y_train"][:64]
    model.train_on_batch(images, labels)  # also builds the graph
    start = time.perf_counter()
    for _ in range(3):
        model.train_on_batch(images, labels)
    speed = 3 * len(images) / (time.perf_counter() - start)
    work = 0.8 + 0.2 / 3  # the fifth that is held out needs no gradients, so it takes about a third of the time
    epochs, chosen = int(folder.parameters["epochs"]), int(folder.parameters["train_images"])
    seconds = epochs * min(chosen or count, count) * work / speed
    if seconds < 60:
        return f"With these settings, training takes less than a minute on this machine ({speed:.0f} images a second)."
    return (
        f"With these settings, training takes about {seconds / 60:.0f} min on this machine ({speed:.0f} images a "
        f"second).\nWith train_images = {int(55 * speed / work / epochs)} it takes less than a minute."
    )
