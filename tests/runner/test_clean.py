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
def test_a_linked_run_is_left_alone_with_what_it_points_at(tmp_path, capsys):
    elsewhere = make_run(tmp_path / "elsewhere")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "linked").symlink_to(elsewhere, target_is_directory=True)
    before = tree(elsewhere)
    assert tidy.clean() == 0
    assert tree(elsewhere) == before
    assert (tmp_path / "runs" / "linked").is_symlink()
    assert "linked is a link" in capsys.readouterr().out


@pytest.mark.posix
def test_links_inside_a_run_are_never_followed(tmp_path):
    elsewhere = make_run(tmp_path / "elsewhere")
    folder = make_run(tmp_path / "runs" / "fast")
    shutil.rmtree(folder / chain.CHECKPOINT_FOLDER)
    (folder / chain.PRACTICE_FOLDER).symlink_to(elsewhere, target_is_directory=True)
    (folder / chain.CHECKPOINT_FOLDER).symlink_to(elsewhere, target_is_directory=True)
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to(elsewhere / "report.html")
    (folder / chain.TENSORBOARD_FOLDER / "deeper").symlink_to(elsewhere, target_is_directory=True)
    before = tree(elsewhere)
    tidy.clean()
    assert tree(elsewhere) == before
    assert not (folder / "trained.keras").exists()


def test_a_runs_folder_that_is_a_file_is_said_to_be_one(tmp_path, capsys):
    (tmp_path / "runs").write_text("mine")
    assert tidy.clean() == 2
    assert "runs is a file, not a folder" in capsys.readouterr().out


def test_files_that_are_not_the_projects_stay_and_are_named(tmp_path, capsys):
    folder = make_run(tmp_path / "runs" / "fast")
    (folder / "my notes.txt").write_text("mine")
    for name in ("Documents", "locked", "damaged"):
        (tmp_path / "runs" / name).mkdir()
        (tmp_path / "runs" / name / "letter.txt").write_text("mine")
    (tmp_path / "runs" / "locked" / ".run.lock").write_text("")
    (tmp_path / "runs" / "damaged" / "run.json").write_text("{")
    assert tidy.clean() == 0
    assert sorted(os.listdir(tmp_path / "runs")) == ["Documents", "damaged", "fast", "locked"]
    assert os.listdir(folder) == ["my notes.txt"]
    shown = capsys.readouterr().out
    assert "my notes.txt" in shown
    assert f"left alone: {tmp_path / 'runs' / 'damaged' / 'run.json'} is damaged" in shown
    assert "Documents" not in shown, "no run was ever there"


def test_what_cannot_be_deleted_is_said(tmp_path, monkeypatch, capsys):
    folder = make_run(tmp_path / "runs" / "fast")
    with record.lock_of(folder):
        assert tidy.clean() == 2
    assert "a run is going on in" in capsys.readouterr().out
    refuse = OSError(30, "Read-only file system")
    monkeypatch.setattr(record.shutil, "rmtree", lambda path: (_ for _ in ()).throw(refuse))
    assert tidy.clean() == 2
    assert "checkpoint can't be deleted (Read-only file system)" in capsys.readouterr().out
    assert (folder / "run.json").is_file()
