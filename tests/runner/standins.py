"""Stand-ins for the notebooks: their names, artifacts and parameters, without TensorFlow; and projects that hold them."""

import contextlib
import html
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from helpers import chain
from helpers.parameters import PARAMETERS

DEFAULTS = {
    "run": "interactive", "dataset": "mnist", "normalization": "rows", "image_size": 28, "test_share": 0.2, "seed": 1,
    "filters": 64, "precision": "float32", "epochs": 3, "batch_size": 256, "learning_rate": 0.001,
    "schedule": "constant", "warmup": 0.25, "train_images": 0, "test_images": 0, "expected_accuracy": 0.98,
    "picture": "", "workers": 2, "practice_images": 1000,
}  # fmt: skip
SAVE = {
    "environment.json": "path.write_text('{}')",
    "dataset.npz": "np.savez(path, x=np.arange(9), normalization=np.array(normalization))",
    "model.keras": "save_model(path, seed)",
    "trained.keras": "save_model(path, epochs)",
    "history.json": (
        "path.write_text(json.dumps({'epochs': epochs, 'loss': [0.5] * epochs, 'val_loss': [0.6] * epochs, "
        "'seconds': 3.0, 'images_per_second': 150.0, 'batches': {'images': [100, 200, 300], 'loss': [2.3, 1.1, 0.5]}}))"
    ),
    "metrics.json": (
        "path.write_text(json.dumps({'accuracy': 0.9, 'loss': 0.028581565, 'interval': [0.88, 0.92], "
        "'expected_accuracy': expected_accuracy, 'as_expected': 0.9 >= expected_accuracy, 'images': 100}))"
    ),
    "predictions.npz": "np.savez(path, predicted=np.arange(3))",
}
SAVE_MODEL = """\
import json, time, zipfile

def save_model(path, value):
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("config.json", "{}")
        parts.writestr("metadata.json", json.dumps({"date_saved": str(time.time())}))
        parts.writestr("model.weights.h5", str(value))"""
