"""A network that computes with 16 bits still answers with 32."""

import keras

from helpers.lesson import create_model


def test_a_model_in_sixteen_bits_keeps_its_last_layer_in_thirty_two():
    """Which 03's own function, the same as this, does too: test_what_is_taught_is_what_runs."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = create_model((28, 28, 1), 10, "adam", "mse", [], filters=4).layers
    finally:
        keras.config.set_dtype_policy(before)
    assert (layers[1].compute_dtype, layers[-1].compute_dtype) == ("bfloat16", "float32")
