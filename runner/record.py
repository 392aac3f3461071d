"""The runner's part of a run's record, `runs/NAME/run.json`: the dataclasses below are its schema.

`helpers.runs` owns the file: its schema number, the lock that makes it one writer at a time, and the part `artifacts`,
which the notebooks' kernels write. `python -m workers` adds a list `workers`. The runner that holds the run's lock
keeps the rest, and writes it whole at every change.
"""

import contextlib
import dataclasses
import datetime
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import psutil

from helpers import chain, files, runs
from helpers.errors import LessonError
from helpers.parameters import PARAMETERS

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "papermill", "nbclient", "ipykernel")
METRICS, HISTORY, REPORT = "metrics.json", "history.json", "report.html"
KERNEL_LOG = "kernel.log"  # what the last kernel said outside its notebook
LOCKS = (runs.RUN_LOCK, ".record.lock")
BESIDE = {"04_training": ("checkpoint", "tensorboard")}  # what a notebook writes beside its artifacts


@dataclass
class Entry:
    """What a run did with one notebook.

    Attributes:
        outcome: ok, cell error, timeout, kernel died, interrupted, not reached, or running.
        reused: it was up to date and not run again; the rest tells of the run that made it.
        reason: why it ran.
        started: when, in UTC.
        parameters: all of its parameters but `run`, and whether given or its own defaults.
        catch_up: whether exercises and demonstrations were skipped.
        seconds: how long it took.
        peak_memory_mb: of its kernel, in 10⁶ bytes; resident set, its high-water mark where the system keeps one
            (Linux, Windows), else the highest of five samples a second.
        images_per_second: where it trains, else None.
        where, error: of a failure, the cell (its number, id and first line) and the error's own last lines.
        made_from: what freshness compares, of a notebook that ended well.
        saved: the digest of each artifact that it saved.
    """

    outcome: str = "not reached"
    reused: bool = False
    reason: str = ""
    started: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    catch_up: bool = False
    seconds: float | None = None
    peak_memory_mb: int | None = None
    images_per_second: float | None = None
    where: str = ""
    error: list[str] = field(default_factory=list)
    made_from: dict[str, dict[str, Any]] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """What was asked for: the profile, the `-p` parameters, both together, the notebooks, the command to continue."""

    profile: str | None
    given: dict[str, Any]
    parameters: dict[str, Any]
    command: str
    notebooks: list[str]
    catch_up: bool = False


@dataclass
class RunRecord:
    """The record of one headless run.

    Attributes:
        name: the run's name.
        asked: what was asked for.
        status: running, done, failed or interrupted; `running` with no such process: the runner itself was killed.
        exit_code: as `python -m runner run --help` lists them; None while running.
        notebooks: by name, what this run did with each.
        finished: by name, the last run of each that ended well.
        started, ended: in UTC.
        seconds: how long the run took.
        process: id of the runner's process.
        versions: of Python and the packages that count.
        git: `commit`, and `clean` (whether the project's tree was); None where the project is no git checkout.
        machine: system, processor, cores, memory_gb (10⁹ bytes).
        metrics: the plain numbers that 05_testing measured, if it is ok in this run, else None.
        as_expected: whether the accuracy was at least expected_accuracy; None where there are no metrics.
    """

    name: str
    asked: Asked
    status: str = "running"
    exit_code: int | None = None
    notebooks: dict[str, Entry] = field(default_factory=dict)
    finished: dict[str, Entry] = field(default_factory=dict)
    started: str = ""
    ended: str | None = None
    seconds: float | None = None
    process: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    git: dict[str, Any] | None = None
    machine: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] | None = None
    as_expected: bool | None = None

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return chain.runs_folder() / self.name

    def entries(self) -> dict[str, Entry]:
        """The notebooks that were asked for, in their order."""
        return {name: self.notebooks[name] for name in self.asked.notebooks}

    def write(self) -> None:
        """Write the runner's part of the record."""
        runs.update_record(self.folder, lambda record: record.update(dataclasses.asdict(self)))


