"""Ctrl-C, SIGTERM and a closed terminal: heard from the command's first moment to its last.

A run must not be cut in the middle of writing its record. So once it has begun, a signal only
interrupts what takes long, inside `stop.interruptible()`; elsewhere it is kept until the next such
block begins.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

INTERRUPTED = 130  # the exit code
SIGNALS = [signal.SIGINT, signal.SIGTERM]
if sys.platform != "win32":
    SIGNALS.append(signal.SIGHUP)


class Stop:
    """Whether a signal has asked this process to stop. Further ones change nothing, so that it can
    tidy up.
    """

    def __init__(self) -> None:
        self.requested = False
        self._raises = True

    def listen(self) -> None:
        """Handle the signals from now on; a closed terminal only where `nohup` doesn't ask to
        ignore it.
        """
        for number in SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """A block that a signal interrupts with KeyboardInterrupt, also one that came before; after
        it, none does.
        """
        self._raises = True
        try:
            if self.requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._raises = False

    def _hear(self, number: int, _: object) -> None:
        if sys.platform != "win32" and number == signal.SIGHUP:
            # Nobody reads any more, and writing to a closed terminal would fail.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        if not self.requested:
            self.requested = True
            if self._raises:
                raise KeyboardInterrupt


stop = Stop()
