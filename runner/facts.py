"""The facts that a plan is made from: what is in the run's folder and in the project right now.

In the notebooks' code cells every character counts; of the project's other files, what the chain
declares. Comments and prose never count. Nothing here imports TensorFlow; and notebooks are read as
JSON, since importing nbformat or papermill takes seconds, and a run must be refused sooner.
"""

import ast
import contextlib
import functools
import hashlib
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from runner.record import read_quietly
from runner.request import RunRequest
from series import chain, files, runs
from series.chain import Notebook
from series.errors import LessonError

MISSING, DAMAGED = "missing", "damaged"
SHOWN_PACKAGES = ("matplotlib", "pillow")  # every figure is drawn and stored with them

version_of = functools.cache(metadata.version)  # read from files, and asked for at every step
Inputs = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A training that was cut short.

    Attributes:
        epochs: how many of its epochs are finished.
        recipe: what it is made from, as `RunFolder.recipe` gives it.
    """

    epochs: int
    recipe: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Facts:
    """What a plan is made from.

    Attributes:
        inputs: by notebook, everything that its result depends on, each part by itself so that a
            change can be named: cells, modules, parameters, files that parameters name, data,
            needs, versions; and `shown`, what only changes what a reader sees.
        artifacts: by name, the digest of what each holds, or `missing`, or `damaged`.
        recorded: by name, what the record says of each artifact.
        executed: the notebooks whose executed copy is there, whole.
        checkpoints: by notebook, the training that was cut short there.
    """

    inputs: dict[str, Inputs]
    artifacts: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, dict[str, Any]] = field(default_factory=dict)
    executed: frozenset[str] = frozenset()
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)

    def made_with(self, notebook: Notebook) -> dict[str, Any]:
        """The parameters that the record names of what the notebook saved, by hand or headless;
        none where nothing is recorded.
        """
        for name in notebook.saves:
            if name in self.recorded:
                return dict(self.recorded[name].get("parameters", {}))
        return {}


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook."""

    id: str
    source: str
    tags: tuple[str, ...]


def gather(request: RunRequest, notebooks: Iterable[Notebook]) -> Facts:
    """Look at the run's folder and at the project, as far as these notebooks depend on them.

    Raises:
        LessonError: a notebook is missing or damaged, or the run's record is.
    """
    notebooks = list(notebooks)
    folder = request.folder
    names = {name for notebook in notebooks for name in (*notebook.needs, *notebook.saves)}
    recorded = runs.read_record(folder)["artifacts"]
    artifacts = {name: digest_or_state(folder / name) for name in sorted(names)}
    executed = [
        notebook.name
        for notebook in notebooks
        if "cells" in read_quietly(folder / f"{notebook.name}.ipynb")
    ]
    checkpoints = {notebook.name: _checkpoint(folder, notebook) for notebook in notebooks}
    return Facts(
        {notebook.name: _inputs(request, notebook, artifacts) for notebook in notebooks},
        artifacts,
        recorded,
        frozenset(executed),
        {name: checkpoint for name, checkpoint in checkpoints.items() if checkpoint},
    )


def _inputs(request: RunRequest, notebook: Notebook, artifacts: dict[str, str]) -> Inputs:
    cells = code_cells(notebook)
    parameters = declared_parameters(cells) | request.parameters_of(notebook)
    parameters.pop("run", None)
    named = {name: _named_files(value) for name, value in parameters.items()}
    shown = {name: digest_of(chain.ROOT / name) for name in notebook.shows}
    return {
        "cells": {
            cell.id: _sha(cell.source.strip()) for cell in cells if "parameters" not in cell.tags
        },
        "modules": {name: digest_of(chain.ROOT / name) for name in notebook.modules},
        "parameters": parameters,
        "files": {name: digest for name, digest in named.items() if digest},
        "data": {name: digest_of(chain.ROOT / name) for name in notebook.data},
        "needs": {name: artifacts[name] for name in notebook.needs},
        "versions": {name: version_of(name) for name in notebook.packages},
        "shown": shown | {name: version_of(name) for name in SHOWN_PACKAGES},
    }


