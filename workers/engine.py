"""Training a run's model in step with the other workers of a cluster, on TensorFlow's own engine.

Each worker holds the whole model and computes the gradients of its share of every batch; all of
them apply the mean. `model.fit` fails under `MultiWorkerMirroredStrategy` in Keras 3 (keras issue
20585), so the loop over epochs and batches is written out here; what happens in a batch is still
the model's own `train_step`.
"""

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
from helpers.training import Recorder
from series import chain, files, runs
from series.errors import LessonError
from series.runs import RunFolder
from workers.checkpoint import Checkpoint
from workers.cluster import Cluster
from workers.recipe import Recipe

# What TensorFlow raises in the others when a worker is gone: its coordination service misses the
# heartbeats of ten seconds, or a connection breaks before that.
LOST_ERRORS = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def train(source: RunFolder, target: RunFolder, cluster: Cluster, recipe: Recipe) -> None:
    """Train the run's `model.keras` on its `dataset.npz`; the chief saves `trained.keras` and
    `history.json`.

    The chief also adds to the list `workers` of the record: how many there were, the recipe, and
    the images a second.

    Args:
        source: the run's folder, on a disk that all workers share.
        target: where to save: the same folder, or another one.
        cluster: who takes part. The others must be there already.
        recipe: how to train.

    Raises:
        LessonError: an artifact is missing or damaged, the batch can't be divided equally, the
            images are too few, or the workers disagree.
        tf.errors.OpError: one of `LOST_ERRORS`, where another worker was lost.
    """
    used = {name: files.digest(source.need(name)) for name in chain.SCALING.needs}
    # It returns when all workers are there. A worker that is lost in this very moment keeps the
    # others waiting: an hour on a cluster; on one machine, the launcher ends them.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    recipe.check(strategy.num_replicas_in_sync)  # a worker with several GPUs counts for as many
    agree(strategy, f"{recipe} {used}")
    keras.utils.set_random_seed(recipe.seed)
    folder = target.path / chain.WORKERS_CHECKPOINT_FOLDER
    checkpoint = Checkpoint(folder, asdict(recipe) | used)
    training = Training(strategy, source, recipe, checkpoint)
    done = training.recorder.history["epochs"]
    # All have read the checkpoint when this returns, and only then may the chief change it.
    agree(strategy, f"after epoch {done}")
    if cluster.is_chief and done:
        cluster.say(f"training continues after epoch {done}, from the last checkpoint")
    elif cluster.is_chief:
        cluster.say(f"training begins; workers: {cluster.workers}")
        checkpoint.delete()  # it was of another training
    training.run(cluster, checkpoint)
    if cluster.is_chief:
        with target.save("trained.keras") as path:
            training.model.save(path)
        with target.save("history.json") as path:
            files.write_json(path, training.recorder.history)
        entry = asdict(recipe)
        entry |= {"workers": cluster.workers, "images_per_second": training.speed}
        runs.update_record(
            target.path, lambda record: record.setdefault("workers", []).append(entry)
        )
        checkpoint.delete()
    agree(strategy, "the chief has saved")


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
        raise LessonError(
            "the workers do not agree on the options, the data, the model or the checkpoint",
            "start all with the same options and with DIGITS_RUNS on a disk that they share",
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
    held_out = count - first
    if min(first, held_out) < shares:
        least = round(shares / chain.VALIDATION_SHARE)
        raise LessonError(
            f"{count} images are too few for {shares} workers, a fifth of them held out",
            f"use at least {least} images (with --practice 0, all of the run), or fewer workers",
        )
    return np.arange(first - first % shares), np.arange(first, count - held_out % shares)


class Training:
    """The model, the images and the state of one training, as one worker holds them.

    It begins where the checkpoint ends, if there is one of the same training.

    Attributes:
        model: the model that learns, one copy in each worker, all alike after each update.
        recorder: the record of every batch and epoch.
        speed: images a second so far, by the median time of an update: the first one of all also
            builds the graph.
    """

    def __init__(
        self, strategy: Any, source: RunFolder, recipe: Recipe, checkpoint: Checkpoint
    ) -> None:
        self._strategy, self._recipe, self.speed = strategy, recipe, 0.0
        with np.load(source.path / "dataset.npz", allow_pickle=False) as data:
            self._labels = data["y_train"][: recipe.practice or None]
            images = data["x_train"][: len(self._labels)]
            self._images = process_data(images, str(data["normalization"]))
        self._learned, self._held_out = split(len(self._labels), strategy.num_replicas_in_sync)
        self.recorder = Recorder(len(self._learned), recipe.batch_size)
        with strategy.scope():
            kept = checkpoint.load()
            if kept is None:
                self.model = keras.models.load_model(source.path / "model.keras")
                self.model.optimizer.learning_rate = recipe.learning_rate
            else:
                self.model, self.recorder.history = kept
            self.model.optimizer.build(self.model.trainable_variables)

    def run(self, cluster: Cluster, checkpoint: Checkpoint) -> None:
        """Train all epochs that are not done yet; the chief keeps and reports each."""
        self.recorder.on_train_begin()
        seconds: list[float] = []
        for epoch in range(self.recorder.history["epochs"], self._recipe.epochs):
            self.recorder.on_epoch_begin(epoch)
            order = np.random.default_rng([self._recipe.seed, epoch]).permutation(self._learned)
            for number, batch in enumerate(self._batches(order)):
                begun = time.monotonic()
                self.recorder.on_train_batch_end(number, {"loss": float(self._update(batch))})
                seconds.append(time.monotonic() - begun)
            measured = self._results()
            for batch in self._batches(self._held_out):
                self._evaluate(batch)
            measured |= {f"val_{name}": value for name, value in self._results().items()}
            self.recorder.on_epoch_end(epoch, measured)
            images = min(self._recipe.batch_size, len(order))
            self.speed = round(images / statistics.median(seconds), 1)
            if cluster.is_chief:
                checkpoint.save(self.model, self.recorder.history)
                values = ", ".join(f"{name} {value:.4f}" for name, value in measured.items())
                done = f"epoch {epoch + 1} of {self._recipe.epochs}"
                cluster.say(f"{done}: {values}; {self.speed} images a second")

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
        results = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        self.model.reset_metrics()
        return results
