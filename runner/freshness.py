"""Deciding whether a notebook must run again: what its result was made from, then and now, and what
it saved.

Comments and prose never count. In the notebook's code cells every other character does; of the
project's packages only the modules that its cells import, directly or through each other. Nothing
here imports TensorFlow; and notebooks are read as JSON, since importing nbformat or papermill takes
seconds, and a run must be refused sooner than that.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from runner.record import Asked, Entry, read_quietly
from runner.settings import INTERACTIVE, for_notebook
from series import chain, files, runs
from series.chain import Notebook
from series.errors import LessonError

Fingerprint = dict[str, dict[str, Any]]
VERSIONS = ("tensorflow", "keras", "numpy")
CHANGES = {
    "cells": "code cell {} changed",
    "code": "{} changed",
    "parameters": "parameter {}: {} → {}",
    "files": "the file of parameter {} changed",
    "needs": "{} changed",
    "versions": "{} {} → {}",
}


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook."""

    id: str
    source: str
    tags: tuple[str, ...]


def reason_to_run(
    asked: Asked, notebook: Notebook, now: Fingerprint, finished: Entry | None
) -> str | None:
    """Why the notebook must run again, in a few words, or None if what it saved is up to date.

    Args:
        asked: what was asked for.
        notebook: the notebook.
        now: the notebook's fingerprint.
        finished: the entry of its last run that ended well.
    """
    if asked.forced:
        return "--fresh" if asked.fresh else "--from"
    if notebook is chain.NOTEBOOKS[0]:
        return "it looks at the machine, so it always runs"
    if asked.name == INTERACTIVE and notebook.saves:
        return _reason_by_hand(asked.folder, notebook)
    if finished is None:
        return "it had not run to the end before"
    differences = [
        words.format(name, old.get(name), now[part].get(name))
        for part, words in CHANGES.items()
        for old in (finished.made_from.get(part, {}),)
        for name in {**now[part], **old}
        if now[part].get(name) != old.get(name)
    ]
    differences += [
        f"its {name} is {state if state in ('missing', 'damaged') else 'not the one it saved'}"
        for name in notebook.saves
        if (state := digest_or_state(asked.folder / name)) != finished.saved.get(name)
    ]
    if "cells" not in read_quietly(asked.folder / f"{notebook.name}.ipynb"):
        differences.append("its executed notebook is missing or damaged")
    if finished.catch_up and not asked.catch_up:
        differences.append("its exercises were skipped")
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return ", ".join(differences[:3]) + more or None


def _reason_by_hand(folder: Path, notebook: Notebook) -> str | None:
    """Of a run that someone steps through, only make what is missing or unfit.

    So the command that makes a missing artifact never undoes a learner's own choices in the
    notebooks before.
    """
    artifacts = runs.read_record(folder)["artifacts"]
    for name in notebook.saves:
        try:
            runs.check_artifact(folder, name)
        except LessonError as error:
            return error.what
        for need, digest in artifacts.get(name, {}).get("made_from", {}).items():
            if digest_or_state(folder / need) != digest:
                return f"{need} changed"
    return None


def fingerprint(asked: Asked, notebook: Notebook) -> Fingerprint:
    """Everything that the notebook's result depends on, each part by itself so that a change can be
    named.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    cells = code_cells(notebook)
    parameters = declared_parameters(cells) | for_notebook(notebook, asked.parameters)
    parameters.pop("run", None)
    return {
        "cells": {
            cell.id: _sha(cell.source.strip()) for cell in cells if "parameters" not in cell.tags
        },
        "code": {
            path.relative_to(chain.ROOT).as_posix(): _sha(
                ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
            )
            for path in imported_modules(notebook, cells)
        },
        "parameters": parameters,
        "files": {
            name: found for name, value in parameters.items() if (found := _named_files(value))
        },
        "needs": {
            artifact: digest_or_state(asked.folder / artifact) for artifact in notebook.needs
        },
        "versions": {name: metadata.version(name) for name in VERSIONS},
    }


def digest_or_state(path: Path) -> str:
    """The digest of an artifact's content, or `missing`, or `damaged`."""
    try:
        return files.digest(path)
    except FileNotFoundError:
        return "missing"
    except (OSError, ValueError, KeyError):
        return "damaged"


def _named_files(value: object) -> str | None:
    """A digest of the names, sizes and dates of the file or folder that a parameter's value names,
    if it names one.
    """
    if not isinstance(value, str) or not value:
        return None
    path = files.user_path(value)
    inside = {part: part.stat() for part in (path, *sorted(path.rglob("*"))) if part.is_file()}
    lines = [
        f"{part.relative_to(path)} {stat.st_size} {stat.st_mtime_ns}"
        for part, stat in inside.items()
    ]
    return _sha("\n".join(lines)) if lines else None


def imported_modules(notebook: Notebook, cells: Iterable[Cell]) -> list[Path]:
    """The project's modules that code cells import, directly or through each other."""
    finder = ModuleFinder([str(chain.ROOT)])
    for cell in cells:
        finder.scan_code(
            compile(parsed(cell.source), cell.id, "exec"), finder.add_module("__main__")
        )
    if notebook is chain.SCALING:  # whose cells start `python -m workers`
        finder.import_hook("workers.__main__")
    found = [getattr(module, "__file__", None) for module in finder.modules.values()]
    return sorted(Path(path) for path in found if path)


def code_cells(notebook: Notebook) -> list[Cell]:
    """The code cells of a committed notebook.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    try:
        return [
            Cell(cell["id"], "".join(cell["source"]), tuple(cell["metadata"].get("tags", ())))
            for cell in files.read_json(notebook.path)["cells"]
            if cell["cell_type"] == "code"
        ]
    except (OSError, LessonError, KeyError, TypeError, AttributeError) as error:
        name = files.display_path(notebook.path)
        raise LessonError(
            f"{name} is missing or damaged ({error})", f"restore it: git checkout -- {name}"
        ) from error


def declared_parameters(cells: Iterable[Cell]) -> dict[str, Any]:
    """The values that the cell tagged `parameters` declares, by name; of an expression, its text."""
    found: dict[str, Any] = {}
    for node in (
        node for cell in cells if "parameters" in cell.tags for node in parsed(cell.source).body
    ):
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            try:
                found[ast.unparse(node.target)] = ast.literal_eval(node.value)
            except ValueError:  # an expression, such as 4 * 7
                found[ast.unparse(node.target)] = ast.unparse(node.value)
    return found


def parsed(source: str) -> ast.Module:
    """The syntax tree of a cell; magics and shell commands count as nothing."""
    try:
        return ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source))
    except SyntaxError:
        return ast.Module([], [])


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
