"""Loading data: what ships is MNIST itself, and nothing damaged or unfit to learn from gets
through.
"""

import contextlib
import gzip
import hashlib
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
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
    count: int = 12, classes: int = 3, shape: tuple[int, ...] = (12, 13)
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


@pytest.mark.parametrize(
    ("name", "meant"),
    [("", ""), ("own.csv", ""), ("C:\\pictures", ""), ("cifar_10", "cifar10"), ("MNIST", "mnist")],
)
def test_what_is_no_data_set_is_refused_with_what_can_be_used(name: str, meant: str) -> None:
    hint = rf" \(did you mean {meant}\?\)" if meant else ""
    with pytest.raises(
        LessonError,
        match=rf"none of mnist, fashion_mnist, cifar10, no folder and no \.npz file{hint}\n",
    ):
        data.load_data(name)


@pytest.mark.parametrize("shape", [(12, 13), (12, 12, 3), (32, 32, 3)])
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
            {"x_train": np.zeros((0, 12, 13), np.uint8), "y_train": np.zeros(0, int)},
            "x_train is .* and must be uint8 images",
        ),
        ({"x_test": np.zeros((6, 12, 13), np.uint8)}, "x_test is .* not blank"),
        ({"x_train": small(shape=(11, 13))["x_train"]}, "x_train is .* at least 12 x 12 pixels"),
        ({"x_train": small(shape=(12, 13, 4))["x_train"]}, r"x_train is .* width\[, 3\]\)"),
        (
            {"x_test": small(shape=(13, 13))["x_test"]},
            r"for training are \(12, 13\), for testing \(13, 13\)",
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
        (
            {"x_test": small()["x_test"][:1], "y_test": np.zeros(1, int)},
            "x_test holds 1 image, and at least 2 are needed",
        ),
        ({"y_test": np.array([0, 1, 2, 0, 1, 7])}, "y_test holds classes that y_train lacks: 7"),
        (
            {"y_train": np.array([{}] * 12, dtype=object)},
            "y_train hold Python objects, and reading those can run code",
        ),
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


def test_a_file_that_lacks_arrays_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"own\.npz holds pictures, not x_train"):
        data.load_data(save(tmp_path / "own.npz", {"pictures": small()["x_train"]}))
    with pytest.raises(LessonError, match=r"own\.npz holds no arrays, not x_train"):
        data.load_data(save(tmp_path / "own.npz", {}))


def follow_the_advice(dataset: str, out: Path) -> tuple:
    """Do what the message says, as a reader would: run its lines, and take the file that they
    write.
    """
    with pytest.raises(LessonError) as caught:
        data.load_data(dataset)
    lines = caught.value.fix.partition("\n")[2]
    assert "np.savez" in lines, caught.value
    subprocess.run([sys.executable, "-c", lines], check=True)
    return data.load_data(str(out))