def digest_or_state(path: Path) -> str:
    """The digest of an artifact's content, or `missing`, or `damaged`."""
    try:
        return files.digest(path)
    except FileNotFoundError:
        return MISSING
    except (OSError, ValueError, KeyError, RecursionError):
        return DAMAGED


def digest_of(path: Path) -> str:
    """A digest of a module without its comments; of another file; or of all files in a folder."""
    if path.is_dir():
        inside = [part for part in sorted(path.rglob("*")) if part.is_file()]
        return _sha("".join(f"{part.relative_to(path)} {digest_or_state(part)}" for part in inside))
    if path.suffix == ".py":
        with contextlib.suppress(OSError, ValueError, SyntaxError):
            return _sha(_without_comments(path.read_text(encoding="utf-8")))
    return digest_or_state(path)


@functools.lru_cache  # parsing takes a while, and a run looks at the same modules at every step
def _without_comments(text: str) -> str:
    return ast.unparse(ast.parse(text))


def _named_files(value: object) -> str | None:
    """A digest of the names, sizes and dates of the file or folder that a parameter's value names,
    if it names one.
    """
    if not isinstance(value, str) or not value:
        return None
    path = files.user_path(value)
    try:
        inside = {part: part.stat() for part in (path, *sorted(path.rglob("*"))) if part.is_file()}
    except (OSError, ValueError):  # nothing that could be a path
        return None
    lines = [
        f"{part.relative_to(path)} {stat.st_size} {stat.st_mtime_ns}"
        for part, stat in inside.items()
    ]
    return _sha("\n".join(lines)) if lines else None


def _checkpoint(folder: Path, notebook: Notebook) -> Checkpoint | None:
    """The training that was cut short in this run, as `helpers.training.Checkpoint` keeps it."""
    for name in notebook.folders:
        try:
            with zipfile.ZipFile(folder / name / "checkpoint.keras") as archive:
                content = json.loads(archive.read("record.json"))
            recipe = {part: dict(content["recipe"][part]) for part in ("parameters", "made_from")}
            return Checkpoint(int(content["history"]["epochs"]), recipe)
        except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
            continue  # there is none, or none that could be continued
    return None


def code_cells(notebook: Notebook) -> list[Cell]:
    """The code cells of a committed notebook.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    try:
        return [
            Cell(cell["id"], "".join(cell["source"]), tuple(cell["metadata"].get("tags", ())))
            for cell in read_notebook(notebook)["cells"]
            if cell["cell_type"] == "code"
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise _unreadable(notebook, error) from error


def read_notebook(notebook: Notebook) -> dict[str, Any]:
    """A committed notebook, as JSON.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    try:
        content: dict[str, Any] = files.read_json(notebook.path)
    except (OSError, LessonError) as error:
        raise _unreadable(notebook, error) from error
    return content


def _unreadable(notebook: Notebook, error: Exception) -> LessonError:
    name = files.display_path(notebook.path)
    what = error.what if isinstance(error, LessonError) else f"{type(error).__name__}: {error}"
    fix = f"restore it: git checkout -- {name}"
    return LessonError(f"{name} is missing or damaged ({what})", fix)


def declared_parameters(cells: Iterable[Cell]) -> dict[str, Any]:
    """The values that the cell tagged `parameters` declares, by name; an expression as text."""
    declared: dict[str, Any] = {}
    for cell in cells:
        if "parameters" not in cell.tags:
            continue
        for node in parse_cell(cell.source).body:
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                name = ast.unparse(node.target)
                try:
                    declared[name] = ast.literal_eval(node.value)
                except ValueError:  # an expression, such as 4 * 7
                    declared[name] = ast.unparse(node.value)
    return declared


def parse_cell(source: str) -> ast.Module:
    """The syntax tree of a cell; magics and shell commands count as nothing."""
    # As it is first: a line that begins with % may also belong to a statement of several lines.
    for text in (source, re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return ast.Module([], [])


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
