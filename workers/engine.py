"""Training a run's model in step with the other workers of a cluster, on TensorFlow's own engine.

Each worker holds the whole model and computes the gradients of its share of every batch; all of them apply the mean.
`model.fit` fails under `MultiWorkerMirroredStrategy` in Keras 3 (keras issue 20585), so the loop over epochs and
batches is written out here; what happens in a batch is still the model's own `train_step`.
"""

# ruff: noqa: ARG002 (Keras says what a callback's methods are given)

import contextlib
import datetime
import io
import os
import time
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from helpers import chain, files, runs
from helpers.errors import LessonError
from helpers.lesson import process_data
from helpers.runs import RunFolder
from helpers.training import Checkpoint, Recorder
from workers.cluster import Cluster
from workers.launcher import threads_each
from workers.recipe import Recipe

CHECKPOINT_FOLDER = "checkpoint-of-workers"  # in the run's folder
UPDATES_BETWEEN_LINES = 50
errors = tf.errors
# What TensorFlow raises in the others when a worker is gone: its coordination service misses the heartbeats of ten
# seconds, or a connection breaks before that.
LOST_ERRORS = (errors.AbortedError, errors.CancelledError, errors.DeadlineExceededError, errors.UnavailableError)


def train(source: RunFolder, target: RunFolder, cluster: Cluster, recipe: Recipe) -> None:
    """Train the run's `model.keras` on its `dataset.npz`; the chief saves `trained.keras` and `history.json`.

    The chief also adds to the list `workers` of the record: how many there were, the threads of each, the batch size,
    the updates made, the images a second without the first update of each epoch, and when it ended.

    Args:
        source: the run's folder, on a disk that all workers share.
        target: where to save: the same folder, or another one.
        cluster: who takes part. The others must be there already: TensorFlow waits for them for an hour.
        recipe: how to train.

    Raises:
        LessonError: an artifact is missing or damaged, the batch can't be divided equally, or the workers disagree.
        tf.errors.OpError: one of `LOST_ERRORS`, where another worker was lost.
    """
    used = {name: files.digest(source.need(name)) for name in chain.SCALING.needs}
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # returns when all workers are there
    recipe.check(strategy.num_replicas_in_sync)
    agree(strategy, f"{recipe} {used}")  # first, because who has another recipe deletes the checkpoint
    keras.utils.set_random_seed(recipe.seed)
    training = Training(strategy, source, target, recipe, used)
    recorder, checkpoint = training.recorder, training.checkpoint
    agree(strategy, f"epochs that are done: {recorder.history['epochs']}")
    progress = Progress(recorder, cluster)
    training.run([recorder, progress, checkpoint] if cluster.is_chief else [recorder])
    if cluster.is_chief:
        with target.save("trained.keras") as path:
            training.model.save(path)
        with target.save("history.json") as path:
            files.write_json(path, recorder.history)
        entry = {"workers": cluster.workers, "batch_size": recipe.batch_size, "updates": training.updates}
        entry["threads_each"] = int(os.environ.get("TF_NUM_INTRAOP_THREADS") or threads_each(1))
        ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        measured = {"images_per_second": round(progress.speed, 1), "ended": ended}
        runs.update_record(target.path, lambda record: record.setdefault("workers", []).append(entry | measured))
        checkpoint.delete()
    agree(strategy, "the chief has saved")


def agree(strategy: tf.distribute.Strategy, words: str) -> None:
    """Wait until every worker comes here, and see that all say the same words.

    Raises:
        LessonError: they don't.
    """
    number = tf.constant([zlib.crc32(words.encode())], tf.int64)
    each = strategy.gather(strategy.experimental_distribute_values_from_function(lambda _: number), axis=0)
    if len(np.unique(each.numpy())) > 1:
        what = "the workers do not agree on the options, the data, the model or the checkpoint"
        raise LessonError(what, "start all with the same options and with DIGITS_RUNS on a disk that they share")


