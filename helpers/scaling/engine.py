"""Training a run's model in step with the other workers of a cluster, on TensorFlow's own engine.

Each worker holds the whole model and computes the gradients of its share of every batch; all of them apply the mean.
`model.fit` fails under `MultiWorkerMirroredStrategy` in Keras 3 (keras issue 20585), so the loop over epochs and
batches stands here; what happens in a batch is still the model's own `train_step`.
"""

# ruff: noqa: ARG002 (Keras says what a callback's methods are given)

import datetime
import faulthandler
import hashlib
import math
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np
import tensorflow as tf

from helpers import files, runs
from helpers.checkpoints import Checkpoints
from helpers.errors import LessonError
from helpers.lesson import process_data
from helpers.runs import RunFolder
from helpers.scaling.cluster import KEPT, Cluster, share_of
from helpers.scaling.launcher import threads_each
from helpers.training import Recorder

BETWEEN_LINES = 10  # seconds between two lines of progress
# What TensorFlow raises in the others when a worker is gone: its coordination service misses the heartbeats of ten
# seconds, or a connection breaks before that.
LOST_ERRORS = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)


def train(
    folder: RunFolder,
    cluster: Cluster,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    steps: int,
    wait: int,
) -> None:
    """Train the run's `model.keras` on its `dataset.npz`; the chief leaves `trained.keras` and `history.json`.

    The chief also adds to the list `workers` of the run's record: how many there were, the threads of each, the batch
    size, the updates made, the images a second without the first update of each epoch, and when it ended.

    Args:
        folder: the run's folder, on a disk that all workers share.
        cluster: who takes part.
        epochs: how often training goes through all its images; the last fifth of the images is held out.
        batch_size: images that an update sees, those of all workers together.
        learning_rate: step size of each update.
        seed: start of the random numbers, the same for all workers. It also orders the images, so the batches are the
            same ones for any number of workers that divides the images evenly.
        steps: stop after so many updates, in the middle of an epoch too; 0 trains all epochs.
        wait: seconds to wait for the other workers; the process ends with exit code 1 when they have not all come.

    Raises:
        LessonError: an artefact is missing or damaged, the batch can't be shared out, or the workers disagree.
        tf.errors.OpError: one of `LOST_ERRORS`, where another worker was lost.
    """
    used = {name: files.digest(folder.need(name)) for name in ("dataset.npz", "model.keras")}
    recipe = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed, "steps": steps}
    checkpoints = Checkpoints(folder.path / KEPT, recipe | used)
    # TensorFlow itself waits for an hour, and lets no other Python thread run while it does.
    faulthandler.dump_traceback_later(wait, exit=True)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # returns when all workers are there
    faulthandler.cancel_dump_traceback_later()
    share_of(batch_size, strategy.num_replicas_in_sync)
    kept = checkpoints.find()
    agree(strategy, f"{recipe} {used} {kept and kept[0].parent.name}")
    keras.utils.set_random_seed(seed)
    training = Training(strategy, folder.path, cluster, kept, batch_size, epochs)
    if kept is None:
        training.model.optimizer.learning_rate = learning_rate
        if cluster.is_chief:
            checkpoints.delete()
    for epoch in range(training.recorder.history["epochs"], epochs):
        if steps and training.updates >= steps:
            break
        training.train_epoch(epoch, seed, steps)
        if cluster.is_chief:
            checkpoints.keep(training.model, training.recorder.history)
    training.callbacks.on_train_end()
    if cluster.is_chief:
        with folder.leave("trained.keras") as path:
            training.model.save(path)
        with folder.leave("history.json") as path:
            files.write_json(path, training.recorder.history)
        enter(folder.path, cluster, batch_size, training)
        checkpoints.delete()
    agree(strategy, "the chief has saved")


