"""When a notebook must run again: what its result was made from, then and now."""

import os

import pytest
from standins import edit_cell

from helpers import chain
from runner import freshness, record
from runner.settings import resolve


def reason(notebook: str = "02_dataset", **options) -> str | None:
    asked, problems = resolve(**options)
    assert problems == []
    kept, one = record.load(asked.folder), chain.BY_NAME[notebook]
    assert kept
    return freshness.reason_to_run(asked, one, freshness.fingerprint(asked, one), kept.finished.get(notebook))


def test_what_has_not_changed_is_up_to_date_and_01_always_runs(done):
    assert [reason(notebook.name) for notebook in chain.NOTEBOOKS[1:]] == [None] * 5
    assert "always runs" in (reason("01_setup") or "")


def test_a_changed_cell_is_named_and_prose_does_not_count(done):
    edit_cell(done, "02_dataset", "title", "# Other words")
    assert reason() is None
    edit_cell(done, "02_dataset", "work", "print('something else')")
    assert reason() == "code cell work changed"
    assert reason("03_model") is None, "not before what it needs has changed"


def test_a_parameter_is_named_with_its_old_and_new_value(done):
    assert "seed: 1 → 5" in (reason(pairs=[("seed", "5")]) or "")


@pytest.mark.parametrize(("content", "state"), [(None, "missing"), ("another file", "not the one it saved")])
def test_what_it_saved_must_be_there_as_it_was(done, fast, content, state):
    path = fast.folder / "dataset.npz"
    path.unlink() if content is None else path.write_text(content)
    assert reason() == f"its dataset.npz is {state}"


def test_a_truncated_executed_notebook_is_no_notebook(done, fast):
    path = fast.folder / "02_dataset.ipynb"
    path.write_bytes(path.read_bytes()[:200])
    assert "notebook" in (reason() or "")


def test_a_folder_that_a_parameter_names_counts_by_names_sizes_and_dates(tmp_path):
    def files() -> str:
        asked = resolve(pairs=[("dataset", str(tmp_path))])[0]
        return freshness.fingerprint(asked, chain.BY_NAME["02_dataset"])["files"]["dataset"]

    (tmp_path / "one.png").write_bytes(b"one")
    os.utime(tmp_path / "one.png", (1, 1))
    seen = [files()]
    os.utime(tmp_path / "one.png", (2, 2))
    seen.append(files())
    (tmp_path / "two.png").touch()
    seen.append(files())
    assert len(set(seen)) == 3


def test_an_expression_among_the_parameters(done):
    source = "# The parameters\nrun: str = 'interactive'\nimage_size: int = 4 * 7  # a # sign\nseed: int = 1"
    edit_cell(done, "02_dataset", "parameters", source)
    assert "image_size: 28 → 4 * 7" in (reason() or "")


def test_the_code_of_the_workers_counts_for_07():
    found = freshness.fingerprint(resolve()[0], chain.SCALING)
    assert {"workers/engine.py", "helpers/training.py"} <= set(found["code"])