A = small(count=20)
IMAGES, LABELS = A["x_train"], A["y_train"]
NEARLY = {
    "floats from 0 to 1": {"x_train": IMAGES / 255, "x_test": A["x_test"] / 255},
    "floats from -1 to 1": {
        "x_train": np.float32(IMAGES / 127.5 - 1), "x_test": np.float32(A["x_test"] / 127.5 - 1),
    },
    "floats from 0 to 255": {"x_train": IMAGES.astype("float32"), "x_test": A["x_test"] + 0.0},
    "64-bit integers": {"x_train": IMAGES.astype(int), "x_test": A["x_test"].astype(int)},
    "16 bits": {
        "x_train": IMAGES.astype("uint16") * 257, "x_test": A["x_test"].astype("uint16") * 257,
    },
    "a channel at the end": {"x_train": IMAGES[..., None], "x_test": A["x_test"][..., None]},
    "a channel in front": {"x_train": IMAGES[:, None], "x_test": A["x_test"][:, None]},
    "one-hot labels": {"y_train": np.eye(3)[LABELS], "y_test": np.eye(3, dtype=int)[A["y_test"]]},
    "labels in a column": {"y_train": LABELS[:, None], "y_test": A["y_test"][:, None]},
    "labels as floats": {"y_train": LABELS + 0.0, "y_test": A["y_test"] + 0.0},
    "labels from 1": {"y_train": LABELS + 1, "y_test": A["y_test"] + 1},
    "labels with gaps": {"y_train": LABELS * 7, "y_test": A["y_test"] * 7},
    "labels as words": {
        "y_train": np.array(["ant", "bee", "cow"])[LABELS],
        "y_test": np.array(["ant", "bee", "cow"])[A["y_test"]],
    },
    "labels as objects": {
        "y_train": LABELS.astype(object), "y_test": A["y_test"].astype(object),
    },
    "labels as bytes": {
        "y_train": np.array([b"ant", b"bee", b"cow"])[LABELS],
        "y_test": np.array([b"ant", b"bee", b"cow"])[A["y_test"]],
    },
    "floats and one-hot labels": {
        "x_train": IMAGES / 255, "x_test": A["x_test"] / 255,
        "y_train": np.eye(3)[LABELS], "y_test": np.eye(3)[A["y_test"]],
    },
}  # fmt: skip


@pytest.mark.parametrize("form", NEARLY)
def test_arrays_in_another_form_get_the_line_that_mends_them(form: str, tmp_path: Path) -> None:
    path = save(tmp_path / "own.npz", {**A, **NEARLY[form]})
    (x_train, y_train), (x_test, y_test) = follow_the_advice(path, tmp_path / "own-fixed.npz")
    assert np.array_equal(x_train, IMAGES)
    assert np.array_equal(x_test, A["x_test"])
    assert np.array_equal(y_train, LABELS)
    assert np.array_equal(y_test, A["y_test"])


@pytest.mark.parametrize("top", [1, 15, 16])  # 16: scikit-learn's digits
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
@pytest.mark.parametrize("lower", ["x_train", "x_test"])  # the part without the top
def test_small_numbers_are_stretched_over_all_grays_in_both_parts_alike(
    top: int, dtype: str, lower: str, tmp_path: Path
) -> None:
    arrays = {name: (A[name] % (top + 1)).astype(dtype) for name in ("x_train", "x_test")}
    arrays[lower][arrays[lower] == top] = top - 1 if top > 1 else 1
    path = save(tmp_path / "own.npz", {**A, **arrays})
    (x_train, _), (x_test, _) = follow_the_advice(path, tmp_path / "own-fixed.npz")
    for name, mended in (("x_train", x_train), ("x_test", x_test)):
        assert np.array_equal(mended, np.round(arrays[name].astype(float) * 255 / top)), name


@pytest.mark.parametrize("kind", ["U3", "S3"])
def test_a_word_that_no_training_label_is_does_not_become_another_class(
    kind: str, tmp_path: Path
) -> None:
    words = np.array(["ant", "bee", "cow"], kind)[LABELS]
    other = words[:6].copy()
    other[2] = "bat"
    path = save(tmp_path / "own.npz", {**A, "y_train": words, "y_test": other})
    with pytest.raises(
        LessonError, match=r"y_test holds classes that y_train lacks: .*bat"
    ) as caught:
        data.load_data(path)
    assert "searchsorted" not in caught.value.fix


@pytest.mark.parametrize("kind", ["complex128", "datetime64[D]"])
def test_labels_that_are_no_numbers_get_no_line_that_makes_some(kind: str, tmp_path: Path) -> None:
    changes = {name: A[name].astype(kind) for name in ("y_train", "y_test")}
    with pytest.raises(LessonError, match="must be one integer") as caught:
        data.load_data(save(tmp_path / "own.npz", {**A, **changes}))
    assert "np.savez(" not in caught.value.fix


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("https://example.org/own.npz", r"own\.npz is an address.*\n.*download what is there"),
        ("file:///data/own.npz", r"is an address\n.*without file://"),
        ('"data/doodles"', r"write data/doodles, without quotation marks"),
        (" data/doodles ", r"write data/doodles, without quotation marks or spaces"),
        ("no/such.npz", r"such\.npz is missing\n.*to a path that exists"),
    ],
)
def test_what_is_not_written_as_a_path_is_refused_with_the_way_to_write_it(
    name: str, words: str
) -> None:
    with pytest.raises(LessonError, match=words):
        data.load_data(name)


