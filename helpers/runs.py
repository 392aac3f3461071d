"""A run is a folder: opening it, reading what earlier notebooks left there, leaving what later ones need.

The folder's record, `run.json`, says for each artefact who made it, from what, and with which digest, so that nothing
damaged, swapped or half-written is read as good. The runner keeps its own part of the same record.
"""

import contextlib
import datetime
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from helpers import chain, files
from helpers.errors import LessonError

SCHEMA = 1


def open_run(notebook: str, run: str, **parameters: object) -> "RunFolder":
    """Open the folder of the run for a notebook, after a look at its parameters and at what it needs.

    Args:
        notebook: the notebook's name, such as `04_training`.
        run: the name of the run's folder.
        parameters: the notebook's other parameters and their values.

    Raises:
        LessonError: a parameter has no such value, or an artefact that the notebook needs is missing.
    """
    problems = chain.parameter_problems(parameters)
    if problem := chain.run_name_problem(run):
        problems.append(problem)
    if problems:
        raise LessonError("; ".join(problems), "change the cell of parameters and run it again")
    folder = RunFolder(notebook, chain.runs_folder() / run, parameters)
    for artefact in chain.BY_NAME[notebook].needs:
        if not (folder.path / artefact).is_file():
            raise missing(folder.path, artefact)
    return folder


class RunFolder:
    """A run's folder, as one notebook sees it.

    Attributes:
        notebook: the notebook's name.
        path: the folder.
    """

    def __init__(self, notebook: str, path: Path, parameters: dict[str, object]) -> None:
        self.notebook = notebook
        self.path = path
        self._parameters = parameters
        self._used: dict[str, str] = {}

    def need(self, artefact: str) -> Path:
        """The path of an artefact of an earlier notebook, once it is seen to be whole and the one that was recorded.

        Raises:
            LessonError: it is missing, damaged, not what its maker left, or goes with other data than the run's.
        """
        self._used[artefact] = check_artefact(self.path, artefact)
        return self.path / artefact

    @contextlib.contextmanager
    def leave(self, artefact: str) -> Iterator[Path]:
        """Yield a temporary path to save an artefact to; when the block ends well, put it in place and record it.

        Raises:
            LessonError: there is no space left, or the folder can't be written.
        """
        with files.replacing(self.path / artefact) as temporary:
            yield temporary
            digest = files.digest(temporary)
        entry = {
            "digest": digest,
            "maker": self.notebook,
            "made_from": dict(sorted(self._used.items())),
            "parameters": self._parameters,
            "saved": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        update_record(self.path, lambda record: record["artifacts"].update({artefact: entry}))


def check_artefact(folder: Path, artefact: str) -> str:
    """The digest of an artefact in a run's folder, once it is seen to be the one that was recorded there.

    An artefact that no record names, put there by hand, is taken as it is.

    Raises:
        LessonError: it is missing, damaged, not what its maker left, or goes with other data than the run's.
    """
    path = folder / artefact
    if not path.is_file():
        raise missing(folder, artefact)
    maker = chain.MAKER[artefact]
    again = f"run {maker} again, or let this command make it: {make_command(folder.name, maker)}"
    try:
        digest = files.digest(path)
    except (OSError, ValueError) as error:
        raise LessonError(f"{files.shown(path)} is damaged ({error})", again) from error
    artefacts = read_record(folder)["artifacts"]
    entry = artefacts.get(artefact)
    if entry is None:
        return digest
    if entry["digest"] != digest:
        raise LessonError(f"{files.shown(path)} is not the file that {entry['maker']} left there", again)
    for other in chain.BOUND_TO.get(artefact, ()):
        made_from, now = entry["made_from"].get(other), artefacts.get(other, {}).get("digest")
        if made_from and now and made_from != now:
            raise LessonError(f"{files.shown(path)} was made from another {other} than the one there now", again)
    return digest


def missing(folder: Path, artefact: str) -> LessonError:
    """The error for an artefact that is not there: which notebook makes it, and the command that makes it for you."""
    maker = chain.MAKER[artefact]
    return LessonError(
        f"{files.shown(folder / artefact)} is missing: the notebook {maker} makes it",
        f"run {maker} first, or let this command make it: {make_command(folder.name, maker)}",
    )


def make_command(run: str, notebook: str) -> str:
    """The command that brings a run up to date as far as `notebook`."""
    return f"python -m helpers run --name {shlex.quote(run)} --to {notebook}"


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`; an empty one where nothing has been recorded yet.

    Raises:
        LessonError: the record is damaged, or of another schema.
    """
    path = folder / "run.json"
    if not path.exists():
        return {"schema": SCHEMA, "name": folder.name, "artifacts": {}}
    record = files.read_json(path)
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise LessonError(
            f"{files.shown(path)} was written by another version of this project (schema {SCHEMA} is expected)",
            f"delete the folder {files.shown(folder)} and run the notebooks again",
        )
    return record


def update_record(folder: Path, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Read the record, let `change` edit it in place, write it back: one writer at a time, all or nothing.

    Returns:
        The record as it is now.
    """
    files.make_folder(folder)
    with FileLock(folder / ".record.lock"):
        record = read_record(folder)
        change(record)
        files.write_json(folder / "run.json", record)
    return record
