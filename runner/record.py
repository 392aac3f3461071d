"""The runner's part of a run's record, `runs/NAME/run.json`: the dataclasses below are its schema.

`series.runs` owns the file: its schema number, the run's name, the lock that makes it one writer at
a time, and the part `artifacts`, which the notebooks' kernels write. `python -m workers` adds a
list `workers`. The runner that holds the run's lock keeps the rest, and writes it whole at every
change.
"""

import contextlib
import dataclasses
import datetime
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import psutil

from runner.request import RunRequest
from series import chain, files, runs
from series.errors import LessonError

PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "scikit-learn",
    "matplotlib",
    "papermill",
    "nbclient",
    "ipykernel",
)
METRICS, HISTORY, REPORT = "metrics.json", "history.json", "report.html"
KERNEL_LOG = "kernel.log"  # what the last kernel said outside its notebook
COMPARISON = "comparison.png"  # of this run with others, the picture of `compare`
LOCKS = (runs.RUN_LOCK, ".record.lock")
PARTIAL = ".*.partial.*"  # what `files.atomic_write` leaves where its process was killed


def now() -> str:
    """The time, in UTC, as the record writes it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@dataclass
class NotebookResult:
    """What a run did with one notebook.

    Attributes:
        outcome: ok, cell error, timeout, kernel died, stopped (by something outside the notebook),
            interrupted, not reached, or running.
        reused: it was up to date and not run again; the rest tells of the run that made it.
        reason: why it ran.
        parameters: all of its parameters but `run`, and whether given or its own defaults.
        seconds: how long it took.
        peak_memory_mb: of its kernel, in 10⁶ bytes: resident set, the highest of five samples a
            second.
        images_per_second: where it trains, else None.
        where, error: of a failure, the cell (its number, as in `In [7]`, and its id) and the
            error's own last lines.
        made_from: what a later run compares, of a notebook that ended well.
        saved: the digest of each artifact that it saved.
    """

    outcome: str = "not reached"
    reused: bool = False
    reason: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    peak_memory_mb: int | None = None
    images_per_second: float | None = None
    where: str = ""
    error: list[str] = field(default_factory=list)
    made_from: dict[str, dict[str, Any]] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)


@dataclass
class RunRecord:
    """The record of one headless run.

    Attributes:
        request: what was asked for.
        notebooks: by name, what this run did with each.
        last_success: by name, the last run of each that ended well.
        environment: what it ran on: commit, system, processor, cores, memory_gb (10⁹ bytes),
            versions of packages.
        status: running, done, failed or interrupted; `running` where no runner holds the run's
            lock: it was killed.
        problem: what stopped the run outside its notebooks, and how to fix it.
        exit_code: as `python -m runner run --help` lists them; None while running.
        started: in UTC.
        seconds: how long the run took.
        metrics: the plain numbers that 05_testing measured, if it is ok in this run, `as_expected`
            among them.
    """

    request: RunRequest
    notebooks: dict[str, NotebookResult]
    last_success: dict[str, NotebookResult]
    environment: dict[str, Any] = field(default_factory=dict)
    status: str = "running"
    problem: str = ""
    exit_code: int | None = None
    started: str = field(default_factory=now)
    seconds: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)

    def write(self) -> None:
        """Write the runner's part of the record."""
        mine = dataclasses.asdict(self)
        runs.update_record(self.request.folder, lambda content: content.update(mine))

    def circumstances(self) -> dict[str, Any]:
        """Everything that the run was run with, by name."""
        parameters: dict[str, Any] = {}
        for result in self.notebooks.values():
            parameters |= result.parameters
        return {"profile": self.request.profile or "none"} | parameters | self.environment


def begin(request: RunRequest) -> RunRecord:
    """The record that a run starts with: what the run before it achieved, and nothing done yet."""
    before = load(request.folder)
    last_success = before.last_success if before else {}
    untouched = {name: NotebookResult() for name in request.notebooks}
    return RunRecord(request, untouched, last_success)


def load(folder: Path) -> RunRecord | None:
    """The record of the last headless run in `folder`; None where there was none.

    Raises:
        LessonError: the record is damaged, or another version of the project wrote it.
    """
    content = runs.read_record(folder)
    if "request" not in content:
        return None
    try:
        # A copied folder has a name of its own.
        request = _make(RunRequest, content["request"] | {"name": folder.name})
        results: dict[str, dict[str, NotebookResult]] = {"notebooks": {}, "last_success": {}}
        for part, made in results.items():
            for name, result in content[part].items():
                # A notebook that is called something else now, or is gone, has to run again anyway.
                if name in chain.BY_NAME:
                    made[name] = _make(NotebookResult, result)
        return _make(RunRecord, content | results | {"request": request})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise runs.unfit_record(folder) from error


def _make(kind: type[Any], content: dict[str, Any]) -> Any:
    """A part of a record, without what it doesn't know."""
    names = [field.name for field in dataclasses.fields(kind)]
    return kind(**{name: content[name] for name in names if name in content})


def lock_of(folder: Path) -> filelock.FileLock:
    """The lock that the one runner of a run holds; the system frees it when the runner ends,
    however it ends.
    """
    return filelock.FileLock(folder / runs.RUN_LOCK, timeout=0)


def files_of(folder: Path, notebooks: Iterable[chain.Notebook]) -> list[Path]:
    """What these notebooks wrote into a run's folder, as far as it is there."""
    names: list[str] = []
    for notebook in notebooks:
        names += [*notebook.saves, f"{notebook.name}.ipynb", *notebook.folders]
    return [folder / name for name in names if os.path.lexists(folder / name)]


def delete(path: Path) -> None:
    """Delete a file or folder that the project wrote; of a link, only the link.

    Raises:
        LessonError: it can't be deleted.
    """
    try:
        if path.is_dir() and not files.is_link(path):
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        what = f"{files.display_path(path)} can't be deleted ({error.strerror})"
        fix = "close the programs that use it, or delete it yourself, then repeat"
        raise LessonError(what, fix) from error


def read_quietly(path: Path) -> dict[str, Any]:
    """What a JSON file holds; nothing where it is missing or damaged."""
    try:
        return dict(files.read_json(path))
    except (LessonError, OSError, TypeError, ValueError):
        return {}


def environment() -> dict[str, Any]:
    """What a run is made with: the project's commit, the machine, and the versions of Python and
    the packages.
    """
    return {
        "commit": _commit(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
    } | {name: version(name) for name in PACKAGES}


def _commit() -> str | None:
    """The commit of the project, `-dirty` after it if files differ from it; None where it is no
    checkout of its own.
    """
    own = ["git", f"--git-dir={chain.ROOT / '.git'}", f"--work-tree={chain.ROOT}"]
    describe = [*own, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.check_output(describe, stderr=subprocess.DEVNULL)
        return said.decode(errors="replace").strip()
    return None
