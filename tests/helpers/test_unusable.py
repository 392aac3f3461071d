"""What later notebooks couldn't use is said where 03 saves it."""

import keras
import numpy as np
import pytest

from helpers.training import refuse_unusable
from series.errors import LessonError

IMAGES = np.zeros((4, 6, 6, 1), dtype="float32")


class Doubled(keras.layers.Layer):
    """A layer of the reader's own."""

    def call(self, inputs):
        """Twice the inputs."""
        return 2 * inputs


def network(*layers, activation="softmax"):
    """A small network with these layers in its middle."""
    last = keras.layers.Dense(3, activation=activation)
    return keras.Sequential([keras.Input((6, 6, 1)), *layers, keras.layers.Flatten(), last])


def test_a_usable_model_is_taken():
    refuse_unusable(network(keras.layers.Conv2D(2, 3)), IMAGES)


@pytest.mark.parametrize("layer", [Doubled(), keras.layers.Lambda(lambda x: 2 * x)])
def test_a_layer_that_a_new_kernel_does_not_know(layer):
    with pytest.raises(LessonError, match=f"{layer.name}.*can't be loaded in a new kernel"):
        refuse_unusable(network(layer), IMAGES)


def test_scores_are_no_probabilities():
    model = network(activation=None)
    with pytest.raises(LessonError, match="no probabilities"):
        refuse_unusable(model, np.ones_like(IMAGES))
