"""Executing one notebook with papermill, and knowing what became of it.

papermill runs in the main thread, so that a signal interrupts it. Its own record of cells is wrong after a dead kernel,
a timeout or an interrupt, so an execution keeps its own through nbclient's hooks: which cell is running, and whether it
failed; and it starts the kernel itself, to know its process, its memory and its last words.
"""

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop, run_sync

from helpers import chain, files
from helpers.chain import Notebook
from runner import record
from runner.stop import stop

LAST_LINES = 8
START_TIMEOUT = 180  # seconds; a slow disk, a cold start
SKIPPED = {"exercise", "check", "solution", "demo"}  # tags of cells that nothing later needs
COLOR = re.compile(r"\x1b\[[0-9;]*m")
CHATTER = re.compile(r"\d{4}-\d\d-\d\d .+: [IW] |[IWE]0000 |WARNING: All log messages|To enable the following")


class Kernel(AsyncKernelManager):
    """A kernel that keeps the client which nbclient makes for it, so that both can be closed."""

    kept: Any = None

    def client(self, **options: Any) -> Any:
        """Make a client."""
        self.kept = super().client(**options)
        return self.kept


class Execution:
    """One notebook being executed.

    Attributes:
        cells: how many code cells there are, the one that papermill adds included.
        number: the number of the code cell that runs or ran last, from 1; 0 while the kernel starts.
        peak_memory: highest resident memory of the kernel so far, in bytes.
        outcome: `ok`, `cell error`, `timeout`, `kernel died` or `interrupted`, once it has ended.
        error: the last lines of what ended it.
    """

    def __init__(
        self, notebook: Notebook, parameters: Mapping[str, Any], folder: Path, timeout: int | None, catch_up: bool
    ) -> None:
        self.notebook, self.parameters, self.folder, self.timeout = notebook, dict(parameters), folder, timeout
        self.catch_up, self.began = catch_up, time.monotonic()
        self.cells = self.number = self.peak_memory = 0
        self.outcome = "ok"
        self.error: list[str] = []
        self._cell: Mapping[str, Any] = {}
        self._kernel = Kernel(kernel_name="python3")
        self._process: Any = None

    def run(self) -> None:
        """Execute the notebook, and close its kernel."""
        try:
            with stop.at_once():
                self._execute()
        except (Exception, KeyboardInterrupt) as error:  # whatever ends it belongs into the record
            self._explain(error)
        self.look_at_memory()
        self._close()

    def _execute(self) -> None:
        import papermill
        from papermill import iorw

        logging.getLogger("papermill").handlers = [logging.NullHandler()]
        logging.getLogger("papermill").propagate = False
        executed = self.folder / f"{self.notebook.name}.ipynb"
        self._prepare(executed)
        if sys.platform == "win32":  # as papermill sets it, but before the first event loop is made
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        with (self.folder / record.KERNEL_LOG).open("wb") as log:
            run_sync(self._kernel.start_kernel)(cwd=str(chain.NOTEBOOKS_FOLDER), stdout=log, stderr=log)
        self._process = self._kernel.provisioner.process  # type: ignore[union-attr]
        path = str(executed).replace("{", "{{").replace("}", "}}")  # papermill takes braces for str.format
        options = {"kernel_name": "python3", "progress_bar": False, "start_timeout": START_TIMEOUT}
        options |= {"km": self._kernel, "iopub_timeout": 60, "coalesce_streams": True}  # these are nbclient's
        options |= {"on_cell_execute": self._on_cell_execute, "on_cell_error": self._on_cell_error}
        try:
            papermill.execute_notebook(path, path, self.parameters, execution_timeout=self.timeout, **options)
        except papermill.PapermillExecutionError:
            if self.outcome == "ok":  # an error that the tag raises-exception allows: take the red marks away again
                content = papermill.execute.remove_error_markers(iorw.load_notebook_node(str(executed)))
                iorw.write_ipynb(content, str(executed))

    def _prepare(self, executed: Path) -> None:
        content = files.read_json(self.notebook.path)
        skipped = SKIPPED if self.catch_up else set()
        content["cells"] = [
            cell
            for cell in content["cells"]
            if cell["cell_type"] != "code" or not skipped & set(cell["metadata"].get("tags", []))
        ]
        self.cells = 1 + sum(cell["cell_type"] == "code" and bool(cell["source"]) for cell in content["cells"])
        files.write_json(executed, content)

    def _on_cell_execute(self, cell: Mapping[str, Any], **_: object) -> None:
        self._cell, self.number = cell, self.number + 1

    def _on_cell_error(self, cell: Mapping[str, Any], execute_reply: Mapping[str, Any], **_: object) -> None:
        if "raises-exception" not in cell["metadata"].get("tags", []):
            error = execute_reply["content"]
            self.outcome, self.error = "cell error", last_lines(f"{error.get('ename')}: {error.get('evalue')}")

    def _explain(self, error: BaseException) -> None:
        """How it ended, by what was seen and not by papermill's metadata."""
        kind, status = type(error).__name__, self._process.poll() if self._process else None
        if isinstance(error, KeyboardInterrupt):
            self.outcome, self.error = "interrupted", ["stopped by a signal"]
        elif self.outcome != "ok":
            pass  # the error of the cell, which led to this one
        elif kind == "CellTimeoutError":
            self.outcome, self.error = "timeout", [f"the cell took longer than {self.timeout} s (--timeout)"]
        elif status is not None or kind == "DeadKernelError":
            how = f"the kernel's process ended with exit status {status}"
            if status is not None and status < 0:
                how = f"the kernel was killed (signal {-status}{', as when memory runs out' if status == -9 else ''})"
            self.outcome, self.error = "kernel died", [*self._last_words(), how]
        else:
            self.outcome, self.error = "cell error", last_lines(f"{kind}: {error}")

    def last_line(self) -> str:
        """The last line that the running cell printed so far, such as Keras' progress bar; empty if there is none."""
        printed = [output["text"] for output in self._cell.get("outputs", [])[-20:] if output.get("name") == "stdout"]
        lines = [line.strip() for line in re.split(r"[\r\n\b]+", COLOR.sub("", "".join(printed)))]
        return next((line[:500] for line in reversed(lines) if line), "")

    def where(self) -> str:
        """The cell that runs or ran last: its number as in `In [7]`, its id and its first line."""
        if not self.number:
            return "before its first cell"
        first_line = next(iter(self._cell["source"].strip().splitlines()), "")
        return f"in cell In [{self.number}] ({self._cell.get('id')}): {first_line}"

    def _close(self) -> None:
        """End the kernel, and everything that it started if it didn't end well."""
        if self.outcome != "ok" and self._process:
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    child.kill()
            if os.name == "posix":
                with contextlib.suppress(OSError):  # jupyter_client starts each kernel as the leader of a group
                    os.killpg(self._process.pid, signal.SIGKILL)
        loop = ensure_event_loop()
        tasks = asyncio.all_tasks(loop)  # what an interrupt left unfinished
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        if self._process:
            run_sync(self._kernel.shutdown_kernel)(now=self.outcome != "ok")
        if self._kernel.kept is not None:
            self._kernel.kept.stop_channels()

    def look_at_memory(self) -> None:
        """Keep the highest memory of the kernel."""
        with contextlib.suppress(psutil.Error, OSError):
            if self._process:
                self.peak_memory = max(self.peak_memory, _peak_memory(self._process.pid))

    def seconds(self) -> float:
        """Seconds since the execution began."""
        return time.monotonic() - self.began

    def _last_words(self) -> list[str]:
        with contextlib.suppress(OSError):
            log = (self.folder / record.KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
            lines = [line for line in log.splitlines() if "IPKernelApp" not in line and not CHATTER.match(line)]
            return last_lines("\n".join(lines))
        return []


def last_lines(text: str) -> list[str]:
    """The last lines of a text that are not empty, without colors, none of them endless."""
    plain = COLOR.sub("", text)
    return [line.rstrip()[:500] for line in plain.splitlines() if line.strip()][-LAST_LINES:]


def _peak_memory(process: int) -> int:
    """The highest resident memory that a process ever had, in bytes; where the system doesn't keep it, that of now."""
    status = Path(f"/proc/{process}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        return int(found[1]) * 1024 if found else 0
    memory = psutil.Process(process).memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
