"""Loading data: what ships is MNIST itself, and nothing damaged or unfit to learn from gets
through.
"""

import contextlib
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from helpers import data
from series.errors import LessonError

# Published for the four uncompressed original files, in the order of data.ARRAYS (see
# data/README.md).
PUBLISHED_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)


def small(
    count: int = 12, classes: int = 3, shape: tuple[int, ...] = (8, 9)
) -> dict[str, np.ndarray]:
    """Four arrays that can be learned from."""
    labels = np.arange(count) % classes
    images = np.random.default_rng(1).integers(0, 256, (count, *shape), dtype=np.uint8)
    return {
        "x_train": images,
        "y_train": labels,
        "x_test": images[:6].copy(),
        "y_test": labels[:6].copy(),
    }


def save(path: Path, arrays: dict[str, np.ndarray]) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


def test_mnist_is_what_was_published() -> None:
    with np.load(data.MNIST_FILE, allow_pickle=False) as stored:
        for name, published in zip(data.ARRAYS, PUBLISHED_MD5, strict=True):
            array = stored[name]  # an IDX file: a magic number, the dimensions, then the bytes
            header = struct.pack(f">{1 + array.ndim}i", 2048 + array.ndim, *array.shape)
            assert hashlib.md5(header + array.tobytes()).hexdigest() == published, name
            assert published in (data.DATA_FOLDER / "README.md").read_text(encoding="utf-8")


def test_mnist_comes_as_keras_gives_it() -> None:
    (x_train, y_train), (x_test, y_test) = data.load_data("mnist")
    assert (x_train.shape, x_test.shape, y_test.shape) == (
        (60000, 28, 28),
        (10000, 28, 28),
        (10000,),
    )
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.class_names("mnist", y_train) == tuple("0123456789")


def test_another_mnist_is_noticed_and_the_command_that_restores_ours_is_named(
    tmp_path: Path,
) -> None:
    with np.load(data.MNIST_FILE) as stored:
        arrays = {name: stored[name].copy() for name in data.ARRAYS}
    arrays["x_test"][123, 14, 14] ^= 1
    with pytest.raises(
        LessonError,
        match=r"does not have the checksum of our copy.*\n.*git checkout -- .*mnist\.npz",
    ):
        data.load_mnist(Path(save(tmp_path / "mnist.npz", arrays)))


