"""Training a run's model in step with the other workers of a cluster, on TensorFlow's own engine.

Each worker holds the whole model and computes the gradients of its share of every batch; all of
them apply the mean. `model.fit` fails under `MultiWorkerMirroredStrategy` in Keras 3 (keras issue
20585), so the loop over epochs and batches is written out here; what happens in a batch is still
the model's own `train_step`.
"""

import contextlib
import datetime
import io
import statistics
import time
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from helpers.lesson import process_data
from helpers.training import Checkpoint, Recorder
from series import chain, files, runs
from series.errors import LessonError
from series.runs import RunFolder
from workers.cluster import Cluster
from workers.recipe import Recipe

errors = tf.errors
# What TensorFlow raises in the others when a worker is gone: its coordination service misses the
# heartbeats of ten seconds, or a connection breaks before that.
LOST_ERRORS = (
    errors.AbortedError,
    errors.CancelledError,
    errors.DeadlineExceededError,
    errors.UnavailableError,
)


def train(source: RunFolder, target: RunFolder, cluster: Cluster, recipe: Recipe) -> None:
    """Train the run's `model.keras` on its `dataset.npz`; the chief saves `trained.keras` and
    `history.json`.

    The chief also adds to the list `workers` of the record: how many there were, the recipe, the
    images a second, and when it ended.

    Args:
        source: the run's folder, on a disk that all workers share.
        target: where to save: the same folder, or another one.
        cluster: who takes part. The others must be there already.
        recipe: how to train.

    Raises:
        LessonError: an artifact is missing or damaged, the batch can't be divided equally, or the
        workers disagree. tf.errors.OpError: one of `LOST_ERRORS`, where another worker was lost.
    """
    used = {name: files.digest(source.need(name)) for name in chain.SCALING.needs}
    # It returns when all workers are there. A worker that is lost in this very moment keeps the
    # others waiting: an hour on a cluster; on one machine, the launcher ends them.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    recipe.check(strategy.num_replicas_in_sync)
    agree(strategy, f"{recipe} {used}")
    keras.utils.set_random_seed(recipe.seed)
    training = Training(strategy, source, recipe)
    place = target.path / chain.WORKERS_CHECKPOINT_FOLDER
    checkpoint = SharedCheckpoint(place, training.recorder, asdict(recipe) | used)
    training.resume(checkpoint)
    done = training.recorder.history["epochs"]
    agree(strategy, f"after epoch {done}")
    checkpoint.all_have_looked = True
    if cluster.is_chief:
        begin = "training begins"
        if done:
            begin = f"training continues after epoch {done}, from the last checkpoint"
        else:
            checkpoint.delete()  # it was of another training
        cluster.say(f"{begin}; workers: {cluster.workers}")
    training.run(cluster, checkpoint)
    if cluster.is_chief:
        with target.save("trained.keras") as path:
            training.model.save(path)
        with target.save("history.json") as path:
            files.write_json(path, training.recorder.history)
        ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        entry = {
            "workers": cluster.workers,
            **asdict(recipe),
            "images_per_second": training.speed,
            "ended": ended,
        }
        runs.update_record(
            target.path, lambda record: record.setdefault("workers", []).append(entry)
        )
        checkpoint.delete()
    agree(strategy, "the chief has saved")


class SharedCheckpoint(Checkpoint):
    """A checkpoint that all workers read and the chief writes.

    What another training kept stays until all have looked at it: a worker that read half of it, or
    found it gone, would not do what the others do.
    """

    all_have_looked = False

    def delete(self) -> None:
        """Delete what is kept, but not while others may be reading it."""
        if self.all_have_looked:
            super().delete()


def agree(strategy: tf.distribute.Strategy, words: str) -> None:
    """Wait until every worker comes here, and see that all say the same words.

    Raises:
        LessonError: they don't.
    """
    number = tf.constant([zlib.crc32(words.encode())], tf.int64)
    each = strategy.gather(
        strategy.experimental_distribute_values_from_function(lambda _: number), axis=0
    )
    if len(np.unique(each.numpy())) > 1:
        what = "the workers do not agree on the options, the data, the model or the checkpoint"
        raise LessonError(
            what, "start all with the same options and with DIGITS_RUNS on a disk that they share"
        )


def split(count: int, shares: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the images to learn from, and of those held out: the last fifth, as Keras
    takes it.

    All workers need equally many, so up to `shares` - 1 images at the end of each part are left
    out.

    Raises:
        LessonError: a worker would get no images of one of the parts.
    """
    first = int(count * (1 - chain.VALIDATION_SHARE))
    if min(first, count - first) < shares:
        least = round(shares / chain.VALIDATION_SHARE)
        raise LessonError(
            f"{count} images are too few for {shares} workers, a fifth of them held out",
            f"use at least {least} images (with --practice 0, all of the run), or fewer workers",
        )
    return np.arange(first - first % shares), np.arange(first, count - (count - first) % shares)


class Training:
    """The model, the images and the state of one training, as one worker holds them.

    Attributes:
        model: the model that learns, one copy in each worker, all alike after each update.
        recorder: the record of every batch and epoch.
        speed: images a second so far, by the median time of an update: the first one of all also
            builds the graph.
    """

    def __init__(self, strategy: Any, source: RunFolder, recipe: Recipe) -> None:
        self._strategy, self._recipe, self.speed = strategy, recipe, 0.0
        with strategy.scope():
            self.model = keras.models.load_model(source.path / "model.keras")
            self.model.optimizer.learning_rate = recipe.learning_rate
        with np.load(source.path / "dataset.npz", allow_pickle=False) as data:
            self._labels = data["y_train"][: recipe.practice or None]
            self._images = process_data(
                data["x_train"][: len(self._labels)], str(data["normalization"])
            )
        self._learned, self._held_out = split(len(self._labels), strategy.num_replicas_in_sync)
        self.recorder = Recorder(len(self._learned), recipe.batch_size)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue from the checkpoint, if there is one of the same training."""
        # All workers would print the same.
        with (
            self._strategy.scope(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            self.model = checkpoint.resume(self.model)
            self.model.optimizer.build(self.model.trainable_variables)

    def run(self, cluster: Cluster, checkpoint: Checkpoint) -> None:
        """Train all epochs that are not done yet."""
        callbacks = [self.recorder, checkpoint] if cluster.is_chief else [self.recorder]
        watching = keras.callbacks.CallbackList(callbacks, model=self.model)
        watching.on_train_begin()
        seconds: list[float] = []
        for epoch in range(self.recorder.history["epochs"], self._recipe.epochs):
            watching.on_epoch_begin(epoch)
            order = np.random.default_rng([self._recipe.seed, epoch]).permutation(self._learned)
            for number, batch in enumerate(self._batches(order)):
                begun = time.monotonic()
                watching.on_train_batch_end(number, {"loss": float(self._update(batch))})
                seconds.append(time.monotonic() - begun)
            logs = self._results()
            for batch in self._batches(self._held_out):
                self._evaluate(batch)
            logs |= {f"val_{name}": value for name, value in self._results().items()}
            watching.on_epoch_end(epoch, logs)
            self.speed = round(
                min(self._recipe.batch_size, len(order)) / statistics.median(seconds), 1
            )
            if cluster.is_chief:
                measured = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
                done = f"epoch {epoch + 1} of {self._recipe.epochs}"
                cluster.say(f"{done}: {measured}; {self.speed} images a second")

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
