"""Train the network beside this file, `reader.keras`, from the recipe of 07_improving.

`python data/make_reader.py` does it again, in about a minute on two cores. It learns from all
60,000 training images of MNIST and is then tested once. Processors round differently, so on another
machine the weights and the accuracy differ a little.

07_improving teaches the functions of the recipe; a test holds each equal to the notebook's own.
README.md says how the recipe was chosen.
"""

import math
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers.data import load_mnist
from helpers.lesson import batches_of, process_data
from series.files import atomic_write

NORMALIZATION = "pixels"  # how `process_data` prepares images for this recipe
EPOCHS = 5
BATCH_SIZE = 64
PEAK = 0.006  # the largest step size, after the first quarter of the updates
SEED = 1
PATH = Path(__file__).with_name("reader.keras")


def move(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Each image, moved down and to the right by whole pixels; the edge fills what becomes free."""
    height, width = images.shape[1:3]
    rows = tf.clip_by_value(tf.range(height) - down[:, None], 0, height - 1)
    columns = tf.clip_by_value(tf.range(width) - right[:, None], 0, width - 1)
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, columns, axis=2, batch_dims=1)


def moving_batches(
    images: tf.Tensor, labels: np.ndarray, batch_size: int, farthest: int = 2
) -> tf.data.Dataset:
    """Batches in which each image is moved at random, to another place in each epoch."""

    def at_random(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        count = tf.shape(images)[0]
        down = tf.random.uniform([count], -farthest, farthest + 1, dtype="int32")
        right = tf.random.uniform([count], -farthest, farthest + 1, dtype="int32")
        return move(images, down, right), labels

    return batches_of(images, labels, batch_size).map(at_random).prefetch(2)


def create_reader(
    input_shape: tuple[int, ...],
    num_classes: int,
    filters: int = 16,
    normalize: bool = True,
    dropout: float = 0.0,
) -> keras.Model:
    """The network, not yet compiled: three convolutions, each with pooling at once."""
    layers = keras.layers
    inputs = x = keras.Input(input_shape)
    for count, size in ((filters, 5), (2 * filters, 3), (4 * filters, 3)):
        x = layers.Conv2D(count, size, padding="same", use_bias=not normalize)(x)
        x = layers.MaxPool2D()(x)
        if normalize:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(num_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs)


def rise_and_fall(
    peak: float, epochs: int, count: int, batch_size: int
) -> keras.optimizers.schedules.CosineDecay:
    """The step size of each update: up to `peak` in the first quarter, then down to 0."""
    updates = epochs * math.ceil(count / batch_size)
    rising = updates // 4
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=updates - rising, warmup_target=peak, warmup_steps=rising
    )


def main() -> None:
    """Train, test once, and save the network without its optimizer."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    images = process_data(x_train, NORMALIZATION)
    keras.utils.set_random_seed(SEED)
    network = create_reader(images.shape[1:], num_classes=10)
    step_size = rise_and_fall(PEAK, EPOCHS, len(images), BATCH_SIZE)
    network.compile(
        keras.optimizers.Adam(step_size),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    batches = moving_batches(images, y_train, BATCH_SIZE)
    network.fit(batches, epochs=EPOCHS, shuffle=False, verbose=2)
    _, accuracy = network.evaluate(process_data(x_test, NORMALIZATION), y_test, verbose=0)

    keras.utils.clear_session()  # so that the layers' names don't depend on what came before
    bare = create_reader(images.shape[1:], num_classes=10)
    bare.set_weights(network.get_weights())
    with atomic_write(PATH) as temporary:
        bare.save(temporary)
        compress(temporary)
    print(f"{PATH.name}: test accuracy {accuracy:.4f}, {PATH.stat().st_size:,} bytes")


def compress(path: Path) -> None:
    """Pack a file that Keras saved once more: it is a zip archive whose parts aren't compressed."""
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