def load(folder: Path) -> RunRecord | None:
    """The record of the last headless run in `folder`; None where there was none.

    Raises:
        LessonError: the record is damaged, or another version of the project wrote it.
    """
    content = runs.read_record(folder)
    if "asked" not in content:
        return None
    try:
        own = {part.name: content[part.name] for part in dataclasses.fields(RunRecord)} | {"name": folder.name}
        own["asked"] = Asked(**own["asked"])
        for part in ("notebooks", "finished"):
            own[part] = {name: Entry(**entry) for name, entry in own[part].items()}
        record = RunRecord(**own)
        record.entries()
        return record
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{files.shown(folder / runs.RECORD)} is damaged: {type(error).__name__}: {error}"
        raise LessonError(what, f"move the folder {files.shown(folder)} away and run the notebooks again") from error


def now() -> str:
    """The time, in UTC, as the record writes it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def lock_of(folder: Path) -> filelock.FileLock:
    """The lock that the one runner of a run holds; the system frees it when the runner ends, however it ends."""
    return filelock.FileLock(folder / runs.RUN_LOCK, timeout=0)


def is_notebook(path: Path) -> bool:
    """Whether a file is a whole notebook."""
    return "cells" in read_quietly(path)


def files_of(folder: Path, notebooks: Iterable[chain.Notebook]) -> list[Path]:
    """What these notebooks wrote into a run's folder, as far as it is there."""
    names: list[str] = []
    for notebook in notebooks:
        names += [*notebook.saves, f"{notebook.name}.ipynb", *BESIDE.get(notebook.name, ())]
    return [folder / name for name in names if os.path.lexists(folder / name)]


def delete(path: Path) -> None:
    """Delete a file or folder that the project wrote.

    Raises:
        LessonError: it can't be deleted.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        what = f"{files.shown(path)} can't be deleted ({error.strerror})"
        raise LessonError(what, "close the programs that use it, or delete it yourself, then repeat") from error


def read_quietly(path: Path) -> dict[str, Any]:
    """What a JSON file of names and values holds; nothing where it is missing, damaged or something else."""
    try:
        content = files.read_json(path)
    except (LessonError, OSError):
        return {}
    return content if isinstance(content, dict) else {}


def plain_metrics(folder: Path) -> dict[str, Any]:
    """The numbers, words and intervals among what 05_testing measured."""
    return {
        name: value
        for name, value in read_quietly(folder / METRICS).items()
        if isinstance(value, (bool, int, float, str)) or (isinstance(value, list) and len(value) == 2)
    }


def circumstances(record: RunRecord) -> dict[str, Any]:
    """Everything that a run was run with, by name."""
    git = record.git
    commit = git["commit"][:12] + ("" if git["clean"] else ", with changes") if git else "no git checkout"
    parameters = dict(record.asked.parameters)
    for entry in record.notebooks.values():
        parameters |= entry.parameters
    parameters = {name: parameters[name] for name in PARAMETERS if name in parameters}
    return {"profile": record.asked.profile or "none", "commit": commit} | parameters | record.machine | record.versions


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that count."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def git_state() -> dict[str, Any] | None:
    """The commit of the project and whether its tree is clean; None where it is no git checkout of its own."""
    git = ["git", "-C", str(chain.ROOT)]
    questions = (["rev-parse", "--show-toplevel", "HEAD"], ["status", "--porcelain"])
    try:
        where, state = (
            subprocess.check_output(git + words, encoding="utf-8", errors="replace", stderr=subprocess.DEVNULL)
            for words in questions
        )
        top, commit = where.splitlines()
        return {"commit": commit, "clean": not state} if Path(top).samefile(chain.ROOT) else None
    except (OSError, subprocess.SubprocessError):
        return None


def machine() -> dict[str, Any]:
    """What the run's seconds were measured on."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        processor = found[1] if found else processor
    memory = round(psutil.virtual_memory().total / 1e9, 1)
    return {"system": platform.platform(), "processor": processor, "cores": os.cpu_count(), "memory_gb": memory}
