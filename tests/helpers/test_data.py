"""Loading data: what ships is MNIST itself, and nothing damaged or unfit to learn from gets
through.
"""

import gzip
import hashlib
import re
import runpy
import struct
from pathlib import Path

import numpy as np
import pytest

from helpers import data
from helpers.arrays import ARRAYS
from series.errors import LessonError

README = (data.DATA_FOLDER / "README.md").read_text(encoding="utf-8")
# Published for the four uncompressed original files, in the order of ARRAYS (see data/README.md).
PUBLISHED_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)


def small(
    count: int = 12, classes: int = 3, shape: tuple[int, ...] = (12, 13)
) -> dict[str, np.ndarray]:
    """Four arrays that can be learned from."""
    labels = np.arange(count) % classes
    images = np.random.default_rng(1).integers(0, 256, (count, *shape), dtype=np.uint8)
    return {"x_train": images, "y_train": labels, "x_test": images[-6:], "y_test": labels[-6:]}


def save(path: Path, arrays: dict[str, np.ndarray]) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


def idx(array: np.ndarray) -> bytes:
    """An array as an IDX file: a magic number, the dimensions, then the bytes."""
    header = struct.pack(f">{1 + array.ndim}i", 2048 + array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def test_mnist_is_what_was_published() -> None:
    with np.load(data.MNIST_FILE, allow_pickle=False) as stored:
        for name, published in zip(ARRAYS, PUBLISHED_MD5, strict=True):
            assert hashlib.md5(idx(stored[name])).hexdigest() == published, name
            assert published in README


def test_mnist_comes_as_keras_gives_it() -> None:
    data.look_at_data("mnist")
    (x_train, y_train), (x_test, y_test) = data.load_data("mnist")
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    assert y_test.shape == (10000,)
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.class_names("mnist", y_train) == tuple("0123456789")


def test_another_mnist_is_noticed_and_the_command_that_restores_ours_is_named(
    tmp_path: Path,
) -> None:
    with np.load(data.MNIST_FILE) as stored:
        arrays = {name: stored[name].copy() for name in ARRAYS}
    arrays["x_test"][123, 14, 14] ^= 1
    words = r"does not have the checksum of our copy.*\n.*git checkout -- data.mnist\.npz"
    with pytest.raises(LessonError, match=words):
        data.load_mnist(Path(save(tmp_path / "mnist.npz", arrays)))


@pytest.mark.parametrize("keep", [0, 100, -200])
def test_an_incomplete_file_is_refused_before_it_is_read(tmp_path: Path, keep: int) -> None:
    path = Path(save(tmp_path / "own.npz", small()))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        LessonError, match=r"own\.npz is damaged or can't be read \(.+\)\n.*data/README\.md"
    ):
        data.look_at_data(str(path))


