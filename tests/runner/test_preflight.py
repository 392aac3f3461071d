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
import importlib.metadata, sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "{package}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
def version(name):
    if name == "{package}":
        raise importlib.metadata.PackageNotFoundError(name)
    return real_version(name)
real_version, importlib.metadata.version = importlib.metadata.version, version
sys.meta_path.insert(0, Hide())
"""
pytestmark = pytest.mark.usefixtures("notebooks")


@pytest.fixture
def refused(capsys, monkeypatch):
    monkeypatch.setattr(run, "_carry_out", lambda _: pytest.fail("a notebook would have run"))

    def words(**asked) -> str:
        assert run.run(*read(**asked)) == run.REFUSED
        return capsys.readouterr().err

    return words


def test_everything_is_refused_at_once_without_tensorflow(project, tmp_path):
    damaged = tmp_path / "own.npz"
    damaged.write_bytes(b"PK\3\4 not an archive")
    wrong = ["epoch", "1"], ["train_images", "many"], ["dataset", str(damaged)]
    words = [word for pair in wrong for word in ("-p", *pair)]
    code, output = project.run("run", *words, "--name", "a b", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert code == 2
    assert "4 problems" in output
    for word in ("(did you mean epochs?)", "not 'many'", "called 'a b'", "own.npz is damaged"):
        assert word in output
    assert output.count("to fix it:") == 4
    lines = [line for line in output.splitlines() if line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert "series.chain" in imported
    assert not imported & {"tensorflow", "papermill", "keras"}, "which takes seconds"
    assert not (project.runs / "fast").exists()


def test_a_folder_that_is_no_run_is_refused_and_keeps_what_was_there(refused, fast):
    fast.folder.mkdir(parents=True)
    (fast.folder / "model.keras").write_text("mine")
    assert "not empty, and not a run" in refused(pairs=[("epochs", "0")], fresh=True)
    assert [path.name for path in fast.folder.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("left", ["drawings/0/1.png", ".run.lock"])
def test_what_a_run_and_clean_may_leave_does_not_spoil_the_name(fast, left):
    path = fast.folder / left
    path.parent.mkdir(parents=True)
    path.touch()
    assert preflight.problems(read()[0]) == []


def test_a_folder_that_cannot_be_written_gets_a_sentence(refused, fast, monkeypatch):
    (fast.folder / "run.json").mkdir(parents=True)
    assert "run.json is damaged" in refused()
    file = fast.folder.with_name("file")
    file.write_text("mine")
    assert f"{file} can't be written (File exists)" in refused(name="file")
    monkeypatch.setenv("DIGITS_RUNS", str(file))
    assert "fast can't be written" in refused()


def test_too_little_disk_is_refused(refused, monkeypatch):
    full = SimpleNamespace(free=10**6, total=10**9, used=0)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: full)
    assert "disk: 0.0 GB free" in refused(profile="fast")


def test_notebooks_that_cannot_be_read_are_refused(refused, notebooks):
    (notebooks / "03_model.ipynb").write_text("{")
    (notebooks / "05_testing.ipynb").unlink()
    words = refused()
    assert "03_model.ipynb is missing or damaged" in words
    assert "05_testing.ipynb is missing or damaged" in words


@pytest.mark.parametrize("package", ["papermill", "tensorflow"])
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
    assert f"the package {package} is not installed" in output
    assert "pip install -r requirements.txt" in output
    assert "Traceback" not in output
    assert (project.fast.folder / "report.html").read_text() == "old"


def test_a_record_that_cannot_be_read_gets_a_sentence_and_stays(refused, done, fast):
    path, good = fast.folder / "run.json", fast.record
    lacking = {name: part for name, part in good.items() if name != "last_success"}
    unfit = [{"schema": 99}, [], good | {"request": 5}, lacking]
    for text in ("{", *map(json.dumps, unfit)):
        path.write_text(text)
        assert "run.json" in refused(), text[:100]
        assert path.read_text() == text
