"""What 04_training needs beside Keras' own `fit`: a record of every batch, live progress, a way on after a kill.

The lesson itself stays in the notebook: loading, the step size, `fit`, saving.
"""

# ruff: noqa: ARG002 (Keras says what a callback's methods are given)

import contextlib
import json
import math
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from helpers import chain, files
from helpers.checkpoints import Checkpoints
from helpers.errors import LessonError


class Recorder(keras.callbacks.Callback):
    """Records the loss of every batch, and says about once a second how far `fit` is.

    While `fit` runs, `progress.json` in the run's folder holds `epoch` (from 1), `epochs`, `phase` (`training` or
    `validation`), `images` done of `of` in this phase, and `images_per_second` in this phase. It goes when `fit` ends;
    after a kill it stays until the next `fit`.

    Args:
        folder: the run's folder.
        training_images: how many images an epoch trains on.
        validation_images: how many images are held out.
        batch_size: how many images a batch holds; the last one of an epoch may hold fewer.

    Attributes:
        history: what `history.json` holds. `epochs`: how many are finished. `loss`, `val_loss` and each metric: a list
            with a value for each finished epoch. `batches`: two lists, `images` (seen in all epochs so far) and `loss`
            (mean over the images of that batch alone). `seconds`: time in `fit`, that of earlier sessions included, up
            to their last checkpoint. `images_per_second`: images trained on, divided by the time that took without
            validation. `resumed_at`: the epoch, counted from 1, with which this session went on; 0 where it began.
    """

    def __init__(self, folder: Path, training_images: int, validation_images: int, batch_size: int) -> None:
        super().__init__()
        self._file = folder / "progress.json"
        self._of = {"training": training_images, "validation": validation_images}
        self._batch_size = batch_size
        self.start()

    def start(self, history: dict[str, Any] | None = None) -> None:
        """Begin an empty record, or go on with the one that a checkpoint kept."""
        self.history: dict[str, Any] = {"epochs": 0, "batches": {"images": [], "loss": []}, "seconds": 0.0}
        self.history |= {"images_per_second": 0.0, "resumed_at": 0}
        self._training_seconds = 0.0
        if history is not None:
            self.history = history | {"resumed_at": history["epochs"] + 1}
            self._training_seconds = history["batches"]["images"][-1] / history["images_per_second"]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Set the clock back by the time that earlier sessions took."""
        self._began = time.perf_counter() - self.history["seconds"]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Begin to count the images of this epoch."""
        self._epoch, self._seen, self._total = epoch, 0, 0.0
        self._begin_phase("training")
        self._trained = self._phase_began

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the batch to the record."""
        # Keras gives the mean loss over all images of the epoch so far: take the earlier ones out again.
        seen = self._images_after(batch)
        total = float((logs or {})["loss"]) * seen
        batches = self.history["batches"]
        batches["images"].append(self._epoch * self._of["training"] + seen)
        batches["loss"].append((total - self._total) / max(seen - self._seen, 1))
        self._seen, self._total = seen, total
        now = time.perf_counter()
        self._training_seconds += now - self._trained
        self._trained = now
        self._show(seen, now)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begin to count the images held out."""
        self._begin_phase("validation")

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Say how far validation is."""
        self._show(self._images_after(batch), time.perf_counter())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add what Keras measured over the whole epoch."""
        for name, value in (logs or {}).items():  # a metric may be one number or several
            self.history.setdefault(name, []).append(np.asarray(value, dtype=float).tolist())
        self.history["epochs"] = epoch + 1
        self.history["seconds"] = time.perf_counter() - self._began
        self.history["images_per_second"] = self.history["batches"]["images"][-1] / self._training_seconds

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Take the progress away."""
        with contextlib.suppress(OSError):  # on Windows a file that someone reads at this moment can't be deleted
            self._file.unlink()

    def _begin_phase(self, phase: str) -> None:
        self._phase, self._phase_began, self._shown = phase, time.perf_counter(), -math.inf

    def _images_after(self, batch: int) -> int:
        return min((batch + 1) * self._batch_size, self._of[self._phase])

    def _show(self, images: int, now: float) -> None:
        if now - self._shown < 1:
            return
        self._shown = now
        progress = {"epoch": self._epoch + 1, "epochs": self.params["epochs"], "phase": self._phase}
        speed = round(images / (now - self._phase_began), 1)
        progress |= {"images": images, "of": self._of[self._phase], "images_per_second": speed}
        with contextlib.suppress(LessonError):  # on Windows a file that someone reads at this moment can't be replaced
            files.write_json(self._file, progress)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the last finished epoch in the folder `checkpoint` of the run's folder, and goes on from there.

    Args:
        folder: the run's folder.
        recorder: the record to keep with the model; it stands before the checkpoint in the list of callbacks.
        parameters: all that a training must share with an earlier one to go on from it, by name, as plain values.
    """

    def __init__(self, folder: Path, recorder: Recorder, **parameters: object) -> None:
        super().__init__()
        self._run, self._recorder, self._parameters = folder, recorder, parameters

    def resume(self, model: keras.Model) -> keras.Model:
        """The model to go on with: that of the last finished epoch of the same training, or else `model` itself.

        The same training has the same parameters, data and first model, and is compiled alike. Where there is none,
        what another training kept here is deleted, its TensorBoard logs too. The recorder is set to match.
        """
        used = {name: files.digest(self._run / name) for name in chain.BY_NAME["04_training"].needs}
        recipe = {"parameters": self._parameters, "used": used, "compiled": model.get_compile_config()}
        self._checkpoints = Checkpoints(self._run / "checkpoint", json.loads(json.dumps(recipe, default=str)))
        if found := self._checkpoints.find():
            saved, history = found
            self._recorder.start(history)
            print(f"An earlier training was cut short: {history['epochs']} of its epochs are kept.")
            return keras.models.load_model(saved)
        self.delete()
        shutil.rmtree(self._run / "tensorboard", ignore_errors=True)
        self._recorder.start()
        return model

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep this epoch and drop the one before it."""
        self._checkpoints.keep(self.model, self._recorder.history)

    def delete(self) -> None:
        """Delete what is kept, once the training has left its result."""
        self._checkpoints.delete()
