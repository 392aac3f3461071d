"""Functions that one notebook writes out and teaches and later ones use.

A test holds each equal to the notebook's own, so that what is taught is what runs.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def process_data(X: np.ndarray, normalization: str = "rows") -> tf.Tensor:
    """Prepare images for the network, as 02_dataset shows.

    Args:
        X: images as uint8 of shape (count, height, width), or (count, height, width, 3) in color,
            from 0 to 255.
        normalization: `rows` scales each row of pixels to length 1 (L2), `pixels` divides every
            pixel by 255.

    Returns:
        float32 of shape (count, height, width, 1), or (count, height, width, 3) in color, from 0 to
        1.
    """
    X = X.astype("float32")
    if normalization == "rows":
        X = keras.utils.normalize(X, axis=2)
    else:
        X = X / 255
    if X.ndim == 3:
        X = tf.expand_dims(X, axis=-1)
    return tf.convert_to_tensor(X)


def batches_of(images: tf.Tensor, labels: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Batches of images with their labels, in a new order in each epoch.

    Args:
        images: of shape (count, height, width, channels).
        labels: of shape (count,).
        batch_size: how many images a batch holds; the last one may hold fewer.

    Returns:
        What `fit` takes in place of images and labels.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    pairs = tf.data.Dataset.from_tensor_slices((images, labels)).with_options(options)
    return pairs.shuffle(len(labels)).batch(batch_size).prefetch(2)


def create_model(
    input_shape: tuple[int, ...],
    num_classes: int,
    optimizer: Any,
    loss: Any,
    metrics: Sequence[Any],
    filters: int = 64,
) -> keras.Model:
    """Build and compile the network, as 03_model shows.

    Args:
        input_shape: height, width and channels of an image.
        num_classes: how many probabilities come out.
        optimizer, loss, metrics: as `keras.Model.compile` takes them.
        filters: filters of the first convolution; the next two have twice and four times as many.

    Returns:
        The compiled model: float32 of shape (count, num_classes) comes out, each row adding up to
            1.
    """
    inputs = keras.Input(input_shape)
    x = keras.layers.Conv2D(filters=filters, kernel_size=(3, 3), activation="relu")(inputs)
    x = keras.layers.Conv2D(
        filters=2 * filters, kernel_size=(3, 3), padding="same", activation="relu"
    )(x)
    x = keras.layers.MaxPool2D()(x)
    x = keras.layers.Conv2D(
        filters=4 * filters, kernel_size=(3, 3), padding="same", activation="relu"
    )(x)
    x = keras.layers.MaxPool2D()(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(num_classes, activation="softmax", dtype="float32")(x)

    model = keras.Model(inputs=inputs, outputs=x)
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return model
