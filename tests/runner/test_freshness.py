"""When a notebook must run again: what its result was made from, then and now."""

import os

import pytest
from standins import edit_cell

from helpers import chain
from runner import freshness, record
from runner.notebooks import code_cells, declared_parameters
from runner.settings import resolve


def reason(notebook: str = "02_dataset", **asked) -> str | None:
    settings, problems = resolve(**asked)
    assert problems == []
    kept = record.load(settings.folder)
    now = freshness.fingerprint(settings.folder, chain.BY_NAME[notebook], settings.values)
    return freshness.reason_to_run(
        settings, chain.BY_NAME[notebook], now, kept.finished.get(notebook) if kept else None
    )


def test_what_has_not_changed_is_up_to_date_and_01_always_runs(done):
    assert [reason(notebook.name) for notebook in chain.NOTEBOOKS[1:]] == [None] * 5
    assert "always runs" in (reason("01_setup") or "")


def test_a_changed_cell_is_named_and_prose_does_not_count(done):
    edit_cell(done, "02_dataset", "title", "# Other words")
    assert reason() is None
    edit_cell(done, "02_dataset", "work", "print('something else')")
    assert "work" in (reason() or "")
    assert reason("03_model") is None, "not before what it needs has changed"


def test_a_parameter_is_named_with_its_old_and_new_value(done):
    assert "seed: 1 → 5" in (reason(pairs=[("seed", "5")]) or "")


@pytest.mark.parametrize("change", ["unlink", "write_text"])
def test_what_it_saved_must_be_there_as_it_was(done, change):
    path = chain.runs_folder() / "fast" / "dataset.npz"
    path.unlink() if change == "unlink" else path.write_text("another file")
    assert "dataset.npz" in (reason() or "")


def test_a_truncated_executed_notebook_is_no_notebook(done):
    path = chain.runs_folder() / "fast" / "02_dataset.ipynb"
    path.write_bytes(path.read_bytes()[:200])
    assert "notebook" in (reason() or "")


def test_a_changed_file_that_a_parameter_names_counts(done, tmp_path):
    picture = tmp_path / "my.png"
    picture.write_bytes(b"one")
    os.utime(picture, (1, 1))
    before = freshness.fingerprint(tmp_path, chain.BY_NAME["06_inference"], {"picture": str(picture)})
    picture.write_bytes(b"two!")
    assert freshness.fingerprint(tmp_path, chain.BY_NAME["06_inference"], {"picture": str(picture)}) != before


def test_a_large_folder_of_pictures_counts_by_names_sizes_and_dates(tmp_path, monkeypatch):
    monkeypatch.setattr(freshness, "HASHED", 10)
    monkeypatch.setattr(freshness, "digest_or_state", lambda path: pytest.fail(f"read {path}"))
    (tmp_path / "one.png").write_bytes(b"x" * 11)
    folder = {"dataset": str(tmp_path)}
    notebook = chain.BY_NAME["02_dataset"]
    before = freshness.fingerprint(tmp_path, notebook, folder)["files"]
    (tmp_path / "two.png").touch()
    assert freshness.fingerprint(tmp_path, notebook, folder)["files"] != before


def test_an_expression_and_a_comment_among_the_parameters(done):
    source = "# The parameters\nrun: str = 'interactive'  # run\nimage_size: int = 4 * 7  # a # sign\nseed: int = 1"
    edit_cell(done, "02_dataset", "parameters", source)
    declared = declared_parameters(code_cells(chain.BY_NAME["02_dataset"]))
    assert (declared["image_size"].value, declared["image_size"].meaning) == ("4 * 7", "a # sign")
    assert "image_size: 28 → 4 * 7" in (reason() or "")


def test_the_code_of_the_workers_counts_for_07():
    found = freshness.fingerprint(chain.runs_folder(), chain.SCALING, {})
    assert {"workers/engine.py", "helpers/training.py"} <= set(found["code"])
