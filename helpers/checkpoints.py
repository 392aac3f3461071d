"""The last finished epoch of a training, kept on disk, so that one that was killed can go on from there.

Keras' own `BackupAndRestore` overwrites its only copy in place, goes on whatever the parameters are, and loses the
history of the earlier epochs. No TensorFlow here.
"""

import shutil
from pathlib import Path
from typing import Any

from helpers import files


class Checkpoints:
    """Keeps model, optimizer and history after each epoch, in a folder that gets its name when it is whole.

    A finished epoch becomes a folder `epoch-0001` with `model.keras` and `record.json`. It is written beside and then
    renamed, so a half-written one is never taken, and only then is the one before it deleted.

    Args:
        folder: where the epochs are kept.
        recipe: all that a training must share with an earlier one to go on from it, as plain values.
    """

    def __init__(self, folder: Path, recipe: dict[str, Any]) -> None:
        self._folder = folder
        self._recipe = recipe

    def find(self) -> tuple[Path, dict[str, Any]] | None:
        """The saved model and the history of the last finished epoch of the same training, or None."""
        for path in sorted(self._folder.glob("epoch-*"), reverse=True):
            kept = files.read_json(path / "record.json")
            if kept["recipe"] == self._recipe:
                return path / "model.keras", kept["history"]
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
