import json
import shutil

import pytest
import runner_series
from click.testing import CliRunner

from helpers import chain
from helpers.errors import LessonError
from helpers.runner import cli, record, series, tidy


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", runner_series.make_series(tmp_path / "notebooks"))
    return chain.NOTEBOOKS_FOLDER


def execute(notebooks, folder) -> None:
    """Put notebooks into a run's folder as papermill leaves them."""
    folder.mkdir(parents=True)
    for path in notebooks.iterdir():
        whole = json.loads(path.read_text())
        for number, cell in enumerate(cell for cell in whole["cells"] if cell["cell_type"] == "code"):
            cell["execution_count"] = number + 7
            cell["metadata"] |= {"papermill": {"status": "completed"}, "execution": {}}
            cell["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": ["a warning\n"]},
                {"output_type": "stream", "name": "stdout", "text": ["out\n"]},
                {"output_type": "execute_result", "execution_count": number + 7, "data": {}, "metadata": {}},
            ]
        injected = {"cell_type": "code", "id": "random", "metadata": {"tags": ["injected-parameters"]}, "source": []}
        whole["cells"].insert(2, injected | {"outputs": [], "execution_count": 2})
        (folder / path.name).write_text(json.dumps(whole))


def test_outputs_are_stored_by_cell_and_counted_from_1(notebooks):
    before = json.loads((notebooks / "03_model.ipynb").read_text())
    execute(notebooks, chain.runs_folder() / "classic")
    tidy.store_outputs(chain.runs_folder() / "classic")
    after = json.loads((notebooks / "03_model.ipynb").read_text())
    assert [cell["id"] for cell in after["cells"]] == [cell["id"] for cell in before["cells"]]
    assert [cell["source"] for cell in after["cells"]] == [cell["source"] for cell in before["cells"]]
    code = [cell for cell in after["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert [output.get("name") for output in cell["outputs"]] == ["stdout", None]
        assert cell["outputs"][1]["execution_count"] == cell["execution_count"]
        assert set(cell["metadata"]) <= {"tags"}


def test_outputs_stored_twice_are_the_same_file(notebooks):
    execute(notebooks, chain.runs_folder() / "classic")
    tidy.store_outputs(chain.runs_folder() / "classic")
    first = (notebooks / "03_model.ipynb").read_bytes()
    tidy.store_outputs(chain.runs_folder() / "classic")
    assert (notebooks / "03_model.ipynb").read_bytes() == first


def test_outputs_of_another_notebook_are_refused_and_none_is_changed(notebooks):
    execute(notebooks, chain.runs_folder() / "classic")
    before = {path.name: path.read_bytes() for path in notebooks.iterdir()}
    (chain.runs_folder() / "classic" / "06_inference.ipynb").write_text('{"cells": []}')
    with pytest.raises(LessonError, match="was made from other code"):
        tidy.store_outputs(chain.runs_folder() / "classic")
    assert {path.name: path.read_bytes() for path in notebooks.iterdir()} == before


def test_outputs_of_code_that_has_changed_since_are_refused(notebooks):
    execute(notebooks, chain.runs_folder() / "classic")
    changed = (notebooks / "03_model.ipynb").read_text().replace("print", "repr", 1)
    (notebooks / "03_model.ipynb").write_text(changed)
    with pytest.raises(LessonError, match="was made from other code"):
        tidy.store_outputs(chain.runs_folder() / "classic")
    assert (notebooks / "03_model.ipynb").read_text() == changed


def test_the_seventh_notebook_is_stored_where_it_was_run(notebooks):
    run, beside = chain.runs_folder() / "classic", chain.runs_folder() / "classic-workers"
    execute(notebooks, run)
    beside.mkdir()
    for source, folder in ((notebooks, notebooks), (run, beside)):
        shutil.copy(source / "06_inference.ipynb", folder / "07_scaling_out.ipynb")
    assert tidy.store_outputs(run) == 7
    assert (notebooks / "07_scaling_out.ipynb").read_bytes() == (notebooks / "06_inference.ipynb").read_bytes()


def test_outputs_are_not_stored_when_the_run_fails(notebooks, monkeypatch):
    monkeypatch.setattr(series, "run", lambda *_: series.FAILED)
    monkeypatch.setattr(tidy, "store_outputs", lambda _: pytest.fail("stored the outputs of a failed run"))
    found = CliRunner().invoke(cli.main, ["outputs"])
    assert found.exit_code == series.FAILED
    assert "as they were" in found.stderr


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    for name in ("helpers/__pycache__", "helpers/figures/__pycache__", ".pytest_cache", ".venv", "notebooks"):
        (root / name).mkdir(parents=True)
        (root / name / "file").write_bytes(b"x" * 1000)
    monkeypatch.setattr(chain, "ROOT", root)
    monkeypatch.setenv("DIGITS_RUNS", str(root / "runs"))
    for name in ("classic", "fast"):
        (root / "runs" / name).mkdir(parents=True)
        (root / "runs" / name / "run.json").write_text("{}")
        (root / "runs" / name / "model.keras").write_bytes(b"x" * 2_000_000)
    return root


def test_clean_deletes_runs_and_caches_and_says_how_much_that_frees(project, capsys):
    assert tidy.clean(everything=False) == 0
    assert not (project / "runs" / "classic").exists()
    assert not list(project.rglob("__pycache__"))
    assert (project / ".venv").exists()
    assert (project / "notebooks" / "file").exists()
    assert capsys.readouterr().out.splitlines()[-1] == "4.0 MB freed"
    assert tidy.clean(everything=False) == 0
    assert capsys.readouterr().out == "0.0 MB freed\n"


def test_clean_all_deletes_the_environment_too(project):
    tidy.clean(everything=True)
    assert not (project / ".venv").exists()


def test_clean_leaves_a_run_that_is_held(project, capsys):
    with record.lock_of(project / "runs" / "fast"):
        assert tidy.clean(everything=False) == 2
    assert (project / "runs" / "fast" / "model.keras").exists()
    assert not (project / "runs" / "classic").exists()
    assert "a run is going on there" in capsys.readouterr().out


def test_clean_takes_nothing_that_is_no_run(project):
    (project / "runs" / "photos").mkdir()
    (project / "runs" / "photos" / "holiday.jpg").write_text("mine")
    tidy.clean(everything=False)
    assert (project / "runs" / "photos" / "holiday.jpg").exists()
    shutil.rmtree(project / "runs")
    assert tidy.clean(everything=False) == 0