def test_a_file_with_other_bytes_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = Path(save(tmp_path / "own.npz", small(200)))
    content = bytearray(path.read_bytes())
    content[20_000] ^= 1  # a pixel
    path.write_bytes(content)
    data.look_at_data(str(path))
    with pytest.raises(LessonError, match=r"own\.npz is damaged or can't be read \(.+\)"):
        data.load_data(str(path))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("", ""),
        ("no/such/file.npz", ""),
        ("https://example.org/own.npz", ""),
        ("data/README.md", ""),
        ("cifar_10", r" \(did you mean cifar10\?\)"),
        ("MNIST", r" \(did you mean mnist\?\)"),
    ],
)
def test_what_is_no_data_set_is_refused_with_what_can_be_used(name: str, hint: str) -> None:
    words = rf"is missing, or neither a folder nor an \.npz file{hint}\n.*mnist, fashion_mnist, cif"
    with pytest.raises(LessonError, match=words):
        data.look_at_data(name)
    with pytest.raises(LessonError, match=words):
        data.load_data(name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"x_train": np.zeros((12, 72), np.uint8)},
            r"x_train is uint8 of shape \(12, 72\) and must be uint8 images",
        ),
        ({"x_train": small(shape=(11, 13))["x_train"]}, "x_train is .* at least 12 x 12 pixels"),
        ({"x_train": small(shape=(12, 13, 4))["x_train"]}, r"x_train is .* width, 3\)"),
        (
            {"x_test": small()["x_test"][:1], "y_test": np.zeros(1, int)},
            "x_test is .*, two or more of them",
        ),
        (
            {"x_test": small(shape=(13, 13))["x_test"]},
            r"for training are \(12, 13\), for testing \(13, 13\)",
        ),
        (
            {"y_train": np.arange(11) % 3},
            r"y_train is int64 of shape \(11,\) and must be one integer for each",
        ),
        ({"y_train": np.array([{}] * 12, dtype=object)}, "y_train is object of"),
        (
            {"x_train": np.zeros(3), "y_test": np.zeros(6)},
            "x_train is .*; y_train is .*; y_test is",
        ),
    ],
)
def test_arrays_of_other_shapes_and_dtypes_are_refused_by_their_headers(
    tmp_path: Path, changes: dict, words: str
) -> None:
    path = save(tmp_path / "own.npz", {**small(), **changes})
    with pytest.raises(LessonError, match=rf"{words}.*\n.*data/README\.md"):
        data.look_at_data(path)
    with pytest.raises(LessonError, match=words):
        data.load_data(path)


def test_a_file_that_lacks_arrays_says_what_it_holds(tmp_path: Path) -> None:
    for arrays, held in (({"pictures": small()["x_train"]}, "pictures"), ({}, "no arrays")):
        path = save(tmp_path / "own.npz", arrays)
        with pytest.raises(LessonError, match=rf"own\.npz holds {held}, not x_train"):
            data.look_at_data(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y_train": np.zeros(20, int), "y_test": np.zeros(6, int)}, "two or more classes"),
        ({"y_train": np.arange(20) % 3 + 1}, "without a gap, not 1, 2, 3; y_test .* lacks: 0"),
        ({"y_test": np.array([0, 1, 2, 0, 1, 7])}, "y_test holds classes that y_train lacks: 7"),
        ({"x_test": np.zeros((6, 12, 13), np.uint8)}, "6 of 6 images of x_test show nothing"),
    ],
)
def test_arrays_that_nothing_can_be_learned_from_are_refused(
    tmp_path: Path, changes: dict, words: str
) -> None:
    with pytest.raises(LessonError, match=words):
        data.load_data(save(tmp_path / "own.npz", {**small(20), **changes}))


def test_more_than_one_in_a_hundred_that_show_nothing_are_refused(tmp_path: Path) -> None:
    arrays = small(300)
    arrays["x_train"][[2, 5]] = 0
    arrays["x_train"][7] = 200
    assert len(data.load_data(save(tmp_path / "own.npz", arrays))[0][0]) == 300
    arrays["x_train"][9] = 15
    with pytest.raises(LessonError, match="4 of 300 images of x_train show nothing; number 2 is"):
        data.load_data(save(tmp_path / "own.npz", arrays))


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
    assert (prepared.shape, prepared.dtype) == ((12, 12, 13, 1), np.float32)
    assert np.allclose(np.linalg.norm(prepared[..., 0], axis=2), images.any(axis=2), atol=1e-6)
    color = small(shape=(12, 13, 3))["x_train"]
    assert np.allclose(process_data(color, "pixels").numpy() * 255, color, atol=1e-4)


# The recipes of data/README.md: each sentence that ends in a colon, and the lines below it.
RECIPES = dict(re.findall(r"\n([^\n]+):\n\n```python\n(.*?)```", README, re.DOTALL))
GRAY, COLOR, TINY = (small(20, shape=shape) for shape in ((28, 28), (28, 28, 3), (8, 8)))
OTHER_NAMES = ("train_images", "train_labels", "test_images", "test_labels")
WORDS = np.array(["ant", "bee", "cow"])
DOUBLED = np.ones((1, 2, 2), np.uint8)


