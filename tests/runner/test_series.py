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


def run(runs: Path, *words: str) -> str:
    """Run the notebooks; what was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "runner", "run", *words],
        env=os.environ | {"PYTHONPATH": str(chain.ROOT), "DIGITS_RUNS": str(runs)},
        cwd=runs.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series") / "it's {runs} – é"
    folder.mkdir()
    return folder


def test_the_six_in_order_and_again(runs):
    shown = run(runs, "--profile", "smoke", "--name", "smoke-test")
    kept = Run(runs / "smoke-test").record
    assert list(kept["notebooks"]) == [notebook.name for notebook in chain.NOTEBOOKS]
    for name, entry in kept["notebooks"].items():
        assert entry["outcome"] == "ok", name
        assert 0 < entry["peak_memory_mb"] < 1500, name
    assert kept["notebooks"]["04_training"]["images_per_second"] > 0
    assert ", as expected: " in shown
    report = (runs / "smoke-test" / "report.html").read_text(encoding="utf-8")
    pictures = report.split("<h2>Contents")[0].count("<img ")
    assert pictures == 3, "which the report begins with"
    run(runs, "--name", "smoke-test")
    assert Run(runs / "smoke-test").ran == ["01_setup"]


def test_catching_up_makes_what_the_rest_needs(runs):
    run(runs, "--profile", "smoke", "--name", "late", "--to", "05", "--catch-up")
    assert Run(runs / "late").record["metrics"]["accuracy"] > 0.8


def test_the_whole_chain_on_a_folder_of_pictures_in_color_in_the_fastest_number_format(runs):
    picture = ["-p", "picture", "data/doodles/fish/00.png"]
    run(runs, "--profile", "doodles", "-p", "precision", "auto", *picture)
    metrics = read_json(runs / "doodles" / "metrics.json")
    assert list(metrics["precision"]) == ["fish", "flower", "rocket", "umbrella"]
    assert metrics["as_expected"] is True
