"""The recipe of 07_improving: images move as NumPy says, and training sees what it is given."""

import keras
import numpy as np
import pytest

from helpers import recipe

IMAGES = np.arange(1, 1 + 3 * 5 * 4, dtype="float32").reshape(3, 5, 4, 1)


def moved_with_numpy(image: np.ndarray, down: int, right: int, most: int = 4) -> np.ndarray:
    height, width = image.shape[:2]
    padded = np.pad(image, ((most, most), (most, most), (0, 0)), mode="edge")
    top, left = most - down, most - right
    return padded[top : top + height, left : left + width]


def test_each_image_moves_by_its_own_distance_and_nothing_comes_back_at_the_other_side():
    down = np.array([0, 2, -3], "int32")
    right = np.array([1, -2, 0], "int32")
    expected = [moved_with_numpy(*each) for each in zip(IMAGES, down, right, strict=True)]
    assert np.array_equal(recipe.move(IMAGES, down, right), expected)
    ink = np.zeros((1, 5, 4, 1), "uint8")
    ink[0, 2, 2] = 255
    assert not recipe.move(ink, np.array([0]), np.array([2])).numpy().any(), "it left"


def test_a_batch_holds_the_images_each_once_and_only_moved_ones_if_asked():
    labels = np.array([7, 8, 9])
    for farthest in (0, 1):
        keras.utils.set_random_seed(1)
        batches = list(recipe.moving_batches(IMAGES, labels, 2, farthest))
        assert [len(images) for images, _ in batches] == [2, 1]
        assert sorted(int(label) for _, part in batches for label in part) == [7, 8, 9]
        for images, part in batches:
            for image, label in zip(images.numpy(), part.numpy(), strict=True):
                steps = range(-farthest, farthest + 1)
                original = IMAGES[list(labels).index(label)]
                places = [moved_with_numpy(original, a, b) for a in steps for b in steps]
                assert any(np.array_equal(image, place) for place in places)


def test_images_go_to_all_places_and_to_others_in_the_next_epoch():
    keras.utils.set_random_seed(1)
    ink = np.zeros((500, 7, 7, 1), "float32")
    ink[:, 3, 3] = 1
    batches = recipe.moving_batches(ink, np.arange(500), 100)
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


def test_the_pipeline_does_not_tune_itself_so_no_epoch_ends_with_a_pause():
    batches = recipe.moving_batches(IMAGES, np.zeros(3), 2)
    assert batches.options().autotune.enabled is False


@pytest.mark.parametrize("shape", [(8, 9, 1), (28, 28, 1), (32, 32, 3)])
def test_the_network_takes_images_of_any_size_from_8_on(shape):
    network = recipe.create_reader(shape, num_classes=4, filters=2)
    assert network(np.zeros((2, *shape), "float32")).shape == (2, 4)


def test_the_step_size_rises_in_the_first_quarter_and_ends_at_0():
    sizes = [float(recipe.rise_and_fall(0.01, 2, 100, 10)(update)) for update in range(21)]
    assert np.argmax(sizes) == 5
    assert sizes[5] == pytest.approx(0.01)
    assert sizes[0] == 0
    assert sizes[20] == pytest.approx(0, abs=1e-9)
