"""Laid beside copies of notebooks as their conftest.py, when nbval runs them: two things that nbval lacks.

Standard error is not compared, since TensorFlow's own log lines reach it on some machines. A kernel that dies fails its
cell at once; nbval alone waits for the cell's whole timeout.
"""

import time
from queue import Empty
from typing import Any

from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile

make_file, await_reply = IPyNbFile.__init__, RunningKernel.await_reply


def make_file_without_stderr(self: Any, *args: Any, **kwargs: Any) -> None:
    make_file(self, *args, **kwargs)
    self.skip_compare = (*self.skip_compare, "stderr")


def await_reply_of_a_living_kernel(self: Any, msg_id: str, timeout: float | None = None) -> None:
    end = time.monotonic() + float(timeout or 2000)
    while True:
        try:
            await_reply(self, msg_id, timeout=1)
            return
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died") from None
            if time.monotonic() > end:
                raise


IPyNbFile.__init__ = make_file_without_stderr
RunningKernel.await_reply = await_reply_of_a_living_kernel
