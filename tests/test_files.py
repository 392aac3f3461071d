"""Files are whole or not there, and a digest is of what a file says and not of its bytes."""

import errno
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers import files
from helpers.errors import LessonError


def test_a_file_appears_under_its_name_only_when_the_block_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "deep er" / "model.keras"
    with files.replacing(path) as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["model.keras"]


def test_when_the_block_fails_the_old_file_stays_and_nothing_half_written_does(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as temporary:
        temporary.write_text("half")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["history.json"]


def test_a_full_disk_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(LessonError, match="no space is left on the disk while saving"),
        files.replacing(tmp_path / "dataset.npz") as temporary,
    ):
        temporary.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_known_from_an_error_without_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("usage", (), {"free": 10})
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(LessonError, match="no space is left"), files.replacing(tmp_path / "model.keras"):
        raise OSError("Can't synchronously write data (file write failed)")


def test_another_error_of_the_system_is_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "a.json"):
        (tmp_path / "nothing").read_text()


def test_a_folder_that_cannot_be_made_is_said_so_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(LessonError, match="DIGITS_RUNS"):
        files.make_folder(tmp_path / "runs" / "mine")


def test_damaged_json_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"half": ')
    with pytest.raises(LessonError, match=r"run\.json is damaged"):
        files.read_json(path)


def test_json_is_written_whole_and_readable_by_others(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"café": [1, 2]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"café": [1, 2]}


def test_the_digest_of_arrays_is_of_their_content(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=array, names=np.array(["a", "b"]))
    np.savez_compressed(tmp_path / "b.npz", names=np.array(["a", "b"]), x=array)
    np.savez(tmp_path / "shape.npz", x=array.reshape(2, 3), names=np.array(["a", "b"]))
    np.savez(tmp_path / "type.npz", x=array.astype(np.int8), names=np.array(["a", "b"]))
    np.savez(tmp_path / "name.npz", y=array, names=np.array(["a", "b"]))
    digests = {path.stem: files.digest(path) for path in tmp_path.iterdir()}
    assert digests["a"] == digests["b"]
    assert len(set(digests.values())) == 4


def write_model(path: Path, layer: str = "dense", weight: bytes = b"1", date: str = "today", address: int = 1) -> None:
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("metadata.json", json.dumps({"date_saved": date}))
        parts.writestr("config.json", json.dumps({"layers": [{"name": layer, "shared_object_id": address}]}))
        parts.writestr("model.weights.h5", weight)


def test_the_digest_of_a_model_is_of_its_configuration_and_weights_and_not_of_the_day(tmp_path: Path) -> None:
    write_model(tmp_path / "a.keras")
    write_model(tmp_path / "b.keras", date="tomorrow", address=2)  # Keras notes an address in memory there
    write_model(tmp_path / "layer.keras", layer="conv2d")
    write_model(tmp_path / "weight.keras", weight=b"2")
    digests = {path.stem: files.digest(path) for path in tmp_path.glob("*.keras")}
    assert digests["a"] == digests["b"]
    assert len(set(digests.values())) == 3


@pytest.mark.parametrize("name", ["a.npz", "a.keras"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of a zip", b"no zip at all"])
def test_a_damaged_file_has_no_digest(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((ValueError, OSError)):
        files.digest(tmp_path / name)


def test_an_archive_without_a_models_parts_has_no_digest(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as parts:
        parts.writestr("config.json", "{}")
    with pytest.raises(ValueError, match=r"no whole \.keras file"):
        files.digest(tmp_path / "a.keras")
