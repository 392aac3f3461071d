"""Refusing a run before anything runs, and leaving what is there as it is."""

import json
from types import SimpleNamespace

import pytest
import standins

from helpers import chain, checks, runs
from runner import preflight, record, series
from runner.settings import resolve


@pytest.fixture(autouse=True)
def notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", standins.make_notebooks(tmp_path / "notebooks"))
    return chain.NOTEBOOKS_FOLDER


@pytest.fixture
def nothing_runs(monkeypatch):
    monkeypatch.setattr(series, "_Series", lambda *_: pytest.fail("a notebook would have run"))


def refused(capsys, *problems, **asked) -> str:
    settings, found = resolve(**asked)
    assert series.run(settings, found) == series.REFUSED
    return capsys.readouterr().err


def test_a_good_run_is_not_refused():
    assert preflight.problems(resolve(profile="smoke")[0]) == []


def test_everything_is_refused_at_once_without_tensorflow(project, tmp_path):
    damaged = tmp_path / "own.npz"
    damaged.write_bytes(b"PK\3\4 not an archive")
    words = ["run", "-p", "epoch", "1", "-p", "train_images", "many", "--from", "nine", "-p", "dataset", str(damaged)]
    code, output = project.run(*words, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert code == 2
    assert "4 problems" in output
    for word in ("epoch (did you mean epochs?)", "not 'many'", "no notebook nine", "own.npz is damaged"):
        assert word in output
    assert output.count("to fix it:") == 4
    imported = {line.rpartition("|")[2].strip() for line in output.splitlines() if line.startswith("import time:")}
    assert "helpers.chain" in imported
    assert not imported & {"tensorflow", "papermill", "keras"}, "which takes seconds"
    assert not (project.runs / "fast").exists()


def test_a_folder_that_another_run_holds_is_refused(capsys, nothing_runs):
    folder = chain.runs_folder() / "fast"
    folder.mkdir(parents=True)
    with record.lock_of(folder):
        assert "another run holds" in refused(capsys)
    assert folder.exists()


def test_a_refusal_leaves_nothing_behind_and_keeps_what_was_there(capsys, nothing_runs):
    refused(capsys, pairs=[("epochs", "0")])
    assert not (chain.runs_folder() / "fast").exists()
    mine = chain.runs_folder() / "fast" / "model.keras"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused(capsys, pairs=[("epochs", "0")])
    assert mine.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_refused(capsys, nothing_runs, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "file"))
    words = refused(capsys)
    assert "can't be written" in words
    assert "DIGITS_RUNS" in words


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder.write_text("mine"), "is a file"),
        (lambda folder: (folder / "run.json").mkdir(parents=True), "run.json can't be read"),
    ],
)
def test_what_has_a_runs_name_but_is_none_gets_a_sentence(capsys, nothing_runs, make, message):
    chain.runs_folder().mkdir(exist_ok=True)
    make(chain.runs_folder() / "fast")
    assert message in refused(capsys)


def test_a_report_that_cannot_be_deleted_is_refused(capsys):
    folder = chain.runs_folder() / "fast"
    runs.update_record(folder, lambda record: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            record.Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError(1, "not permitted"))
        )
        assert "report.html can't be deleted" in refused(capsys)
    assert "asked" not in runs.read_record(folder)


@pytest.mark.parametrize("dataset", ["~nosuchuser/x.npz", "~nosuchuser/pictures"])
def test_the_folder_of_a_user_that_is_not_there_gets_a_sentence(capsys, nothing_runs, dataset):
    assert dataset in refused(capsys, pairs=[("dataset", dataset)])


def test_too_little_disk_or_memory_is_refused(capsys, nothing_runs, monkeypatch):
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6, total=10**9, used=0))
    monkeypatch.setattr(checks.psutil, "virtual_memory", lambda: SimpleNamespace(available=10**8, total=10**9))
    words = refused(capsys)
    assert "disk: 0.0 GB free" in words
    assert "memory: 0.1 GB available" in words


def test_less_memory_is_asked_for_a_slice(monkeypatch):
    enough = SimpleNamespace(available=1.7e9, total=2e9)
    monkeypatch.setattr(checks.psutil, "virtual_memory", lambda: enough)
    assert preflight.problems(resolve(profile="smoke")[0]) == []
    assert preflight.problems(resolve(profile="fast")[0]) != []


def test_a_kernel_that_is_another_interpreter_is_refused(capsys, nothing_runs, tmp_path, monkeypatch):
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    argv = [str(tmp_path / "elsewhere" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Other", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    words = refused(capsys)
    assert "elsewhere" in words
    assert "kernelspec remove" in words


def test_helpers_that_the_notebooks_would_not_find_are_refused(capsys, nothing_runs, tmp_path, monkeypatch):
    other = tmp_path / "other" / "helpers"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    assert f"would import helpers from {other}" in refused(capsys)
    (other / "__init__.py").write_text("1 / 0")
    assert "can't import helpers" in refused(capsys)


def test_a_notebook_that_cannot_be_read_is_refused(capsys, nothing_runs, notebooks):
    (notebooks / "03_model.ipynb").write_text("{")
    (notebooks / "05_testing.ipynb").unlink()
    words = refused(capsys)
    assert "03_model.ipynb is missing or damaged" in words
    assert "05_testing.ipynb is missing or damaged" in words


def test_from_a_notebook_whose_needs_are_missing_gets_the_notebooks_own_sentence(capsys, nothing_runs):
    words = refused(capsys, first="04", name="new")
    assert "the run new has no dataset.npz (made by 02_dataset) and model.keras (made by 03_model) yet" in words
    assert "python -m runner run --name new --to 03_model" in words


def test_a_dry_run_changes_nothing_and_still_tells_what_speaks_against_the_run(capsys, notebooks):
    settings, problems = resolve(profile="smoke")
    assert series.dry_run(settings, problems) == series.DONE
    shown = capsys.readouterr().out
    assert shown.count("it has not finished yet") == 5
    assert not chain.runs_folder().joinpath("smoke").exists()
    (notebooks / "02_dataset.ipynb").unlink()
    settings, problems = resolve(profile="smoke", first="03")
    assert series.dry_run(settings, problems) == series.REFUSED


def test_data_that_takes_long_to_look_at_is_left_to_the_notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "check_data", lambda dataset: pytest.fail(f"read all of {dataset}"))
    for dataset in ("fashion_mnist", str(tmp_path)):
        assert preflight.problems(resolve(profile="smoke", pairs=[("dataset", dataset)])[0]) == []