def enter(folder: Path, cluster: Cluster, batch_size: int, training: "Training") -> None:
    """Add this training to the list `workers` of the run's record."""
    facts: dict[str, Any] = {"workers": cluster.workers, "batch_size": batch_size, "updates": training.updates}
    facts["threads_each"] = int(os.environ.get("TF_NUM_INTRAOP_THREADS") or threads_each(1))
    facts["images_per_second"] = round(training.lines.speed(), 1) if training.lines else None
    facts["ended"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    runs.update_record(folder, lambda record: record.setdefault("workers", []).append(facts))


def agree(strategy: tf.distribute.Strategy, words: str) -> None:
    """Wait until every worker comes here, and see that all say the same words.

    Raises:
        LessonError: they don't.
    """
    number = int.from_bytes(hashlib.sha256(words.encode()).digest()[:7], "big")
    each = strategy.experimental_distribute_values_from_function(lambda _: tf.constant([number], tf.int64))
    if len(np.unique(strategy.gather(each, axis=0).numpy())) > 1:
        raise LessonError(
            "the workers do not agree on the options, the data, the model or the checkpoint",
            "start all of them with the same options and with DIGITS_RUNS on a disk that they share",
        )


class Training:
    """The model, the images and the state of one training, as one worker holds them.

    Attributes:
        model: the model that learns, one copy in each worker, all alike after each update.
        recorder: the record of every batch and epoch; the chief alone fills it.
        lines: the chief's lines of progress; None in the others.
        callbacks: what follows the training: in the chief the recorder and the lines, else nothing.
        updates: how many were made, those before the checkpoint included.
    """

    def __init__(
        self,
        strategy: Any,
        folder: Path,
        cluster: Cluster,
        kept: tuple[Path, dict[str, Any]] | None,
        batch_size: int,
        epochs: int,
    ) -> None:
        self._strategy, self._batch_size = strategy, batch_size
        saved, history = kept or (folder / "model.keras", None)
        with strategy.scope():
            self.model = keras.models.load_model(saved)
            self.model.optimizer.build(self.model.trainable_variables)
        with np.load(folder / "dataset.npz", allow_pickle=False) as data:
            self._images = process_data(data["x_train"], str(data["normalization"]))
            self._labels = data["y_train"]
        self._learned, self._held_out = split(len(self._labels), strategy.num_replicas_in_sync)
        self.recorder = Recorder(folder, len(self._learned), len(self._held_out), batch_size)
        if history:
            self.recorder.start(history)
        self.updates = len(self.recorder.history["batches"]["loss"])
        self.lines = Lines(self.recorder, cluster.workers) if cluster.is_chief else None
        watching = [self.recorder, self.lines] if self.lines else []
        self.callbacks = keras.callbacks.CallbackList(watching, epochs=epochs)
        self.callbacks.on_train_begin()

    def train_epoch(self, epoch: int, seed: int, steps: int) -> None:
        """Go through the images once, or until `steps` updates are made in all, then through those held out."""
        self.callbacks.on_epoch_begin(epoch)
        order = np.random.default_rng([seed, epoch]).permutation(self._learned)
        for number, batch in enumerate(self._batches(order)):
            self.callbacks.on_train_batch_end(number, {"loss": float(self._update(batch))})
            self.updates += 1
            if self.updates == steps:
                break
        logs = self._results()
        self.callbacks.on_test_begin()
        for number, batch in enumerate(self._batches(self._held_out)):
            self._judge(batch)
            self.callbacks.on_test_batch_end(number)
        self.callbacks.on_epoch_end(epoch, logs | {f"val_{name}": value for name, value in self._results().items()})

    def _batches(self, order: np.ndarray) -> Iterable[Any]:
        """This worker's share of each batch, in this order of the images."""
        dataset = tf.data.Dataset.from_tensor_slices(order).batch(self._batch_size)
        dataset = dataset.map(lambda rows: (tf.gather(self._images, rows), tf.gather(self._labels, rows))).prefetch(2)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        return self._strategy.experimental_distribute_dataset(dataset.with_options(options))

    @tf.function(reduce_retracing=True)
    def _update(self, batch: Any) -> tf.Tensor:
        logs = self._strategy.run(self.model.train_step, args=(batch,))
        return self._strategy.reduce(tf.distribute.ReduceOp.MEAN, logs["loss"], axis=None)

    @tf.function(reduce_retracing=True)
    def _judge(self, batch: Any) -> None:
        self._strategy.run(self.model.test_step, args=(batch,))

    def _results(self) -> dict[str, float]:
        """Loss and metrics over all that the workers saw since the last call."""
        found = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        self.model.reset_metrics()
        return found


def split(count: int, shares: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the images to learn from, and of those held out: the last fifth, as Keras takes it.

    All workers need equally many, so up to `shares` - 1 images at the end of each part are left out.
    """
    first = math.floor(count * (1 - 0.2))
    return np.arange(first - first % shares), np.arange(first, count - (count - first) % shares)


class Lines(keras.callbacks.Callback):
    """Says how training goes: a line every ten seconds, and one at the end of each epoch."""

    def __init__(self, recorder: Recorder, workers: int) -> None:
        super().__init__()
        self._seen = recorder.history["batches"]["images"]
        self._said = self._last = time.monotonic()
        self._images, self._seconds = 0, 0.0
        done = recorder.history["epochs"]
        begin = f"going on after epoch {done}, from the last checkpoint" if done else "training begins"
        click.echo(f"{workers} worker{'s' * (workers > 1)}: {begin}")

    def speed(self) -> float:
        """Images a second so far, without the first update of each epoch, which waits for the graph or the images."""
        return self._images / self._seconds if self._seconds else 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Take note of the epoch."""
        self._name = f"epoch {epoch + 1} of {self.params['epochs']}"

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Measure the speed, and say it now and then."""
        now = time.monotonic()
        if batch:
            self._images += self._seen[-1] - self._seen[-2]
            self._seconds += now - self._last
        self._last = now
        if self._seconds and now - self._said > BETWEEN_LINES:
            self._said = now
            click.echo(f"{self._name}: {self._seen[-1]:,} images seen, {self.speed():.1f} a second")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Say what Keras measured."""
        measured = ", ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        click.echo(f"{self._name}: {measured}; {self.speed():.1f} images a second")
