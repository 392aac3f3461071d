"""papermill's engine with an eye on the kernel. Only the thread of an execution imports it: papermill takes seconds."""

import contextlib
from typing import Any

import psutil
from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger

from helpers import chain
from helpers.runner import record
from helpers.runner.execution import Execution, kill_tree

START_TIMEOUT = 180  # seconds; a slow disk, a cold start


class WatchedClient(PapermillNotebookClient):
    """Tells its execution which process the kernel is, which cell runs, and whether that raised an error."""

    execution: Execution

    def start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel beside the notebooks; what it says outside its notebook goes into a file."""
        with (self.execution.folder / record.KERNEL_LOG).open("wb") as log:
            super().start_new_kernel(cwd=str(chain.NOTEBOOKS_FOLDER), stdout=log, stderr=log, **kwargs)
        self.execution.kernel = psutil.Process(self.km.provisioner.pid)
        if self.execution.stopping:
            self.execution.stop()

    def execute_cell(self, cell: Any, cell_index: int, **kwargs: Any) -> Any:
        """Execute a cell; an error that its tags don't allow is noted."""
        if cell.cell_type == "code" and cell.source.strip():
            self.execution.cell, self.execution.number = cell, self.execution.number + 1
        try:
            return super().execute_cell(cell, cell_index, **kwargs)
        except CellExecutionError:
            self.execution.failed = True
            raise

    def papermill_execute_cells(self) -> None:
        """Execute all cells; a kernel whose cell did not come to an end is killed, since it would not listen."""
        try:
            super().papermill_execute_cells()
        except BaseException:
            process = getattr(self.km.provisioner, "process", None)
            self.execution.exit_status = process.poll() if process else None
            kill_tree(self.execution.kernel)
            raise
        finally:
            self.execution.look_at_memory()


class Engine(NBClientEngine):
    """Executes a notebook for an `Execution`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, execution: Execution, **_: Any) -> None:
        """Execute all cells of `nb_man.nb` in a kernel of their own."""
        execution.cells = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in nb_man.nb.cells)
        save = nb_man.save

        def save_if_possible(**kwargs: Any) -> None:
            with contextlib.suppress(OSError):  # where the disk is full, the cell's own error is the one to tell
                save(**kwargs)

        nb_man.save = save_if_possible
        limits = {"timeout": execution.timeout, "startup_timeout": START_TIMEOUT, "iopub_timeout": 60}
        client = WatchedClient(nb_man, kernel_name=kernel_name, log=logger, coalesce_streams=True, **limits)
        client.execution = execution
        client.execute()
