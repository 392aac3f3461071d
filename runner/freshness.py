"""Deciding whether a notebook must run again: what its result was made from, then and now, and what it saved.

Comments and prose never count. In the notebook's code cells every other character does; of the project's packages only
the modules that its cells import, directly or through each other. Nothing here imports TensorFlow.
"""

import ast
import functools
import hashlib
from collections.abc import Iterable, Mapping
from importlib import metadata
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from helpers import chain, files, runs
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.parameters import PARAMETERS
from runner.notebooks import Cell, code_cells, declared_parameters, parsed
from runner.record import Entry, is_notebook
from runner.settings import INTERACTIVE, Settings, for_notebook

Fingerprint = dict[str, dict[str, Any]]
VERSIONS = ("tensorflow", "keras", "numpy")
HASHED = 300_000_000  # bytes; of more than that, names, sizes and dates have to do
CHANGES = {
    "cells": "code cell {} changed",
    "code": "{} changed",
    "parameters": "parameter {}: {} → {}",
    "files": "the file of parameter {} changed",
    "needs": "{} changed",
    "versions": "{} {} → {}",
}


def reason_to_run(settings: Settings, notebook: Notebook, now: Fingerprint, finished: Entry | None) -> str | None:
    """Why the notebook must run again, in a few words, or None if what it saved is up to date.

    Args:
        settings: what the run was asked for.
        notebook: the notebook.
        now: the notebook's fingerprint.
        finished: the entry of its last run that ended well.
    """
    folder = settings.folder
    if settings.forced:
        return "--fresh" if settings.fresh else "--from"
    if notebook is chain.NOTEBOOKS[0]:
        return "it looks at the machine, so it always runs"
    if settings.name == INTERACTIVE and notebook.saves:
        return _reason_by_hand(folder, notebook)
    if finished is None:
        return "it has not finished yet"
    differences = compare(finished.made_from, now)
    differences += [
        f"its {name} is {state if state in ('missing', 'damaged') else 'not the one it saved'}"
        for name in notebook.saves
        if (state := digest_or_state(folder / name)) != finished.saved.get(name)
    ]
    if not is_notebook(folder / f"{notebook.name}.ipynb"):
        differences.append("its executed notebook is missing or damaged")
    if finished.catch_up and not settings.catch_up:
        differences.append("its exercises were skipped")
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return ", ".join(differences[:3]) + more or None


def _reason_by_hand(folder: Path, notebook: Notebook) -> str | None:
    """Of a run that someone steps through, only make what is missing or unfit.

    So the command that makes a missing artifact never undoes a learner's own choices in the notebooks before.
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


def fingerprint(folder: Path, notebook: Notebook, values: Mapping[str, Any]) -> Fingerprint:
    """Everything that the notebook's result depends on, each part by itself so that a change can be named.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    cells = code_cells(notebook)
    parameters = {name: declared.value for name, declared in declared_parameters(cells).items()}
    parameters |= for_notebook(notebook, values)
    parameters.pop("run", None)
    return {
        "cells": {cell.id: _sha(cell.source.strip()) for cell in cells if "parameters" not in cell.tags},
        "code": {name: module_digest(path) for name, path in imported_modules(notebook, cells).items()},
        "parameters": parameters,
        "files": {name: digest for name, value in parameters.items() if (digest := _named_file(name, value))},
        "needs": {artifact: digest_or_state(folder / artifact) for artifact in notebook.needs},
        "versions": {name: metadata.version(name) for name in VERSIONS},
    }


def compare(before: Fingerprint, now: Fingerprint) -> list[str]:
    """What changed from one fingerprint to another, a few words each."""
    return [
        words.format(name, old.get(name), now[part].get(name))
        for part, words in CHANGES.items()
        for old in (before.get(part, {}),)
        for name in {**now[part], **old}
        if now[part].get(name) != old.get(name)
    ]


def digest_or_state(path: Path) -> str:
    """The digest of an artifact's content, or `missing`, or `damaged`."""
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
    """A digest of the file or folder that a parameter's value names, or None where it names none."""
    if not isinstance(value, str) or not value or name not in PARAMETERS or PARAMETERS[name].choices:
        return None
    path = files.user_path(value)
    inside = [path] if path.is_file() else sorted(part for part in path.rglob("*") if part.is_file())
    stats = {part: part.stat() for part in inside}
    large = sum(stat.st_size for stat in stats.values()) > HASHED
    lines = [
        f"{part.relative_to(path).as_posix()} {stat.st_size} {stat.st_mtime_ns if large else digest_or_state(part)}"
        for part, stat in stats.items()
    ]
    return _sha("\n".join(lines)) if lines else None


def imported_modules(notebook: Notebook, cells: Iterable[Cell]) -> dict[str, Path]:
    """The project's modules that code cells import, directly or through each other, by their path in the project."""
    finder = ModuleFinder([str(chain.ROOT)])
    for cell in cells:
        finder.scan_code(compile(parsed(cell.source), cell.id, "exec"), finder.add_module("__main__"))
    if notebook is chain.SCALING:  # whose cells start `python -m workers`
        finder.import_hook("workers.__main__")
    files_of_modules = (getattr(module, "__file__", None) for module in finder.modules.values())
    paths = [Path(found) for found in files_of_modules if found]
    return {path.relative_to(chain.ROOT).as_posix(): path for path in sorted(paths)}


def module_digest(path: Path) -> str:
    """A digest of a module's code without comments and layout."""
    text = path.read_text(encoding="utf-8")
    try:
        return _sha(ast.unparse(ast.parse(text)))
    except SyntaxError:
        return _sha(text)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
