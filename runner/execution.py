"""Executing one notebook with papermill, and knowing what became of it.

papermill runs in the main thread, so that a signal interrupts it. Its own record of cells is wrong
after a dead kernel, a timeout or an interrupt, so an execution keeps its own through nbclient's
hooks: which cell is running, and whether it failed; and it starts the kernel itself, to know its
process, its memory and its last words.
"""

import asyncio
import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop, run_sync

from runner.record import KERNEL_LOG, Asked, Entry
from runner.settings import for_notebook
from runner.stop import stop
from series import chain, files
from series.chain import Notebook

LAST_LINES = 8
START_TIMEOUT = 180  # seconds; a slow disk, a cold start
COLOR = re.compile(r"\x1b\[[0-9;]*m")
# What kernels and TensorFlow write whenever they start.
CHATTER = re.compile(
    r"\[IPKernelApp\]|\d{4}-\d\d-\d\d .+: [IW] |[IWE]0000 |WARNING: All log messages|To enable the following"
)


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
        entry: the notebook's entry in the record, which tells how it ended once `run` has returned.
        cells: how many code cells there are, the one that papermill adds included.
        number: the number of the code cell that runs or ran last, from 1; 0 while the kernel
            starts.
    """

    def __init__(self, asked: Asked, notebook: Notebook, entry: Entry) -> None:
        self.asked, self.notebook, self.entry = asked, notebook, entry
        self.cells = self.number = 0
        self._began = time.monotonic()
        self._cell: Mapping[str, Any] = {}
        self._kernel = Kernel(kernel_name="python3")
        self._process: Any = None

    def run(self) -> None:
        """Execute the notebook, and close its kernel."""
        entry = self.entry
        try:
            with stop.at_once():
                self._execute()
        except (Exception, KeyboardInterrupt) as error:  # whatever ends it belongs into the record
            self._explain(error)
        if entry.outcome == "running":
            entry.outcome = "ok"
        elif self.number:
            entry.where = f"in cell In [{self.number}] ({self._cell.get('id')})"
        else:
            entry.where = "before its first cell"
        self.look()
        self._close()

    def _execute(self) -> None:
        import papermill

        logging.getLogger("papermill").disabled = True
        executed = self.asked.folder / f"{self.notebook.name}.ipynb"
        content, skipped = (
            files.read_json(self.notebook.path),
            chain.SKIPPED_TAGS if self.asked.catch_up else set(),
        )
        content["cells"] = [
            cell for cell in content["cells"] if not skipped & set(cell["metadata"].get("tags", []))
        ]
        self.cells = 1 + sum(cell["cell_type"] == "code" for cell in content["cells"])
        files.write_json(executed, content)
        if sys.platform == "win32":  # as papermill sets it, but before the first event loop is made
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        with (self.asked.folder / KERNEL_LOG).open("wb") as log:
            # So that notebooks import this project's packages, whichever copy of it is installed.
            packages = os.pathsep.join(
                [str(chain.ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
            )
            variables, start = (
                os.environ | {"PYTHONPATH": packages},
                run_sync(self._kernel.start_kernel),
            )
            start(cwd=str(chain.NOTEBOOKS_FOLDER), env=variables, stdout=log, stderr=log)
        self._process = self._kernel.provisioner.process  # type: ignore[union-attr]
        path = (
            str(executed).replace("{", "{{").replace("}", "}}")
        )  # papermill takes braces for str.format
        parameters = for_notebook(self.notebook, self.asked.parameters) | {"run": self.asked.name}
        hooks: dict[str, Any] = {
            "on_cell_execute": self._on_cell_execute,
            "on_cell_error": self._on_cell_error,
        }
        # What papermill doesn't know itself, it hands on to nbclient.
        own = {"km": self._kernel, "iopub_timeout": 60, "coalesce_streams": True}
        limits = {"start_timeout": START_TIMEOUT, "execution_timeout": self.asked.timeout}
        papermill.execute_notebook(
            path,
            path,
            parameters,
            kernel_name="python3",
            progress_bar=False,
            **limits,
            **own,
            **hooks,
        )

    def _on_cell_execute(self, cell: Mapping[str, Any], **_: object) -> None:
        self._cell, self.number = cell, self.number + 1

    def _on_cell_error(self, execute_reply: Mapping[str, Any], **_: object) -> None:
        error = execute_reply["content"]
        self.entry.outcome, self.entry.error = (
            "cell error",
            last_lines(f"{error.get('ename')}: {error.get('evalue')}"),
        )

    def _explain(self, error: BaseException) -> None:
        """How it ended, by what was seen and not by papermill's metadata."""
        entry, kind, status = (
            self.entry,
            type(error).__name__,
            self._process.poll() if self._process else None,
        )
        if isinstance(error, KeyboardInterrupt):
            entry.outcome, entry.error = "interrupted", ["stopped by a signal"]
        elif entry.outcome == "cell error":
            pass  # which led to this one
        elif kind == "CellTimeoutError":
            entry.outcome, entry.error = (
                "timeout",
                [f"the cell took longer than {self.asked.timeout} s (--timeout)"],
            )
        elif status is not None or kind == "DeadKernelError":
            how = f"the kernel ended with status {status}"
            how += " (it was killed, as when memory runs out)" if status == -9 else ""
            words = (self.asked.folder / KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
            entry.outcome, entry.error = "kernel died", [*last_lines(words), how]
        else:
            entry.outcome, entry.error = "cell error", last_lines(f"{kind}: {error}")

    def last_line(self) -> str:
        """The last line that the running cell printed so far, such as Keras' progress bar; empty if
        there is none.
        """
        printed = [
            output["text"]
            for output in self._cell.get("outputs", [])[-20:]
            if output.get("name") == "stdout"
        ]
        return (last_lines(re.sub(r"[\r\b]+", "\n", "".join(printed))) or [""])[-1].strip()

    def _close(self) -> None:
        """End the kernel and everything that it started."""
        with contextlib.suppress(
            psutil.Error
        ):  # those with a session of their own; the rest ends with the kernel
            for child in (
                psutil.Process(self._process.pid).children(recursive=True) if self._process else []
            ):
                child.kill()
        loop = ensure_event_loop()
        tasks = asyncio.all_tasks(loop)  # what an interrupt left unfinished
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        if self._process:
            run_sync(self._kernel.shutdown_kernel)(now=True)
        if self._kernel.kept is not None:
            self._kernel.kept.stop_channels()

    def look(self) -> None:
        """Keep how long it has taken, and the highest memory of the kernel; call this a few times a
        second.
        """
        self.entry.seconds = round(time.monotonic() - self._began, 1)
        with contextlib.suppress(psutil.Error):
            if self._process:
                memory = round(psutil.Process(self._process.pid).memory_info().rss / 1e6)
                self.entry.peak_memory_mb = max(self.entry.peak_memory_mb or 0, memory)


def last_lines(text: str) -> list[str]:
    """The last lines of a text that say something, without colors, none of them endless."""
    lines = COLOR.sub("", text).splitlines()
    return [line.rstrip()[:500] for line in lines if line.strip() and not CHATTER.match(line)][
        -LAST_LINES:
    ]
