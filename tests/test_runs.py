"""Run folders: what one notebook leaves the next finds whole, and anything else is refused in a sentence."""

import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from helpers import runs
from helpers.errors import LessonError


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    return tmp_path


def leave_dataset(run: str = "mine", value: int = 1, normalization: str = "rows") -> Path:
    folder = runs.open_run("02_dataset", run, normalization=normalization)
    with folder.leave("dataset.npz") as path:
        np.savez(path, x_train=np.full(1000, value), normalization=normalization)
    return folder.path


def leave_trained(run: str = "mine") -> Path:
    """Leave a stand-in for a trained model, made from the run's data: the digest of an .npz serves as well."""
    folder = runs.RunFolder("04_training", runs.chain.runs_folder() / run, {})
    folder.need("dataset.npz")
    with folder.leave("trained.keras") as path:
        path.write_bytes(b"")
    return folder.path


@pytest.fixture
def any_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digest by bytes, so that a test needs no real model."""
    monkeypatch.setattr(runs.files, "digest", lambda path: path.read_bytes().hex()[:64] or "empty")


def test_what_is_left_is_found_with_its_record() -> None:
    folder = leave_dataset(normalization="pixels")
    path = runs.open_run("03_model", "mine", seed=1).need("dataset.npz")
    assert path == folder / "dataset.npz"
    entry = runs.read_record(folder)["artifacts"]["dataset.npz"]
    assert entry["maker"] == "02_dataset"
    assert entry["parameters"] == {"normalization": "pixels"}
    assert len(entry["digest"]) == 64


def test_leaving_twice_keeps_the_second() -> None:
    leave_dataset(value=1)
    folder = leave_dataset(value=2)
    with np.load(runs.open_run("03_model", "mine").need("dataset.npz")) as stored:
        assert stored["x_train"][0] == 2
    assert sorted(os.listdir(folder)) == [".record.lock", "dataset.npz", "run.json"]


def test_a_save_that_fails_leaves_the_old_artefact_and_its_record(root: Path) -> None:
    leave_dataset(value=1)
    folder = runs.open_run("02_dataset", "mine")
    with pytest.raises(KeyboardInterrupt), folder.leave("dataset.npz") as path:
        path.write_bytes(b"half")
        raise KeyboardInterrupt
    assert runs.open_run("03_model", "mine").need("dataset.npz").is_file()
    assert sorted(os.listdir(root / "mine")) == [".record.lock", "dataset.npz", "run.json"]


def test_opened_cold_it_says_what_is_missing_who_makes_it_and_the_command() -> None:
    with pytest.raises(LessonError) as caught:
        runs.open_run("05_testing", "my run")
    text = str(caught.value)
    assert "dataset.npz is missing: the notebook 02_dataset makes it" in text
    assert "python -m helpers run --name 'my run' --to 02_dataset" in text


def test_a_missing_model_is_named_where_the_data_is_there() -> None:
    leave_dataset()
    with pytest.raises(LessonError, match=r"trained\.keras is missing: the notebook 04_training makes it"):
        runs.open_run("05_testing", "mine")


def test_wrong_parameters_are_refused_all_at_once() -> None:
    with pytest.raises(LessonError) as caught:
        runs.open_run("04_training", "../x", epochs=0, batch_size="many")
    for words in ("epochs", "batch_size", "../x", "change the cell of parameters"):
        assert words in str(caught.value)


@pytest.mark.parametrize("keep", [0, 10, 500])
def test_a_truncated_artefact_is_refused(keep: int) -> None:
    path = leave_dataset() / "dataset.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(LessonError, match=r"dataset\.npz is damaged .*\n.*run 02_dataset again"):
        runs.open_run("03_model", "mine").need("dataset.npz")


def test_an_artefact_of_another_run_is_refused() -> None:
    folder, other = leave_dataset(), leave_dataset("other", value=2)
    shutil.copy(other / "dataset.npz", folder / "dataset.npz")
    with pytest.raises(LessonError, match=r"is not the file that 02_dataset left there"):
        runs.open_run("03_model", "mine").need("dataset.npz")


def test_an_artefact_deleted_after_opening_is_said_to_be_missing() -> None:
    folder = leave_dataset()
    opened = runs.open_run("03_model", "mine")
    (folder / "dataset.npz").unlink()
    with pytest.raises(LessonError, match="is missing"):
        opened.need("dataset.npz")


def test_a_file_put_there_by_hand_is_taken_as_it_is(root: Path) -> None:
    (root / "mine").mkdir()
    np.savez(root / "mine" / "dataset.npz", x_train=np.zeros(3))
    assert runs.open_run("03_model", "mine").need("dataset.npz").is_file()


def test_a_model_trained_on_other_data_is_refused(any_digest: None) -> None:
    leave_dataset(value=1)
    leave_trained()
    assert runs.open_run("05_testing", "mine").need("trained.keras").is_file()
    leave_dataset(value=2)
    with pytest.raises(LessonError, match=r"trained\.keras was made from another dataset\.npz"):
        runs.open_run("05_testing", "mine").need("trained.keras")


def test_the_record_names_what_an_artefact_was_made_from(any_digest: None) -> None:
    leave_dataset()
    record = runs.read_record(leave_trained())
    made_from = record["artifacts"]["trained.keras"]["made_from"]
    assert made_from == {"dataset.npz": record["artifacts"]["dataset.npz"]["digest"]}


def test_a_damaged_record_is_said_so(root: Path) -> None:
    leave_dataset()
    (root / "mine" / "run.json").write_text('{"schema": 1, "art')
    with pytest.raises(LessonError, match=r"run\.json is damaged"):
        runs.open_run("03_model", "mine").need("dataset.npz")


def test_a_record_of_another_schema_is_refused(root: Path) -> None:
    leave_dataset()
    (root / "mine" / "run.json").write_text('{"schema": 99}')
    with pytest.raises(LessonError, match="another version of this project"):
        runs.read_record(root / "mine")


def test_several_writers_at_once_lose_nothing(root: Path) -> None:
    def write(number: int) -> None:
        runs.update_record(root / "mine", lambda record: record.update({f"writer {number}": number}))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record = json.loads((root / "mine" / "run.json").read_text(encoding="utf-8"))
    assert [record[f"writer {number}"] for number in range(8)] == list(range(8))
