"""Collect all tests, and run the quick ones that start no kernel, where what Windows lacks is
refused: `python tests/without_posix`. No Windows is at hand, so this is the next best look.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Without tests/notebooks and tests/runner, which start kernels, and tests/browser.
QUICK = (
    "tests/series",
    "tests/helpers",
    "tests/workers",
    "tests/workshop",
    "tests/test_project.py",
)


def pytest(*words: str) -> int:
    """Run pytest without POSIX; its exit code."""
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "WITHOUT_POSIX": "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    collected = pytest("--collect-only", "--no-summary", "-qq", "tests")
    sys.exit(collected or pytest("-m", "not slow and not browser", *QUICK))
