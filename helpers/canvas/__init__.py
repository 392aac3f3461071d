"""The canvas of 06_inference: draw a digit, and watch the network read it.

The page (canvas.js, an anywidget without a build step) draws and shows. Everything about the model
happens here, and works without a browser. Where nobody can draw (papermill, nbval, nbconvert), a
stored drawing is shown instead.
"""

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
ALT = "Nobody can draw here, so this is a stored drawing of a 7, with the strongest feature map of each convolution."


class Page(anywidget.AnyWidget):
    """What the browser shows; `setup` holds the names of the classes, of the convolutions and of
    the folder.
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
        self, model: keras.Model, normalization: str, class_names: Sequence[str], folder: Path
    ) -> None:
        """Prepare to show a model at work.

        Args:
            model: reads images of shape (height, width, channels), bright on black as MNIST's are.
            normalization: how its images were prepared, as `process_data` takes it.
            class_names: one for each class.
            folder: where drawings are saved, in a folder for each class, if somebody on the page
                asks for it.
        """
        convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
        self._inside = keras.Model(
            model.inputs, [model.output, *(layer.output for layer in convolutions)]
        )
        self._normalization, self._names, self._folder = (
            normalization,
            [str(name) for name in class_names],
            folder,
        )
        self._layers = [layer.name for layer in convolutions]
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
        image = center(fit_into_box(crop(ink.astype("float32")), (height, width)), (height, width))
        prepared = process_data(np.stack([image] * channels, axis=-1)[None], self._normalization)
        probabilities, *layers = (
            np.asarray(output[0]).astype("float32") for output in self._inside(prepared)
        )
        return image, probabilities, [_strongest(layer) for layer in layers]

    def save(self, image: np.ndarray, meant: int) -> Path:
        """Save what the network saw as a picture in the folder of the class with the number
        `meant`.

        Raises:
            LessonError: there is no space left, or the folder can't be written.
        """
        path = self._folder / self._names[meant] / f"{time.time_ns()}.png"
        with atomic_write(path) as temporary:
            Image.fromarray(image).save(temporary)
        return path

    def answer(self, page: Page, message: dict[str, Any], buffers: list[memoryview]) -> None:
        """Answer the page's message: read the drawing in its buffer; if it says what was meant,
        count and save it.
        """
        try:
            ink = np.frombuffer(buffers[0], dtype="uint8").reshape(message["shape"]) / 255
            image, probabilities, maps = self.read(ink)
            answer = {
                "probabilities": probabilities.tolist(),
                "shapes": [part.shape for part in (image[None], *maps)],
            }
            if "meant" in message:
                self.confusion[message["meant"], probabilities.argmax()] += 1
                answer |= {"meant": message["meant"], "confusion": self.confusion.tolist()}
                if message["keep"]:
                    answer["saved"] = display_path(self.save(image, message["meant"]))
        except LessonError as error:
            page.send({"problem": str(error)})
        else:
            page.send(answer, [part.tobytes() for part in (image, *maps)])

    def _ipython_display_(self) -> None:
        # JupyterLab and its kin tell the kernel which cell they run; what runs notebooks with
        # nobody there doesn't.
        if "cellId" in getattr(get_ipython(), "parent_header", {}).get("metadata", {}):
            page = Page(
                setup={
                    "names": self._names,
                    "layers": self._layers,
                    "folder": display_path(self._folder),
                }
            )
            page.on_msg(self.answer)
            display(page)
        else:
            image, probabilities, maps = self.read(find_ink(read_picture(STORED)))
            title = (
                f"A stored drawing, which the model reads as {self._names[probabilities.argmax()]}"
            )
            images = [image, *(layer[0] for layer in maps)]
            show(image_grid(title, images, ["what it sees", *self._layers], len(images)), ALT)


def _strongest(layer: np.ndarray) -> np.ndarray:
    # From (height, width, filters) to (maps, height, width), the map with the most activation
    # first.
    order = layer.mean(axis=(0, 1)).argsort()[::-1][:MAPS]
    maps = np.moveaxis(layer[..., order], -1, 0).clip(0)
    return np.round(maps * 255 / max(maps.max(), 1e-6)).astype("uint8")
