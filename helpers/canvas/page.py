"""The canvas as one page that needs no Python: `python -m helpers.canvas.page` makes docs/draw.html
again from data/reader.keras.

The page holds the canvas' own script and style sheet, the network's layers and weights, and
reader.js, which runs them. The same network and scripts make the same bytes.
"""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from series.chain import DATA_FOLDER, ROOT
from series.errors import LessonError
from series.files import atomic_write, display_path

READER = DATA_FOLDER / "reader.keras"
DRAW_PAGE = ROOT / "docs" / "draw.html"
SOURCES = Path(__file__).parent
DIGITS = tuple("0123456789")
ACTIVATIONS = ("linear", "relu", "softmax")
ONLY_IN_TRAINING = (keras.layers.InputLayer, keras.layers.Dropout)  # they change no prediction


def describe(model: keras.Model) -> list[dict[str, Any]]:
    """A network's layers in order, as reader.js takes them: the kind of each, its settings, and its
    weights as float32 in base64.

    Args:
        model: layers one after the other, of kinds that reader.js knows.

    Raises:
        LessonError: the network has a layer that reader.js can't compute; the message names it.
    """
    described, output = [], None
    for layer in model.layers:
        if output is not None and layer.input is not output:
            raise _unknown(layer, "it doesn't take what the layer before it gives")
        output = layer.output
        if not isinstance(layer, ONLY_IN_TRAINING):
            described.append(_describe_layer(layer))
    return described


def make_page(model: keras.Model, class_names: Sequence[str] = DIGITS) -> str:
    """The page for a network that reads gray images of pixels from 0 to 1.

    Raises:
        LessonError: the network's images have color, or it has a layer that reader.js can't
            compute.
    """
    height, width, channels = model.inputs[0].shape[1:]
    if channels != 1:
        what = f"the page draws in gray, and the network reads images of {channels} channels"
        raise LessonError(what, "give it a network that reads gray images")
    network = {
        "names": list(class_names),
        "height": height,
        "width": width,
        "layers": describe(model),
    }
    parts = {
        "/* canvas.css */": _source("canvas.css"),
        "/* network */": json.dumps(network).replace("<", "\\u003c"),
        "/* reader.js */": _source("reader.js").replace("\nexport { createReader };\n", ""),
        "/* canvas.js */": _source("canvas.js").replace("\nexport default { render };\n", ""),
    }
    page = _source("page.html")
    for place, text in parts.items():
        page = page.replace(place, text.rstrip("\n"), 1)
    return page


def main() -> None:
    """Make docs/draw.html again."""
    try:
        page = make_page(_load_reader())
        with atomic_write(DRAW_PAGE) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
    except LessonError as error:
        raise SystemExit(str(error)) from error
    print(f"{display_path(DRAW_PAGE)}: {len(page.encode()) / 1000:.0f} kB")


def _load_reader() -> keras.Model:
    try:
        return keras.models.load_model(READER, compile=False)
    except (OSError, ValueError) as error:  # Keras raises ValueError where there is no file
        what = f"{display_path(READER)} can't be loaded: {str(error).splitlines()[0]}"
        raise LessonError(what, "python data/make_reader.py trains it") from error


def _describe_layer(layer: keras.Layer) -> dict[str, Any]:
    match layer:
        case keras.layers.Conv2D(strides=(1, 1), dilation_rate=(1, 1), groups=1):
            return _with_activation(layer) | {
                "kind": "convolution",
                "shape": list(layer.kernel.shape),
                "padding": layer.padding,
                "weights": _encode(layer.kernel),
                "bias": _encode(layer.bias if layer.use_bias else np.zeros(layer.filters)),
            }
        case keras.layers.MaxPooling2D(padding="valid") if layer.pool_size == layer.strides:
            return {"kind": "maximum", "size": list(layer.pool_size)}
        case keras.layers.BatchNormalization():
            return {"kind": "normalization"} | _fold(layer)
        case (
            keras.layers.Activation()
            | keras.layers.ReLU(max_value=None, negative_slope=0, threshold=0)
        ):
            return _with_activation(layer) | {"kind": "activation"}
        case keras.layers.GlobalAveragePooling2D():
            return {"kind": "average"}
        case keras.layers.Flatten():
            return {"kind": "flatten"}
        case keras.layers.Dense():
            return _with_activation(layer) | {
                "kind": "dense",
                "shape": list(layer.kernel.shape),
                "weights": _encode(layer.kernel),
                "bias": _encode(layer.bias if layer.use_bias else np.zeros(layer.units)),
            }
    raise _unknown(layer, "the page has no code for layers of this kind, or set in this way")


def _with_activation(layer: keras.Layer) -> dict[str, Any]:
    if isinstance(layer, keras.layers.ReLU):
        return {"activation": "relu"}
    name = layer.activation.__name__
    if name not in ACTIVATIONS:
        raise _unknown(layer, f"the page doesn't know the activation {name}")
    return {"activation": name}


def _fold(layer: keras.layers.BatchNormalization) -> dict[str, str]:
    # Normalizing with a mean and a variance that no longer change is one multiplication and one
    # addition: (x - mean) / sqrt(variance + epsilon) * gamma + beta.
    mean, variance = (
        np.asarray(part, dtype="float64") for part in (layer.moving_mean, layer.moving_variance)
    )
    gamma = np.asarray(layer.gamma, dtype="float64") if layer.scale else 1.0
    beta = np.asarray(layer.beta, dtype="float64") if layer.center else 0.0
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return {"factor": _encode(factor), "offset": _encode(beta - mean * factor)}


def _encode(values: Any) -> str:
    return base64.b64encode(np.asarray(values).astype("<f4").tobytes()).decode()


def _unknown(layer: keras.Layer, reason: str) -> LessonError:
    kind = type(layer).__name__
    what = f"the network's layer {layer.name} ({kind}) can't be part of the page: {reason}"
    return LessonError(
        what, "teach helpers/canvas/reader.js and page.py this layer, or leave it out"
    )


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
