"""A run is a folder: reading what earlier notebooks saved there, saving what later ones need.

The folder's record, `run.json`, says for each artifact its `digest`, its `maker` (the notebook that
saved it), that notebook's `parameters`, and `made_from`, the digests of what it needed: so nothing
damaged, swapped or half-written is taken. The runner keeps its own part of the same record.
A folder is a run if it holds a valid record; no other folder is locked, listed, emptied or deleted.
"""

import contextlib
import hashlib
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from series import chain, files
from series.errors import LessonError

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
        """The path of an artifact of an earlier notebook, once it is known to be complete and the
        recorded one.

        Raises:
            LessonError: it is missing, damaged, not what its notebook saved, or belongs to other
                data than the run's.
        """
        self._used[artifact] = check_artifact(self.path, artifact)
        return self.path / artifact

    @property
    def recipe(self) -> dict[str, Any]:
        """What a result of this notebook is made from: its parameters, and the digests of what it
        needed so far.
        """
        return {"parameters": self.parameters, "made_from": dict(sorted(self._used.items()))}

    @property
    def checkpoint(self) -> Path:
        """The folder that keeps an interrupted training of this recipe; another recipe has another
        one, so it starts anew.
        """
        text = json.dumps(self.recipe, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self.path / chain.CHECKPOINT_FOLDER / digest[:12]

    @contextlib.contextmanager
    def save(self, artifact: str) -> Iterator[Path]:
        """Yield a temporary path to write an artifact to; when the block ends well, put it in place
        and record it.

        Raises:
            LessonError: there is no space left, or the folder can't be written.
        """
        with files.atomic_write(self.path / artifact) as temporary:
            yield temporary
            digest = files.digest(temporary)
        entry = {"digest": digest, "maker": self.notebook, **self.recipe}
        update_record(self.path, lambda record: record["artifacts"].update({artifact: entry}))


def check_artifact(folder: Path, artifact: str) -> str:
    """The digest of an artifact in a run's folder, once it is known to be the one that was recorded
    there.

    An artifact that no record names, put there by hand, is taken as it is.

    Raises:
        LessonError: it is missing, damaged, not what its notebook saved, or belongs to other data
            than the run's.
    """
    path = folder / artifact
    absent = missing(folder, [artifact])
    if not path.is_file():
        raise absent
    artifacts, fix = read_record(folder)["artifacts"], absent.fix
    try:
        digest = files.digest(path)
    except (OSError, ValueError) as error:
        raise LessonError(f"{files.display_path(path)} is damaged ({error})", fix) from error
    entry = artifacts.get(artifact, {"digest": digest, "made_from": {}})
    if entry["digest"] != digest:
        raise LessonError(
            f"{files.display_path(path)} is not the file that {entry['maker']} saved", fix
        )
    for other in chain.BOUND_TO.get(artifact, ()):
        made_from, now = entry["made_from"].get(other), artifacts.get(other, {}).get("digest")
        if made_from and now and made_from != now:
            raise LessonError(
                f"{files.display_path(path)} was made from another {other} than the one there now",
                fix,
            )
    return digest


def missing(folder: Path, artifacts: list[str], command: str | None = None) -> LessonError:
    """The error for artifacts that are not there: all of them, and the command that makes them, of
    which a notebook knows only the run's name.
    """
    makers = sorted({chain.MAKER[artifact] for artifact in artifacts})
    names = " and ".join(f"{artifact} (made by {chain.MAKER[artifact]})" for artifact in artifacts)
    if command is None:
        # Somebody waits for the run interactive: the training of quick takes half a minute.
        profile = ["--profile", "quick"] if folder.name == chain.INTERACTIVE else []
        command = make_command(folder.name, makers[-1], [*profile, "--catch-up"])
    what = f"the run {folder.name} has no {names} yet, in {files.display_path(folder)}"
    return LessonError(what, f"run {' and '.join(makers)} first, or type in a terminal: {command}")


def make_command(run: str, notebook: str, options: Sequence[str] = ()) -> str:
    """The command that brings a run up to date as far as `notebook`, for a shell of this system."""
    words = ["python", "-m", "runner", "run", "--name", run, "--to", notebook, *options]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def is_run(folder: Path) -> bool:
    """Whether a folder is a run: whether it holds a valid record. A link to one is none, since what
    it points at may be anywhere.
    """
    with contextlib.suppress(LessonError, OSError):
        recorded = (folder / RECORD).is_file() and not files.is_link(folder)
        return recorded and bool(read_record(folder))
    return False


def all_runs() -> list[Path]:
    """Every run that is there."""
    root = chain.runs_folder()
    return [folder for folder in sorted(root.iterdir()) if is_run(folder)] if root.is_dir() else []


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`; an empty one where nothing has been recorded yet.

    Raises:
        LessonError: the record is damaged, or was written by another version of this project.
    """
    try:
        record = files.read_json(folder / RECORD)
        if record["schema"] != SCHEMA or "artifacts" not in record:
            raise unfit_record(folder)
    except FileNotFoundError:
        return {"schema": SCHEMA, "name": folder.name, "artifacts": {}}
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise unfit_record(folder) from error
    return dict(record)


def unfit_record(folder: Path) -> LessonError:
    """The error for a record that is no record of this version of the project."""
    shown = files.display_path(folder / RECORD)
    what = f"{shown} is damaged, or was written by another version of this project"
    fix = f"move the folder {files.display_path(folder)} away and run the notebooks again"
    return LessonError(what, fix)


def update_record(folder: Path, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Read the record, let `change` edit it in place, write it back: one writer at a time, all or
    nothing.

    Returns:
        The record as it is now.

    Raises:
        LessonError: the record is damaged, or it or its lock can't be written.
    """
    files.make_folder(folder)
    with FileLock(folder / ".record.lock"):
        record = read_record(folder)
        change(record)
        files.write_json(folder / RECORD, record)
    return record
