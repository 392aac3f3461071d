"""Refusing a run before anything runs, and leaving what is there as it is."""

import json
import os
from types import SimpleNamespace

import pytest

from helpers import checks
from runner import preflight, run
from runner.settings import read
from series import runs

# Makes a package look as if it weren't installed.
HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "{package}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hide())
"""
pytestmark = pytest.mark.usefixtures("notebooks")


@pytest.fixture
def nothing_runs(monkeypatch):
    monkeypatch.setattr(run, "_carry_out", lambda _: pytest.fail("a notebook would have run"))


@pytest.fixture
def refused(capsys):
    def words(**asked) -> str:
        assert run.run(*read(**asked)) == run.REFUSED
        return capsys.readouterr().err

    return words


def test_everything_is_refused_at_once_without_tensorflow(project, tmp_path):
    damaged = tmp_path / "own.npz"
    damaged.write_bytes(b"PK\3\4 not an archive")
    words = [
        "run",
        "-p",
        "epoch",
        "1",
        "-p",
        "train_images",
        "many",
        "--from",
        "nine",
        "-p",
        "dataset",
        str(damaged),
    ]
    code, output = project.run(*words, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert code == 2
    assert "4 problems" in output
    for word in (
        "epoch (did you mean epochs?)",
        "not 'many'",
        "no notebook 'nine'",
        "own.npz is damaged",
    ):
        assert word in output
    assert output.count("to fix it:") == 4
    imported = {
        line.rpartition("|")[2].strip()
        for line in output.splitlines()
        if line.startswith("import time:")
    }
    assert "series.chain" in imported
    assert not imported & {"tensorflow", "papermill", "nbformat", "keras"}, "which takes seconds"
    assert not (project.runs / "fast").exists()


def test_a_refusal_keeps_what_was_there(refused, nothing_runs, fast):
    fast.folder.mkdir(parents=True)
    (fast.folder / "model.keras").write_text("mine")
    assert "not empty, and not a run" in refused(pairs=[("epochs", "0")], fresh=True)
    assert [path.name for path in fast.folder.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    "left", ["drawings/0/1.png", "run.damaged.json", ".spare", ".1.partial..spare", ".run.lock"]
)
def test_what_a_run_and_clean_may_leave_does_not_spoil_the_name(fast, left):
    path = fast.folder / left
    path.parent.mkdir(parents=True)
    path.touch()
    assert preflight.problems(read()[0]) == []


def test_a_folder_that_cannot_be_written_or_is_none_gets_a_sentence(
    refused, nothing_runs, fast, monkeypatch
):
    (fast.folder / "run.json").mkdir(parents=True)
    assert "run.json can't be read" in refused()
    fast.folder.with_name("file").write_text("mine")
    assert "runs/file a folder that you can write, give the run another name" in refused(
        name="file"
    )
    monkeypatch.setenv("DIGITS_RUNS", str(fast.folder.with_name("file")))
    assert "fast can't be written" in refused()


def test_the_folder_of_a_user_that_is_not_there_gets_a_sentence(refused, nothing_runs):
    assert "~nosuchuser/x.npz" in refused(pairs=[("dataset", "~nosuchuser/x.npz")])


def test_too_little_disk_or_memory_is_refused_and_a_slice_needs_less(
    refused, nothing_runs, monkeypatch
):
    needed = [checks.memory_needed(read(profile=name)[0].parameters) for name in ("smoke", "fast")]
    between = SimpleNamespace(available=1e9 * sum(needed) / 2, total=2e9)
    monkeypatch.setattr(checks.psutil, "virtual_memory", lambda: between)
    assert preflight.problems(read(profile="smoke")[0]) == []
    monkeypatch.setattr(
        checks.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6, total=10**9, used=0)
    )
    words = refused(profile="fast")
    assert "disk: 0.0 GB free" in words
    assert f"memory: {between.available / 1e9:.1f} GB available" in words


def test_07_is_refused_where_its_networks_need_more_than_the_lesson(refused, monkeypatch):
    pairs = [("dataset", "data/doodles"), ("image_size", 256), ("filters", 1), ("batch_size", 4)]
    there = SimpleNamespace(available=3e9, total=4e9)
    monkeypatch.setattr(checks.psutil, "virtual_memory", lambda: there)
    assert preflight.problems(read(profile="smoke", pairs=pairs)[0]) == []
    words = refused(profile="smoke", pairs=pairs, last="07")
    assert "memory: 3.0 GB available" in words and "smaller images" in words


def test_notebooks_that_cannot_be_read_are_refused(refused, nothing_runs, notebooks):
    (notebooks / "03_model.ipynb").write_text("{")
    (notebooks / "05_testing.ipynb").unlink()
    words = refused()
    assert "03_model.ipynb is missing or damaged" in words
    assert "05_testing.ipynb is missing or damaged" in words


def test_from_a_notebook_whose_needs_are_missing_gets_the_notebooks_own_sentence(
    refused, nothing_runs
):
    words = refused(first="04", name="new")
    assert (
        "the run new has no dataset.npz (made by 02_dataset) and model.keras (made by 03_model) yet"
        in words
    )
    assert "python -m runner run --name new --to 03_model" in words


def test_a_picture_that_is_not_there_is_refused_before_anything_runs(refused, nothing_runs):
    assert "nowhere.png" in refused(pairs=[("picture", "nowhere.png")])


@pytest.mark.parametrize("package", ["papermill", "nbconvert", "tensorflow", "sklearn", "PIL"])
def test_a_package_that_is_missing_is_noticed_before_anything_is_touched(
    project, package, tmp_path
):
    hide = tmp_path / "hide"
    hide.mkdir()
    (hide / "sitecustomize.py").write_text(HIDE.format(package=package))
    runs.update_record(project.fast.folder, lambda _: None)
    (project.fast.folder / "report.html").write_text("old")
    variables = {"PYTHONPATH": os.pathsep.join([str(hide), str(project.folder)])}
    code, output = project.run("run", "--fresh", env=variables)
    assert code == run.REFUSED, output
    assert "not installed" in output
    assert "pip install -r requirements.txt" in output
    assert "Traceback" not in output
    assert (project.fast.folder / "report.html").read_text() == "old"


def test_a_record_that_cannot_be_read_gets_a_sentence(refused, nothing_runs, done, fast):
    path, good = fast.folder / "run.json", fast.record
    lacking = {name: part for name, part in good.items() if name != "last_success"}
    for content in (
        "{",
        '{"schema": 99}',
        "[]",
        json.dumps(good | {"request": 5}),
        json.dumps(lacking),
    ):
        path.write_text(content)
        assert "run.json" in refused(), content
        assert path.read_text() == content
