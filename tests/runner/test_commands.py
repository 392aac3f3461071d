"""The commands beside `run`: their help, `compare`, `outputs` and `clean`."""

import json
import shutil

import pytest
import standins

from helpers import chain, files
from helpers.errors import LessonError
from runner import cli, record, tidy


@pytest.fixture
def own_caches(tmp_path, monkeypatch):
    """No test of `clean` looks at this project's own caches."""
    monkeypatch.setattr(chain, "ROOT", tmp_path)


def test_the_help_lists_every_parameter_with_default_and_meaning(capsys):
    assert cli.main(["run", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "epochs: a whole number from 1 to 1000; default 3; in 04_training" in text
    assert "130 interrupted" in text
    assert cli.main(["rum"]) == 2


def test_runs_are_compared_side_by_side_with_a_picture(done, capsys):
    for name in ("other", "third"):
        shutil.copytree(chain.runs_folder() / "fast", chain.runs_folder() / name)
    assert cli.main(["compare", "fast", "other", "third"]) == 0
    text = capsys.readouterr().out
    for word in ("fast", "third", "04_training", "accuracy", "peak memory"):
        assert word in text
    assert list(chain.runs_folder().glob("*.png"))


@pytest.mark.parametrize(("names", "code"), [(("fast",), 2), (("fast", "fsat"), 1)])
def test_a_run_that_is_not_there_is_refused_with_the_nearest_name(done, capsys, names, code):
    assert cli.main(["compare", *names]) == code
    assert code == 2 or "did you mean fast?" in capsys.readouterr().err


def test_outputs_are_stored_cell_by_cell_and_counted_from_one(done):
    content = tidy.with_outputs(chain.BY_NAME["04_training"], chain.runs_folder() / "fast")
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert any("working" in "".join(output.get("text", "")) for cell in code for output in cell["outputs"])


def test_outputs_of_other_code_are_refused_and_change_nothing(done):
    standins.edit_cell(done, "06_inference", "work", "print('changed')")
    before = {path: path.read_bytes() for path in done.iterdir()}
    with pytest.raises(LessonError, match="other code"):
        tidy.store_outputs(chain.runs_folder() / "fast")
    assert {path: path.read_bytes() for path in done.iterdir()} == before


@pytest.mark.usefixtures("own_caches")
def test_clean_deletes_what_the_project_wrote_and_nothing_else(done, capsys):
    folder = chain.runs_folder()
    mine = folder / "fast" / "my notes.txt"
    mine.write_text("mine")
    for name in ("Documents", "locked", "damaged"):
        (folder / name).mkdir()
        (folder / name / "letter.txt").write_text("mine")
    (folder / "locked" / ".run.lock").write_text("")
    (folder / "damaged" / "run.json").write_text("{")
    assert tidy.clean() == 0
    assert sorted(path.name for path in folder.iterdir()) == ["Documents", "damaged", "fast", "locked"]
    assert [path.name for path in (folder / "fast").iterdir()] == ["my notes.txt"]
    assert "my notes.txt" in capsys.readouterr().out


@pytest.mark.usefixtures("own_caches")
def test_clean_leaves_a_run_that_is_going_on(done):
    with record.lock_of(chain.runs_folder() / "fast"):
        assert tidy.clean() == 2
    assert (chain.runs_folder() / "fast" / "run.json").is_file()


@pytest.mark.usefixtures("own_caches")
def test_clean_says_what_it_cannot_delete(done, monkeypatch, capsys):
    monkeypatch.setattr(
        record.shutil, "rmtree", lambda path: (_ for _ in ()).throw(OSError(30, "Read-only file system"))
    )
    (chain.runs_folder() / "fast" / "checkpoint").mkdir()
    assert tidy.clean() == 2
    assert "checkpoint can't be deleted (Read-only file system)" in capsys.readouterr().out
    assert (chain.runs_folder() / "fast" / "run.json").is_file()


def test_a_project_path_that_is_not_ascii_in_an_old_locale(tmp_path):
    project = standins.Project(tmp_path / "Prüfung ü")
    code, output = project.run("run", "--to", "01", env={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert code == 0, output
    assert project.outcomes()[0] == "ok"


def test_fresh_deletes_only_what_the_notebooks_asked_for_saved(done):
    folder = chain.runs_folder() / "fast"
    (folder / "my notes.txt").write_text("mine")
    assert cli.main(["run", "--fresh", "--to", "02_dataset"]) == 0
    assert (folder / "my notes.txt").is_file()
    assert (folder / "trained.keras").is_file()
    kept = files.read_json(folder / "run.json")["artifacts"]
    assert [name for name in kept if not (folder / name).is_file()] == []


def test_a_folder_that_is_no_run_is_never_written_to(notebooks, capsys):
    folder = chain.runs_folder() / "fast"
    folder.mkdir(parents=True)
    (folder / "letter.txt").write_text("mine")
    assert cli.main(["run", "--fresh"]) == 2
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    "content", ["{", '{"schema": 99}', "[]", json.dumps({"schema": 2, "artifacts": {}, "asked": {}})]
)
def test_a_record_that_cannot_be_read_gets_a_sentence(notebooks, capsys, content):
    path = chain.runs_folder() / "fast" / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert cli.main(["run"]) == 2
    assert "run.json" in capsys.readouterr().err
    assert path.read_text() == content
