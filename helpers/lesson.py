"""Functions that one notebook writes out and teaches and later ones use.

A test holds each equal to the notebook's own, so that what is taught is what runs.
"""

import keras
import numpy as np
import tensorflow as tf


def process_data(X: np.ndarray, normalization: str = "rows") -> tf.Tensor:
    """Prepare images for the network, as 02_dataset shows.

    Args:
        X: images as uint8 of shape (count, height, width), or (count, height, width, 3) in colour, from 0 to 255.
        normalization: `rows` scales each row of pixels to length 1 (L2), `pixels` divides every pixel by 255.

    Returns:
        float32 of shape (count, height, width, 1), or (count, height, width, 3) in colour, from 0 to 1.
    """
    X = X.astype("float32")
    if normalization == "rows":
        X = keras.utils.normalize(X, axis=2)
    else:
        X = X / 255
    if X.ndim == 3:
        X = tf.expand_dims(X, axis=-1)
    return tf.convert_to_tensor(X)
