"""A run is a folder: opening it, reading what earlier notebooks saved there, saving what later ones need.

The folder's record, `run.json`, says for each artifact who made it, from what, and with which digest, so that nothing
damaged, swapped or half-written is taken for good. The runner keeps its own part of the same record. A folder is a run
if it holds a valid record; no other folder is locked, listed, emptied or deleted.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from helpers import chain, files, quiet
from helpers.errors import LessonError
from helpers.parameters import PARAMETERS, nearest, parameter_problems

SCHEMA = 2
RECORD = "run.json"
RUN_LOCK = ".run.lock"


@dataclass
class RunFolder:
    """A run's folder, as one notebook sees it.

    Attributes:
        notebook: the notebook's name.
        path: the folder.
        parameters: the notebook's parameters, without `run`.
    """

    notebook: str
    path: Path
    parameters: dict[str, Any]
    _used: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def need(self, artifact: str) -> Path:
        """The path of an artifact of an earlier notebook, once it is known to be complete and the recorded one.

        Raises:
            LessonError: it is missing, damaged, not what its notebook saved, or belongs to other data than the run's.
        """
        self._used[artifact] = check_artifact(self.path, artifact)
        return self.path / artifact

    @property
    def recipe(self) -> dict[str, Any]:
        """What a result of this notebook is made from: its parameters, and the digests of what it needed so far."""
        return {"parameters": self.parameters, "made_from": dict(sorted(self._used.items()))}

    @contextlib.contextmanager
    def save(self, artifact: str) -> Iterator[Path]:
        """Yield a temporary path to write an artifact to; when the block ends well, put it in place and record it.

        Raises:
            LessonError: there is no space left, or the folder can't be written.
        """
        with files.replacing(self.path / artifact) as temporary:
            yield temporary
            digest = files.digest(temporary)
        entry = {"digest": digest, "maker": self.notebook, **self.recipe}
        update_record(self.path, lambda record: record["artifacts"].update({artifact: entry}))


def open_run(notebook: str, variables: Mapping[str, Any]) -> RunFolder:
    """Open the run's folder for a notebook, once its parameters are valid and what it needs is there.

    It also imports TensorFlow, quietly, so that the notebook's own import is quick and shows no start-up notes.

    Args:
        notebook: the notebook's name, such as `04_training`.
        variables: the notebook's variables, `globals()`, among which are its parameters.

    Raises:
        LessonError: a parameter is missing, misspelled or invalid, or an artifact that the notebook needs is missing.
    """
    declared = chain.BY_NAME[notebook].parameters
    values = {name: variables[name] for name in declared if name in variables}
    # A line of the parameters cell carries a type, and Python keeps the names of such lines.
    typed = {name: nearest(name, declared) for name in variables.get("__annotations__", {}) if name not in declared}
    wrong = {name: meant for name, meant in typed.items() if meant or name in PARAMETERS}
    problems = [f"this notebook has no parameter {name}{meant}" for name, meant in wrong.items()]
    problems += [f"parameter {name} is not set" for name in declared if name not in values]
    problems += parameter_problems(values)
    if "run" in values and (problem := chain.run_name_problem(values["run"])):
        problems.append(problem)
    if problems:
        raise LessonError("; ".join(problems), "change the cell of parameters, restart the kernel, and run all cells")
    folder = RunFolder(notebook, chain.runs_folder() / values.pop("run"), values)
    lacking = [artifact for artifact in chain.BY_NAME[notebook].needs if not (folder.path / artifact).is_file()]
    if lacking:
        raise missing(folder.path, lacking)
    quiet.import_tensorflow()
    return folder


def check_artifact(folder: Path, artifact: str) -> str:
    """The digest of an artifact in a run's folder, once it is known to be the one that was recorded there.

    An artifact that no record names, put there by hand, is taken as it is.

    Raises:
        LessonError: it is missing, damaged, not what its notebook saved, or belongs to other data than the run's.
    """
    path = folder / artifact
    absent = missing(folder, [artifact])
    if not path.is_file():
        raise absent
    artifacts, fix = read_record(folder)["artifacts"], absent.fix
    try:
        digest = files.digest(path)
    except (OSError, ValueError) as error:
        raise LessonError(f"{files.shown(path)} is damaged ({error})", fix) from error
    entry = artifacts.get(artifact, {"digest": digest, "made_from": {}})
    if entry["digest"] != digest:
        raise LessonError(f"{files.shown(path)} is not the file that {entry['maker']} saved", fix)
    for other in chain.BOUND_TO.get(artifact, ()):
        made_from, now = entry["made_from"].get(other), artifacts.get(other, {}).get("digest")
        if made_from and now and made_from != now:
            raise LessonError(f"{files.shown(path)} was made from another {other} than the one there now", fix)
    return digest


def missing(folder: Path, artifacts: list[str]) -> LessonError:
    """The error for artifacts that are not there: all of them, and the one command that makes them."""
    makers = sorted({chain.MAKER[artifact] for artifact in artifacts})
    names = " and ".join(f"{artifact} (made by {chain.MAKER[artifact]})" for artifact in artifacts)
    command = f"{make_command(folder.name, makers[-1])} --catch-up"  # who missed a notebook wants what it saves
    what = f"the run {folder.name} has no {names} yet, in {files.shown(folder)}"
    return LessonError(what, f"run {' and '.join(makers)} first, or type in a terminal: {command}")


def make_command(run: str, notebook: str) -> str:
    """The command that brings a run up to date as far as `notebook`, for a shell of any system."""
    name = run if re.fullmatch(r"[\w.-]+", run) else f'"{run}"'
    return f"python -m runner run --name {name} --to {notebook}"


def is_run(folder: Path) -> bool:
    """Whether a folder is a run: whether it holds a valid record."""
    with contextlib.suppress(LessonError, OSError):
        return (folder / RECORD).is_file() and bool(read_record(folder))
    return False


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`; an empty one where nothing has been recorded yet.

    Raises:
        LessonError: the record is damaged, or was written by another version of this project.
    """
    path = folder / RECORD
    if not path.exists():
        return {"schema": SCHEMA, "name": folder.name, "artifacts": {}}
    record = files.read_json(path)
    if not isinstance(record, dict) or record.get("schema") != SCHEMA or not isinstance(record.get("artifacts"), dict):
        what = f"{files.shown(path)} is damaged, or was written by another version of this project"
        raise LessonError(what, f"move the folder {files.shown(folder)} away and run the notebooks again")
    return record


def update_record(folder: Path, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Read the record, let `change` edit it in place, write it back: one writer at a time, all or nothing.

    Returns:
        The record as it is now.
    """
    files.make_folder(folder)
    with FileLock(folder / ".record.lock"):
        record = read_record(folder)
        change(record)
        files.write_json(folder / RECORD, record)
    return record