def test_pictures_in_an_archive_called_npz_are_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        archive.writestr("cat/0.png", b"a picture")
    with pytest.raises(LessonError, match=r"holds cat/0\.png, not.*\n.*unpack it"):
        data.load_data(str(tmp_path / "own.npz"))


def test_flat_images_and_those_in_torch_s_order_are_mended(tmp_path: Path) -> None:
    square = small(shape=(14, 14))
    flat = {name: square[name].reshape(len(square[name]), -1) for name in ("x_train", "x_test")}
    path = save(tmp_path / "flat.npz", {**square, **flat})
    assert np.array_equal(
        follow_the_advice(path, tmp_path / "flat-fixed.npz")[0][0], square["x_train"]
    )
    color = small(shape=(12, 13, 3))
    turned = {name: color[name].transpose(0, 3, 1, 2) for name in ("x_train", "x_test")}
    path = save(tmp_path / "turned.npz", {**color, **turned})
    assert np.array_equal(
        follow_the_advice(path, tmp_path / "turned-fixed.npz")[0][0], color["x_train"]
    )


@pytest.mark.parametrize("side", [8, 9, 11])
def test_images_that_are_too_small_get_the_line_that_enlarges_them(
    side: int, tmp_path: Path
) -> None:
    arrays = small(shape=(side, side))
    flat = {name: arrays[name].reshape(len(arrays[name]), -1) for name in ("x_train", "x_test")}
    flat = {name: array / 255 for name, array in flat.items()}  # as scikit-learn gives digits
    path = save(tmp_path / "own.npz", {**arrays, **flat})
    (x_train, _), _ = follow_the_advice(path, tmp_path / "own-fixed.npz")
    assert x_train.shape[1:] == (2 * side, 2 * side)
    assert np.array_equal(x_train[:, ::2, ::2], arrays["x_train"])


@pytest.mark.parametrize(
    "names",
    [
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("trainX", "trainY", "testX", "testY"),
        ("images-train", "labels-train", "images-test", "labels-test"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
    ],
)
def test_arrays_under_other_names_get_the_line_that_renames_them(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    renamed = {other: A[name] for other, name in zip(names, data.ARRAYS, strict=True)}
    path = save(tmp_path / "own.npz", {**renamed, "val_images": IMAGES[:3]}
                if names[0] != "arr_0" else renamed)  # fmt: skip
    train, test = follow_the_advice(path, tmp_path / "own-fixed.npz")
    for name, found in zip(data.ARRAYS, (*train, *test), strict=True):
        assert np.array_equal(found, A[name]), name


@pytest.mark.parametrize("names", [("x", "y"), ("images", "labels"), ("arr_0", "arr_1")])
def test_one_part_alone_is_split(names: tuple[str, str], tmp_path: Path) -> None:
    path = save(tmp_path / "own.npz", {names[0]: IMAGES, names[1]: LABELS})
    (x_train, _), (x_test, y_test) = follow_the_advice(path, tmp_path / "own-fixed.npz")
    assert (len(x_train), len(x_test)) == (16, 4)
    index = next(n for n, image in enumerate(IMAGES) if np.array_equal(image, x_test[0]))
    assert y_test[0] == LABELS[index]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])  # Excel begins a table with a mark
