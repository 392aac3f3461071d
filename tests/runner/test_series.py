"""The six notebooks in order under the headless runner, as a user starts it: at smoke scale, and on other data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import chain

pytestmark = pytest.mark.slow


def run(runs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "helpers", "run", *arguments],
        env={**os.environ, "DIGITS_RUNS": str(runs)},
        cwd=runs.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def record(runs: Path, name: str) -> dict:
    return json.loads((runs / name / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series") / "it's {runs} – é"
    folder.mkdir()
    return folder


def test_the_six_in_order_and_again(runs: Path) -> None:
    first = run(runs, "--profile", "smoke", "--name", "a smoke test")
    assert first.returncode == 0, first.stdout + first.stderr
    kept = record(runs, "a smoke test")
    assert list(kept["notebooks"]) == [notebook.name for notebook in chain.NOTEBOOKS]
    for name, facts in kept["notebooks"].items():
        assert facts["outcome"] == "ok", name
        assert 0 < facts["peak_memory_mb"] < 1500, name
        assert (runs / "a smoke test" / f"{name}.ipynb").is_file()
    assert kept["notebooks"]["04_training"]["images_per_second"] > 0
    assert ", as expected: " in first.stdout
    again = run(runs, "--name", "a smoke test")
    assert again.returncode == 0, again.stdout + again.stderr
    reused = {name for name, facts in record(runs, "a smoke test")["notebooks"].items() if facts["reused"]}
    assert reused == {notebook.name for notebook in chain.NOTEBOOKS} - {"01_setup"}


def test_the_whole_chain_on_a_folder_of_pictures_in_colour_over_two_devices_in_mixed_precision(runs: Path) -> None:
    settings = ["-p", "precision", "mixed_bfloat16", "-p", "strategy", "mirrored"]
    settings += ["-p", "picture", "data/doodles/fish/00.png"]
    done = run(runs, "--profile", "doodles", *settings)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads((runs / "doodles" / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics["precision"]) == ["fish", "flower", "rocket", "umbrella"]
    assert metrics["as_expected"] is True
