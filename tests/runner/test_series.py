"""The six notebooks in order under the headless runner, as a user starts it: at smoke scale, and on
other data.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from standins import Run

from series import chain
from series.files import read_json

pytestmark = pytest.mark.slow


def run(runs: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command, variables = (
        [sys.executable, "-m", "runner", "run", *words],
        os.environ | {"PYTHONPATH": str(chain.ROOT)},
    )
    return subprocess.run(
        command,
        env=variables | {"DIGITS_RUNS": str(runs)},
        cwd=runs.parent,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series") / "it's {runs} – é"
    folder.mkdir()
    return folder


def test_the_six_in_order_and_again(runs):
    first = run(runs, "--profile", "smoke", "--name", "a smoke test")
    assert first.returncode == 0, first.stdout + first.stderr
    kept = Run(runs / "a smoke test").record
    assert list(kept["notebooks"]) == [notebook.name for notebook in chain.NOTEBOOKS]
    for name, entry in kept["notebooks"].items():
        assert entry["outcome"] == "ok", name
        assert 0 < entry["peak_memory_mb"] < 1500, name
    assert kept["notebooks"]["04_training"]["images_per_second"] > 0
    assert ", as expected: " in first.stdout
    report = (runs / "a smoke test" / "report.html").read_text(encoding="utf-8")
    assert report.split("<h2>Contents")[0].count("<img ") == 3, (
        "the pictures that the report begins with"
    )
    again = run(runs, "--name", "a smoke test")
    assert again.returncode == 0, again.stdout + again.stderr
    assert Run(runs / "a smoke test").ran == ["01_setup"]


def test_catching_up_makes_what_the_rest_needs(runs):
    caught_up = run(runs, "--profile", "smoke", "--name", "late", "--to", "05", "--catch-up")
    assert caught_up.returncode == 0, caught_up.stdout + caught_up.stderr
    assert Run(runs / "late").record["metrics"]["accuracy"] > 0.8


def test_the_whole_chain_on_a_folder_of_pictures_in_color_in_the_fastest_number_format(runs):
    done = run(
        runs,
        "--profile",
        "doodles",
        "-p",
        "precision",
        "auto",
        "-p",
        "picture",
        "data/doodles/fish/00.png",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = read_json(runs / "doodles" / "metrics.json")
    assert list(metrics["precision"]) == ["fish", "flower", "rocket", "umbrella"]
    assert metrics["as_expected"] is True
