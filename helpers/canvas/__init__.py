"""The canvas of 01_setup and 06_inference: draw a digit, and watch the network read it.

The page (canvas.js, an anywidget without a build step) draws and shows. Everything about the model
happens here, and works without a browser. Where nobody can draw (papermill, nbval, nbconvert), a
stored drawing is shown instead. `docs/make_page.py` makes the same page work without a kernel.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import keras
import numpy as np
import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import display
from PIL import Image

from helpers.figures import image_grid, show
from helpers.lesson import process_data
from helpers.pictures import center, crop, find_ink, fit_into_box, read_picture
from series.chain import DATA_FOLDER
from series.errors import LessonError
from series.files import atomic_write, display_path

STORED = DATA_FOLDER / "drawings" / "7.jpg"
MAPS = 6  # feature maps shown of each convolution
ALT = (
    "Nobody can draw here, so this is a stored drawing of a 7, with the strongest feature map of "
    "each convolution."
)
# JupyterLab shows this where a notebook is opened again, or the page where its kernel restarted:
# the canvas is gone with the kernel. The style sheet hides it in a cell that has a canvas.
MISSING = (
    '<p class="digit-canvas-missing">There is no canvas here: it lives only as long as its kernel. '
    "To draw, run the notebook again up to this cell.</p>"
)


class CanvasWidget(anywidget.AnyWidget):
    """What the browser shows; `setup` holds the names of the classes, of the convolutions and of
    the folder, and the table of what was meant and read so far.
    """

    _esm = Path(__file__).with_name("canvas.js")
    _css = Path(__file__).with_name("canvas.css")
    setup = traitlets.Dict().tag(sync=True)


class Canvas:
    """A canvas to draw on, shown where it is the last line of a cell.

    Attributes:
        confusion: how many drawings of one class (row) were read as another (column), shape
            (classes, classes).
    """

    def __init__(
        self,
        model: keras.Model,
        normalization: str,
        class_names: Sequence[str],
        folder: Path | None = None,
        dark_background: bool = True,
    ) -> None:
        """Prepare to show a model at work.

        Args:
            model: reads images of shape (height, width, channels).
            normalization: how its images were prepared, as `process_data` takes it.
            class_names: one for each class.
            folder: where drawings are saved, in a folder for each class, if somebody on the page
                asks for it. Without a folder the page doesn't offer to save.
            dark_background: whether the model learned from bright ink on a dark ground, as MNIST's
                is; otherwise drawings are inverted.
        """
        convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
        self._inside = keras.Model(
            model.inputs, [*model.outputs, *(layer.output for layer in convolutions)]
        )
        self._normalization = normalization
        self._names = [str(name) for name in class_names]
        self._folder = folder
        self._dark_background = dark_background
        # Keras' own names count all layers since the kernel started, such as conv2d_99.
        self._layers = [f"convolution {number + 1}" for number in range(len(convolutions))]
        self._counted: dict[str, int] = {}  # what each drawing was said to mean
        self.confusion = np.zeros((len(class_names), len(class_names)), dtype=int)

    def read(self, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Prepare a drawing as MNIST's digits were prepared, and let the network read it.

        Args:
            ink: from 0, paper, to 1, ink, of any shape (height, width).

        Returns:
            What the network sees, uint8 of shape (height, width); the probabilities, float32 of
            shape (classes,); for each convolution its strongest feature maps, strongest first,
            uint8 of shape (maps, height, width).

        Raises:
            LessonError: too little is drawn to show a digit.
        """
        if not (ink > 0.5).any():
            raise LessonError("nothing is drawn yet", "draw a digit")
        height, width, channels = self._inside.inputs[0].shape[1:]
        try:
            cropped = crop(ink.astype("float32"))
        except LessonError as error:
            raise LessonError("too little is drawn to show a digit", "draw on") from error
        image = center(fit_into_box(cropped, (height, width)), (height, width))
        if not self._dark_background:
            image = 255 - image
        prepared = process_data(np.stack([image] * channels, axis=-1)[None], self._normalization)
        probabilities, *layers = (
            np.asarray(output[0]).astype("float32") for output in self._inside(prepared)
        )
        return image, probabilities, [strongest_maps(layer) for layer in layers]

    def save(self, image: np.ndarray, meant: int) -> Path:
        """Save what the network saw as a picture in the folder of the class with the number
        `meant`.

        Raises:
            LessonError: there is no space left, the folder can't be written, or there is none.
        """
        if self._folder is None:
            raise LessonError("this canvas has no folder to save in", "give Canvas a folder")
        path = self._folder / folder_names(self._names)[meant] / f"{time.time_ns()}.png"
        with atomic_write(path) as temporary:
            Image.fromarray(image).save(temporary)
        return path

    def answer(
        self, widget: CanvasWidget, message: dict[str, Any], buffers: list[memoryview]
    ) -> None:
        """Answer the page's message: read the drawing in its buffer; if it says what was meant,
        save it if wanted, and count it, once however often it is sent.
        """
        answer: dict[str, Any] = {"drawing": message["drawing"]}
        parts: list[np.ndarray] = []
        try:
            ink = np.frombuffer(buffers[0], dtype="uint8").reshape(message["shape"]) / 255
            image, probabilities, maps = self.read(ink)
            parts = [image, *maps]
            answer["probabilities"] = probabilities.tolist()
            answer["shapes"] = [part.shape for part in (image[None], *maps)]
            if "meant" in message:
                answer |= self._count(message, image, int(probabilities.argmax()))
        except LessonError as error:
            answer["problem"] = f"{error.what[0].upper()}{error.what[1:]}. To fix it: {error.fix}."
            if "meant" in message:
                answer["meant"] = message["meant"]
        widget.send(answer, [part.tobytes() for part in parts])

    def _count(self, message: dict[str, Any], image: np.ndarray, read: int) -> dict[str, Any]:
        drawing, answer = message["drawing"], {}
        if drawing not in self._counted:
            if message["keep"]:
                answer["saved"] = display_path(self.save(image, message["meant"]))
            self._counted[drawing] = message["meant"]
            self.confusion[message["meant"], read] += 1
        return answer | {"meant": self._counted[drawing], "confusion": self.confusion.tolist()}

    def _ipython_display_(self) -> None:
        # JupyterLab and its kin tell the kernel which cell they run; what runs notebooks with
        # nobody there doesn't.
        if "cellId" in getattr(get_ipython(), "parent_header", {}).get("metadata", {}):
            setup: dict[str, Any] = {"names": self._names, "layers": self._layers}
            if self._folder is not None:
                setup["folder"] = display_path(self._folder)
            if self.confusion.any():
                setup["confusion"] = self.confusion.tolist()
            widget = CanvasWidget(setup=setup)
            widget.on_msg(self.answer)
            display({"text/html": MISSING, "text/plain": "[a canvas to draw on]"}, raw=True)
            display(widget)
        else:
            image, probabilities, maps = self.read(find_ink(read_picture(STORED)))
            title = (
                f"A stored drawing, which the model reads as {self._names[probabilities.argmax()]}"
            )
            images = [image, *(layer[0] for layer in maps)]
            show(image_grid(title, images, ["what it sees", *self._layers], len(images)), ALT)


def folder_names(class_names: Sequence[str]) -> list[str]:
    """A folder's name for each class: letters, digits, `-`, `_` and spaces, and no two alike, not
    even where upper and lower case are the same. `T-shirt/top` becomes `T-shirt_top`.
    """
    names: list[str] = []
    for class_name in class_names:
        name = re.sub(r"[^\w -]", "_", class_name).strip() or "_"
        if name.casefold() in (taken.casefold() for taken in names):
            name = f"{name}-{len(names)}"
        names.append(name)
    return names


def strongest_maps(layer: np.ndarray) -> np.ndarray:
    """The feature maps of one convolution that respond most, strongest first.

    Args:
        layer: what the convolution put out, of shape (height, width, filters).

    Returns:
        uint8 of shape (maps, height, width): what is above 0, the strongest pixel of all as 255.
    """
    positive = layer.clip(0)
    order = positive.mean(axis=(0, 1)).argsort(kind="stable")[::-1][:MAPS]
    maps = np.moveaxis(positive[..., order], -1, 0)
    return np.round(maps * 255 / max(maps.max(), 1e-6)).astype("uint8")
