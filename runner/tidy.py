"""Keeping the project tidy: the stored outputs of the committed notebooks, and what may go."""

import contextlib
import json
from pathlib import Path
from typing import Any

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
    contents = {}
    for notebook in chain.ALL:
        place = folder
        if notebook is chain.SCALING:
            place = folder.with_name(folder.name + chain.WORKERS_RUN_SUFFIX)
        last_run = record.load(place)
        if last_run is not None and notebook.name in last_run.last_success:
            contents[notebook.path] = with_outputs(notebook, place)
    for path, content in contents.items():
        with files.atomic_write(path) as temporary:
            words = json.dumps(content, indent=1, ensure_ascii=False)
            temporary.write_text(words + "\n", encoding="utf-8")
    return len(contents)


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
            again = "make run-scaling PROFILE=classic, then python -m runner outputs"
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
    freed, code = 0, 0
    for folder in runs.all_runs():
        size = _size(folder)
        try:
            _delete_run(folder)
            left = ", ".join(sorted(inside.name for inside in folder.glob("*")))
            line = f"deleted {display_path(folder)}"
            screen.print_line(f"{line}, but for {left}" if left else line)
        except LessonError as error:
            screen.print_line(f"not deleted: {error.what}")
            code = 2
        freed += size - _size(folder)
    screen.print_line(f"{freed / 1e6:,.1f} MB freed")
    return code


def _delete_run(folder: Path) -> None:
    """Delete what the project wrote into a run's folder, its record last, and the folder if nothing
    else is in it.

    Raises:
        LessonError: a run is going on there, or something can't be deleted.
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
    except OSError as error:  # also that another process holds the lock
        what = f"a run is going on in {display_path(folder)}, or its lock can't be opened"
        raise LessonError(what, "wait until it has ended") from error
    for name in record.LOCKS:
        record.delete(folder / name)
    with contextlib.suppress(OSError):  # something else is in it
        folder.rmdir()


def _size(path: Path) -> int:
    return sum(part.lstat().st_size for part in path.rglob("*") if not part.is_dir())
