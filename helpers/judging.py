"""What is wrong with a reader's answer to an exercise: its likeliest mistake, or None.

`problem_with` judges numbers, letters and arrays, `network_problem` a Keras network,
`training_problem` what a network has learned, `reader_problem` a function that reads pictures.
`helpers.answers` holds the right answers; `helpers.exercises` says the verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Hints = Mapping[Any, str] | Sequence[tuple[Any, str]]
# Layers that a network may have besides the described ones: they hold nothing that is learned.
FREE_LAYERS = ("InputLayer", "Activation", "ReLU", "Softmax", "Rescaling", "Reshape", "Dropout")


def problem_with(
    answer: Any, right: Any, hints: Hints = (), within: float = 1e-6, dtype: str | None = None
) -> str | None:
    """What is wrong with an answer, or None where it is right.

    Args:
        answer: the reader's answer.
        right: a number, a letter, a text, or an array of numbers.
        hints: for a likely wrong answer, what it confuses; as pairs where the wrong answers are
            arrays.
        within: how far a number may be from the right one.
        dtype: the type that the answer's numbers must have, such as `float32`; None for any.
    """
    if _same(answer, right, within):
        given = np.asarray(answer).dtype.name
        if dtype in (None, given):
            return None
        return f"The numbers are right; their type is {given} instead of {dtype}."
    pairs = hints.items() if isinstance(hints, Mapping) else hints
    fitting = [hint for wrong, hint in pairs if _same(answer, wrong, within)]
    return fitting[0] if fitting else _other(answer, right, within)


def network_problem(
    answer: Any,
    input_shape: Sequence[int],
    classes: int,
    layers: Sequence[str] = (),
    parameters: int | None = None,
) -> str | None:
    """What keeps `answer` from being the described network, or None.

    How it was written doesn't matter: `Sequential` or functional, any names, activations as
    arguments or as layers of their own, `Rescaling` or `Dropout` in between.

    Args:
        answer: what the reader made.
        input_shape: height, width and channels of an image.
        classes: how many probabilities come out.
        layers: the kinds of its layers in order, as Keras names their classes, such as `Conv2D`,
            `MaxPool2D`, `Flatten`, `Dense`; empty where any layers will do. If given, each layer
            with weights but the last must also be followed by a ReLU.
        parameters: how many numbers training sets; None where any number will do.
    """
    return _try_out(
        lambda: (
            _network_problem(answer, input_shape, classes)
            or _layer_problem(answer, layers)
            or _size_problem(answer, parameters)
        )
    )


def training_problem(
    answer: Any, images: Any, labels: np.ndarray, classes: int, better_than: Any
) -> str | None:
    """What keeps a network from having learned enough, or None.

    Args:
        answer: the reader's network.
        images: all images that the reader trains with, prepared; the last fifth is held out.
        labels: their classes, whole numbers from 0.
        classes: how many classes there are.
        better_than: the accuracy on the held-out images that isn't enough, or a network that has
            one.
    """
    return _try_out(
        lambda: (
            _network_problem(answer, images.shape[1:], classes)
            or _fit_problem(answer)
            or _score_problem(answer, images, labels, classes, better_than)
        )
    )


def reader_problem(read: Any, paths: Sequence[Any], right: Sequence[str]) -> str | None:
    """What keeps a function from reading pictures, or None where it reads them.

    Args:
        read: the reader's function: the path of a picture in, the name of a class out.
        paths: the pictures to try it on.
        right: what the model reads in each, once it is prepared.
    """
    for path, expected in zip(paths, right, strict=True):
        try:
            answer = read(path)
        except Exception as error:  # whatever the reader's lines raise must not stop the notebook
            problem = f"With {path.name} it stops with {type(error).__name__}: {error}"
            short = problem.splitlines()[0][:160]
            return f"{short}\nDoes ask get a batch? image[None] makes one of one image."
        if answer is ...:
            return "It returns three dots: put your answer in their place."
        if not isinstance(answer, str) or answer != str(expected):
            return _reading_problem(answer, path.name, str(expected))
    return None


def _try_out(find_problem: Callable[[], str | None]) -> str | None:
    """The problem of a network, also where it stops with an error when it is tried."""
    try:
        return find_problem()
    except Exception as error:  # whatever the reader's layers raise must not stop the notebook
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        return f"It can't be checked ({what:.120}). Is it made with keras.Sequential?"


def _network_problem(answer: Any, input_shape: Sequence[int], classes: int) -> str | None:
    """What keeps `answer` from being a network that gives an image's probabilities, or None."""
    import keras

    if not isinstance(answer, keras.Model):
        return _not_a_network(answer)
    if not answer.built:
        return (
            "The network doesn't know yet how large its images are. "
            f"Begin it with keras.Input({tuple(input_shape)})."
        )
    given = tuple(answer.input_shape[1:])
    if given != tuple(input_shape):
        problem = f"The input shape is {given}; an image has {tuple(input_shape)}."
        if given[1:] == tuple(input_shape):
            return f"{problem} Leave out the number of images: Keras adds it."
        return problem
    shape = tuple(answer.output_shape[1:])
    if len(shape) > 1:
        return (
            f"For each image, numbers of shape {shape} come out. Is Flatten missing, or is its "
            "result not passed on? A dense layer works along the last axis only."
        )
    if shape != (classes,):
        return f"{shape[0]} numbers come out. There are {classes} classes, each with a probability."
    # Whether they are probabilities is seen by trying: softmax can be written in many ways.
    images = np.random.default_rng(1).random((4, *input_shape), dtype="float32")
    rows = np.asarray(answer(images), dtype="float64")
    if (rows < 0).any() or not np.allclose(rows.sum(axis=-1), 1, atol=0.01):
        return (
            "What comes out for an image doesn't add up to 1, so these are no probabilities. "
            'Give the last layer activation="softmax".'
        )
    return None


