"""Executing one notebook with papermill, and knowing what became of it.

papermill runs in a thread of its own: its event loop would take over the signals otherwise, and the main thread is free
to watch. papermill's own record of cells is wrong after a dead kernel, a timeout or an interrupt, so this room
keeps its own: which cell is running, the kernel's process, its memory, and the error that ended it.
"""

import contextlib
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from helpers import chain
from helpers.chain import Notebook
from helpers.runner import record

ENGINE = "helpers"
KERNEL = "python3"
START_TIMEOUT = 180  # seconds; a slow disk, a cold start
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


class Stopped(Exception):
    """The run was stopped before the kernel had started."""


class Execution(threading.Thread):
    """One notebook being executed: start it, look at it as it goes, stop it, ask for its ending.

    Attributes:
        cells: how many code cells there are; 0 until papermill has opened the notebook.
        number: number of the code cell that is running, from 1.
        failed: whether a cell raised an error that was not allowed.
        peak_memory: highest resident memory of the kernel so far, in bytes.
    """

    def __init__(self, notebook: Notebook, parameters: Mapping[str, Any], folder: Path, timeout: int | None) -> None:
        super().__init__(name=notebook.name, daemon=True)
        self.notebook = notebook
        self.parameters = dict(parameters)
        self.folder = folder
        self.timeout = timeout
        self.began = time.monotonic()
        self.cells = 0
        self.number = 0
        self.peak_memory = 0
        self.kernel: psutil.Process | None = None
        self.exit_status: int | None = None
        self.stopping = False
        self._cell: Mapping[str, Any] | None = None
        self.failed = False
        self._raised: BaseException | None = None

    def run(self) -> None:
        """Execute the notebook; what it raises is kept for `ending`."""
        try:
            execute_with_papermill(self)
        except BaseException as error:
            self._raised = error

    def kernel_started(self, process: int) -> None:
        """Take note of the kernel's process; ends it at once where the run was stopped meanwhile."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.kernel = psutil.Process(process)
        if self.stopping:
            self.stop()
            raise Stopped

    def cell_started(self, cell: Mapping[str, Any]) -> None:
        """Take note of the cell that begins to run."""
        self._cell, self.number = cell, self.number + 1

    def noting_failure(self, then: Callable[..., None]) -> Callable[..., None]:
        """`then`, after taking note that the running cell raised an error that was not allowed."""

        def note(*args: Any, **kwargs: Any) -> None:
            self.failed = True
            then(*args, **kwargs)

        return note

    def look_at_memory(self) -> None:
        """Keep the highest memory of the kernel."""
        if self.kernel is not None:
            with contextlib.suppress(psutil.Error, OSError):
                self.peak_memory = max(self.peak_memory, _peak_memory(self.kernel))

    def training(self) -> dict[str, Any]:
        """What the kernel says about its training, as `helpers.training` writes it; nothing where it is not."""
        return record.read_quietly(self.folder / record.PROGRESS)

    def seconds(self) -> float:
        """Seconds since the execution began."""
        return time.monotonic() - self.began

    def stop(self) -> None:
        """Kill the kernel and every process that it started."""
        self.stopping = True
        if self.kernel is not None:
            kill_tree(self.kernel)

    def ending(self) -> Ending:
        """How it ended, by what was seen and not by papermill's metadata."""
        if self.stopping:
            return Ending("interrupted", self._where(), ["stopped by a signal"])
        if self.failed:
            return Ending("cell error", self._where(), self._error_of_cell())
        if self._raised is None:
            return Ending("ok")
        kind, text = type(self._raised).__name__, str(self._raised).strip()
        if kind == "CellTimeoutError":
            return Ending("timeout", self._where(), [f"the cell took longer than {self.timeout} s (--timeout)"])
        if kind == "DeadKernelError" or self.kernel is None or not _is_running(self.kernel):
            return Ending("kernel died", self._where(), [*self._last_words(), self._how_it_died()])
        return Ending("cell error", self._where(), _last_lines(f"{kind}: {text}"))

    def _where(self) -> dict[str, Any] | None:
        if self._cell is None:
            return None
        first_line = next(iter(self._cell["source"].strip().splitlines()), "")
        return {"id": self._cell.get("id"), "number": self.number, "first_line": first_line}

    def _error_of_cell(self) -> list[str]:
        outputs = self._cell.get("outputs", []) if self._cell else []
        errors = [output for output in outputs if output["output_type"] == "error"]
        return _last_lines(f"{errors[-1]['ename']}: {errors[-1]['evalue']}") if errors else []

    def _last_words(self) -> list[str]:
        try:
            log = (self.folder / record.KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        return [line for line in _last_lines(log) if "IPKernelApp" not in line]

    def _how_it_died(self) -> str:
        if self.kernel is None:
            return "the kernel did not start"
        if self.exit_status is None:
            return "the kernel's process is gone"
        if self.exit_status >= 0:
            return f"the kernel's process ended with exit status {self.exit_status}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-self.exit_status).name
            hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
            return f"the kernel's process was killed ({name}{hint})"
        return f"the kernel's process was killed (signal {-self.exit_status})"


def execute_with_papermill(execution: Execution) -> None:
    """Execute the notebook in this thread and save it as it goes."""
    import papermill
    from papermill.engines import papermill_engines

    papermill_engines.register(ENGINE, _engine())
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    logging.getLogger("papermill").propagate = False
    if execution.stopping:
        raise Stopped
    partial = record.partial_notebook(execution.folder, execution.notebook.name)
    try:
        papermill.execute_notebook(
            _unformatted(execution.notebook.path),
            _unformatted(partial),
            execution.parameters,
            engine_name=ENGINE,
            kernel_name=KERNEL,
            progress_bar=False,
            start_timeout=START_TIMEOUT,
            execution_timeout=execution.timeout,
            execution=execution,
        )
    except papermill.PapermillExecutionError:
        if execution.failed:
            raise
        # The error was one that the cell's tag raises-exception allows: take papermill's red marks away again.
        whole = papermill.iorw.load_notebook_node(str(partial))
        papermill.iorw.write_ipynb(papermill.execute.remove_error_markers(whole), str(partial))


def _unformatted(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill takes braces in a path for str.format


def _engine() -> type:
    """papermill's own engine, with an eye on the kernel. Made here because importing papermill takes seconds."""
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine
    from papermill.log import logger

    class Client(PapermillNotebookClient):
        execution: Execution

        def start_new_kernel(self, **kwargs: Any) -> None:
            super().start_new_kernel(**kwargs)
            self.execution.kernel_started(self.km.provisioner.pid)

        def papermill_execute_cells(self) -> None:
            try:
                super().papermill_execute_cells()
            except BaseException:
                self._ask_exit_status()
                kill_tree(self.execution.kernel)  # asking it politely to shut down would take 5 s
                raise
            finally:
                self.execution.look_at_memory()

        def _ask_exit_status(self) -> None:
            process = getattr(self.km.provisioner, "process", None) if self.km else None
            self.execution.exit_status = process.poll() if process else None

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> None:
            execution: Execution = kwargs["execution"]
            execution.cells = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in nb_man.nb.cells)
            nb_man.save = _patient(nb_man.save)
            client = Client(
                nb_man,
                kernel_name=kernel_name,
                log=logger,
                timeout=kwargs["execution_timeout"],
                startup_timeout=kwargs["start_timeout"],
                coalesce_streams=True,
                iopub_timeout=60,
                on_cell_execute=lambda cell, cell_index: execution.cell_started(cell),  # noqa: ARG005
            )
            client.execution = execution
            nb_man.cell_exception = execution.noting_failure(nb_man.cell_exception)
            with (execution.folder / record.KERNEL_LOG).open("wb") as log:
                # papermill's own cwd would move this whole process
                client.execute(cwd=str(chain.NOTEBOOKS_FOLDER), stdout=log, stderr=log)

    return Engine


def _patient(save: Any) -> Any:
    """A `save` that lets the notebook go on where the disk is full: its own error is the one to tell."""

    def attempt(**kwargs: Any) -> None:
        with contextlib.suppress(OSError):
            save(**kwargs)

    return attempt


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


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


def _peak_memory(process: psutil.Process) -> int:
    """The highest resident memory that a process ever had, in bytes; where the system doesn't keep it, that of now."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        return int(found[1]) * 1024 if found else 0
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def _last_lines(text: str) -> list[str]:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.rstrip()[:500] for line in plain.splitlines() if line.strip()]
    return lines[-LAST_LINES:]
