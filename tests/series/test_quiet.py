"""The quiet import of TensorFlow: nothing in red when it works, everything when it doesn't."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT = "from series.quiet import import_tensorflow; import_tensorflow(); "


def run(code: str, path: Path | str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)  # as a reader's terminal has it
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_tensorflow_and_its_first_operation_write_nothing_and_what_comes_later_is_seen() -> None:
    later = "import os, tensorflow as tf; print(float(tf.reduce_sum([1.0, 2.0]))); os.write(2, b'later')"
    result = run(IMPORT + later)
    assert (result.returncode, result.stdout, result.stderr) == (0, "3.0\n", "later")


def test_an_import_that_fails_shows_what_was_written(tmp_path: Path) -> None:
    failing = "import os; os.write(2, b'the reason why\\n'); raise ImportError"
    (tmp_path / "tensorflow.py").write_text(failing)
    (tmp_path / "keras.py").touch()
    result = run(IMPORT, tmp_path)
    assert result.returncode != 0
    assert result.stderr.startswith("the reason why\n")
    assert "ImportError" in result.stderr
