"""The last finished epoch of a training, kept so that workers that were stopped can go on from it.

Beside 04_training's own checkpoint, because several processes read this one: they agree on it before anyone loads it or
deletes it. No TensorFlow here.
"""

import shutil
from pathlib import Path
from typing import Any

from helpers import files


class Checkpoint:
    """Keeps model, optimizer and history after each epoch, in a folder that gets its name when it is whole.

    Args:
        folder: the run's folder.
        recipe: all that a training must share with an earlier one to go on from it, as plain values.
    """

    def __init__(self, folder: Path, recipe: dict[str, Any]) -> None:
        self._folder = folder / "checkpoint-of-workers"
        self._recipe = recipe

    def find(self) -> Path | None:
        """The folder of the last finished epoch of the same training: `model.keras` and `record.json`; or None."""
        for path in sorted(self._folder.glob("epoch-*"), reverse=True):
            if files.read_json(path / "record.json")["recipe"] == self._recipe:
                return path
        return None

    def keep(self, model: Any, history: dict[str, Any]) -> None:
        """Keep this epoch, then drop the one before it."""
        name = f"epoch-{history['epochs']:04}"
        with files.replacing(self._folder / name) as temporary:
            temporary.mkdir()
            model.save(temporary / "model.keras")
            files.write_json(temporary / "record.json", {"recipe": self._recipe, "history": history})
        for other in self._folder.iterdir():
            if other.name != name:
                shutil.rmtree(other)

    def delete(self) -> None:
        """Delete what is kept: it belongs to another training, or this one has left its result."""
        shutil.rmtree(self._folder, ignore_errors=True)