def _not_a_network(answer: Any) -> str:
    import keras

    if isinstance(answer, keras.layers.Layer):
        return "That is a single layer. Put all layers in a list, and give it to keras.Sequential."
    if isinstance(answer, keras.KerasTensor):
        return "That is what a layer returns. Tie both ends together: keras.Model(inputs, x)."
    if isinstance(answer, keras.callbacks.History):
        return "That is what fit returned. Name the network first, then call fit on it."
    if isinstance(answer, list | tuple):
        return "That is a list. Give it to keras.Sequential, which makes a network of it."
    if answer is None:
        return "That is None. summary, build and compile return nothing: name the network first."
    return f"A Keras network is needed, such as keras.Sequential([…]); yours is {answer!r:.60}."


def _layer_problem(network: Any, layers: Sequence[str]) -> str | None:
    if not layers:
        return None
    import keras

    expected = [getattr(keras.layers, name).__name__ for name in layers]  # MaxPool2D has two names
    own = [layer for layer in network.layers if type(layer).__name__ not in FREE_LAYERS]
    given = [type(layer).__name__ for layer in own]
    for kind in expected:
        if given.count(kind) < expected.count(kind):
            return (
                f"{kind} is missing in what leads from the input to the output. "
                "Was it made, and never called on what came before it?"
            )
    if len(given) > len(expected):
        return f"There are more layers than described. Yours: {', '.join(given)}."
    if given != expected:
        return f"The layers are the right ones, in another order: {', '.join(given)}."
    return _activation_problem(network)


def _activation_problem(network: Any) -> str | None:
    """Whether each layer with weights, but for the last, is followed by a ReLU."""
    waiting = None  # the name of a layer with weights that no ReLU has followed yet
    # Layers, and functions between them such as keras.activations.relu.
    for operation in getattr(network, "operations", network.layers):
        if hasattr(operation, "kernel"):
            if waiting is not None:
                return f'After the layer {waiting} there is no ReLU: activation="relu" is missing.'
            waiting = operation.name
        activation = getattr(operation, "activation", operation)
        if "relu" in (getattr(activation, "__name__", ""), type(activation).__name__.lower()):
            waiting = None
    return None


def _size_problem(network: Any, parameters: int | None) -> str | None:
    if parameters is None:
        return None
    sizes = {
        layer.name: sum(int(np.prod(weight.shape)) for weight in layer.trainable_variables)
        for layer in network.layers
    }
    if sum(sizes.values()) == parameters:
        return None
    each = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)
    return (
        f"It has {sum(sizes.values()):,} parameters, and the described network {parameters:,}. "
        f"Compare filters, kernel size, padding and pooling. Yours: {each}."
    )


def _fit_problem(network: Any) -> str | None:
    """What keeps a network from having been trained as the exercise says, or None."""
    if not network.compiled:
        return "It has no loss and no optimizer yet: call compile, then fit."
    if network.loss != "sparse_categorical_crossentropy" and isinstance(network.loss, str):
        return (
            f"Its loss is {network.loss}. The labels are whole numbers: "
            "they take sparse_categorical_crossentropy."
        )
    if not _history(network):
        return "It is compiled, and nothing has been learned yet: call fit on it."
    if "val_loss" not in _history(network):
        return (
            "It learned from all images, so nothing is left to judge it by. "
            "Make it anew, and give fit validation_split=0.2."
        )
    return None


