"""The runner's part of a run's record, `runs/NAME/run.json`, and who may write it.

`helpers.runs` owns the file: its schema number, the lock that makes it one writer at a time, and the part `artifacts`,
which the notebooks' kernels write. The schema, version 1 (`helpers.runs.SCHEMA`; another number is refused):

    schema       1
    name         the run's name
    artifacts    by file: digest, maker, made_from (digests), parameters, saved
    asked        profile (or null), given (the -p parameters), parameters (all that the run was given), command
                 (which goes on with the run), notebooks (asked for)
    status       running, done, failed, interrupted; `running` with no such process: the runner itself was killed
    exit_code    as `python -m helpers run --help` lists them; null while running
    started, ended, seconds
    process      id of the runner's process
    versions     of Python, TensorFlow, Keras, NumPy and the packages that run notebooks
    git          commit, clean (whether the project's tree was); null where the project is no git checkout
    machine      system, processor, cores, memory_gb (10⁹ bytes)
    notebooks    by notebook, what this run did with it:
                   outcome             ok, cell error, timeout, kernel died, interrupted, not reached, or running
                   reused              true: up to date, not run again; the rest tells of the run that made it
                   reason              why it ran
                   started, seconds, parameters
                   peak_memory_mb      of its kernel, in 10⁶ bytes; resident set, its high-water mark where the system
                                       keeps one (Linux, Windows), else the highest of five samples a second
                   images_per_second   where it trains, else null
                   cell                of a failure: id, number (as in `In [7]`), first_line
                   error               of a failure: its own last lines
    finished     by notebook, the last run of it that ended well: made_from (what freshness compares), leaves (digests),
                 and the facts above
    metrics      the plain numbers that 05_testing measured, if it is ok in this run, else null
    workers      by `python -m helpers worker`, for each training: workers, threads_each, batch_size, updates,
                 images_per_second (all workers together, without the first update of each epoch), ended
    as_expected  whether the accuracy was at least expected_accuracy; null where there are no metrics
"""

import contextlib
import datetime
import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import psutil

from helpers import chain, files, runs
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.runner.settings import Settings

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "papermill", "nbclient", "ipykernel")
METRICS, HISTORY, PROGRESS = "metrics.json", "history.json", "progress.json"
KERNEL_LOG = "kernel.log"  # what the last kernel said outside its notebook
OWN_FILES = ("run.json", ".run.lock", ".record.lock")


