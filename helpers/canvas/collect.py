"""The canvas of 09_your_own: draw signs of your own and keep them, a folder for each name.

The page is that of `helpers.canvas`; it sends a drawing with a name, and no model reads it.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display
from PIL import Image

from helpers.canvas import MISSING, CanvasWidget, folder_names
from helpers.figures import image_grid, show
from helpers.pictures import center, crop, fit_into_box
from series.chain import DATA_FOLDER
from series.errors import LessonError
from series.files import atomic_write, display_path

SHAPE = (28, 28)
SIGNS = DATA_FOLDER / "signs"  # shown where nobody can draw
TITLE = "Signs that come with the project: a program drew them"


class Collector:
    """A canvas that keeps drawings, shown where it is the last line of a cell."""

    def __init__(self, folder: Path) -> None:
        """Prepare to keep drawings in `folder`, in a folder for each name."""
        self._folder = folder
        self._kept: dict[str, Path] = {}  # each drawing's file, in the order they were kept

    def keep(self, ink: np.ndarray, name: str) -> Path:
        """Save a drawing as MNIST's digits are: bright on black, cropped, scaled and centered.

        Args:
            ink: from 0, paper, to 1, ink, of shape (height, width).
            name: what it shows.

        Raises:
            LessonError: it has no name, too little is drawn, or the folder can't be written.
        """
        if not name.strip(" ."):
            raise LessonError("the drawing has no name", "type one, such as star")
        if not (ink > 0.5).any():
            raise LessonError("nothing is drawn yet", "draw your sign")
        try:
            cropped = crop(ink.astype("float32"))
        except LessonError as error:
            raise LessonError("too little is drawn to show a sign", "draw on") from error
        image = center(fit_into_box(cropped, SHAPE), SHAPE)
        path = self._folder / folder_names([name])[0] / f"{time.time_ns()}.png"
        with atomic_write(path) as temporary:
            Image.fromarray(image).save(temporary)
        return path

    def take_back(self) -> Path | None:
        """Delete the drawing that this canvas kept last; None where there is none."""
        if not self._kept:
            return None
        _, path = self._kept.popitem()
        path.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
        return path

    def counts(self) -> dict[str, int]:
        """How many drawings there are under each name, those of earlier days among them."""
        folders = [path for path in sorted(self._folder.glob("*")) if path.is_dir()]
        return {path.name: len(list(path.glob("*.png"))) for path in folders}

    def answer(
        self, widget: CanvasWidget, message: dict[str, Any], buffers: list[memoryview]
    ) -> None:
        """Answer the page's message: keep the drawing in its buffer, once however often it is sent,
        or take the last one back.
        """
        drawing = message["drawing"]
        answer: dict[str, Any] = {"drawing": drawing}
        try:
            if message.get("undo"):
                path = self.take_back()
                answer["undone"] = display_path(path) if path else ""
            elif drawing not in self._kept:
                ink = np.frombuffer(buffers[0], dtype="uint8").reshape(message["shape"]) / 255
                self._kept[drawing] = self.keep(ink, message["meant"])
            if drawing in self._kept:
                answer |= {"meant": message["meant"], "saved": display_path(self._kept[drawing])}
        except LessonError as error:
            answer["problem"] = f"{error.what[0].upper()}{error.what[1:]}. To fix it: {error.fix}."
            answer["meant"] = message["meant"]
        widget.send({**answer, "counts": self.counts()}, [])

    def _ipython_display_(self) -> None:
        if "cellId" in getattr(get_ipython(), "parent_header", {}).get("metadata", {}):
            setup = {"folder": display_path(self._folder), "counts": self.counts()}
            widget = CanvasWidget(setup=setup)
            widget.on_msg(self.answer)
            display({"text/html": MISSING, "text/plain": "[a canvas to draw on]"}, raw=True)
            display(widget)
        else:
            paths = [
                path
                for folder in sorted(SIGNS.glob("*/"))
                for path in sorted(folder.glob("*.png"))[:5]
            ]
            images = [np.asarray(Image.open(path)) for path in paths]
            show(image_grid(TITLE, images, [path.parent.name for path in paths], 5))