# Not open_run, which imports TensorFlow.
OPEN_RUN = """\
from helpers.chain import runs_folder
from helpers.runs import RunFolder
folder = RunFolder("{name}", runs_folder() / run, dict({values}))"""
FIGURES = {"04_training": ["losses-figure"], "05_testing": ["confusion-figure", "worst-figure"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def figure(alt: str) -> str:
    """The source of a cell that shows a picture, as `helpers.figures.show` does."""
    tag = f'<img src="data:image/png;base64,{PIXEL}" alt="{html.escape(alt)}" width="9">'
    return f"from IPython.display import display\ndisplay({{'text/html': {tag!r}, 'text/plain': '[figure]'}}, raw=True)"


def make_notebooks(folder: Path) -> Path:
    """Write the six stand-ins into `folder`."""
    folder.mkdir(parents=True)
    for notebook in chain.NOTEBOOKS:
        write_notebook(folder, notebook)
    return folder


def write_notebook(folder: Path, notebook: chain.Notebook) -> None:
    """Write one stand-in."""
    lines = [
        f"{name}: {PARAMETERS[name].type.__name__} = {DEFAULTS[name]!r}  # of {name}" for name in notebook.parameters
    ]
    own = notebook.parameters[1:]
    cells = [
        (
            "markdown",
            "title",
            "",
            f"# The {notebook.name}\n\nProse. [Next](02_dataset.ipynb), [7](07_scaling_out.ipynb)",
        ),
        # The comment keeps IPython from taking a cell of the one line `run: …` for its magic %run.
        ("code", "parameters", "parameters", "\n".join(["# The parameters", *lines])),
        ("code", "open-run", "", OPEN_RUN.format(name=notebook.name, values=", ".join(f"{n}={n}" for n in own))),
        ("markdown", "work-heading", "", "Some words, then a heading.\n\n## The `work` here\n\n[up](#The-work-here)"),
        ("code", "imports", "", f"import numpy as np\n\n{SAVE_MODEL}"),
        ("code", "work", "", "print('working')"),
        ("code", "my-task", "exercise", "my_answer = ..."),
        ("code", "my-check", "check", "print('to do')"),
        ("code", "my-solution", "solution", "my_answer = 2"),
        ("code", "show", "demo", "print('a demonstration')"),
        *(("code", f"need-{need.split('.')[0]}", "", f'folder.need("{need}")') for need in notebook.needs),
        *(("code", f"save-{saved.split('.')[0]}", "", save(saved)) for saved in notebook.saves),
        *(("code", name, "", figure(f"A {name} of <{notebook.name}>")) for name in FIGURES.get(notebook.name, [])),
        ("markdown", "points", "", "## Key points"),
    ]
    content = [
        {
            "cell_type": kind,
            "id": identity,
            "metadata": {"tags": [tag]} if tag else {},
            "source": source.splitlines(keepends=True),
            **({"execution_count": None, "outputs": []} if kind == "code" else {}),
        }
        for kind, identity, tag, source in cells
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": content, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{notebook.name}.ipynb").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")


def save(artifact: str) -> str:
    """The source of a cell that saves an artifact."""
    return f'with folder.save("{artifact}") as path:\n    {SAVE[artifact]}'


def edit_cell(folder: Path, name: str, identity: str, source: str, tags: tuple[str, ...] = ()) -> None:
    """Replace the source of one cell of a stand-in."""
    path = folder / f"{name}.ipynb"
    whole = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in whole["cells"] if cell["id"] == identity)
    cell["source"] = source
    if tags:
        cell["metadata"]["tags"] = list(tags)
    path.write_text(json.dumps(whole), encoding="utf-8")


def record_of(name: str = "fast") -> dict[str, Any]:
    """The record of a run."""
    found = json.loads((chain.runs_folder() / name / "run.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def executed(notebook: str, name: str = "fast") -> list[dict[str, Any]]:
    """The cells of an executed notebook."""
    text = (chain.runs_folder() / name / f"{notebook}.ipynb").read_text(encoding="utf-8")
    return list(json.loads(text)["cells"])


class Project:
    """A copy of this project's code with stand-ins for its notebooks, to run the commands in as users do."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, folder / "runs"
        for name in ("helpers", "runner", "profiles"):
            shutil.copytree(chain.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "data").symlink_to(chain.DATA_FOLDER)
        self.notebooks = make_notebooks(folder / "notebooks")

    @contextlib.contextmanager
    def start(self, *words: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        """Start `python -m runner`; it is killed when the block ends. Standard error goes where standard output does."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "DIGITS_RUNS": str(self.runs)}
        environment |= options.pop("env", {})
        usual: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "cwd": self.folder}
        command = [sys.executable, "-m", "runner", *words]
        process: subprocess.Popen[str] = subprocess.Popen(
            command, env=environment, encoding="utf-8", **(usual | options)
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def run(self, *words: str, **options: Any) -> tuple[int, str]:
        """Run `python -m runner`; its exit code and everything that it printed."""
        with self.start(*words, **options) as process:
            output, _ = process.communicate(timeout=120)
            return process.returncode, output or ""

    def record(self, name: str = "fast") -> dict[str, Any]:
        """The record of a run."""
        return dict(json.loads((self.runs / name / "run.json").read_text(encoding="utf-8")))

    def outcomes(self, name: str = "fast") -> list[str]:
        """The outcome of each notebook of a run."""
        return [entry["outcome"] for entry in self.record(name)["notebooks"].values()]

    def stop_in(self, notebook: str) -> Path:
        """Let a notebook wait for long in its cell `work`; a file that is there as soon as it does."""
        reached = self.folder / "reached"
        edit_cell(
            self.notebooks, notebook, "work", f"open({str(reached)!r}, 'w').close()\nimport time\ntime.sleep(600)"
        )
        return reached


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


def processes_in(folder: Path) -> list[int]:
    """The processes that work in a folder, such as kernels in a folder of notebooks."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            pass
    return found