@pytest.mark.parametrize("header", [True, False])
def test_a_table_as_kaggle_has_it_gets_the_lines_that_convert_it(
    header: bool, encoding: str, tmp_path: Path
) -> None:
    square = small(20, 3, (13, 13))
    table = np.column_stack([square["y_train"], square["x_train"].reshape(20, -1)])
    first = "label," + ",".join(f"pixel{number}" for number in range(169)) if header else ""
    path = tmp_path / "train.csv"
    np.savetxt(path, table, "%d", ",", header=first, comments="")
    path.write_text(path.read_text().lstrip(), encoding=encoding)
    (x_train, y_train), (x_test, _) = follow_the_advice(str(path), tmp_path / "train.npz")
    assert np.array_equal(x_train, square["x_train"][4:])
    assert np.array_equal(y_train, square["y_train"][4:])
    assert len(x_test) == 4


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("as_folder", [True, False])
def test_idx_files_get_the_lines_that_convert_them(
    packed: bool, as_folder: bool, tmp_path: Path
) -> None:
    for name, file in zip(data.ARRAYS, IDX_NAMES, strict=True):
        array = A[name].astype(np.uint8)
        header = struct.pack(f">{1 + array.ndim}i", 2048 + array.ndim, *array.shape)
        content = header + array.tobytes()
        path = tmp_path / (f"{file}.gz" if packed else file)
        path.write_bytes(gzip.compress(content) if packed else content)
    dataset = str(tmp_path if as_folder else path)
    train, test = follow_the_advice(dataset, tmp_path / "own.npz")
    for name, found in zip(data.ARRAYS, (*train, *test), strict=True):
        assert np.array_equal(found, A[name]), name


IDX_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def test_npy_files_get_the_line_that_joins_them(tmp_path: Path) -> None:
    for name in data.ARRAYS:
        np.save(tmp_path / f"{name}.npy", A[name])
    train, _ = follow_the_advice(str(tmp_path / "x_train.npy"), tmp_path / "own.npz")
    assert np.array_equal(train[0], IMAGES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pets.zip", "unpack it"),
        ("pets.tar.gz", "unpack it"),
        ("cat.jpg", "give a folder that holds a folder of pictures a class"),
        ("table.csv", "its first line has 2 columns"),
        ("data.h5", "with numpy.savez"),
    ],
)
def test_a_file_of_another_kind_gets_a_remedy_of_its_own(
    name: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("cat,1\n")
    with pytest.raises(LessonError, match=rf"is no \.npz file and no folder.*\n.*{words}"):
        data.load_data(str(tmp_path / name))


@pytest.mark.parametrize(
    ("blank", "words"),
    [
        (np.zeros, "3 of 20 images of x_train show nothing; number 2 is black"),
        (lambda shape, kind: np.full(shape, 200, kind), "number 2 is of one color"),
        (lambda shape, kind: np.full(shape, 255, kind), "number 2 is of one color, white"),
        (lambda shape, kind: np.eye(12, 13, dtype=kind) * 14, "number 2 is nearly black"),
    ],
)
def test_more_than_a_few_images_that_show_nothing_are_refused(
    blank: Callable, words: str, tmp_path: Path
) -> None:
    arrays = small(20)
    arrays["x_train"][[2, 5, 7]] = blank((12, 13), np.uint8)
    with pytest.raises(LessonError, match=words):
        data.load_data(save(tmp_path / "own.npz", arrays))


def test_a_few_blank_images_among_many_are_no_reason_to_refuse(tmp_path: Path) -> None:
    arrays = small(300)
    arrays["x_train"][[2, 5, 7]] = 0
    assert len(data.load_data(save(tmp_path / "own.npz", arrays))[0][0]) == 300


@pytest.mark.parametrize("dataset", ["mnist", "data/doodles", "own"])
def test_how_much_data_there_will_be_is_known_without_loading_it(
    dataset: str, tmp_path: Path
) -> None:
    if dataset == "own":
        dataset = save(tmp_path / "own.npz", small(20, shape=(12, 13, 3)))
    train, test, *shape = data.expected_shape(dataset, 28, test_share=0.3)
    (x_train, _), (x_test, _) = data.load_data(dataset, test_share=0.3)
    assert (train, test) == (len(x_train), len(x_test))
    assert tuple(shape) == (*x_train.shape[1:], 1)[:3]


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
