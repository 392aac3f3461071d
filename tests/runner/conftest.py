"""Fixtures for the tests of the runner."""

import shutil
from pathlib import Path

import pytest
import standins

from runner import run
from runner.settings import read
from series import chain


@pytest.fixture
def notebooks(tmp_path, monkeypatch) -> Path:
    """Stand-ins for the notebooks; the runs are beside them."""
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", standins.make_notebooks(tmp_path / "notebooks"))
    return chain.NOTEBOOKS_FOLDER


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """Stand-ins that ran well once, as `fast`: a folder with `notebooks` and `runs`."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_RUNS", str(folder / "runs"))
        patch.setattr(chain, "NOTEBOOKS_FOLDER", standins.make_notebooks(folder / "notebooks"))
        assert run.run(*read()) == run.DONE
    return folder


@pytest.fixture
def done(finished, notebooks) -> Path:
    """Stand-ins beside a copy of those runs, to go on with; the folder of notebooks."""
    shutil.copytree(finished, notebooks.parent, dirs_exist_ok=True)
    return notebooks


@pytest.fixture
def fast(tmp_path) -> standins.Run:
    """The run `fast` of `notebooks` and `done`."""
    return standins.Run(tmp_path / "runs" / "fast")


@pytest.fixture
def project(tmp_path) -> standins.Project:
    """A copy of the project's code with stand-ins for its notebooks."""
    return standins.Project(tmp_path / "project")
