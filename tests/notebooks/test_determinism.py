"""The same seed gives the same training; another seed gives another."""

from pathlib import Path

import numpy as np
import papermill
import pytest

from helpers import files
from helpers.chain import BY_NAME, NOTEBOOKS_FOLDER
from helpers.data import load_mnist


def run_notebook(name: str, folder: Path, **parameters: object) -> None:
    papermill.execute_notebook(
        BY_NAME[name].path,
        folder / f"{name}.executed.ipynb",
        parameters={"run": folder.name, **parameters},
        cwd=NOTEBOOKS_FOLDER,
        progress_bar=False,
        kernel_name="python3",
        coalesce_streams=True,
    )


def train(runs: Path, name: str, seed: int) -> Path:
    """Run 03 and 04 with a seed, on few images, in kernels of their own; the folder that they fill."""
    (x_train, y_train), _ = load_mnist()
    folder = runs / name
    folder.mkdir()
    np.savez(
        folder / "dataset.npz",
        x_train=x_train[:1000],
        y_train=y_train[:1000],
        class_names=np.arange(10).astype(str),
        normalization=np.array("rows"),
        source=np.array("mnist"),
    )
    run_notebook("03_model", folder, seed=seed)
    run_notebook("04_training", folder, seed=seed, epochs=2, batch_size=100)
    return folder


def history(folder: Path) -> dict:
    kept = files.read_json(folder / "history.json")
    return {
        name: values
        for name, values in kept.items()
        if name not in ("seconds", "training_seconds", "images_per_second")
    }


@pytest.mark.slow
def test_the_same_seed_gives_the_same_history_and_weights_and_another_seed_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    one, again, other = (train(tmp_path, name, seed) for name, seed in (("one", 1), ("again", 1), ("other", 2)))
    for artifact in ("model.keras", "trained.keras"):
        assert files.digest(one / artifact) == files.digest(again / artifact)
        assert files.digest(one / artifact) != files.digest(other / artifact)
    assert history(one) == history(again)
    assert history(one)["batches"]["loss"] != history(other)["batches"]["loss"]
