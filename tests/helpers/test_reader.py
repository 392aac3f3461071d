"""The trained network that ships with the project: the recipe's, small, and as good as we say."""

import hashlib

import keras
import numpy as np
import pytest

from helpers import recipe
from helpers.data import load_mnist
from helpers.lesson import process_data
from series.chain import DATA_FOLDER

READER = DATA_FOLDER / "reader.keras"


@pytest.fixture(scope="module")
def reader() -> keras.Model:
    return keras.models.load_model(READER)


def plain(config: dict) -> list[tuple[str, dict]]:
    """Kind and settings of each layer, without names, which depend on what was built before."""
    layers = []
    for layer in config["layers"]:
        settings = {key: value for key, value in layer["config"].items() if key != "name"}
        layers.append((layer["class_name"], settings))
    return layers


def test_it_is_the_network_of_the_recipe(reader):
    keras.utils.clear_session()
    own = recipe.create_reader((28, 28, 1), num_classes=10)
    assert plain(reader.get_config()) == plain(own.get_config())


def test_it_reads_at_least_0_992_of_the_test_images(reader):
    _, (images, labels) = load_mnist()
    prepared = process_data(images, recipe.NORMALIZATION)
    read = reader.predict(prepared, batch_size=500, verbose=0).argmax(axis=-1)
    assert np.mean(read == labels) >= 0.992


def test_it_is_small_and_comes_without_an_optimizer(reader):
    assert READER.stat().st_size <= 150_000
    assert getattr(reader, "optimizer", None) is None


def test_the_description_of_the_data_has_its_hash_and_its_command():
    text = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    part = text.partition("## reader.keras")[2].partition("\n## ")[0]
    assert hashlib.sha256(READER.read_bytes()).hexdigest() in part
    assert "python data/make_reader.py" in part
