"""The canvas as one page that needs no Python: `python docs/make_page.py` makes docs/draw.html
again from data/reader.keras.

The page holds the canvas' own script and style sheet, the network's layers and weights, and
reader.js, which runs them. The same network and scripts make the same bytes.
"""

import base64
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

ROOT = Path(__file__).parents[1]
READER = ROOT / "data" / "reader.keras"
DRAW_PAGE = ROOT / "docs" / "draw.html"
SOURCES = ROOT / "helpers" / "canvas"
DIGITS = "0123456789"


def main() -> None:
    """Make docs/draw.html again."""
    page = make_page(keras.models.load_model(READER, compile=False))
    DRAW_PAGE.write_text(page, encoding="utf-8", newline="\n")
    print(f"{DRAW_PAGE}: {len(page.encode()) / 1000:.0f} kB")


def make_page(model: keras.Model) -> str:
    """The page for a network that reads digits in gray images of pixels from 0 to 1.

    Args:
        model: layers one after the other, of kinds that reader.js knows.

    Raises:
        ValueError: the network has a layer that reader.js can't compute; the message names it.
    """
    height, width, _ = model.inputs[0].shape[1:]
    only_in_training = (keras.layers.InputLayer, keras.layers.Dropout)  # change no prediction
    layers = [describe(layer) for layer in model.layers if not isinstance(layer, only_in_training)]
    network = {"names": list(DIGITS), "height": height, "width": width, "layers": layers}
    parts = {
        "/* canvas.css */": source("canvas.css"),
        "/* network */": json.dumps(network),
        "/* reader.js */": source("reader.js").replace("\nexport { createReader };\n", ""),
        "/* canvas.js */": source("canvas.js").replace("\nexport default { render };\n", ""),
    }
    page = source("page.html")
    for place, text in parts.items():
        page = page.replace(place, text.rstrip("\n"), 1)
    return page


def describe(layer: keras.Layer) -> dict[str, Any]:
    """A layer as reader.js takes it: its kind, its settings, its weights as float32 in base64.

    Raises:
        ValueError: reader.js has no code for such a layer.
    """
    match layer:
        case keras.layers.Conv2D(strides=(1, 1), dilation_rate=(1, 1), groups=1):
            return activation(layer) | {
                "kind": "convolution",
                "shape": list(layer.kernel.shape),
                "padding": layer.padding,
                "weights": encode(layer.kernel),
                "bias": encode(layer.bias if layer.use_bias else np.zeros(layer.filters)),
            }
        case keras.layers.MaxPooling2D(padding="valid") if layer.pool_size == layer.strides:
            return {"kind": "maximum", "size": list(layer.pool_size)}
        case keras.layers.BatchNormalization(scale=True, center=True):
            # Mean and variance no longer change: one multiplication and one addition remain.
            mean, variance, gamma, beta = (
                np.asarray(part, dtype="float64")
                for part in (layer.moving_mean, layer.moving_variance, layer.gamma, layer.beta)
            )
            factor = gamma / np.sqrt(variance + layer.epsilon)
            offset = beta - mean * factor
            return {"kind": "normalization", "factor": encode(factor), "offset": encode(offset)}
        case keras.layers.ReLU(max_value=None, negative_slope=0, threshold=0):
            return {"activation": "relu", "kind": "activation"}
        case keras.layers.Activation():
            return activation(layer) | {"kind": "activation"}
        case keras.layers.GlobalAveragePooling2D():
            return {"kind": "average"}
        case keras.layers.Flatten():
            return {"kind": "flatten"}
        case keras.layers.Dense(use_bias=True):
            return activation(layer) | {
                "kind": "dense",
                "shape": list(layer.kernel.shape),
                "weights": encode(layer.kernel),
                "bias": encode(layer.bias),
            }
    raise unknown(layer)


def activation(layer: keras.Layer) -> dict[str, str]:
    """The activation of a layer, one that reader.js knows."""
    name = layer.activation.__name__
    if name not in ("linear", "relu", "softmax"):
        raise unknown(layer)
    return {"activation": name}


def encode(values: Any) -> str:
    """Numbers as float32 in base64."""
    return base64.b64encode(np.asarray(values).astype("<f4").tobytes()).decode()


def source(name: str) -> str:
    """A file of the canvas."""
    return (SOURCES / name).read_text(encoding="utf-8")


def unknown(layer: keras.Layer) -> ValueError:
    """The error for a layer that reader.js can't compute."""
    kind = type(layer).__name__
    return ValueError(f"helpers/canvas/reader.js can't compute the layer {layer.name} ({kind})")


if __name__ == "__main__":
    main()
