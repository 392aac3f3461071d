"""The same seed gives the same training, another seed another; the model is saved as it was made."""

from pathlib import Path

import keras
import numpy as np
import papermill
import pytest

from helpers.data import load_mnist
from series import files
from series.chain import BY_NAME, NOTEBOOKS_FOLDER


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


def with_few_images(folder: Path) -> Path:
    (x_train, y_train), _ = load_mnist()
    folder.mkdir()
    np.savez(
        folder / "dataset.npz",
        x_train=x_train[:1000],
        y_train=y_train[:1000],
        class_names=np.arange(10).astype(str),
        normalization=np.array("rows"),
        source=np.array("mnist"),
    )
    return folder


def train(runs: Path, name: str, seed: int) -> Path:
    """Run 03 and 04 with a seed, on few images, in kernels of their own; the folder that they fill."""
    folder = with_few_images(runs / name)
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
def test_the_same_seed_gives_the_same_history_and_weights_and_another_seed_does_not(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    one, again, other = (
        train(tmp_path, name, seed) for name, seed in (("one", 1), ("again", 1), ("other", 2))
    )
    for artifact in ("model.keras", "trained.keras"):
        assert files.digest(one / artifact) == files.digest(again / artifact)
        assert files.digest(one / artifact) != files.digest(other / artifact)
    assert history(one) == history(again)
    assert history(one)["batches"]["loss"] != history(other)["batches"]["loss"]


@pytest.mark.slow
def test_a_model_in_sixteen_bits_keeps_its_last_layer_in_thirty_two(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    folder = with_few_images(tmp_path / "sixteen bits")
    run_notebook("03_model", folder, precision="mixed_bfloat16", filters=4)
    model = keras.models.load_model(folder / "model.keras")
    assert [layer.compute_dtype for layer in (model.layers[1], model.layers[-1])] == [
        "bfloat16",
        "float32",
    ]
