"""Files are complete or not there, and a digest is of what a file holds and not of its bytes."""

import errno
import json
import os
import zipfile
from pathlib import Path

import pytest

from series import chain, files
from series.errors import LessonError


def test_a_file_appears_under_its_name_only_when_the_block_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "deep er" / "model.keras"
    with files.atomic_write(path) as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["model.keras"]


def test_a_block_that_fails_keeps_the_old_file_and_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.atomic_write(path) as temporary:
        temporary.write_text("half")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["history.json"]


@pytest.mark.parametrize(
    ("error", "free"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 10**9),
        (OSError("Can't synchronously write data (file write failed)"), 10),  # h5py gives no number
    ],
)
def test_a_full_disk_gets_a_sentence_and_nothing_is_kept(
    tmp_path: Path, monkeypatch, error: OSError, free: int
) -> None:
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: type("usage", (), {"free": free}))
    with pytest.raises(LessonError, match="no space is left on the disk while saving"):
        with files.atomic_write(tmp_path / "dataset.npz") as temporary:
            temporary.write_bytes(b"half")
            raise error
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_gets_a_sentence_with_the_way_out(
    tmp_path: Path, monkeypatch
) -> None:
    for folder, way_out in ((chain.runs_folder(), "DIGITS_RUNS"), (tmp_path, str(tmp_path))):
        with pytest.raises(LessonError, match=r"a\.json can't be written") as refused:
            with files.atomic_write(folder / "a.json"):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        assert way_out in refused.value.fix
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(LessonError, match=r"docs can't be written"):
        files.make_folder(chain.ROOT / "docs")


def test_json_is_readable_by_others_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"café": [1, 2]})
    assert json.loads(path.read_text(encoding="utf-8")) == files.read_json(path) == {"café": [1, 2]}
    path.write_text('{"half": ')
    with pytest.raises(LessonError, match=r"a\.json is damaged"):
        files.read_json(path)


def test_a_path_that_a_reader_types_starts_at_the_project_or_at_home(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert files.user_path("data/own.npz") == chain.DATA_FOLDER / "own.npz"
    assert files.user_path("~/own.npz") == tmp_path.resolve() / "own.npz"
    assert files.user_path(str(tmp_path / "own.npz")) == tmp_path.resolve() / "own.npz"
    assert files.user_path("~nosuchuser/own.npz").name == "own.npz", (
        "no traceback where there is no such user"
    )


def write_model(
    path: Path, layer: str = "dense", weight: bytes = b"1", date: str = "today", address: int = 1
) -> Path:
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("metadata.json", json.dumps({"date_saved": date}))
        parts.writestr(
            "config.json", json.dumps({"layers": [{"name": layer, "shared_object_id": address}]})
        )
        parts.writestr("model.weights.h5", weight)
    return path


def test_the_digest_of_a_model_is_of_its_configuration_and_weights_and_not_of_the_day(
    tmp_path: Path,
) -> None:
    first = files.digest(write_model(tmp_path / "a.keras"))
    # Keras writes an address in memory there.
    again = write_model(tmp_path / "b.keras", date="tomorrow", address=2)
    assert files.digest(again) == first
    assert files.digest(write_model(tmp_path / "layer.keras", layer="conv2d")) != first
    assert files.digest(write_model(tmp_path / "weight.keras", weight=b"2")) != first


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of a zip", b"no zip at all"])
def test_a_damaged_model_has_no_digest(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.keras"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="incomplete"):
        files.digest(path)


def test_a_model_without_weights_has_no_digest(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as parts:
        parts.writestr("config.json", "{}")
    with pytest.raises(ValueError, match="a part is missing"):
        files.digest(tmp_path / "a.keras")
