"""What goes wrong outside the notebooks while a run is going on: an outcome with a report and a
closed record, whose words say that it wasn't the notebook.
"""

import pytest
from standins import SAVE, edit_cell, go

from runner import record, run
from series import files
from series.errors import LessonError


def after_saving(notebooks, damage: str) -> None:
    """Let 01_setup do damage once it has saved everything."""
    save = f'with folder.save("environment.json") as path:\n    {SAVE["environment.json"]}\n'
    edit_cell(notebooks, "01_setup", "save-environment", save + damage)


def assert_closed(fast, capsys, words: str) -> None:
    """The run is closed as a failed one, has a report, and its words are these."""
    own = fast.record
    assert (own["status"], own["exit_code"]) == ("failed", 1)
    assert words in own["problem"]
    assert "running" not in fast.outcomes
    assert words in (fast.folder / "report.html").read_text(encoding="utf-8")
    output = capsys.readouterr()
    shown = output.out + output.err
    assert "What stopped the run was not a notebook:" in shown
    assert words in shown
    assert "nothing was run" not in shown
    assert "Traceback" not in shown
    assert "delete" not in shown


def test_a_first_record_that_cannot_be_written_leaves_nothing_behind(
    notebooks, fast, capsys, monkeypatch
):
    def fail(*_: object) -> None:
        raise LessonError("no space is left on the disk", "free some space")

    monkeypatch.setattr(files, "write_json", fail)
    assert go(last="01") == run.REFUSED
    assert "no space is left" in capsys.readouterr().err
    assert {path.name for path in fast.folder.iterdir()} <= set(record.LOCKS)


@pytest.mark.posix
def test_a_lock_that_cannot_be_opened_gets_a_sentence(done, fast, capsys):
    (fast.folder / ".run.lock").unlink(missing_ok=True)
    (fast.folder / ".run.lock").mkdir()  # as one of another user, which the superuser could open
    assert go(last="01") == run.REFUSED
    assert "or its lock can't be opened" in capsys.readouterr().err


def test_a_record_that_was_damaged_meanwhile(notebooks, fast, capsys):
    after_saving(notebooks, f"open({str(fast.folder / 'run.json')!r}, 'w').write('{{')")
    assert go(last="02") == run.FAILED
    assert "The record of this run can't be written: " in capsys.readouterr().out
    assert (fast.folder / "run.json").read_text() == "{"


def test_a_later_notebook_that_was_damaged_meanwhile(notebooks, fast, capsys):
    after_saving(notebooks, f"open({str(notebooks / '02_dataset.ipynb')!r}, 'w').write('{{')")
    assert go(last="02") == run.FAILED
    assert_closed(fast, capsys, "02_dataset.ipynb is missing or damaged")


def test_a_notebook_that_cannot_be_executed_at_all(notebooks, fast, capsys, monkeypatch):
    import papermill

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(papermill, "execute_notebook", fail)
    assert go(last="01") == run.FAILED
    assert fast.outcomes == ["stopped"]
    shown = capsys.readouterr().out
    assert "It wasn't the notebook." in shown
    assert "No space left on device" in shown