def _history(network: Any) -> dict[str, list[float]]:
    # Keras keeps what the last fit noted; there is none before the first.
    return getattr(getattr(network, "history", None), "history", {})


def _score_problem(
    network: Any, images: Any, labels: np.ndarray, classes: int, better_than: Any
) -> str | None:
    from helpers.training import learned_from

    part = learned_from(len(labels))
    accuracy = _share_read(network, images[part:], labels[part:])
    least = better_than
    if not isinstance(better_than, float):
        least = _share_read(better_than, images[part:], labels[part:])
    if accuracy > least:
        return None
    return (
        f"It reads {accuracy:.3f} of the held-out images; more than {least:.3f} are needed. "
        f"{_learning_problem(network, accuracy, classes)}"
    )


def _share_read(network: Any, images: Any, labels: np.ndarray) -> float:
    right = 0
    for start in range(0, len(labels), 256):  # predict would build a function for each network
        part = slice(start, start + 256)
        right += int((np.argmax(network(images[part]), axis=-1) == labels[part]).sum())
    return right / len(labels)


def _learning_problem(network: Any, accuracy: float, classes: int) -> str:
    """The likeliest reason why a network has learned too little."""
    losses = _history(network)["val_loss"]
    optimizer = type(network.optimizer).__name__
    if not optimizer.startswith("Adam"):
        return f'Its optimizer is {optimizer}. The exercise says "adam": compile it anew, and fit.'
    if accuracy < 2 / classes:
        return "That is little better than guessing: the learning rate is far too large or small."
    if not any("Conv" in type(layer).__name__ for layer in network.layers):
        return "There is no convolution in it."
    if losses[-1] <= min(losses):
        return "Its validation loss was still falling: more epochs, or smaller batches."
    return "Its validation loss no longer falls: more filters, a second convolution, or dropout."


def _reading_problem(answer: Any, name: str, expected: str) -> str:
    if answer is None:
        return "It returns nothing: is return missing?"
    if isinstance(answer, str):
        return (
            f"For {name} it says {answer}. Prepared, the model reads {expected}. "
            "Does the picture go through prepare, and is it the largest of the row?"
        )
    if np.ndim(answer):
        return "It returns several things: take what belongs to the first image of the batch, [0]."
    if np.issubdtype(np.asarray(answer).dtype, np.integer):
        return "It returns the place of the class. Its name is class_names[place]."
    return f"It returns {answer!s:.40}. The name of the most probable class is needed."


def _same(answer: Any, right: Any, within: float) -> bool:
    if right is None:
        return answer is None
    if isinstance(right, str):
        return isinstance(answer, str) and answer.strip().lower() == right.lower()
    given, expected = _numbers(answer), np.asarray(right, dtype="float64")
    if given is None or given.shape != expected.shape:
        return False
    return bool(np.allclose(given, expected, rtol=0, atol=within))


def _numbers(answer: Any) -> np.ndarray | None:
    """An answer as float64, or None where it holds no numbers."""
    try:
        return np.asarray(answer, dtype="float64")
    except (TypeError, ValueError, OverflowError):  # such as a text, or rows of unequal length
        return None


def _other(answer: Any, right: Any, within: float) -> str:
    """What to say of an answer that no hint is for."""
    # A tensor's text is long and says little; its numbers are what the reader computed.
    plain = answer.numpy() if hasattr(answer, "numpy") else answer
    yours = f"{plain!r:.60}" if isinstance(plain, str) else f"{plain!s:.60}"
    if isinstance(right, str):
        if isinstance(answer, str):
            return f"It isn't {yours}."
        return f"The answer is a letter, in quotation marks; yours is {yours}."
    given, shape = _numbers(answer), np.shape(right)
    if given is None or given.shape != shape or np.isnan(given).any():  # None becomes NaN
        kind = f"numbers of shape {shape}" if shape else "one number"
        return f"The answer is {kind}; yours is {yours}."
    if np.max(right) <= 1 and _same(given / 100, right, within):
        return "Right in percent. Write it as a number between 0 and 1."
    if len(shape) > 1:
        return "The shape is right, and the numbers aren't."
    return f"It isn't {yours}."
