"""Executing one notebook with papermill, and knowing what became of it.

papermill runs in a thread of its own: its event loop would take over the signals otherwise, and the main thread is free
to watch. papermill's own record of cells is wrong after a dead kernel, a timeout or an interrupt, so an execution
keeps its own: which cell is running, the kernel's process, its memory, and the error that ended it.
"""

import contextlib
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from helpers.chain import Notebook
from helpers.runner import record

LAST_LINES = 8


@dataclass(frozen=True)
class Ending:
    """How the execution of a notebook ended.

    Attributes:
        outcome: `ok`, `cell error`, `timeout`, `kernel died` or `interrupted`.
        cell: the failing cell's id, number (as in `In [7]`) and first line; None where no cell had begun.
        error: the error's own last lines.
    """

    outcome: str
    cell: dict[str, Any] | None = None
    error: list[str] = field(default_factory=list)


class Execution(threading.Thread):
    """One notebook being executed: start it, look at it as it goes, stop it, ask for its ending.

    Attributes:
        cells: how many code cells there are; 0 until papermill has opened the notebook.
        cell, number: the code cell that runs or ran last, and its number from 1.
        failed: whether that cell raised an error that was not allowed.
        kernel, exit_status: the kernel's process, and how that ended, once it is known.
        peak_memory: highest resident memory of the kernel so far, in bytes.
        stopping: whether it was told to stop.
    """

    def __init__(self, notebook: Notebook, parameters: Mapping[str, Any], folder: Path, timeout: int | None) -> None:
        super().__init__(name=notebook.name, daemon=True)
        self.notebook, self.parameters, self.folder, self.timeout = notebook, dict(parameters), folder, timeout
        self.began = time.monotonic()
        self.cell: Mapping[str, Any] | None = None
        self.cells = self.number = self.peak_memory = 0
        self.failed = self.stopping = False
        self.kernel: psutil.Process | None = None
        self.exit_status: int | None = None
        self._raised: BaseException | None = None

    def run(self) -> None:
        """Execute the notebook; what it raises is kept for `ending`."""
        try:
            self._execute()
        except BaseException as error:
            self._raised = error

    def _execute(self) -> None:
        import papermill
        from papermill import engines, iorw

        from helpers.runner.engine import Engine

        engines.papermill_engines.register("watched", Engine)
        logging.getLogger("papermill").handlers = [logging.NullHandler()]
        logging.getLogger("papermill").propagate = False
        partial = str(record.partial_notebook(self.folder, self.notebook.name))
        paths = [path.replace("{", "{{").replace("}", "}}") for path in (str(self.notebook.path), partial)]
        options = {"engine_name": "watched", "kernel_name": "python3", "progress_bar": False, "execution": self}
        if self.stopping:
            return
        try:
            papermill.execute_notebook(*paths, self.parameters, **options)  # which takes braces for str.format
        except papermill.PapermillExecutionError:
            if self.failed:
                raise
            # The error was one that the cell's tag raises-exception allows: take papermill's red marks away again.
            iorw.write_ipynb(papermill.execute.remove_error_markers(iorw.load_notebook_node(partial)), partial)

    def look_at_memory(self) -> None:
        """Keep the highest memory of the kernel."""
        with contextlib.suppress(psutil.Error, OSError):
            if self.kernel is not None:
                self.peak_memory = max(self.peak_memory, _peak_memory(self.kernel))

    def training(self) -> dict[str, Any]:
        """What the kernel says about its training, as `helpers.training` writes it; nothing where it is not."""
        return record.read_quietly(self.folder / record.PROGRESS)

    def seconds(self) -> float:
        """Seconds since the execution began."""
        return time.monotonic() - self.began

    def stop(self) -> None:
        """Kill the kernel and every process that it started, now or as soon as it has started."""
        self.stopping = True
        kill_tree(self.kernel)

    def ending(self) -> Ending:
        """How it ended, by what was seen and not by papermill's metadata."""
        cell = None
        if self.cell is not None:
            first_line = next(iter(self.cell["source"].strip().splitlines()), "")
            cell = {"id": self.cell.get("id"), "number": self.number, "first_line": first_line}
        kind, text = type(self._raised).__name__, str(self._raised)
        if self.stopping:
            return Ending("interrupted", cell, ["stopped by a signal"])
        if self.failed:
            errors = [output for output in cell_outputs(self.cell) if output["output_type"] == "error"]
            return Ending("cell error", cell, last_lines("\n".join(f"{e['ename']}: {e['evalue']}" for e in errors)))
        if self._raised is None:
            return Ending("ok")
        if kind == "CellTimeoutError":
            return Ending("timeout", cell, [f"the cell took longer than {self.timeout} s (--timeout)"])
        if kind == "DeadKernelError" or not _is_running(self.kernel):
            return Ending("kernel died", cell, [*self._last_words(), self._how_it_died()])
        return Ending("cell error", cell, last_lines(f"{kind}: {text}"))

    def _last_words(self) -> list[str]:
        with contextlib.suppress(OSError):
            log = (self.folder / record.KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
            return [line for line in last_lines(log) if "IPKernelApp" not in line]
        return []

    def _how_it_died(self) -> str:
        if self.kernel is None or self.exit_status is None:
            return "the kernel did not start" if self.cell is None else "the kernel's process is gone"
        if self.exit_status >= 0:
            return f"the kernel's process ended with exit status {self.exit_status}"
        names = {number.value: number.name for number in signal.Signals}
        name = names.get(-self.exit_status, f"signal {-self.exit_status}")
        return f"the kernel was killed ({name}{', as when memory runs out' if name == 'SIGKILL' else ''})"


def cell_outputs(cell: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The outputs of a code cell, none where there is no cell."""
    return list(cell.get("outputs", [])) if cell else []


def last_lines(text: str) -> list[str]:
    """The last lines of a text that are not empty, without colours, none of them endless."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [line.rstrip()[:500] for line in plain.splitlines() if line.strip()][-LAST_LINES:]


def kill_tree(process: psutil.Process | None) -> None:
    """Kill a kernel's process, all that it started, and what is left of its process group."""
    if process is None:
        return
    family = [process]
    with contextlib.suppress(psutil.Error):
        family += process.children(recursive=True)
    for member in family:
        with contextlib.suppress(psutil.Error):
            member.kill()
    if os.name == "posix":
        with contextlib.suppress(OSError):  # jupyter_client starts each kernel as the leader of a group
            os.killpg(process.pid, signal.SIGKILL)


def _is_running(process: psutil.Process | None) -> bool:
    with contextlib.suppress(psutil.Error):
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _peak_memory(process: psutil.Process) -> int:
    """The highest resident memory that a process ever had, in bytes; where the system doesn't keep it, that of now."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        return int(found[1]) * 1024 if found else 0
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
