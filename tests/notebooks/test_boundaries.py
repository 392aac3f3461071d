"""02 to 07 at the edge of what they take: small images in color with two classes, the smallest
network, and hardly any images.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from series import chain

pytestmark = pytest.mark.slow

SMALLEST = {
    "filters": 1, "epochs": 1, "batch_size": 16, "train_images": 0, "test_images": 0,
    "expected_accuracy": 0, "compare_images": 100, "judge_images": 10, "compare_seeds": 1,
    "final_epochs": 1,
}  # fmt: skip
# What a reader takes for a fault, wherever it is printed. (Not `nan` in a word such as `finance`.)
FAULTS = re.compile(r"\bnan\b|\bWARNING\b|Warning:", re.IGNORECASE)


def bars(count: int, classes: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Images with a bar each, whose place tells the class."""
    random = np.random.default_rng(count)
    labels = np.arange(count) % classes
    images = random.integers(0, 60, (count, *shape), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 1 + label * (shape[1] - 2) // classes] = 255
        image[..., :1] //= 1 + (len(shape) == 3)  # in color, less red
    return images, labels


def complaints(notebook: Path) -> list[str]:
    """What an executed notebook shows that it shouldn't: a line each, with the cell's id."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    found = []
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts = [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
            # Not what a picture looks like as text.
            whole = re.sub(r"base64,[\w+/=]+", "", "".join("".join(text) for text in texts))
            if output["output_type"] == "error" or output.get("name") == "stderr":
                found.append(f"{cell['id']}: {whole or output.get('evalue')}")
            found += [f"{cell['id']}: {line}" for line in whole.split("\n") if FAULTS.search(line)]
    return found


def test_all_notebooks_run_at_the_edge_and_say_nothing_odd(tmp_path: Path) -> None:
    shape, classes = (12, 13, 3), 2
    (x_train, y_train), (x_test, y_test) = (bars(count, classes, shape) for count in (50, 20))
    np.savez(tmp_path / "own.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    values = SMALLEST | {"dataset": str(tmp_path / "own.npz")}
    words = [word for name, value in values.items() for word in ("-p", name, str(value))]
    run = ["-m", "runner", "run", "--profile", "smoke", "--name", "edge"]
    variables = {"PYTHONPATH": str(chain.ROOT), "DIGITS_RUNS": str(tmp_path / "runs")}
    ran = subprocess.run(
        [sys.executable, *run, "--from", "02", "--to", "07", *words],
        cwd=chain.ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    notebooks = sorted((tmp_path / "runs" / "edge").glob("*.ipynb"))
    assert [path.stem[:2] for path in notebooks] == ["02", "03", "04", "05", "06", "07"]
    assert {path.name: complaints(path) for path in notebooks} == {
        path.name: [] for path in notebooks
    }
