"""Checkpoints: found again for the same training only, and never half there."""

from pathlib import Path

import pytest

from helpers.checkpoints import Checkpoints


class SavedModel:
    """Stands in for a Keras model."""

    def save(self, path: Path) -> None:
        path.write_text("weights")


def test_the_last_epoch_is_found_again_for_the_same_training_only(tmp_path: Path) -> None:
    recipe = {"epochs": 3, "dataset.npz": "a"}
    checkpoints = Checkpoints(tmp_path, recipe)
    assert checkpoints.find() is None
    checkpoints.keep(SavedModel(), {"epochs": 1})
    checkpoints.keep(SavedModel(), {"epochs": 2, "loss": [2.0, 1.0]})
    assert checkpoints.find() == (tmp_path / "epoch-0002" / "model.keras", {"epochs": 2, "loss": [2.0, 1.0]})
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0002"]
    assert Checkpoints(tmp_path, dict(recipe)).find() == checkpoints.find()
    assert Checkpoints(tmp_path, recipe | {"dataset.npz": "b"}).find() is None
    checkpoints.delete()
    assert checkpoints.find() is None


def test_one_cut_short_is_not_taken(tmp_path: Path) -> None:
    class Dies(SavedModel):
        def save(self, path: Path) -> None:
            path.write_text("half")
            raise KeyboardInterrupt

    checkpoints = Checkpoints(tmp_path, {"epochs": 3})
    checkpoints.keep(SavedModel(), {"epochs": 1})
    with pytest.raises(KeyboardInterrupt):
        checkpoints.keep(Dies(), {"epochs": 2})
    assert checkpoints.find() == (tmp_path / "epoch-0001" / "model.keras", {"epochs": 1})
