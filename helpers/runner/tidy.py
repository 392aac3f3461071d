"""Keeping the project tidy: the outputs stored in the committed notebooks, and what may be deleted."""

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import filelock

from helpers import chain, files
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.files import shown
from helpers.runner import record, screen

CACHES = (".pytest_cache", ".ruff_cache", ".mypy_cache", "build", "dist")
NESTED_CACHES = ("__pycache__", ".ipynb_checkpoints")
ENVIRONMENT = (".venv", "digit_notebooks.egg-info")


def store_outputs(folder: Path) -> int:
    """Copy the outputs of the executed notebooks in a run's folder into the committed ones, cell by cell.

    That of 07_scaling_out is no part of this run; it is copied where `make run-scaling` has left it, in `RUN-workers`.

    Returns:
        How many notebooks got their outputs.

    Raises:
        LessonError: an executed notebook has other code than the committed one; none is changed then.
    """
    changed = [(notebook, with_outputs(notebook, folder)) for notebook in chain.NOTEBOOKS]
    beside = folder.with_name(f"{folder.name}-workers")
    if (beside / f"{chain.SCALING.name}.ipynb").is_file():
        changed.append((chain.SCALING, with_outputs(chain.SCALING, beside)))
    for notebook, content in changed:
        with files.replacing(notebook.path) as temporary:
            temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(changed)


def with_outputs(notebook: Notebook, folder: Path) -> dict[str, Any]:
    """The committed notebook with the outputs of the executed one, its cells counted from 1, nothing of stderr."""
    content: dict[str, Any] = files.read_json(notebook.path)
    executed = files.read_json(folder / f"{notebook.name}.ipynb")
    outputs = {cell["id"]: cell["outputs"] for cell in executed["cells"] if cell["cell_type"] == "code"}
    sources = {cell["id"]: "".join(cell["source"]) for cell in executed["cells"]}
    count = 0
    for cell in content["cells"]:
        if cell["cell_type"] != "code":
            continue
        if sources.get(cell["id"]) != "".join(cell["source"]):
            what = f"{shown(folder / notebook.name)}.ipynb was made from other code: see its cell {cell['id']}"
            again = "make run-scaling PROFILE=classic" if notebook is chain.SCALING else "make outputs"
            raise LessonError(what, f"run it again ({again}), or delete that file")
        count += 1
        kept = [output for output in outputs[cell["id"]] if output.get("name") != "stderr"]
        cell["outputs"] = [
            output | ({"execution_count": count} if "execution_count" in output else {}) for output in kept
        ]
        cell["execution_count"] = count
        cell["metadata"] = {name: value for name, value in cell["metadata"].items() if name in ("tags", "jupyter")}
    return content


def clean(everything: bool) -> int:
    """Delete the runs and the caches, and say how much space that freed; with `everything`, the environment too.

    Returns:
        The exit code: 2 where a run that is held was left alone.
    """
    out, freed, held = screen.console(), 0, []
    for path in [*_run_folders(), *_caches(everything)]:
        size = sum(part.lstat().st_size for part in path.rglob("*") if not part.is_dir())
        try:
            with record.lock_of(path) if path.parent == chain.runs_folder() else contextlib.nullcontext():
                pass  # nobody holds it
            shutil.rmtree(path)
        except filelock.Timeout:
            held.append(path)
            continue
        freed += size
        out.print(f"deleted {shown(path)}, {size / 1e6:,.1f} MB")
    out.print(f"{freed / 1e6:,.1f} MB freed")
    for path in held:
        out.print(f"left {shown(path)}: a run is going on there; stop it or wait for it, then repeat")
    return 2 if held else 0


def _run_folders() -> list[Path]:
    """The folders of runs; a folder without a run's own files is none, wherever DIGITS_RUNS points."""
    folders = {path.parent for name in record.OWN_FILES for path in chain.runs_folder().glob(f"*/{name}")}
    return sorted(folders)


def _caches(everything: bool) -> list[Path]:
    found = [chain.ROOT / name for name in CACHES + (ENVIRONMENT if everything else ())]
    for name in ("helpers", "tests", "notebooks"):
        found += [path for kind in NESTED_CACHES for path in (chain.ROOT / name).rglob(kind)]
    return [path for path in found if path.is_dir()]
