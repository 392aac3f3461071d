"""When a notebook must run again: what its result was made from, then and now."""

import os

import pytest
from standins import edit_cell

from runner import freshness, record
from runner.settings import resolve
from series import chain


def reason() -> str | None:
    asked, dataset = resolve()[0], chain.BY_NAME["02_dataset"]
    kept = record.load(asked.folder)
    assert kept
    return freshness.reason_to_run(
        asked, dataset, freshness.fingerprint(asked, dataset), kept.finished["02_dataset"]
    )


@pytest.mark.parametrize(
    ("content", "state"), [(None, "missing"), ("another file", "not the one it saved")]
)
def test_what_it_saved_must_be_there_as_it_was(done, fast, content, state):
    path = fast.folder / "dataset.npz"
    path.unlink() if content is None else path.write_text(content)
    assert reason() == f"its dataset.npz is {state}"


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


def test_the_code_of_the_workers_counts_for_08():
    found = freshness.fingerprint(resolve()[0], chain.SCALING)
    assert {"workers/engine.py", "helpers/training.py"} <= set(found["code"])