def now() -> str:
    """The time, in UTC, as the record writes it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def lock_of(folder: Path) -> filelock.FileLock:
    """The lock that the one runner of a folder holds; the system frees it when the runner ends, however it ends."""
    return filelock.FileLock(folder / ".run.lock", timeout=0)


def partial_notebook(folder: Path, notebook: str) -> Path:
    """Where a notebook is saved while it runs."""
    return folder / f".partial.{notebook}.ipynb"


class RunRecord:
    """The record of one run, as its runner keeps it; every change is on the disk when the method returns."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.folder
        self._began = time.monotonic()

    def read(self) -> dict[str, Any]:
        """The record as it is now, the kernels' part included."""
        return runs.read_record(self.folder)

    def begin(self) -> None:
        """Enter what was asked for and where it runs, and that no notebook has been reached."""
        settings = self.settings
        asked: dict[str, Any] = {"profile": settings.profile, "given": settings.given, "parameters": settings.values}
        asked |= {"command": settings.command(), "notebooks": [notebook.name for notebook in settings.notebooks]}
        facts: dict[str, Any] = {"asked": asked, "status": "running", "exit_code": None}
        facts |= {"started": now(), "ended": None, "seconds": None, "process": os.getpid()}
        facts |= {"versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}}
        facts |= {"git": git_state(), "machine": machine(), "metrics": None, "as_expected": None}

        def change(record: dict[str, Any]) -> None:
            record.update(facts)
            record.setdefault("finished", {})
            rows = dict.fromkeys([*chain.NOTEBOOKS, *settings.notebooks])
            record["notebooks"] = {notebook.name: {"outcome": "not reached"} for notebook in rows}

        runs.update_record(self.folder, change)

    def enter(self, notebook: Notebook, facts: Mapping[str, Any]) -> None:
        """Enter what this run does with a notebook, or found already done."""
        runs.update_record(self.folder, lambda record: record["notebooks"].update({notebook.name: dict(facts)}))

    def finish(self, notebook: Notebook, facts: Mapping[str, Any], made_from: Mapping[str, Any]) -> None:
        """Enter a notebook's outcome; one that ended well can be reused while `made_from` stays the same."""

        def change(record: dict[str, Any]) -> None:
            record["notebooks"][notebook.name] = dict(facts)
            record["finished"].pop(notebook.name, None)
            if facts["outcome"] == "ok":
                left = {name: record["artifacts"][name] for name in notebook.leaves if name in record["artifacts"]}
                leaves = {name: entry["digest"] for name, entry in left.items()}
                record["finished"][notebook.name] = {**facts, "made_from": made_from, "leaves": leaves}

        runs.update_record(self.folder, change)

    def end(self, status: str, exit_code: int) -> dict[str, Any]:
        """Enter how the run ended, and its metrics.

        Returns:
            The record.
        """

        def change(record: dict[str, Any]) -> None:
            tested = record["notebooks"].get(chain.MAKER.get(METRICS, ""), {}).get("outcome") == "ok"
            found = read_quietly(self.folder / METRICS) if tested else {}
            plain = {name: value for name, value in found.items() if _is_plain(value)}
            record.update(metrics=plain or None, as_expected=plain.get("as_expected"))
            seconds = round(time.monotonic() - self._began, 1)
            record.update(status=status, exit_code=exit_code, ended=now(), seconds=seconds)

        return runs.update_record(self.folder, change)


def _is_plain(value: object) -> bool:
    return isinstance(value, (bool, int, float, str)) or (isinstance(value, list) and len(value) == 2)


def recover(folder: Path) -> None:
    """Put right what a killed runner left: no notebook is still running, and the one that was is kept as far as it got.

    Call it with the folder's lock in hand.
    """
    record = runs.read_record(folder)
    cut_off = [name for name, facts in record.get("notebooks", {}).items() if facts.get("outcome") == "running"]
    if not cut_off:
        return

    def change(record: dict[str, Any]) -> None:
        record["status"] = "interrupted"
        for name in cut_off:
            record["notebooks"][name]["outcome"] = "interrupted"
            record["finished"].pop(name, None)

    runs.update_record(folder, change)
    for name in cut_off:
        keep_notebook(folder, name)


def keep_notebook(folder: Path, notebook: str) -> bool:
    """Give the notebook that was saved while it ran its lasting name, if it is whole; otherwise delete it."""
    partial = partial_notebook(folder, notebook)
    try:
        files.read_json(partial)
    except (LessonError, OSError):
        partial.unlink(missing_ok=True)
        return False
    partial.replace(folder / f"{notebook}.ipynb")
    return True


def read_quietly(path: Path) -> dict[str, Any]:
    """What a JSON file of names and values holds; nothing where it is missing, damaged or something else."""
    try:
        content = files.read_json(path)
    except (LessonError, OSError):
        return {}
    return content if isinstance(content, dict) else {}


def parameters_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the notebooks of a run had, those of a notebook that was not reached as they were given."""
    found = dict(record["asked"]["parameters"])
    for facts in record["notebooks"].values():
        found |= facts.get("parameters", {})
    return {name: found[name] for name in chain.PARAMETERS_BY_NAME if name in found and name != "run"}


def circumstances(record: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a run was run with, by name."""
    git = record["git"]
    commit = git["commit"][:12] + ("" if git["clean"] else ", with changes") if git else "no git checkout"
    found = {name: record[name] for name in ("started", "ended", "seconds")}
    found |= {"profile": record["asked"]["profile"] or "none", "commit": commit}
    return found | parameters_of(record) | record["machine"] | record["versions"]


def git_state() -> dict[str, Any] | None:
    """The commit of the project and whether its tree is clean; None where it is no git checkout of its own."""
    git = ["git", "-C", str(chain.ROOT)]
    questions = (["rev-parse", "--show-toplevel", "HEAD"], ["status", "--porcelain"])
    try:
        where, state = (
            subprocess.check_output(git + words, text=True, stderr=subprocess.DEVNULL) for words in questions
        )
    except (OSError, subprocess.SubprocessError):
        return None
    top, commit = where.splitlines()
    return {"commit": commit, "clean": not state} if Path(top).samefile(chain.ROOT) else None


def machine() -> dict[str, Any]:
    """What the run's seconds were measured on."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        processor = found[1] if found else processor
    memory = round(psutil.virtual_memory().total / 1e9, 1)
    return {"system": platform.platform(), "processor": processor, "cores": os.cpu_count(), "memory_gb": memory}
