"""Runs: what one notebook saves the next finds complete, and anything else is refused in a
sentence.
"""

import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import helpers.runs
from series import chain, runs
from series.errors import LessonError

VALUES = {
    "run": "mine", "dataset": "mnist", "normalization": "rows", "image_size": 28, "test_share": 0.2, "seed": 1,
    "filters": 64, "precision": "float32", "epochs": 3, "batch_size": 256, "learning_rate": 0.001, "test_images": 0,
    "schedule": "constant", "warmup": 0.0, "train_images": 0, "expected_accuracy": 0.97,
}  # fmt: skip


def open_run(notebook: str, **changes: object) -> runs.RunFolder:
    return helpers.runs.open_run(notebook, {**VALUES, **changes})


def refused(notebook: str, **changes: object) -> str:
    with pytest.raises(LessonError) as caught:
        open_run(notebook, **changes)
    return str(caught.value)


def save_dataset(run: str = "mine", value: int = 1) -> Path:
    folder = open_run("02_dataset", run=run)
    with folder.save("dataset.npz") as path:
        np.savez(path, x_train=np.full(1000, value))
    return folder.path


def save_trained() -> Path:
    folder = runs.RunFolder("04_training", chain.runs_folder() / "mine", {"epochs": 3})
    folder.need("dataset.npz")
    with folder.save("trained.keras") as path, zipfile.ZipFile(path, "w") as parts:
        parts.writestr("config.json", "{}")
        parts.writestr("model.weights.h5", b"weights")
    return folder.path


def test_what_is_saved_is_found_and_recorded_and_saving_again_replaces_it() -> None:
    save_dataset(value=1)
    folder = save_dataset(value=2)
    path = runs.RunFolder("03_model", folder, {}).need("dataset.npz")
    with np.load(path) as stored:
        assert stored["x_train"][0] == 2
    entry = runs.read_record(folder)["artifacts"]["dataset.npz"]
    assert entry["maker"] == "02_dataset"
    assert entry["parameters"] == {
        name: VALUES[name] for name in chain.BY_NAME["02_dataset"].parameters[1:]
    }
    assert sorted(os.listdir(folder)) == [".record.lock", "dataset.npz", "run.json"]


def test_a_save_that_is_interrupted_keeps_the_old_artifact_and_its_record() -> None:
    folder = save_dataset(value=1)
    with pytest.raises(KeyboardInterrupt), open_run("02_dataset").save("dataset.npz") as path:
        path.write_bytes(b"half")
        raise KeyboardInterrupt
    assert open_run("03_model").need("dataset.npz").is_file()
    assert sorted(os.listdir(folder)) == [".record.lock", "dataset.npz", "run.json"]


def test_opened_cold_a_notebook_names_all_that_is_missing_and_one_command() -> None:
    text = refused("05_testing", run="my-run")
    assert not (chain.runs_folder() / "my-run").exists()
    assert "dataset.npz (made by 02_dataset) and trained.keras (made by 04_training)" in text
    assert text.count("python -m runner") == 1
    assert text.endswith("python -m runner run --name my-run --to 04_training --catch-up")
    text = refused("05_testing", run="interactive")
    assert "--profile quick" in text, "somebody waits"
    assert "--name interactive --to 04_training" in text
    save_dataset()
    assert "dataset.npz" not in refused("05_testing")


def test_wrong_parameters_are_refused_all_at_once() -> None:
    text = refused("04_training", run="../x", epochs=0, batch_size="64")
    for words in ("epochs", "batch_size", "'../x'"):
        assert words in text


INJECTED = "# Parameters\nrnu = 'typo'\nepochs = 1\nworkers = 2\nlabel = 'x'\n"


