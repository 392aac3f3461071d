"""Loading data: what ships is MNIST itself, and nothing damaged or unfit to learn from gets through."""

import ast
import contextlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers import chain, data
from helpers.errors import LessonError


@pytest.fixture(scope="module")
def mnist() -> dict[str, np.ndarray]:
    with np.load(data.MNIST_FILE, allow_pickle=False) as stored:
        return dict(stored)


def small(count: int = 12, classes: int = 3, shape: tuple[int, ...] = (8, 9)) -> dict[str, np.ndarray]:
    """Four arrays that can be learned from."""
    random = np.random.default_rng(1)
    labels = np.arange(count) % classes
    images = random.integers(0, 256, (count, *shape), dtype=np.uint8)
    return {"x_train": images, "y_train": labels, "x_test": images[:6].copy(), "y_test": labels[:6].copy()}


def save(path: Path, arrays: dict[str, np.ndarray]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


# What ships


def test_mnist_is_what_was_published() -> None:
    (x_train, y_train), (x_test, y_test) = data.load_data("mnist")
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    assert x_train.dtype == y_train.dtype == x_test.dtype == y_test.dtype == np.uint8
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.class_names("mnist", y_train) == tuple("0123456789")


def test_one_changed_pixel_is_noticed(tmp_path: Path, mnist: dict[str, np.ndarray]) -> None:
    images = mnist["x_test"].copy()
    images[123, 14, 14] ^= 1
    path = tmp_path / "mnist.npz"
    save(path, {**mnist, "x_test": images})
    with pytest.raises(LessonError, match="x_test does not have MNIST's checksum") as caught:
        data.load_mnist(path)
    assert "mnist.npz" in caught.value.what
    assert "git checkout" in caught.value.fix


def test_arrays_of_another_shape_or_type_are_named(tmp_path: Path, mnist: dict[str, np.ndarray]) -> None:
    path = tmp_path / "mnist.npz"
    save(path, {**mnist, "x_test": mnist["x_test"][:9999]})
    with pytest.raises(LessonError, match=r"x_test is uint8 of shape \(9999, 28, 28\)"):
        data.load_mnist(path)
    save(path, {**mnist, "y_test": mnist["y_test"].astype(np.int64)})
    with pytest.raises(LessonError, match="y_test is int64"):
        data.load_mnist(path)


# Damaged files


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def scrambled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)


def half_a_member(path: Path) -> None:
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    parts["x_train.npy"] = parts["x_train.npy"][:150]
    with zipfile.ZipFile(path, "w") as broken:
        for name, content in parts.items():
            broken.writestr(name, content)


@pytest.mark.parametrize("damage", [truncated, scrambled, half_a_member])
def test_a_damaged_file_is_named_with_what_mends_it(tmp_path: Path, damage) -> None:
    path = tmp_path / "my data" / "own.npz"
    save(path, small())
    damage(path)
    with pytest.raises(LessonError) as caught:
        data.load_data(str(path))
    assert str(path) in caught.value.what
    assert "is damaged" in caught.value.what
    assert "numpy.savez" in caught.value.fix


def test_a_damaged_compressed_file_is_named_too(tmp_path: Path, mnist: dict[str, np.ndarray]) -> None:
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **mnist)  # type: ignore[arg-type]
    scrambled(path)
    with pytest.raises(LessonError, match=r"mnist\.npz is damaged"):
        data.load_mnist(path)


def test_no_damage_gets_through_as_another_error(tmp_path: Path) -> None:
    whole, path, random = tmp_path / "own.npz", tmp_path / "damaged.npz", np.random.default_rng(1)
    np.savez_compressed(whole, **small())  # type: ignore[arg-type]
    for _ in range(200):
        content = bytearray(whole.read_bytes())
        at = random.integers(len(content))
        content[at : at + 8] = random.bytes(8)
        path.write_bytes(content)
        with contextlib.suppress(LessonError):  # bytes that no one reads may change
            data.load_data(str(path))


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04"])
def test_what_is_no_npz_file_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.npz"
    path.write_bytes(content)
    with pytest.raises(LessonError, match=r"own\.npz is damaged"):
        data.load_data(str(path))


def test_a_single_array_is_no_npz_file(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(tmp_path / "own.npz")
    with pytest.raises(LessonError, match=r"own\.npz is damaged"):
        data.load_data(str(tmp_path / "own.npz"))


def test_arrays_that_could_run_code_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "own.npz", {**small(), "y_train": np.array([{}] * 12, dtype=object)})
    with pytest.raises(LessonError, match="is damaged"):
        data.load_data(path)


def test_a_file_that_lacks_an_array_says_which(tmp_path: Path) -> None:
    arrays = small()
    del arrays["y_test"]
    with pytest.raises(LessonError, match=r"lacks an array.*y_test"):
        data.load_data(save(tmp_path / "own.npz", arrays))


@pytest.mark.parametrize("name", ["no/such/file.npz", "/no/such/file.npz", "~/no/such/file.npz"])
def test_a_missing_file_is_named(name: str) -> None:
    with pytest.raises(LessonError, match=r"file\.npz is missing"):
        data.load_data(name)


@pytest.mark.parametrize("name", ["", "own.csv", "MNIST", "data/README.md"])
def test_what_is_no_data_set_is_refused(name: str) -> None:
    with pytest.raises(LessonError, match="dataset is"):
        data.load_data(name)


# Arrays that nothing can be learned from