def split(count: int, shares: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the images to learn from, and of those held out: the last fifth, as Keras takes it.

    All workers need equally many, so up to `shares` - 1 images at the end of each part are left out.
    """
    first = int(count * (1 - 0.2))
    return np.arange(first - first % shares), np.arange(first, count - (count - first) % shares)


class Training:
    """The model, the images and the state of one training, as one worker holds them.

    Attributes:
        model: the model that learns, one copy in each worker, all alike after each update.
        recorder: the record of every batch and epoch.
        checkpoint: what keeps the last finished epoch; training continues from there.
    """

    def __init__(
        self, strategy: Any, source: RunFolder, target: RunFolder, recipe: Recipe, used: dict[str, str]
    ) -> None:
        self._strategy, self._recipe = strategy, recipe
        with np.load(source.path / "dataset.npz", allow_pickle=False) as data:
            self._labels = data["y_train"][: recipe.practice or None]
            self._images = process_data(data["x_train"][: len(self._labels)], str(data["normalization"]))
        self._learned, self._held_out = split(len(self._labels), strategy.num_replicas_in_sync)
        self.recorder = Recorder(len(self._learned), recipe.batch_size)
        self.checkpoint = Checkpoint(target.path / CHECKPOINT_FOLDER, self.recorder, asdict(recipe) | used)
        with strategy.scope(), contextlib.redirect_stdout(io.StringIO()):  # all workers would print the same line
            self.model = self.checkpoint.resume(keras.models.load_model(source.path / "model.keras"))
            self.model.optimizer.learning_rate = recipe.learning_rate
            self.model.optimizer.build(self.model.trainable_variables)

    @property
    def updates(self) -> int:
        """How many were made, those before the checkpoint included."""
        return len(self.recorder.history["batches"]["loss"])

    def run(self, callbacks: list[keras.callbacks.Callback]) -> None:
        """Train all epochs that are not done yet, or until enough updates are made in all."""
        watching = keras.callbacks.CallbackList(callbacks, model=self.model, epochs=self._recipe.epochs)
        watching.on_train_begin()
        for epoch in range(self.recorder.history["epochs"], self._recipe.epochs):
            if self._recipe.steps and self.updates >= self._recipe.steps:
                break
            watching.on_epoch_begin(epoch)
            order = np.random.default_rng([self._recipe.seed, epoch]).permutation(self._learned)
            for number, batch in enumerate(self._batches(order)):
                watching.on_train_batch_end(number, {"loss": float(self._update(batch))})
                if self.updates == self._recipe.steps:
                    break
            logs = self._results()
            for batch in self._batches(self._held_out):
                self._evaluate(batch)
            watching.on_epoch_end(epoch, logs | {f"val_{name}": value for name, value in self._results().items()})

    def _batches(self, order: np.ndarray) -> Iterable[Any]:
        """This worker's share of each batch, in this order of the images."""

        def share(context: tf.distribute.experimental.ValueContext) -> tuple[tf.Tensor, tf.Tensor]:
            rows = batch[context.replica_id_in_sync_group :: context.num_replicas_in_sync]
            return tf.gather(self._images, rows), tf.constant(self._labels[rows])

        for start in range(0, len(order), self._recipe.batch_size):
            batch = order[start : start + self._recipe.batch_size]
            yield self._strategy.experimental_distribute_values_from_function(share)

    @tf.function(reduce_retracing=True)
    def _update(self, batch: Any) -> tf.Tensor:
        logs = self._strategy.run(self.model.train_step, args=(batch,))
        return self._strategy.reduce(tf.distribute.ReduceOp.MEAN, logs["loss"], axis=None)

    @tf.function(reduce_retracing=True)
    def _evaluate(self, batch: Any) -> None:
        self._strategy.run(self.model.test_step, args=(batch,))

    def _results(self) -> dict[str, float]:
        """Loss and metrics over all that the workers saw since the last call."""
        found = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        self.model.reset_metrics()
        return found


class Progress(keras.callbacks.Callback):
    """Prints how training goes, and measures its speed.

    Attributes:
        speed: images a second so far, without the first update of each epoch, which waits for the graph.
    """

    def __init__(self, recorder: Recorder, cluster: Cluster) -> None:
        super().__init__()
        self._history, self._say, self.speed = recorder.history, cluster.say, 0.0
        self._images, self._seconds, self._last = 0, 0.0, 0.0
        done = self._history["epochs"]
        begin = f"training continues after epoch {done}, from the last checkpoint" if done else "training begins"
        cluster.say(f"{begin}; workers: {cluster.workers}")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Measure the speed, and print it now and then."""
        now, seen = time.monotonic(), self._history["batches"]["images"]
        if batch:
            self._images += seen[-1] - seen[-2]
            self._seconds += now - self._last
            self.speed = self._images / self._seconds
        self._last = now
        if batch and batch % UPDATES_BETWEEN_LINES == 0:
            self._say(f"{seen[-1]:,} images seen, {self.speed:.1f} a second")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Print what Keras measured."""
        measured = ", ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        self._say(f"epoch {epoch + 1} of {self.params['epochs']}: {measured}; {self.speed:.1f} images a second")
