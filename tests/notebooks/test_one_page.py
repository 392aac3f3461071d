"""The page of plain Keras and NumPy at the end of 06 runs as a file of its own."""

import os
import re
import subprocess
import sys

import gate
import numpy as np
import pytest

from helpers.data import load_mnist
from series import chain


def one_page() -> str:
    """The text that a reader copies."""
    cells = gate.read_cells(chain.BY_NAME["06_inference"].path)
    [source] = [cell.source for cell in cells if cell.id == "one-page"]
    [code] = re.findall(r"```python\n(.*?)```", source, flags=re.DOTALL)
    return code


@pytest.mark.slow
def test_all_of_it_on_one_page_runs_as_a_file_of_its_own(tmp_path):
    """It finds a slice of the data where all of it would be; nothing else is changed."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    (tmp_path / "data").mkdir()
    np.savez(
        tmp_path / "data" / "mnist.npz",
        x_train=x_train[:4000],
        y_train=y_train[:4000],
        x_test=x_test[:500],
        y_test=y_test[:500],
    )
    (tmp_path / "digits.py").write_text(one_page(), encoding="utf-8")
    # In a home of its own, or Keras' settings of whoever runs this would count.
    environment = {**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "PYTHONIOENCODING": "utf-8"}
    environment.pop("PYTHONPATH", None)
    ran = subprocess.run(
        [sys.executable, "digits.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert (tmp_path / "digits.keras").exists()
    accuracy = re.search(r"'accuracy': ([0-9.]+)", ran.stdout)
    assert accuracy and float(accuracy[1]) > 0.7, ran.stdout[-1000:]
    assert re.search(r"read: \[[0-9 ]+\] true: \[[0-9 ]+\]", ran.stdout)


def test_nothing_on_the_page_is_ours_and_it_fits_on_one():
    code = one_page()
    assert set(re.findall(r"^(?:import|from) (\w+)", code, flags=re.MULTILINE)) == {
        "keras",
        "numpy",
    }
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100
