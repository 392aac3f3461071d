"""Keeping the project tidy: the stored outputs of the committed notebooks, and what may go."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import filelock

from runner import record, screen
from runner.facts import read_notebook
from series import chain, files, runs
from series.chain import Notebook
from series.errors import LessonError
from series.files import display_path


def store_outputs(folder: Path) -> int:
    """Copy the outputs of the executed notebooks in a run's folder into the committed ones, cell by
    cell.

    08_scaling_out is not part of this run; its outputs come from where `make run-scaling` keeps it,
    `RUN-workers`, if it ended well there.

    Returns:
        How many notebooks got their outputs.

    Raises:
        LessonError: an executed notebook has other code than the committed one; none is changed
            then.
    """
    contents = []
    for notebook in chain.ALL:
        place = folder
        if notebook is chain.SCALING:
            place = folder.with_name(folder.name + chain.WORKERS_RUN_SUFFIX)
        if ended_well(place, notebook):
            contents.append((notebook, with_outputs(notebook, place)))
    for notebook, content in contents:
        with files.atomic_write(notebook.path) as temporary:
            temporary.write_text(
                json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    return len(contents)


def ended_well(folder: Path, notebook: Notebook) -> bool:
    """Whether the notebook's last run in a run's folder ended well."""
    if not runs.is_run(folder):
        return False
    last_run = record.load(folder)
    return last_run is not None and notebook.name in last_run.last_success


def with_outputs(notebook: Notebook, folder: Path) -> dict[str, Any]:
    """The committed notebook with the outputs of the executed one, its cells counted from 1,
    nothing of stderr.
    """
    content = read_notebook(notebook)
    executed = {
        cell["id"]: cell for cell in files.read_json(folder / f"{notebook.name}.ipynb")["cells"]
    }
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    for count, cell in enumerate(code, 1):
        ran = executed.get(cell["id"], {"source": ""})
        if "".join(ran["source"]) != "".join(cell["source"]):
            path = display_path(folder / f"{notebook.name}.ipynb")
            what = f"{path} was made from other code: see its cell {cell['id']}"
            again = "python -m runner outputs"
            if notebook is chain.SCALING:
                again = "make run-scaling PROFILE=classic"
            raise LessonError(what, f"run it again: {again}")
        cell["outputs"] = [output for output in ran["outputs"] if output.get("name") != "stderr"]
        for part in (cell, *(output for output in cell["outputs"] if "execution_count" in output)):
            part["execution_count"] = count
    return content


def clean() -> int:
    """Delete what the project wrote into runs; say how much space that freed, and what was left.

    Links are left alone, as is all that they point at.

    Returns:
        The exit code: 2 where something was left that should have been deleted.
    """
    out, root = screen.console(), chain.runs_folder()
    freed, problems = 0, []
    if os.path.lexists(root) and not os.path.isdir(root):  # noqa: PTH112
        problems.append(f"{display_path(root)} is a file, not a folder of runs")
    for folder in runs.all_runs():
        size = _size(folder)
        try:
            _delete_run(folder)
            left = ", ".join(sorted(inside.name for inside in folder.glob("*")))
            out.print(f"deleted {display_path(folder)}" + (f", but for {left}" if left else ""))
        except LessonError as error:
            problems.append(error.what)
        freed += size - _size(folder)
    out.print(f"{freed / 1e6:,.1f} MB freed")
    for link in filter(files.is_link, runs.everything()):
        out.print(f"left alone: {display_path(link)} is a link")
    for problem in _unreadable():
        out.print(f"left alone: {problem}")
    for problem in problems:
        out.print(f"not deleted: {problem}")
    return 2 if problems else 0


def _unreadable() -> list[str]:
    """What is wrong with each record that can't be read, so that its folder counts as no run."""
    problems = []
    for folder in runs.everything():
        if files.is_link(folder) or not folder.is_dir():
            continue
        try:
            runs.read_record(folder)
        except LessonError as error:
            problems.append(error.what)
        except OSError as error:
            shown = display_path(folder / runs.RECORD)
            problems.append(f"{shown} can't be read ({error.strerror})")
    return problems


def _delete_run(folder: Path) -> None:
    """Delete what the project wrote into a run's folder, its record last, and the folder if nothing
    else is in it.
    """
    practice = folder / chain.PRACTICE_FOLDER  # the run within the run that 08 makes
    if runs.is_run(practice):
        _delete_run(practice)
    names = [record.REPORT, record.KERNEL_LOG, record.COMPARISON]
    beside = [folder / name for name in names] + list(folder.glob(record.PARTIAL))
    try:
        with record.lock_of(folder):
            for path in [*record.files_of(folder, chain.ALL), *beside, folder / runs.RECORD]:
                record.delete(path)
    except filelock.Timeout:  # which is an OSError too
        raise LessonError(
            f"a run is going on in {display_path(folder)}", "wait until it has ended"
        ) from None
    except OSError as error:
        raise LessonError(
            f"{display_path(folder)} can't be emptied ({error.strerror})", "make it writable"
        ) from error
    for name in record.LOCKS:
        record.delete(folder / name)
    with contextlib.suppress(OSError):  # something else is in it
        folder.rmdir()


def _size(path: Path) -> int:
    return sum(part.lstat().st_size for part in path.rglob("*") if not part.is_dir())
