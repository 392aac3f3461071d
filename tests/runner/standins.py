"""Stand-ins for the notebooks: their names, artifacts and parameters, without TensorFlow; and
projects that hold them.
"""

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
import pytest

from runner import run
from runner.facts import code_cells
from runner.settings import read
from series import chain

# The digest of a .keras file is of these two parts.
KERAS = """with zipfile.ZipFile(path, "w") as parts:
        for name, content in {"config.json": "{}", "model.weights.h5": str(%s)}.items():
            parts.writestr(name, content)"""
SAVE = {
    "environment.json": "path.write_text('{}')",
    "dataset.npz": "path.write_text(normalization)",
    "model.keras": KERAS % "seed",
    "trained.keras": KERAS % "epochs",
    "history.json": (
        "write_json(path, {'val_loss': [0.6] * epochs, 'seconds': 3.0, 'images_per_second': 150.0, "
        "'batches': {'images': [100, 200, 300], 'loss': [2.3, 1.1, 0.5]}})"
    ),
    "metrics.json": (
        "write_json(path, {'accuracy': 0.9, 'loss': 0.028581565, 'interval': [0.88, 0.92], 'recall': {'0': 0.9}, "
        "'expected_accuracy': expected_accuracy, 'as_expected': 0.9 >= expected_accuracy})"
    ),
    "predictions.npz": "path.write_text('3')",
}
# Not open_run, which imports TensorFlow.
OPEN_RUN = """\
from series.chain import runs_folder
from series.runs import RunFolder
folder = RunFolder("{name}", runs_folder() / run, dict({values}))"""
FIGURES = {"04_training": ["losses-figure"], "05_testing": ["confusion-figure", "worst-figure"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# The parameters are those of the real notebooks.
PARAMETERS = {
    notebook.name: next(cell.source for cell in code_cells(notebook) if "parameters" in cell.tags)
    for notebook in chain.NOTEBOOKS
}


def figure(alt: str) -> str:
    """The source of a cell that shows a picture, as `helpers.figures.show` does."""
    tag = f'<img src="data:image/png;base64,{PIXEL}" alt="{html.escape(alt)}" width="9">'
    return f"from IPython.display import display\ndisplay({{'text/html': {tag!r}, 'text/plain': '[figure]'}}, raw=True)"


def make_notebooks(folder: Path) -> Path:
    """Write the six stand-ins into `folder`."""
    folder.mkdir(parents=True)
    for notebook in chain.NOTEBOOKS:
        name, values = notebook.name, ", ".join(f"{one}={one}" for one in notebook.parameters[1:])
        cells = [
            text(
                "title",
                f"# The {name}\n\nProse. [Next](02_dataset.ipynb), [7](08_scaling_out.ipynb)",
            ),
            code("parameters", PARAMETERS[name], "parameters"),
            code("open-run", OPEN_RUN.format(name=name, values=values)),
            text(
                "work-heading",
                "Some words, then a heading.\n\n## The `work` here\n\n[up](#The-work-here)",
            ),
            code("imports", "import zipfile\nfrom helpers.runs import write_json"),
            code("work", "print('working')"),
            code("my-task", "my_answer = ...", "exercise"),
            code("my-solution", "my_answer = 2", "solution"),
            code("show", "print('a demonstration')", "demo"),
            *(
                code(f"need-{need.split('.')[0]}", f'folder.need("{need}")')
                for need in notebook.needs
            ),
            *(
                code(
                    f"save-{artifact.split('.')[0]}",
                    f'with folder.save("{artifact}") as path:\n    {SAVE[artifact]}',
                )
                for artifact in notebook.saves
            ),
            *(code(one, figure(f"A {one} of <{name}>")) for one in FIGURES.get(name, [])),
            text("points", "## What isn't & what is"),
        ]
        # Without the kernel's name in its metadata, as an editor may leave it.
        whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(
            json.dumps(whole, ensure_ascii=False), encoding="utf-8"
        )
    return folder


def text(identity: str, source: str) -> dict[str, Any]:
    """A cell of prose."""
    return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": source}


def code(identity: str, source: str, *tags: str) -> dict[str, Any]:
    """A code cell that has not run."""
    cell = {"cell_type": "code", "id": identity, "metadata": {"tags": list(tags)}, "source": source}
    return cell | {"execution_count": None, "outputs": []}


def edit_cell(folder: Path, name: str, identity: str, source: str) -> None:
    """Replace the source of one cell of a stand-in."""
    path = folder / f"{name}.ipynb"
    whole = json.loads(path.read_text(encoding="utf-8"))
    next(cell for cell in whole["cells"] if cell["id"] == identity)["source"] = source
    path.write_text(json.dumps(whole), encoding="utf-8")


def go(**asked: Any) -> int:
    """Run what is asked for, with nothing wrong about it; the exit code."""
    found, problems = read(**asked)
    assert problems == []
    return run.run(found, problems)


class Run:
    """What a run's folder holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def record(self) -> dict[str, Any]:
        """The record."""
        return dict(json.loads((self.folder / "run.json").read_text(encoding="utf-8")))

    @property
    def outcomes(self) -> list[str]:
        """The outcome of each notebook."""
        return [entry["outcome"] for entry in self.record["notebooks"].values()]

    @property
    def ran(self) -> list[str]:
        """The notebooks that the last run executed, and that ended well."""
        entries = self.record["notebooks"].items()
        return [name for name, entry in entries if entry["outcome"] == "ok" and not entry["reused"]]

    def cells(self, notebook: str) -> dict[str, dict[str, Any]]:
        """The cells of an executed notebook by their ids."""
        content = json.loads((self.folder / f"{notebook}.ipynb").read_text(encoding="utf-8"))
        return {cell["id"]: cell for cell in content["cells"]}

    def printed(self, notebook: str, cell: str) -> str:
        """What a cell printed."""
        return "".join(
            line
            for output in self.cells(notebook)[cell]["outputs"]
            for line in output.get("text", [])
        )


class Project:
    """A copy of this project's code with stand-ins for its notebooks, to run the commands in as
    users do.
    """

    def __init__(self, folder: Path) -> None:
        self._point_at(folder)
        for name in ("series", "helpers", "runner", "profiles"):
            shutil.copytree(
                chain.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        try:
            (folder / "data").symlink_to(chain.DATA_FOLDER)
        except OSError:  # on Windows a link needs a right
            shutil.copytree(chain.DATA_FOLDER, folder / "data")
        make_notebooks(self.notebooks)

    def _point_at(self, folder: Path) -> None:
        self.folder, self.runs = folder, folder / "runs"
        self.notebooks = folder / "notebooks"
        self.fast = Run(self.runs / "fast")

    @classmethod
    def at(cls, folder: Path) -> "Project":
        """The project that is in a folder already."""
        project = cls.__new__(cls)
        project._point_at(folder)
        return project

    @contextlib.contextmanager
    def start(
        self, *words: str, before: tuple[str, ...] = (), **options: Any
    ) -> Iterator[subprocess.Popen[str]]:
        """Start `python -m runner`; it is killed when the block ends. Standard error goes where
        standard output does.
        """
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "DIGITS_RUNS": str(self.runs)}
        environment |= options.pop("env", {})
        usual: dict[str, Any] = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "cwd": self.folder,
        }
        command = [*before, sys.executable, "-m", "runner", *words]
        with subprocess.Popen(
            command, env=environment, encoding="utf-8", **(usual | options)
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: str, **options: Any) -> tuple[int, str]:
        """Run `python -m runner`; its exit code and everything that it printed."""
        with self.start(*words, **options) as process:
            output, _ = process.communicate(timeout=120)
            return process.returncode, output or ""

    def stop_in(self, notebook: str) -> Path:
        """Let a notebook wait for long in its cell `work`; a file that is there as soon as it does."""
        reached = self.folder / "reached"
        source = f"open({str(reached)!r}, 'w').close()\nimport time\ntime.sleep(600)"
        edit_cell(self.notebooks, notebook, "work", source)
        return reached


def environment(variables: dict[str, str]) -> dict[str, str]:
    """The environment of a command that runs the project's code, with more variables."""
    return {**os.environ, "PYTHONPATH": str(chain.ROOT)} | variables


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a file is there that this process, or a kernel of its, writes."""
    while not path.exists():
        if process.poll() is not None:
            output, _ = process.communicate()
            pytest.fail(f"it ended with {process.returncode} before {path} came:\n{output}")
        time.sleep(0.02)


def processes_in(folder: Path) -> list[int]:
    """The processes that work in a folder, such as kernels in a folder of notebooks."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found
