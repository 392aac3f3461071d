import json
import shutil
from pathlib import Path

import pytest
import runner_series

from helpers import chain, files, runs
from helpers.runner import freshness

TRAINING = chain.BY_NAME["04_training"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own: the tiny series and a copy of helpers, so that either may be edited."""
    shutil.copytree(chain.ROOT / "helpers", tmp_path / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(chain, "ROOT", tmp_path)
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", runner_series.make_series(tmp_path / "notebooks"))
    return tmp_path


@pytest.fixture
def folder(project, monkeypatch):
    """A run in which 04_training has finished, as its record tells."""
    monkeypatch.setenv("DIGITS_RUNS", str(project / "runs"))
    folder = project / "runs" / "fast"
    folder.mkdir(parents=True)
    for name in ("dataset.npz", "model.keras", "trained.keras", "history.json"):
        make(folder / name)
    shutil.copy(TRAINING.path, folder / "04_training.ipynb")
    note_finished(folder)
    return folder


def make(path: Path, value: float = 1.0) -> None:
    space: dict = {}
    exec(runner_series.SAVE_MODEL + "\nimport numpy as np", space)
    if path.suffix == ".npz":
        space["np"].savez(path, x=space["np"].arange(int(value)))
    elif path.suffix == ".keras":
        space["save_model"](path, value)
    else:
        path.write_text(json.dumps({"value": value}))


def note_finished(folder: Path, **values) -> None:
    leaves = {name: files.digest(folder / name) for name in TRAINING.leaves}
    made_from = freshness.fingerprint(folder, TRAINING, values)
    finished = {TRAINING.name: {"made_from": made_from, "leaves": leaves}}
    runs.update_record(folder, lambda record: record.update(finished=finished))


def reason(folder: Path, **values) -> str | None:
    return freshness.reason_to_run(folder, TRAINING, values, runs.read_record(folder))


def test_what_nothing_has_touched_is_fresh(folder):
    assert reason(folder) is None


def test_the_first_notebook_always_runs(folder):
    assert freshness.reason_to_run(folder, chain.NOTEBOOKS[0], {}, runs.read_record(folder))


def test_what_has_not_run_must_run(folder):
    assert freshness.reason_to_run(folder, chain.BY_NAME["05_testing"], {}, runs.read_record(folder)) is not None


def test_a_code_cell_is_named_when_it_changes(folder, project):
    runner_series.edit_cell(project / "notebooks", "04_training", "work", "print('other')")
    assert reason(folder) == "code cell work changed"


def test_a_change_of_prose_or_of_stored_outputs_invalidates_nothing(folder, project):
    runner_series.edit_cell(project / "notebooks", "04_training", "title", "# Another title")
    whole = json.loads(TRAINING.path.read_text())
    for cell in whole["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=9, outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}])
    TRAINING.path.write_text(json.dumps(whole))
    assert reason(folder) is None


def test_a_notebook_saved_as_one_string_a_cell_says_the_same(folder):
    whole = json.loads(TRAINING.path.read_text())
    for cell in whole["cells"]:
        cell["source"] = "".join(cell["source"])
    TRAINING.path.write_text(json.dumps(whole))
    assert reason(folder) is None


def test_the_cell_of_parameters_counts_by_its_values(folder, project):
    path = project / "notebooks" / "04_training.ipynb"
    path.write_text(path.read_text().replace("how often training goes", "how many times training goes"))
    assert reason(folder) is None
    path.write_text(path.read_text().replace("epochs: int = 3", "epochs: int = 5"))
    assert reason(folder) == "parameter epochs: 3 → 5"
    assert reason(folder, epochs=3) is None


def test_parameters_of_other_notebooks_do_not_count(folder):
    assert reason(folder, epochs=3, normalization="pixels", expected_accuracy=0.1) is None
    assert reason(folder, epochs=1) == "parameter epochs: 3 → 1"


def test_code_in_helpers_counts_where_it_is_imported_but_not_its_comments(folder, project):
    room = project / "helpers" / "runs.py"
    room.write_text('"""Another docstring."""\n# a comment\n' + room.read_text().split('"""', 2)[2])
    assert reason(folder) is None
    room.write_text(room.read_text() + "\nNEW = 1\n")
    assert reason(folder) == "helpers/runs.py changed"


def test_code_in_helpers_that_is_not_imported_does_not_count(folder, project):
    for room in ("lesson.py", "figures/__init__.py", "runner/series.py"):
        (project / "helpers" / room).write_text("NEW = 1\n")
    assert reason(folder) is None


def test_imports_are_followed_through_modules_packages_and_magics(project):
    (project / "helpers" / "figures" / "own.py").write_text("def draw():\n    from ..far import away\n")
    (project / "helpers" / "far.py").write_text("from . import errors\n")
    source = "%matplotlib inline\n!ls\nfrom helpers.figures import own, show"
    found = freshness.imported_helpers([{"source": source}])
    assert {"helpers/__init__.py", "helpers/figures/__init__.py", "helpers/figures/own.py"} <= set(found)
    assert {"helpers/far.py", "helpers/errors.py"} <= set(found)
    assert freshness.imported_helpers([{"source": "%%bash\nls -l | x\n"}, {"source": "import numpy"}]) == {}


def test_an_artefact_saved_again_with_the_same_content_is_the_same(folder):
    make(folder / "model.keras")
    make(folder / "trained.keras")
    assert reason(folder) is None


def test_another_artefact_is_named(folder):
    make(folder / "model.keras", 2.0)
    assert reason(folder) == "model.keras changed"


@pytest.mark.parametrize("name", TRAINING.leaves)
def test_what_it_leaves_must_be_there_whole_and_its_own(folder, name):
    path = folder / name
    before = path.read_bytes()
    make(path, 5.0)
    assert reason(folder) == f"its {name} is not the one it left"
    path.write_bytes(before[: len(before) // 2])
    assert reason(folder) in (f"its {name} is damaged", f"its {name} is not the one it left")
    path.unlink()
    assert reason(folder) == f"its {name} is missing"


def test_the_executed_notebook_must_be_there(folder):
    (folder / "04_training.ipynb").unlink()
    assert reason(folder) == "the executed notebook is missing"


def test_another_version_of_a_library_is_named(folder, monkeypatch):
    real = freshness.metadata.version
    monkeypatch.setattr(freshness.metadata, "version", lambda name: "9.9" if name == "keras" else real(name))
    assert reason(folder) == f"keras {real('keras')} → 9.9"


def test_many_changes_stay_one_line(folder):
    found = reason(folder, epochs=1, seed=2, batch_size=3, warmup=0.5, learning_rate=0.5)
    assert found and found.count("→") == 3 and found.endswith("and 2 more")


def test_a_file_that_a_parameter_names_counts_by_its_content(project):
    notebook, folder, own = chain.BY_NAME["02_dataset"], project / "runs" / "x", project / "own.npz"
    make(own)
    before = freshness.fingerprint(folder, notebook, {"dataset": str(own)})
    make(own, 7)
    after = freshness.fingerprint(folder, notebook, {"dataset": str(own)})
    assert freshness.compare(before, after) == ["the file of parameter dataset changed"]


def test_a_notebook_that_is_no_notebook_says_how_to_restore_it(project):
    TRAINING.path.write_text("{")
    with pytest.raises(freshness.LessonError, match="git checkout"):
        freshness.code_cells(TRAINING)


def made_by_hand(project: Path, run: str = "interactive") -> Path:
    folder = runs.open_run("02_dataset", run, dataset="own.npz", normalization="rows")
    with folder.leave("dataset.npz") as path:
        make(path)
    return folder.path


def test_what_a_learner_made_by_hand_is_kept(project, monkeypatch):
    monkeypatch.setenv("DIGITS_RUNS", str(project / "runs"))
    folder = made_by_hand(project)
    notebook = chain.BY_NAME["02_dataset"]
    record = runs.read_record(folder)
    assert freshness.reason_to_run(folder, notebook, {}, record) is None
    assert freshness.reason_to_run(folder, notebook, {"dataset": "mnist"}, record) is not None
    make(folder / "dataset.npz", 8)
    assert freshness.reason_to_run(folder, notebook, {}, record) is not None
    elsewhere = made_by_hand(project, "fast")
    assert freshness.reason_to_run(elsewhere, notebook, {}, runs.read_record(elsewhere)) is not None
