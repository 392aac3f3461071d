"""Settings of all tests: none of them writes into the project's own runs/."""

import os

import pytest

os.environ["MPLBACKEND"] = "Agg"


@pytest.fixture(autouse=True)
def runs_of_their_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that does not say where its runs are gets an empty folder, never a learner's runs/."""
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path_factory.mktemp("runs")))
