"""`clean`: what the project wrote goes, everything else stays, and nothing is reached through a
link.
"""

import os
import shutil
from pathlib import Path

import pytest

from runner import record, tidy
from series import chain, runs

pytestmark = pytest.mark.usefixtures("project_of_its_own")


@pytest.fixture
def project_of_its_own(tmp_path, monkeypatch):
    """An empty project in a folder of its own."""
    monkeypatch.setattr(chain, "ROOT", tmp_path)
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "runs"))


def make_run(folder: Path) -> Path:
    """A run with everything that the project may write into it."""
    runs.update_record(folder, lambda content: None)
    for notebook in chain.ALL:
        names = [*notebook.saves, f"{notebook.name}.ipynb"]
        for name in names:
            (folder / name).write_text("x" * 1000)
        for name in notebook.folders:
            (folder / name).mkdir()
            (folder / name / "part").write_text("x")
    for name in ("report.html", "kernel.log", "comparison.png", ".run.lock"):
        (folder / name).touch()
    return folder


def tree(folder: Path) -> list[str]:
    """Everything in a folder, links not followed."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_run_goes_with_all_that_the_project_wrote_there(tmp_path):
    folder = make_run(tmp_path / "runs" / "fast")
    make_run(folder / chain.PRACTICE_FOLDER)
    assert tidy.clean() == 0
    assert tree(tmp_path / "runs") == []


@pytest.mark.posix
def test_links_inside_a_run_are_never_followed(tmp_path):
    elsewhere = make_run(tmp_path / "elsewhere")
    folder = make_run(tmp_path / "runs" / "fast")
    shutil.rmtree(folder / chain.CHECKPOINT_FOLDER)
    (folder / chain.PRACTICE_FOLDER).symlink_to(elsewhere, target_is_directory=True)
    (folder / chain.CHECKPOINT_FOLDER).symlink_to(elsewhere, target_is_directory=True)
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to(elsewhere / "report.html")
    linked_run = tmp_path / "runs" / "linked"
    linked_run.symlink_to(elsewhere, target_is_directory=True)
    (folder / chain.TENSORBOARD_FOLDER / "deeper").symlink_to(elsewhere, target_is_directory=True)
    before = tree(elsewhere)
    tidy.clean()
    assert tree(elsewhere) == before
    assert linked_run.is_symlink()
    assert not (folder / "trained.keras").exists()


def test_a_run_that_is_going_on_is_left_and_named(tmp_path, capsys):
    folder = make_run(tmp_path / "runs" / "fast")
    with record.lock_of(folder):
        assert tidy.clean() == 2
    assert "a run is going on in" in capsys.readouterr().out
    assert (folder / "trained.keras").is_file()


def test_files_that_are_not_the_projects_stay_and_are_named(tmp_path, capsys):
    folder = make_run(tmp_path / "runs" / "fast")
    (folder / "my notes.txt").write_text("mine")
    for name in ("Documents", "damaged"):
        (tmp_path / "runs" / name).mkdir()
        (tmp_path / "runs" / name / "letter.txt").write_text("mine")
    (tmp_path / "runs" / "damaged" / "run.json").write_text("{")
    assert tidy.clean() == 0
    assert sorted(os.listdir(tmp_path / "runs")) == ["Documents", "damaged", "fast"]
    assert os.listdir(folder) == ["my notes.txt"]
    assert "my notes.txt" in capsys.readouterr().out
