"""The last finished epoch of a training in several processes, on the disk that they share."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from series import files
from series.errors import LessonError

RECORD = "record.json"  # the part of a checkpoint that isn't Keras' own


class Checkpoint:
    """Model, optimizer and history in one file, so that they can't contradict each other.

    The file is the model as Keras saves it, a zip archive, with the record as one more part. It
    gets its name when it is complete, and replaces the one of the epoch before.

    Args:
        folder: where the file is kept; nothing else is in it.
        recipe: all that a training must share with an earlier one to continue it, as plain values.
    """

    def __init__(self, folder: Path, recipe: dict[str, Any]) -> None:
        self._path, self._recipe = folder / "checkpoint.keras", recipe

    def load(self) -> tuple[keras.Model, dict[str, Any]] | None:
        """Model and history to continue with; None where there are none of the same training.

        Raises:
            LessonError: what is kept is damaged.
        """
        if not self._path.is_file():
            return None
        try:
            kept = json.loads(dict(files.unzip(self._path))[RECORD])
            same = kept["recipe"] == self._recipe
            return (keras.models.load_model(self._path), kept["history"]) if same else None
        except (OSError, ValueError, KeyError) as error:
            raise LessonError(
                f"{files.display_path(self._path)} is damaged ({error})", "delete it and start over"
            ) from error

    def save(self, model: keras.Model, history: dict[str, Any]) -> None:
        """Keep this epoch in place of the one before it."""
        with files.atomic_write(self._path) as temporary:
            model.save(temporary)
            with zipfile.ZipFile(temporary, "a") as archive:
                record = {"recipe": self._recipe, "history": history}
                archive.writestr(RECORD, json.dumps(record))

    def delete(self) -> None:
        """Delete what is kept: it belongs to another training, or this one has saved its result."""
        # A killed process leaves half-written ones.
        for path in (self._path, *self._path.parent.glob(f".*.partial.{self._path.name}")):
            path.unlink(missing_ok=True)
        if self._path.parent.is_dir() and not any(self._path.parent.iterdir()):
            self._path.parent.rmdir()
