"""A tiny series for the tests of the runner: the six notebooks' names, artefacts and parameters, without TensorFlow."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from helpers import chain

DRIVER = """
import sys
from pathlib import Path
from helpers import chain
chain.NOTEBOOKS_FOLDER = Path(sys.argv.pop(1))
from helpers.runner.cli import main
main(prog_name="python -m helpers")
"""
LEAVE = {
    "environment.json": "path.write_text('{}')",
    "dataset.npz": "np.savez(path, x=np.arange(9), normalization=np.array(normalization))",
    "model.keras": "save_model(path, seed)",
    "trained.keras": "save_model(path, epochs)",
    "history.json": (
        "path.write_text(json.dumps({'epochs': epochs, 'loss': [0.5] * epochs, 'val_loss': [0.6] * epochs, "
        "'accuracy': [0.8] * epochs, 'val_accuracy': [0.7] * epochs, 'seconds': 3.0, 'images_per_second': 150.0, "
        "'resumed_at': 0, 'batches': {'images': [100, 200, 300], 'loss': [2.3, 1.1, 0.5]}}))"
    ),
    "metrics.json": (
        "path.write_text(json.dumps({'accuracy': 0.9, 'loss': 0.4, 'interval': [0.88, 0.92], "
        "'expected_accuracy': expected_accuracy, 'as_expected': 0.9 >= expected_accuracy, 'images': 100}))"
    ),
    "predictions.npz": "np.savez(path, predicted=np.arange(3))",
}
SAVE_MODEL = """\
import json, zipfile

def save_model(path, value):
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("config.json", "{}")
        parts.writestr("metadata.json", json.dumps({"date_saved": str(__import__("time").time())}))
        parts.writestr("model.weights.h5", str(value))"""
FIGURE = """\
from IPython.display import Image, display
pixel = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
                      "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082")
display(Image(data=pixel, format="png", alt="A red pixel & its <story>"))"""


def make_series(folder: Path) -> Path:
    """Write the six tiny notebooks into `folder`."""
    folder.mkdir(parents=True)
    for notebook in chain.NOTEBOOKS:
        write_notebook(folder, notebook.name, cells_of(notebook))
    return folder


def cells_of(notebook: chain.Notebook) -> list[tuple[str, str, str]]:
    """The cells of a tiny notebook: kind, id, source."""
    parameters = [parameter for parameter in chain.PARAMETERS if notebook.name in parameter.notebooks]
    literals = [f"{p.name}: {p.type.__name__} = {p.default!r}  # {p.meaning}" for p in parameters]
    others = "".join(f", {p.name}={p.name}" for p in parameters if p.name != "run")
    cells = [
        ("markdown", "title", f"# {notebook.name}\n\nProse. [Next](02_dataset.ipynb)"),
        # The comment keeps IPython from taking a cell of the one line `run: …` for its magic %run.
        ("code", "parameters", "\n".join(["# The parameters.", *literals])),
        ("code", "open-run", f'from helpers.runs import open_run\n\nfolder = open_run("{notebook.name}", run{others})'),
        ("markdown", "work-heading", "## The `work` here"),
        ("code", "imports", f"import numpy as np\n\n{SAVE_MODEL}"),
        ("code", "work", "print('working')"),
        *(("code", f"need-{need.split('.')[0]}", f'folder.need("{need}")\nprint("ok")') for need in notebook.needs),
        *(
            (
                "code",
                f"leave-{artefact.split('.')[0]}",
                f'with folder.leave("{artefact}") as path:\n    {LEAVE[artefact]}',
            )
            for artefact in notebook.leaves
        ),
    ]
    if notebook.name == "06_inference":
        cells.append(("code", "figure", FIGURE))
    return cells


def write_notebook(folder: Path, name: str, cells: list[tuple[str, str, str]]) -> None:
    content = [
        {
            "cell_type": kind,
            "id": identity,
            "metadata": {"tags": ["parameters"]} if identity == "parameters" else {},
            "source": source.splitlines(keepends=True),
            **({"execution_count": 1, "outputs": []} if kind == "code" else {}),
        }
        for kind, identity, source in cells
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": content, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def edit_cell(folder: Path, name: str, identity: str, source: str) -> None:
    """Replace the source of one cell of a notebook of the series."""
    path = folder / f"{name}.ipynb"
    whole = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in whole["cells"] if cell["id"] == identity)
    cell["source"] = source.splitlines(keepends=True)
    path.write_text(json.dumps(whole), encoding="utf-8")


def start(notebooks: Path, *words: str, **options: Any) -> subprocess.Popen[str]:
    """Start the command line on the series in `notebooks`, as a process of its own."""
    command = [sys.executable, "-c", DRIVER, str(notebooks), *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, text=True, encoding="utf-8", **{**pipes, **options})


def run(notebooks: Path, *words: str, timeout: float = 120) -> tuple[int, str]:
    """Run the command line on the series in `notebooks`; its exit code and everything that it printed."""
    process = start(notebooks, *words)
    try:
        output, _ = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return process.returncode, output


def record_of(name: str = "fast") -> dict[str, Any]:
    """The record of a run."""
    found = json.loads((chain.runs_folder() / name / "run.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def outcomes(name: str = "fast") -> dict[str, str]:
    """The outcome of each notebook of a run."""
    return {notebook: facts["outcome"] for notebook, facts in record_of(name)["notebooks"].items()}


def wait_for(path: Path, seconds: float = 60) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    """Whether a process is still running."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        return state != "Z"
    except FileNotFoundError:
        return False
    except OSError:
        os.kill(process, signal.SIG_DFL)
        return True