@pytest.mark.parametrize("keep", [0, 100, -200])
def test_a_damaged_file_is_named_with_what_fixes_it(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "own.npz"
    save(path, small())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(LessonError, match=r"own\.npz is damaged.*\n.*numpy\.savez"):
        data.load_data(str(path))


def test_no_damage_gets_through_as_another_error(tmp_path: Path) -> None:
    complete, path, random = (
        tmp_path / "own.npz",
        tmp_path / "damaged.npz",
        np.random.default_rng(1),
    )
    np.savez_compressed(complete, **small())  # type: ignore[arg-type]
    for _ in range(200):
        content = bytearray(complete.read_bytes())
        at = random.integers(len(content))
        content[at : at + 8] = random.bytes(8)
        path.write_bytes(content)
        with contextlib.suppress(LessonError):  # bytes that nobody reads may change
            data.load_data(str(path))


@pytest.mark.parametrize("name", ["no/such/file.npz", "/no/such/file.npz", "~nosuchuser/file.npz"])
def test_a_missing_file_is_named(name: str) -> None:
    with pytest.raises(LessonError, match=r"file\.npz is missing"):
        data.load_data(name)


@pytest.mark.parametrize("name", ["", "own.csv", "data/README.md", "C:\\pictures", "cifar_10"])
def test_what_is_no_data_set_is_refused_with_what_can_be_used(name: str) -> None:
    meant = r" \(did you mean cifar10\?\)" if name == "cifar_10" else ""
    with pytest.raises(
        LessonError,
        match=rf"none of mnist, fashion_mnist, cifar10, no folder and no \.npz file{meant}\n",
    ):
        data.load_data(name)


@pytest.mark.parametrize("shape", [(8, 9), (32, 32, 3)])
def test_own_arrays_come_back_as_they_were(tmp_path: Path, shape: tuple[int, ...]) -> None:
    arrays = small(shape=shape)
    path = save(tmp_path / "own.npz", arrays)
    train, test = data.load_data(path)
    for name, found in zip(data.ARRAYS, (*train, *test), strict=True):
        assert np.array_equal(found, arrays[name])
    assert data.class_names(path, train[1]) == ("0", "1", "2")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"x_train": np.zeros((12, 72), np.uint8)},
            r"x_train is uint8 of shape \(12, 72\) and must be uint8 images",
        ),
        (
            {"x_train": small()["x_train"] / 255},
            "x_train is float64 of .* and must be uint8 images",
        ),
        (
            {"x_train": np.zeros((0, 8, 9), np.uint8), "y_train": np.zeros(0, int)},
            "x_train is .* and must be uint8 images",
        ),
        ({"x_test": np.zeros((6, 8, 9), np.uint8)}, "x_test is .* not blank"),
        ({"x_train": small(shape=(4, 9))["x_train"]}, "x_train is .* at least 8 x 8 pixels"),
        ({"x_train": small(shape=(8, 9, 4))["x_train"]}, r"x_train is .* width\[, 3\]\)"),
        (
            {"x_test": small(shape=(9, 9))["x_test"]},
            r"for training are \(8, 9\), for testing \(9, 9\)",
        ),
        (
            {"y_train": np.arange(11) % 3},
            r"y_train is int64 of shape \(11,\) and must be one integer for each",
        ),
        (
            {"y_train": np.eye(3, dtype=int)[np.arange(12) % 3]},
            "y_train is .* and must be one integer",
        ),
        ({"y_train": np.arange(12) % 3 + 0.0}, "y_train is float64 of .* and must be one integer"),
        (
            {"y_train": np.zeros(12, int), "y_test": np.zeros(6, int)},
            "y_train must hold two or more classes",
        ),
        (
            {"y_train": np.arange(12) % 3 + 1},
            "numbered from 0 without a gap, not 1, 2, 3; y_test .* lacks: 0",
        ),
        ({"y_test": np.array([0, 1, 2, 0, 1, 7])}, "y_test holds classes that y_train lacks: 7"),
        (
            {"y_train": np.array([{}] * 12, dtype=object)},
            "is damaged",
        ),  # such arrays could run code
        (
            {"x_train": np.zeros(3), "y_test": np.zeros(6)},
            "x_train is .*; y_train is .*; y_test is",
        ),
    ],
)
def test_arrays_that_nothing_can_be_learned_from_are_refused(
    tmp_path: Path, changes: dict, words: str
) -> None:
    with pytest.raises(LessonError, match=words):
        data.load_data(save(tmp_path / "own.npz", {**small(), **changes}))


def test_a_file_that_lacks_arrays_says_so(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"lacks an array.*x_train"):
        data.load_data(save(tmp_path / "own.npz", {"images": small()["x_train"]}))


def test_keras_own_data_comes_in_the_shape_of_all_others_and_without_a_network_says_what_to_do(
    monkeypatch,
) -> None:
    import keras

    def fails() -> None:
        raise Exception("URL fetch failure on fashion-mnist: None -- no network")  # as Keras does

    part = small(20, 10, (32, 32, 3))["x_train"], np.arange(20, dtype=np.uint8)[:, None] % 10
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: (part, part))
    (x_train, y_train), _ = data.load_data("cifar10")
    assert (x_train.shape, y_train.shape) == ((20, 32, 32, 3), (20,))
    assert data.class_names("cifar10", y_train)[3] == "cat"
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fails)
    with pytest.raises(LessonError, match=r"fashion_mnist\.load_data\(\)"):
        data.load_data("fashion_mnist")


def test_process_data_gives_rows_of_length_one_or_shares_of_255_and_keeps_color() -> None:
    from helpers.lesson import process_data

    images = small()["x_train"].copy()
    images[0, 2] = 0  # an empty row stays empty
    prepared = process_data(images).numpy()
    assert (prepared.shape, prepared.dtype) == ((12, 8, 9, 1), np.float32)
    assert np.allclose(np.linalg.norm(prepared[..., 0], axis=2), images.any(axis=2), atol=1e-6)
    color = small(shape=(8, 9, 3))["x_train"]
    assert np.allclose(process_data(color, "pixels").numpy() * 255, color, atol=1e-4)