@pytest.mark.parametrize("shape", [(28, 28), (8, 9), (32, 32, 3)])
def test_own_arrays_come_back_as_they_were(tmp_path: Path, shape: tuple[int, ...]) -> None:
    arrays = small(shape=shape)
    (x_train, y_train), (x_test, y_test) = data.load_data(save(tmp_path / "own.npz", arrays))
    for name, found in (("x_train", x_train), ("y_train", y_train), ("x_test", x_test), ("y_test", y_test)):
        assert np.array_equal(found, arrays[name])
        assert found.dtype == arrays[name].dtype
    assert data.class_names(str(tmp_path / "own.npz"), y_train) == ("0", "1", "2")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": np.zeros((12, 72), np.uint8)}, r"x_train must be uint8 images .* not uint8 of \(12, 72\)"),
        ({"x_train": np.uint8(3)}, r"x_train must be uint8 images .* not uint8 of \(\)"),
        ({"x_train": small()["x_train"] / 255}, "x_train must be uint8 images .* not float64"),
        ({"x_train": np.zeros((0, 8, 9), np.uint8), "y_train": np.zeros(0, int)}, "x_train must be uint8 images"),
        ({"x_test": np.zeros((6, 8, 9), np.uint8)}, "all pixels of x_test are 0"),
        ({"x_train": small(shape=(4, 9))["x_train"]}, "images of x_train are 4 x 9, fewer than 8 pixels"),
        ({"x_test": small(shape=(9, 9))["x_test"]}, r"for training are \(8, 9\), for testing \(9, 9\)"),
        ({"y_train": np.arange(11) % 3}, "x_train holds 12 images and y_train 11 labels"),
        ({"y_train": np.arange(12) % 3 / 1}, r"y_train must be integers of shape \(count,\), not float64"),
        ({"y_train": np.eye(3, dtype=int)[np.arange(12) % 3]}, r"y_train must be integers .* of \(12, 3\)"),
        ({"y_train": np.zeros(12, int), "y_test": np.zeros(6, int)}, "y_train holds a single class"),
        ({"y_train": np.arange(12) % 3 * 2}, "must run from 0 without a gap, not 0, 2, 4"),
        ({"y_train": np.arange(12) % 3 + 1}, "must run from 0 without a gap, not 1, 2, 3"),
        ({"y_train": np.arange(12) % 3 - 1}, "must run from 0 without a gap, not -1, 0, 1"),
        ({"y_test": np.array([0, 1, 2, 0, 1, 7])}, "labels in y_test that y_train lacks: 7"),
    ],
)
def test_arrays_that_nothing_can_be_learned_from_are_refused(
    tmp_path: Path, changes: dict[str, np.ndarray], words: str
) -> None:
    with pytest.raises(LessonError, match=words):
        data.load_data(save(tmp_path / "own.npz", {**small(), **changes}))


def test_all_problems_are_said_at_once() -> None:
    problems = data.array_problems({**small(), "x_train": np.zeros(3), "y_test": np.zeros(6)})
    assert len(problems) == 3


def test_a_long_list_of_labels_is_cut_short() -> None:
    problems = data.array_problems({**small(count=60, classes=30), "y_train": np.arange(60) * 2})
    assert problems[0].endswith("18, 20, 22, …")


# Where a path leads


def test_a_relative_path_starts_at_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "ROOT", tmp_path)
    save(tmp_path / "letters" / "own.npz", small())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert data.load_data("letters/own.npz")[0][0].shape == (12, 8, 9)


def test_a_path_may_hold_spaces_braces_and_accents(tmp_path: Path) -> None:
    path = save(tmp_path / "it's a {folder} – é" / "my letters.npz", small())
    assert data.load_data(path)[1][1].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    save(tmp_path / "own.npz", small())
    assert data.load_data("~/own.npz")[0][0].shape == (12, 8, 9)


# The function that 02 teaches


def bare(function: ast.FunctionDef) -> str:
    """The syntax tree of a function as text, without docstring, annotations and places in the file."""
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    function.returns = None
    for argument in ast.walk(function.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return ast.dump(function)


def functions(code: str, name: str) -> list[str]:
    return [bare(node) for node in ast.parse(code).body if isinstance(node, ast.FunctionDef) and node.name == name]


def test_process_data_is_taught_as_it_runs() -> None:
    cells = json.loads(chain.BY_NAME["02_dataset"].path.read_text(encoding="utf-8"))["cells"]
    taught = functions(
        "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"), "process_data"
    )
    runs = functions((chain.ROOT / "helpers" / "lesson.py").read_text(encoding="utf-8"), "process_data")
    assert len(taught) == len(runs) == 1
    assert taught == runs


def test_process_data_makes_rows_of_length_one_and_leaves_empty_ones() -> None:
    from helpers.lesson import process_data

    images = small()["x_train"].copy()
    images[0, 2] = 0
    prepared = process_data(images).numpy()
    assert prepared.shape == (12, 8, 9, 1)
    assert prepared.dtype == np.float32
    lengths = np.linalg.norm(prepared[..., 0], axis=2)
    assert lengths[0, 2] == 0
    lengths[0, 2] = 1
    assert np.allclose(lengths, 1, atol=1e-6)


def test_process_data_divides_pixels_by_255_and_keeps_colour() -> None:
    from helpers.lesson import process_data

    images = small(shape=(8, 9, 3))["x_train"]
    assert np.allclose(process_data(images, "pixels").numpy() * 255, images, atol=1e-4)
    assert process_data(images, "rows").shape == (12, 8, 9, 3)
