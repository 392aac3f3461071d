"""Deciding whether a notebook must run again: what its result was made from, then and now, and what it left.

Comments, docstrings and prose never count. In the notebook's code cells every other character does; in `helpers` only
the modules that the notebook's cells import, directly or through each other. Nothing here imports TensorFlow.
"""

import ast
import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from helpers import chain, files
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.runner.settings import INTERACTIVE, for_notebook

Fingerprint = dict[str, dict[str, Any]]
VERSIONS = ("tensorflow", "keras", "numpy")
CHANGES = {
    "cells": "code cell {} changed",
    "helpers": "{} changed",
    "parameters": "parameter {}: {} → {}",
    "files": "the file of parameter {} changed",
    "needs": "{} changed",
    "versions": "{} {} → {}",
}


def reason_to_run(folder: Path, notebook: Notebook, values: Mapping[str, Any], record: Mapping[str, Any]) -> str | None:
    """Why the notebook must run again, in a few words, or None if what it left is up to date.

    Args:
        folder: the run's folder.
        notebook: the notebook.
        values: the parameters given to the run.
        record: the run's record.
    """
    if notebook.name == chain.NOTEBOOKS[0].name:
        return "it looks at the machine, so it always runs"
    finished = record.get("finished", {}).get(notebook.name)
    if finished is None:
        return None if made_by_hand(folder, notebook, values, record) else "it has not finished yet"
    differences = compare(finished["made_from"], fingerprint(folder, notebook, values))
    states = {name: _state(folder / name, finished["leaves"].get(name)) for name in notebook.leaves}
    differences += [f"its {name} is {state}" for name, state in states.items() if state]
    if not (folder / f"{notebook.name}.ipynb").is_file():
        differences.append("the executed notebook is missing")
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return ", ".join(differences[:3]) + more or None


def fingerprint(folder: Path, notebook: Notebook, values: Mapping[str, Any]) -> Fingerprint:
    """Everything that the notebook's result depends on, each part by itself so that a change can be named.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    cells = code_cells(notebook)
    parameters = own_parameters(cells) | for_notebook(notebook.name, values)
    parameters.pop("run", None)
    return {
        "cells": {cell["id"]: _sha(source_of(cell).strip()) for cell in cells if not _declares(cell)},
        "helpers": {name: module_digest(path) for name, path in imported_helpers(cells).items()},
        "parameters": parameters,
        "files": {name: digest for name, value in parameters.items() if (digest := _named_file(name, value))},
        "needs": {artefact: digest_or_state(folder / artefact) for artefact in notebook.needs},
        "versions": {name: metadata.version(name) for name in VERSIONS},
    }


def compare(before: Fingerprint, now: Fingerprint) -> list[str]:
    """What changed from one fingerprint to another, a few words each."""
    return [
        words.format(name, before[part].get(name), now[part].get(name))
        for part, words in CHANGES.items()
        for name in {**now[part], **before[part]}
        if now[part].get(name) != before[part].get(name)
    ]


def made_by_hand(folder: Path, notebook: Notebook, values: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether someone ran the notebook by hand, in the run that is for that, and what it left still holds.

    So that the command which makes a missing artefact never undoes a learner's own choices in the notebooks before.
    """
    outcome = record.get("notebooks", {}).get(notebook.name, {}).get("outcome", "ok")
    if folder.name != INTERACTIVE or outcome not in ("ok", "not reached") or not notebook.leaves:
        return False
    asked = for_notebook(notebook.name, values)
    for artefact in notebook.leaves:
        entry = record["artifacts"].get(artefact)
        if entry is None or _state(folder / artefact, entry["digest"]) or asked.items() - entry["parameters"].items():
            return False
        if any(digest_or_state(folder / need) != digest for need, digest in entry["made_from"].items()):
            return False
    return True


def _state(path: Path, digest: str | None) -> str | None:
    """What is wrong with an artefact that should have a digest, or None."""
    found = digest_or_state(path)
    return None if found == digest else found if found in ("missing", "damaged") else "not the one it left"


def digest_or_state(path: Path) -> str:
    """The digest of an artefact's content, or `missing`, or `damaged`."""
    try:
        return _digest(path, path.stat().st_mtime_ns, path.stat().st_size)
    except FileNotFoundError:
        return "missing"
    except (OSError, ValueError, KeyError):
        return "damaged"


@functools.lru_cache(maxsize=64)
def _digest(path: Path, _changed: int, _size: int) -> str:
    return files.digest(path)


def _named_file(name: str, value: object) -> str | None:
    """The digest of the file or folder that a parameter's value names, or None where it names none."""
    if not isinstance(value, str) or not value or chain.PARAMETERS_BY_NAME[name].choices:
        return None
    path = (chain.ROOT / Path(value).expanduser()).resolve()
    inside = sorted(part for part in path.rglob("*") if part.is_file())
    digests = [f"{part.relative_to(path).as_posix()} {digest_or_state(part)}" for part in inside]
    return digest_or_state(path) if path.is_file() else _sha("\n".join(digests)) if inside else None


def code_cells(notebook: Notebook) -> list[dict[str, Any]]:
    """The code cells of a committed notebook, as its JSON holds them.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    try:
        cells = json.loads(notebook.path.read_text(encoding="utf-8"))["cells"]
        return [cell for cell in cells if cell["cell_type"] == "code" and cell["id"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        name = files.shown(notebook.path)
        raise LessonError(f"{name} is missing or damaged ({error})", f"restore it: git checkout -- {name}") from error


def source_of(cell: Mapping[str, Any]) -> str:
    """A cell's source, which notebook files hold as one string or as a list of lines."""
    return "".join(cell["source"])


def _declares(cell: Mapping[str, Any]) -> bool:
    return "parameters" in cell["metadata"].get("tags", [])


def own_parameters(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """The names and values in the notebook's cell of parameters."""
    lines = [line for cell in cells if _declares(cell) for line in _parsed(source_of(cell)).body]
    found: dict[str, Any] = {}
    for line in lines:
        if isinstance(line, (ast.Assign, ast.AnnAssign)) and line.value is not None:
            target = line.targets[0] if isinstance(line, ast.Assign) else line.target
            found[ast.unparse(target)] = ast.literal_eval(line.value)
    return found


def imported_helpers(cells: list[dict[str, Any]]) -> dict[str, Path]:
    """The files of `helpers` that code cells import, directly or through each other, by their path in the project."""
    found: dict[str, Path] = {}
    waiting = [name for cell in cells for name in _imports(_parsed(source_of(cell)), "")]
    while waiting:
        name = waiting.pop()
        base = chain.ROOT.joinpath(*name.split("."))
        path = next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
        if path is None or path in found.values():
            continue
        found[path.relative_to(chain.ROOT).as_posix()] = path
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        waiting += _imports(_parsed(path.read_text(encoding="utf-8")), package)
    return dict(sorted(found.items()))


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """The modules of `helpers` that a syntax tree imports, the packages around them included."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        for parts in (name.split(".") for name in names):
            if parts[0] == "helpers":
                yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _parsed(source: str) -> ast.Module:
    """The syntax tree of a module or cell; a cell's magics and shell commands count as nothing."""
    try:
        return ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source))
    except SyntaxError:
        return ast.Module([], [])


def module_digest(path: Path) -> str:
    """A digest of what a module does: its code without comments, docstrings and layout."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return _sha(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return _sha(ast.unparse(tree))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