def test_a_misspelled_parameter_in_the_cell_or_from_papermill_is_named_with_the_nearest() -> None:
    no = "this notebook has no parameter"
    typed = {"run": str, "epochs": int, "epoch": int, "my_numbers": list}
    text = refused("04_training", epoch=1, __annotations__=typed)
    assert text.startswith(f"{no} epoch (did you mean epochs?)\n")
    assert "restart the kernel" in text, "or the misspelled name is still there, and refused again"
    text = refused("04_training", rnu="typo", In=["", "run: str = 'mine'", INJECTED])
    assert text.startswith(f"{no} rnu (did you mean run?)\n"), "not other notebooks' parameters"


def test_a_scratch_variable_is_no_parameter() -> None:
    cells = ["", "rnu = 3", "epoch = 1", "# Parameters of mine\nseeds = [1, 2]"]
    assert open_run("01_setup", rnu=3, epoch=1, In=cells).path.name == "mine"


def test_a_whole_number_is_a_run_s_name_and_other_things_are_not() -> None:
    assert open_run("01_setup", run=3).path.name == "3"
    for value in (True, 1.5, None):
        assert "parameter run takes text" in refused("01_setup", run=value)


@pytest.mark.parametrize(
    ("file", "library"),
    [("keras.py", "keras"), ("sklearn.py", "sklearn")],
)
def test_a_file_with_a_library_s_name_is_named(tmp_path: Path, file: str, library: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    code = "from helpers.runs import open_run\nopen_run('01_setup', {'run': 'mine'})"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(chain.ROOT)}
    found = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    place = tmp_path / file
    words = f"{place} has the name of the library {library}, so Python takes it for the library"
    assert words in found.stderr
    assert found.returncode == 1


def test_parameters_that_are_not_set_are_named() -> None:
    with pytest.raises(
        LessonError, match=r"parameter run is not set; parameter filters is not set"
    ):
        helpers.runs.open_run("03_model", {"seed": 1, "precision": "float32"})


def test_a_damaged_artifact_is_refused() -> None:
    path = save_dataset() / "dataset.npz"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(
        LessonError, match=r"dataset\.npz is not the file that 02_dataset saved\n.*run 02_dataset"
    ):
        open_run("03_model").need("dataset.npz")


def test_a_damaged_model_that_no_record_names_is_refused() -> None:
    folder = save_dataset()
    (folder / "trained.keras").write_bytes(b"half of a model")
    with pytest.raises(LessonError, match=r"trained\.keras is damaged \("):
        open_run("05_testing").need("trained.keras")


def test_a_file_put_there_by_hand_is_taken_as_it_is_and_missed_once_deleted() -> None:
    folder = chain.runs_folder() / "mine"
    folder.mkdir()
    np.savez(folder / "dataset.npz", x_train=np.zeros(3))
    opened = open_run("03_model")
    assert opened.need("dataset.npz").is_file()
    (folder / "dataset.npz").unlink()
    with pytest.raises(LessonError, match=r"has no dataset\.npz"):
        opened.need("dataset.npz")


def test_a_model_trained_on_other_data_is_refused() -> None:
    save_dataset(value=1)
    save_trained()
    assert open_run("05_testing").need("trained.keras").is_file()
    save_dataset(value=2)
    with pytest.raises(LessonError, match=r"trained\.keras was made from another dataset\.npz"):
        open_run("05_testing").need("trained.keras")


def test_a_folder_is_a_run_only_with_a_valid_record(tmp_path: Path) -> None:
    folder = save_dataset()
    assert runs.is_run(folder)
    for content in ('{"schema": 2, "art', "[]", '{"schema": 99, "artifacts": {}}'):
        (folder / "run.json").write_text(content)
        assert not runs.is_run(folder), content
        with pytest.raises(LessonError, match=r"run\.json is damaged"):
            runs.read_record(folder)
    assert not runs.is_run(tmp_path)
    (tmp_path / "run.json").mkdir()
    assert not runs.is_run(tmp_path)


def test_several_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> None:
        runs.update_record(tmp_path, lambda record: record.update({f"writer {number}": number}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    record = runs.read_record(tmp_path)
    assert [record[f"writer {number}"] for number in range(8)] == list(range(8))
