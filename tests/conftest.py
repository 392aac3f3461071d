"""Settings of all tests: none of them writes into the project's own runs/."""

import os
import sys

import pytest

os.environ["MPLBACKEND"] = "Agg"
POSIX = sys.platform != "win32"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count as left out, what is about signals, terminals and links of POSIX."""
    left_out = [] if POSIX else [item for item in items if item.get_closest_marker("posix")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def runs_of_their_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that does not say where its runs are gets an empty folder, never a learner's runs/."""
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path_factory.mktemp("runs")))
