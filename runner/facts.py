"""The facts that a plan is made from: what is in the run's folder and in the project right now.

A notebook's fingerprint is everything that its result depends on, part by part, so that a change
can be named. In its code cells every character counts; in modules, neither comments nor docstrings;
figures, exercises and the canvas not at all. Nothing here imports TensorFlow; and notebooks are
read as JSON, since importing nbformat or papermill takes seconds, and a run must be refused sooner.
"""

import ast
import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runner.request import RunRequest
from series import chain, files, runs
from series.chain import Notebook
from series.errors import LessonError

MISSING, DAMAGED = "missing", "damaged"
PACKAGES = ("tensorflow", "keras", "numpy")  # whose versions a result depends on
CODE = ("helpers", "series")
# What only changes what a reader sees.
SHOWN = (
    "helpers/answers",
    "helpers/canvas",
    "helpers/exercises.py",
    "helpers/explore.js",
    "helpers/explore.py",
    "helpers/figures",
    "helpers/judging.py",
)

Fingerprint = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Facts:
    """What a plan is made from.

    Attributes:
        inputs: by notebook, its fingerprint, in these parts: cells; parameters; the files that
            parameters name; needs; the project's code and data; versions of packages.
        artifacts: by name, the digest of what each holds, or `missing`, or `damaged`.
        recorded: by name, what the record says of each artifact.
    """

    inputs: dict[str, Fingerprint]
    artifacts: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, dict[str, Any]] = field(default_factory=dict)


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
    artifacts = {name: digest_or_state(folder / name) for name in sorted(names)}
    return Facts(
        {notebook.name: _inputs(request, notebook, artifacts) for notebook in notebooks},
        artifacts,
        runs.read_record(folder)["artifacts"],
    )


def _inputs(request: RunRequest, notebook: Notebook, artifacts: dict[str, str]) -> Fingerprint:
    cells = code_cells(notebook)
    parameters = declared_parameters(cells) | request.parameters_of(notebook)
    parameters.pop("run", None)
    named = {name: _named_files(value) for name, value in parameters.items()}
    return {
        "cells": {
            cell.id: _sha(cell.source.strip()) for cell in cells if "parameters" not in cell.tags
        },
        "parameters": parameters,
        "files": {name: digest for name, digest in named.items() if digest},
        "needs": {name: artifacts[name] for name in notebook.needs},
        "project": project_files((*CODE, *notebook.made_from)),
        "versions": {name: version(name) for name in PACKAGES},
    }


def digest_or_state(path: Path) -> str:
    """The digest of an artifact's content, or `missing`, or `damaged`."""
    try:
        return files.digest(path)
    except FileNotFoundError:
        return MISSING
    except (OSError, ValueError):
        return DAMAGED


def project_files(names: Iterable[str]) -> dict[str, str]:
    """A digest of each file of the project in these files and folders, by its path.

    What only changes what a reader sees is left out.
    """
    digests = {}
    for name in names:
        place = chain.ROOT / name
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            shown = path.relative_to(chain.ROOT).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and not shown.startswith(SHOWN):
                digests[shown] = digest_of(path)
    return digests


def digest_of(path: Path) -> str:
    """A digest of a file; of a module, without its comments and docstrings."""
    if path.suffix != ".py":
        return digest_or_state(path)
    return _sha(_only_code(path.read_text(encoding="utf-8")))


@functools.cache  # parsing takes a while, and a run looks at the same modules at every step
def _only_code(text: str) -> str:
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.unparse(tree)


def _named_files(value: object) -> str | None:
    """A digest of the names, sizes and dates of the file or folder that a parameter's value names,
    if it names one.
    """
    if not isinstance(value, str) or not value:
        return None
    path = files.user_path(value)
    lines = []
    try:
        for part in (path, *sorted(path.rglob("*"))):
            if part.is_file():
                stat = part.stat()
                lines.append(f"{part.relative_to(path)} {stat.st_size} {stat.st_mtime_ns}")
    except (OSError, ValueError):  # nothing that could be a path
        return None
    return _sha("\n".join(lines)) if lines else None


def code_cells(notebook: Notebook) -> list[Cell]:
    """The code cells of a committed notebook.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    return [
        # Colab saves cells without ids.
        Cell(
            cell.get("id", str(number)),
            "".join(cell["source"]),
            tuple(cell["metadata"].get("tags", ())),
        )
        for number, cell in enumerate(read_notebook(notebook)["cells"])
        if cell["cell_type"] == "code"
    ]


def read_notebook(notebook: Notebook) -> dict[str, Any]:
    """A committed notebook, as JSON.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    try:
        return dict(files.read_json(notebook.path))
    except (OSError, LessonError) as error:
        name = files.display_path(notebook.path)
        fix = f"restore it: git checkout -- {name}"
        raise LessonError(f"{name} is missing or damaged", fix) from error


def declared_parameters(cells: Iterable[Cell]) -> dict[str, Any]:
    """The values that the cell tagged `parameters` declares, by name; an expression as text."""
    declared: dict[str, Any] = {}
    for cell in cells:
        if "parameters" not in cell.tags:
            continue
        try:
            statements = ast.parse(cell.source).body
        except SyntaxError:  # which the notebook's run will show
            continue
        for node in statements:
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                name = ast.unparse(node.target)
                try:
                    declared[name] = ast.literal_eval(node.value)
                except ValueError:  # an expression, such as 4 * 7
                    declared[name] = ast.unparse(node.value)
    return declared


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
