"""The trained network that ships with the project: its recipe, and that it is as good as we say."""

import hashlib
import importlib.util

import keras
import numpy as np
import pytest

from helpers.data import load_mnist
from helpers.lesson import process_data
from series.chain import DATA_FOLDER

READER = DATA_FOLDER / "reader.keras"
IMAGES = np.arange(1, 1 + 3 * 5 * 4, dtype="float32").reshape(3, 5, 4, 1)

_spec = importlib.util.spec_from_file_location("make_reader", DATA_FOLDER / "make_reader.py")
make_reader = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_reader)


def moved_with_numpy(image: np.ndarray, down: int, right: int, most: int = 4) -> np.ndarray:
    height, width = image.shape[:2]
    padded = np.pad(image, ((most, most), (most, most), (0, 0)), mode="edge")
    top, left = most - down, most - right
    return padded[top : top + height, left : left + width]


def test_each_image_moves_by_its_own_distance_and_nothing_comes_back_at_the_other_side():
    down = np.array([0, 2, -3], "int32")
    right = np.array([1, -2, 0], "int32")
    expected = [moved_with_numpy(*each) for each in zip(IMAGES, down, right, strict=True)]
    assert np.array_equal(make_reader.move(IMAGES, down, right), expected)
    ink = np.zeros((1, 5, 4, 1), "uint8")
    ink[0, 2, 2] = 255
    assert not make_reader.move(ink, np.array([0]), np.array([2])).numpy().any(), "it left"


def test_images_go_to_all_places_and_to_others_in_the_next_epoch():
    keras.utils.set_random_seed(1)
    ink = np.zeros((500, 7, 7, 1), "float32")
    ink[:, 3, 3] = 1
    batches = make_reader.moving_batches(ink, np.arange(500), 100)
    epochs: list[dict[int, tuple[int, int]]] = [{}, {}]
    for places in epochs:
        for images, labels in batches:
            for number, row, column, _ in np.argwhere(images.numpy()).tolist():
                places[int(labels[number])] = (row, column)
    for places in epochs:
        assert set(places) == set(range(500))
        assert set(places.values()) == {(row, col) for row in range(1, 6) for col in range(1, 6)}
    alike = sum(epochs[0][label] == epochs[1][label] for label in range(500))
    assert alike < 50, "one in 25 by chance"


@pytest.mark.parametrize("shape", [(8, 9, 1), (32, 32, 3)])
def test_the_network_takes_images_of_any_size_from_8_on(shape):
    network = make_reader.create_reader(shape, num_classes=4, filters=2)
    assert network(np.zeros((2, *shape), "float32")).shape == (2, 4)


def test_the_step_size_rises_in_the_first_quarter_and_ends_at_0():
    sizes = [float(make_reader.rise_and_fall(0.01, 2, 100, 10)(update)) for update in range(21)]
    assert np.argmax(sizes) == 5
    assert sizes[5] == pytest.approx(0.01)
    assert sizes[0] == 0
    assert sizes[20] == pytest.approx(0, abs=1e-9)


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
    own = make_reader.create_reader((28, 28, 1), num_classes=10)
    assert plain(reader.get_config()) == plain(own.get_config())


def test_it_reads_at_least_0_992_of_the_test_images(reader):
    _, (images, labels) = load_mnist()
    prepared = process_data(images, make_reader.NORMALIZATION)
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