def changed(arrays: dict[str, np.ndarray], kind: str, change) -> dict[str, np.ndarray]:
    return {n: change(array) if n[0] == kind else array for n, array in arrays.items()}


def table(folder: Path) -> None:
    first = "label," + ",".join(f"pixel{number}" for number in range(28 * 28))
    rows = np.column_stack([GRAY["y_train"], GRAY["x_train"].reshape(20, -1)])
    np.savetxt(folder / "train.csv", rows, "%d", ",", header=first, comments="")


def idx_files(folder: Path) -> None:
    files = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for name, file in zip(ARRAYS, files, strict=True):
        (folder / f"{file}-ubyte.gz").write_bytes(gzip.compress(idx(GRAY[name])))


@pytest.mark.parametrize(
    ("titles", "stored", "wanted"),
    [
        (["Other names"], dict(zip(OTHER_NAMES, GRAY.values(), strict=True)), GRAY),
        (["One part alone"], {"x": GRAY["x_train"], "y": GRAY["y_train"]}, None),
        (["Fractions"], changed(GRAY, "x", lambda x: x / 255), GRAY),
        (["One row"], changed(GRAY, "x", lambda x: x.reshape(len(x), -1)), GRAY),
        (["One row"], changed(GRAY, "x", lambda x: x[..., None]), GRAY),
        (["Color channels"], changed(COLOR, "x", lambda x: x.transpose(0, 3, 1, 2)), COLOR),
        (["Images smaller"], TINY, changed(TINY, "x", lambda x: np.kron(x, DOUBLED))),
        (["One-hot labels"], changed(GRAY, "y", lambda y: np.eye(3)[y]), GRAY),
        (["Labels from 1"], changed(GRAY, "y", lambda y: y + 1), GRAY),
        (["Labels from 1"], changed(GRAY, "y", lambda y: y[:, None] * 7.0), GRAY),
        (["Labels from 1"], changed(GRAY, "y", lambda y: WORDS[y]), GRAY),
        (["Python objects"], changed(GRAY, "y", lambda y: y.astype(object)), GRAY),
        (["A table", "One part alone"], table, None),
        (["idx files", "One row"], idx_files, GRAY),
    ],
)  # fmt: skip
def test_the_recipes_in_the_readme_make_a_file_that_loads(
    titles: list[str], stored, wanted: dict | None, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if callable(stored):
        stored(tmp_path)
    else:
        with pytest.raises(LessonError, match=r"\n.*data/README\.md"):
            data.look_at_data(save(tmp_path / "own.npz", stored))
            data.load_data(str(tmp_path / "own.npz"))
    frame = next(lines for lines in RECIPES.values() if "np.savez" in lines)
    before, loading, after = re.split(r"(a = .*\n)# the lines .*\n", frame)
    steps = [title for start in titles for title in RECIPES if title.startswith(start)]
    assert len(steps) == len(titles)
    if "replace" in steps[0]:
        loading = ""
    lines = "".join([before, loading, *(RECIPES[title] for title in steps), after])
    (tmp_path / "recipe.py").write_text(lines)
    runpy.run_path(str(tmp_path / "recipe.py"))
    train, test = data.load_data(str(tmp_path / "fixed.npz"))
    assert data.class_names("fixed.npz", train[1]) == ("0", "1", "2")
    if wanted:
        for name, found in zip(ARRAYS, (*train, *test), strict=True):
            assert np.array_equal(found, wanted[name]), name
    else:  # a drawn fifth is held out, and each image keeps its label
        assert (len(train[0]), len(test[0])) == (16, 4)
        labels = {x.tobytes(): y for x, y in zip(GRAY["x_train"], GRAY["y_train"], strict=True)}
        for x, y in (train, test):
            assert [labels[image.tobytes()] for image in x] == y.tolist()
