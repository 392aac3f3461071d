"""The recipe of 07_improving: a small network that reads digits well, moved images to learn from,
and a step size that rises and falls.

07_improving writes these functions out and teaches them; a test holds each equal to the notebook's
own. `data/make_reader.py` makes the network that ships with the project from them. data/README.md
says how the recipe was chosen.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from helpers.lesson import batches_of

NORMALIZATION = "pixels"  # how `process_data` prepares images for this recipe
EPOCHS = 5
BATCH_SIZE = 64
PEAK = 0.006  # the largest step size, after the first quarter of the updates


def move(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Move each image by whole pixels. What leaves is lost; the edge is repeated where nothing was.

    Args:
        images: of shape (count, height, width, channels).
        down, right: by how many pixels, int32 of shape (count,); less than 0 is up and left.

    Returns:
        The moved images, of the same shape and type.
    """
    height, width = images.shape[1:3]
    rows = tf.clip_by_value(tf.range(height) - down[:, None], 0, height - 1)
    columns = tf.clip_by_value(tf.range(width) - right[:, None], 0, width - 1)
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, columns, axis=2, batch_dims=1)


def moving_batches(
    images: tf.Tensor, labels: np.ndarray, batch_size: int, farthest: int = 2
) -> tf.data.Dataset:
    """The same batches, with each image moved at random: to another place in each epoch.

    Args:
        images, labels, batch_size: as `batches_of` takes them.
        farthest: by how many pixels an image is moved at most, in each direction.
    """

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
    """Build the network, not yet compiled: three convolutions, each with pooling at once.

    Args:
        input_shape: height, width and channels of an image; height and width of 8 or more.
        num_classes: how many probabilities come out.
        filters: filters of the first convolution; the next two have twice and four times as many.
        normalize: whether batch normalization follows each pooling.
        dropout: the share of the inputs of the last layer that is dropped in training.
    """
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
    """The step size of each update: up to `peak` in the first quarter, then down to 0 as a cosine.

    Args:
        peak: the largest step size.
        epochs: how often training goes through its images.
        count: how many images it goes through.
        batch_size: how many images each update sees.
    """
    updates = epochs * math.ceil(count / batch_size)
    rising = updates // 4
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=updates - rising, warmup_target=peak, warmup_steps=rising
    )
