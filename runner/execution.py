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
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from runner.facts import read_notebook
from runner.record import KERNEL_LOG, NotebookResult
from runner.request import RunRequest
from runner.stop import stop
from series import chain, files
from series.chain import Notebook
from series.errors import LessonError

LAST_LINES = 8
START_TIMEOUT = 180  # seconds; a slow disk, a cold start
KERNEL, LANGUAGE = "python3", "python"  # also where a notebook's metadata lacks them
COLOR = re.compile(r"\x1b\[[0-9;]*m")
# What kernels and TensorFlow write whenever they start.
CHATTER = re.compile(
    r"\[IPKernelApp\]|\d{4}-\d\d-\d\d .+: [IW] |[IWE]0000 "
    r"|WARNING: All log messages|To enable the following"
)
# How a kernel died, by the signal that ended it.
DEATHS = {
    -4: "the processor lacks an instruction that TensorFlow needs, such as AVX",
    -6: "it stopped itself, for the reason above",
    -9: "it was killed, as when memory runs out",
    -11: "it crashed, in a library and not in the notebook's code",
}


class Execution:
    """One notebook being executed.

    Attributes:
        result: the notebook's part of the record, which tells how it ended once `run` has returned.
        cells: how many code cells there are, the one that papermill adds included.
        number: the number of the code cell that runs or ran last, from 1; 0 while the kernel
            starts.
    """

    def __init__(self, request: RunRequest, notebook: Notebook, result: NotebookResult) -> None:
        self.request, self.notebook, self.result = request, notebook, result
        self.cells = self.number = 0
        self._began = time.monotonic()
        self._cell: Mapping[str, Any] = {}
        self._kernel = AsyncKernelManager(kernel_name=KERNEL)
        self._sockets = tempfile.TemporaryDirectory(prefix="digits-")
        self._process: Any = None

    def run(self) -> None:
        """Execute the notebook, and close its kernel."""
        result = self.result
        try:
            with stop.interruptible():
                self._execute()
            if result.outcome == "running":  # papermill takes sys.exit(0) in a cell for an end
                result.outcome = "ok"
        except KeyboardInterrupt:
            result.outcome, result.error = "interrupted", ["stopped by a signal"]
        except CellTimeoutError:
            limit = f"the cell took longer than {self.request.timeout} s (--timeout)"
            result.outcome, result.error = "timeout", [limit]
        except Exception as error:  # whatever ends it belongs into the record
            self._explain(error)
        if result.outcome != "ok":
            result.where = "before its first cell"
            if self.number:
                result.where = f"in cell In [{self.number}] ({self._cell.get('id')})"
        self.sample()
        self._close()

    def _execute(self) -> None:
        import papermill

        for name in ("papermill", "asyncio"):  # asyncio tells of what an interrupt left unfinished
            logging.getLogger(name).disabled = True
        executed = self._write_copy()
        self._start_kernel()
        papermill.execute_notebook(
            executed,
            executed,
            self.request.parameters_of(self.notebook) | {"run": self.request.name},
            kernel_name=KERNEL,
            language=LANGUAGE,
            progress_bar=False,
            start_timeout=START_TIMEOUT,
            execution_timeout=self.request.timeout,
            # What papermill doesn't know itself, it hands on to nbclient.
            km=self._kernel,
            iopub_timeout=60,
            coalesce_streams=True,
            on_cell_execute=self._on_cell_execute,
            on_cell_error=self._on_cell_error,
        )

    def _write_copy(self) -> Path:
        """Put a copy of the notebook into the run's folder, without the cells to skip."""
        content = read_notebook(self.notebook)
        skipped = chain.SKIPPED_TAGS if self.request.catch_up else frozenset()
        cells = content["cells"]
        content["cells"] = [
            cell for cell in cells if skipped.isdisjoint(cell["metadata"].get("tags", []))
        ]
        self.cells = 1 + sum(cell["cell_type"] == "code" for cell in content["cells"])
        executed = self.request.folder / f"{self.notebook.name}.ipynb"
        files.write_json(executed, content)
        return executed

    def _start_kernel(self) -> None:
        if sys.platform == "win32":  # as papermill sets it, but before the first event loop is made
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        else:
            # They talk through files. A port that was free a moment ago may have become another
            # kernel's by the time this one takes it, where runs go side by side.
            self._kernel.transport = "ipc"
            self._kernel.ip = f"{self._sockets.name}/kernel"
        # So that notebooks import this project's packages, whichever copy of it is installed.
        packages = os.pathsep.join([str(chain.ROOT), os.environ.get("PYTHONPATH", "")])
        variables = os.environ | {"PYTHONPATH": packages}
        start = run_sync(self._kernel.start_kernel)
        with (self.request.folder / KERNEL_LOG).open("wb") as log:
            start(cwd=str(chain.NOTEBOOKS_FOLDER), env=variables, stdout=log, stderr=log)
        self._process = self._kernel.provisioner.process  # type: ignore[union-attr]

    def _on_cell_execute(self, cell: Mapping[str, Any], **_: object) -> None:
        self._cell, self.number = cell, self.number + 1

    def _on_cell_error(self, execute_reply: Mapping[str, Any], **_: object) -> None:
        error = execute_reply["content"]
        self.result.outcome = "cell error"
        self.result.error = last_lines(f"{error.get('ename')}: {error.get('evalue')}")

    def _explain(self, error: Exception) -> None:
        """Note how it ended, by what was seen and not by papermill's metadata."""
        if self.result.outcome == "cell error":  # which led to this one
            return
        status = self._process.poll() if self._process else None
        if status is not None or isinstance(error, DeadKernelError):
            log = self.request.folder / KERNEL_LOG
            words = last_lines(log.read_text(encoding="utf-8", errors="replace"))
            self.result.outcome, self.result.error = "kernel died", [*words, self._death(status)]
            return
        # The notebook did nothing wrong: a full disk, an edit meanwhile.
        known = isinstance(error, LessonError)
        words = last_lines(str(error) if known else f"{type(error).__name__}: {error}")
        self.result.outcome, self.result.error = "stopped", ["It wasn't the notebook.", *words]

    def _death(self, status: int | None) -> str:
        """How the kernel died, in a sentence, and what may help."""
        sentence = f"the kernel ended with status {status}"
        if status in DEATHS:
            sentence += f" ({DEATHS[status]})"
        if status == -9:
            peak = (self.result.peak_memory_mb or 0) / 1000
            sentence += f"; its memory reached {peak:.1f} GB: "
            sentence += "lower batch_size, or filters, or train_images"
        return sentence

    def last_line(self) -> str:
        """The last line that the running cell printed so far, such as Keras' progress bar; empty if
        there is none.
        """
        outputs = self._cell.get("outputs", [])[-20:]
        printed = [output["text"] for output in outputs if output.get("name") == "stdout"]
        return (last_lines(re.sub(r"[\r\b]+", "\n", "".join(printed))) or [""])[-1].strip()

    def _close(self) -> None:
        """End the kernel and everything that it started."""
        if self._process:
            # Those with a session of their own; the rest ends with the kernel.
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    child.kill()
            run_sync(self._kernel.shutdown_kernel)(now=True)
        self._sockets.cleanup()

    def sample(self) -> None:
        """Keep how long it has taken, and the highest memory of the kernel; call this a few times a
        second.
        """
        self.result.seconds = round(time.monotonic() - self._began, 1)
        if not self._process:
            return
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            if sys.platform == "win32" and sys.prefix != sys.base_prefix:
                # There, a virtual environment's python.exe only starts the real one.
                process = (process.children() or [process])[0]
            memory = round(process.memory_info().rss / 1e6)
            self.result.peak_memory_mb = max(self.result.peak_memory_mb or 0, memory)


def last_lines(text: str) -> list[str]:
    """The last lines of a text that say something, without colors, none of them endless."""
    lines = COLOR.sub("", text).splitlines()
    telling = [line.rstrip()[:500] for line in lines if line.strip() and not CHATTER.match(line)]
    return telling[-LAST_LINES:]
