"""What is wrong with a reader's answer to an exercise: its likeliest mistake, or None.

`problem_with` judges numbers, letters and arrays, `network_problem` a Keras network,
`training_problem` what a network has learned, `reader_problem` a function that reads pictures.
`helpers.answers` holds the right answers; `helpers.exercises` says the verdict.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Hints = Mapping[Any, str] | Sequence[tuple[Any, str]]
# Layers that a network may have besides the described ones: they hold nothing that is learned.
FREE_LAYERS = {
    *("InputLayer", "Activation", "ReLU", "Softmax", "Rescaling", "Normalization"),
    *("Identity", "Reshape", "Dropout"),
}


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
    for wrong, hint in pairs:
        if _same(answer, wrong, within):
            return hint
    return _other(answer, right, within)


def network_problem(
    answer: Any,
    input_shape: Sequence[int],
    classes: int,
    layers: Sequence[str] = (),
    parameters: int | None = None,
) -> str | None:
    """What keeps `answer` from being the described network: the likeliest mistake, or None.

    How it was written doesn't matter: `Sequential` or functional, any names, activations as
    arguments or as layers of their own, `Rescaling` or `Dropout` in between.

    Args:
        answer: what the reader made.
        input_shape: height, width and channels of an image.
        classes: how many probabilities come out.
        layers: the kinds of its layers in order, as Keras names their classes, such as `Conv2D`,
            `MaxPool2D`, `Flatten`, `Dense`; empty where any layers will do. If given, each layer
            with weights but the last must also be followed by an activation.
        parameters: how many numbers training sets; None where any number will do.
    """
    import keras

    if not isinstance(answer, keras.Model):
        return _not_a_network(answer)
    if not answer.built:
        return (
            "The network doesn't know yet how large its images are. "
            f"Begin it with keras.Input({tuple(input_shape)})."
        )
    return (
        _input_problem(answer, input_shape)
        or _output_problem(answer, classes)
        or _layer_problem(answer, layers)
        or _probability_problem(answer, input_shape)
        or _size_problem(answer, parameters)
    )


def training_problem(
    answer: Any, images: Any, labels: np.ndarray, classes: int, better_than: Any
) -> str | None:
    """What keeps a network from having learned enough: the likeliest mistake, or None.

    Args:
        answer, images, labels, classes, better_than: as `check_trained` takes them.
    """
    import keras

    from helpers.training import learned_from

    if isinstance(answer, keras.callbacks.History):
        return "That is what fit returned. Name the network first, then call fit on it."
    problem = network_problem(answer, tuple(images.shape[1:]), classes)
    if problem:
        return problem
    if not answer.compiled:
        return "It has no loss and no optimizer yet: call compile, then fit."
    if answer.loss != "sparse_categorical_crossentropy" and isinstance(answer.loss, str):
        return (
            f"Its loss is {answer.loss}. The labels are whole numbers: "
            "they take sparse_categorical_crossentropy."
        )
    history = getattr(getattr(answer, "history", None), "history", {})
    if not history:
        return "It is compiled, and nothing has been learned yet: call fit on it."
    if "val_loss" not in history:
        return (
            "It learned from all images, so nothing is left to judge it by. "
            "Make it anew, and give fit validation_split=0.2."
        )
    part = learned_from(len(labels))
    least = better_than
    if isinstance(better_than, keras.Model):
        least = _share_read(better_than, images[part:], labels[part:])
    accuracy = _share_read(answer, images[part:], labels[part:])
    if accuracy > least:
        return None
    return (
        f"It reads {accuracy:.3f} of the held-out images; more than {least:.3f} are needed. "
        f"{_learning_problem(answer, history, accuracy, classes)}"
    )


def _share_read(network: Any, images: Any, labels: np.ndarray) -> float:
    right = 0
    for start in range(0, len(labels), 256):  # predict would build a function for each network
        part = slice(start, start + 256)
        right += int((np.argmax(network(images[part]), axis=-1) == labels[part]).sum())
    return right / len(labels)


def _learning_problem(
    network: Any, history: Mapping[str, Sequence[float]], accuracy: float, classes: int
) -> str:
    """The likeliest reason why a network has learned too little."""
    losses = history["loss"]
    optimizer = type(network.optimizer).__name__
    if not optimizer.startswith("Adam"):
        return f'Its optimizer is {optimizer}. The exercise says "adam": compile it anew, and fit.'
    if not np.isfinite(losses[-1]) or accuracy < 2 / classes:
        return "That is little better than guessing: the learning rate is far too large or small."
    if not any("Conv" in type(layer).__name__ for layer in _layers_of(network)):
        return "There is no convolution in it."
    if history["val_loss"][-1] <= min(history["val_loss"]):
        return "Its validation loss was still falling: more epochs, or smaller batches."
    return "Its validation loss no longer falls: more filters, a second convolution, or dropout."


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
        except Exception as error:  # whatever the reader's lines raise
            problem = f"With {path.name} it stops with {type(error).__name__}: {error}"
            short = problem.splitlines()[0][:160]
            return f"{short}\nDoes ask get a batch? image[None] makes one of one image."
        if not isinstance(answer, str) or answer != str(expected):
            return _reading_problem(answer, path.name, str(expected))
    return None


def _reading_problem(answer: Any, name: str, expected: str) -> str:
    if answer is ...:
        return "It returns three dots: put your answer in their place."
    if answer is None:
        return "It returns nothing: is return missing?"
    if isinstance(answer, str):
        return (
            f"For {name} it says {answer}. Prepared, the model reads {expected}. "
            "Does the picture go through prepare, and is it the largest of the row?"
        )
    if np.ndim(answer):
        return "It returns several things: take what belongs to the first image of the batch, [0]."
    if isinstance(answer, int | np.integer) or getattr(answer, "dtype", None) == "int64":
        return "It returns the place of the class. Its name is class_names[place]."
    return f"It returns {answer!s:.40}. The name of the most probable class is needed."


def _not_a_network(answer: Any) -> str:
    import keras

    if isinstance(answer, keras.layers.Layer):
        return "That is a single layer. Put all layers in a list, and give it to keras.Sequential."
    if isinstance(answer, keras.KerasTensor):
        return "That is what a layer returns. Tie both ends together: keras.Model(inputs, x)."
    if isinstance(answer, list | tuple):
        return "That is a list. Give it to keras.Sequential, which makes a network of it."
    if answer is None:
        return "That is None. summary, build and compile return nothing: name the network first."
    return f"A Keras network is needed, such as keras.Sequential([…]); yours is a {_kind(answer)}."


def _input_problem(network: Any, input_shape: Sequence[int]) -> str | None:
    inputs = getattr(network, "inputs", None)
    if not inputs:
        return None  # a class of the reader's own: it takes what it is called on
    if len(inputs) > 1:
        return f"One image should go in; your network has {len(inputs)} inputs."
    given, expected = tuple(inputs[0].shape[1:]), tuple(input_shape)
    fits = len(given) == len(expected) and all(
        size in (None, right) for size, right in zip(given, expected, strict=True)
    )
    if fits:
        return None
    problem = f"The input shape is {given}; an image has {expected}."
    if given == expected[:-1]:
        return f"{problem} The channels are missing."
    if given[1:] == expected:
        return f"{problem} Leave out the number of images: Keras adds it."
    return problem


def _output_problem(network: Any, classes: int) -> str | None:
    outputs = getattr(network, "outputs", None)
    if not outputs:
        return None
    if len(outputs) > 1:
        return f"One row of probabilities should come out; your network has {len(outputs)} outputs."
    shape = tuple(outputs[0].shape[1:])
    if len(shape) > 1:
        return (
            f"For each image, numbers of shape {shape} come out. Is Flatten missing, or is its "
            "result not passed on? A dense layer works along the last axis only."
        )
    if shape != (classes,):
        return f"{shape[0]} numbers come out. There are {classes} classes, each with a probability."
    return None


def _layer_problem(network: Any, layers: Sequence[str]) -> str | None:
    if not layers:
        return None
    import keras

    expected = [getattr(keras.layers, name).__name__ for name in layers]  # MaxPool2D has two names
    given = [kind for kind in map(_layer_kind, _layers_of(network)) if kind not in FREE_LAYERS]
    for kind in dict.fromkeys(expected):
        if given.count(kind) < expected.count(kind):
            number = f"{given.count(kind)} of {expected.count(kind)} " * (expected.count(kind) > 1)
            return (
                f"{kind} is missing in what leads from the input to the output ({number}found). "
                "Was it made, and never called on what came before it?"
            ).replace(" (found)", "")
    if surplus := [kind for kind in given if given.count(kind) > expected.count(kind)]:
        extra = given.count(surplus[0]) - expected.count(surplus[0])
        many = f"There is one {surplus[0]}" if extra == 1 else f"There are {extra} {surplus[0]}"
        return f"{many} too many. Your layers: {', '.join(given)}."
    if given != expected:
        return f"The layers are the right ones, in another order: {', '.join(given)}."
    return _activation_problem(_operations_of(network))


def _layers_of(network: Any) -> list[Any]:
    """The layers of a network in order, with those of networks inside it."""
    import keras

    return [each for each in _operations_of(network) if isinstance(each, keras.Layer)]


def _layer_kind(layer: Any) -> str:
    kind = type(layer).__name__
    # A Reshape to a single row does what Flatten does.
    return "Flatten" if kind == "Reshape" and len(layer.target_shape) == 1 else kind


def _operations_of(network: Any) -> Iterator[Any]:
    """The layers of a network in order, and the functions between them, such as `ops.relu`."""
    for operation in getattr(network, "operations", network.layers):
        if hasattr(operation, "layers"):
            yield from _operations_of(operation)
        else:
            yield operation


def _activation_problem(operations: Iterable[Any]) -> str | None:
    """Whether each layer with weights, but for the last, is followed by a ReLU."""
    waiting = None
    for operation in operations:
        if hasattr(operation, "kernel"):
            if waiting is not None:
                return f'After the layer {waiting} there is no ReLU: activation="relu" is missing.'
            waiting = operation.name
        activation = _activation_of(operation)
        if activation == "relu":
            waiting = None
        elif waiting == operation.name and activation != "linear":
            # The last layer's softmax is no problem: nothing with weights comes after it.
            waiting = f"{waiting}, whose activation is {activation},"
    return None


def _activation_of(operation: Any) -> str:
    """The name of the activation function that a layer has or is; of another one, `linear`."""
    activation = getattr(operation, "activation", None)
    if activation is not None:
        return getattr(activation, "__name__", type(activation).__name__).lower()
    return "relu" if type(operation).__name__.lower() == "relu" else "linear"


def _probability_problem(network: Any, input_shape: Sequence[int]) -> str | None:
    """Whether probabilities come out is seen by trying: softmax can be written in many ways."""
    images = np.random.default_rng(1).random((4, *input_shape), dtype="float32")
    try:
        rows = np.asarray(network(images), dtype="float64")
    except Exception as error:  # whatever the reader's layers raise; it must not stop the notebook
        return f"The network stops with {type(error).__name__} when it gets images."
    if (rows < 0).any() or not np.allclose(rows.sum(axis=-1), 1, atol=0.01):
        return (
            "What comes out for an image doesn't add up to 1, so these are no probabilities. "
            'Give the last layer activation="softmax".'
        )
    return None


def _size_problem(network: Any, parameters: int | None) -> str | None:
    if parameters is None:
        return None
    sizes = {
        layer.name: sum(int(np.prod(weight.shape)) for weight in layer.trainable_variables)
        for layer in _layers_of(network)
    }
    if sum(sizes.values()) == parameters:
        return None
    each = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)
    return (
        f"It has {sum(sizes.values()):,} parameters, and the described network {parameters:,}. "
        f"Compare filters, kernel size, padding and pooling. Yours: {each}."
    )


def _kind(answer: Any) -> str:
    return answer.__name__ if isinstance(answer, type) else type(answer).__name__


def _other(answer: Any, right: Any, within: float) -> str:
    """What to say of an answer that no hint is for."""
    # A tensor's text is long and says little; its numbers are what the reader computed.
    plain = answer.numpy() if hasattr(answer, "numpy") else answer
    yours = (repr(plain) if isinstance(plain, str) else str(plain))[:60]
    if _in_percent(answer, right, within):
        return "Right in percent. Write it as a number between 0 and 1."
    both_are_texts = isinstance(answer, str) and isinstance(right, str)
    if both_are_texts or _same(answer, right, within=1e300):  # the right kind
        small = np.ndim(right) <= 1
        return f"It isn't {yours}." if small else "The shape is right, and the numbers aren't."
    if np.ndim(right) > 1 and _shape(answer):
        return f"The answer has the shape {np.shape(right)}; yours has {_shape(answer)}."
    if isinstance(right, str):
        kind = "a letter, in quotation marks"
    else:
        kind = f"{np.size(right)} numbers" if np.ndim(right) else "one number"
    return f"The answer is {kind}; yours is {yours}."


def _in_percent(answer: Any, right: Any, within: float) -> bool:
    """Whether the answer is a hundred times the right one, which lies between 0 and 1."""
    if isinstance(right, str) or not (np.min(right) >= 0 and np.max(right) <= 1):
        return False
    try:
        share = np.asarray(answer, dtype="float64") / 100
    except (TypeError, ValueError, OverflowError):  # no numbers, or too large a one
        return False
    return _same(share, right, within)


def _shape(answer: Any) -> tuple[int, ...]:
    """The shape of an array or a list; () for a single thing and for what has no shape."""
    try:
        return tuple(np.asarray(answer).shape)
    except (TypeError, ValueError):  # such as a list of lists of unequal length
        return ()


def _same(answer: Any, right: Any, within: float) -> bool:
    if right is None:
        return answer is None
    if isinstance(right, str):
        return isinstance(answer, str) and answer.strip().lower() == right.lower()
    try:
        given, expected = np.asarray(answer, dtype="float64"), np.asarray(right, dtype="float64")
    except (TypeError, ValueError, OverflowError):  # no numbers, or too large a one
        return False
    return given.shape == expected.shape and bool(np.allclose(given, expected, rtol=0, atol=within))
