"""Several workers on this machine: starting them, and ending them all when one is lost.

Each prints its own lines. What it writes on stderr, mostly TensorFlow's notes, goes to a file that is shown only when
the worker fails. No TensorFlow here.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

import click

from workers.cluster import POLL_SECONDS, free_addresses, tf_config, this_cluster

EXIT_WORKER_LOST = 5  # start all workers again to continue from the last checkpoint
GRACE_SECONDS = 30  # that the others have to notice for themselves that one was lost
LAUNCHED = "DIGITS_LAUNCHED"
LINES_SHOWN = 40


class Worker:
    """A worker that was started: its process, and a file with what it writes on stderr."""

    def __init__(self, command: Sequence[str], addresses: Sequence[str], number: int) -> None:
        threads = str(threads_each(len(addresses)))
        environment = {**os.environ, "TF_CONFIG": json.dumps(tf_config(addresses, number)), LAUNCHED: "1"}
        environment |= {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
        self.cluster = this_cluster(environment)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it is read when the worker has ended)
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=self._errors)

    def how_it_ended(self) -> str:
        """Its name and exit code in words."""
        name, code = self.cluster.name, self.process.returncode
        return f"{name} was killed (signal {-code})" if code < 0 else f"{name} ended with exit code {code}"

    def show_errors(self) -> None:
        """Print the last lines that it wrote on stderr, unless it ended well or lost another worker."""
        if self.process.returncode not in (0, EXIT_WORKER_LOST):
            self._errors.seek(0)
            for line in self._errors.read().decode(errors="replace").splitlines()[-LINES_SHOWN:]:
                self.cluster.say(line)


def start_workers(count: int, options: Sequence[str]) -> list[Worker]:
    """Start `count` workers on this machine with these options; its cores are divided among them."""
    command, addresses = [sys.executable, "-m", "workers", *options], free_addresses(count)
    return [Worker(command, addresses, number) for number in range(count)]


def watch(workers: Sequence[Worker]) -> int:
    """Wait until all workers have ended; when one is lost, end the others. None is left running in any case.

    Returns:
        0 where all ended well; else the code of the first that did not: 5 where it was killed or lost another one, and
        its own code where it was refused or failed.
    """
    try:
        first = _watch(workers)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()
    if first:
        for worker in workers:
            worker.show_errors()
        click.echo("; ".join(worker.how_it_ended() for worker in workers))
    return EXIT_WORKER_LOST if first < 0 else first


def _watch(workers: Sequence[Worker]) -> int:
    """The code of the first worker that did not end well, once all have ended or `GRACE_SECONDS` later."""
    first, deadline = 0, float("inf")
    while True:
        running = [worker.cluster.name for worker in workers if worker.process.poll() is None]
        failed = [worker for worker in workers if worker.process.returncode]
        if failed and not first:
            # Of several at once, the one that did more than lose another.
            cause = min(failed, key=lambda worker: worker.process.returncode == EXIT_WORKER_LOST)
            first, deadline = cause.process.returncode, time.monotonic() + GRACE_SECONDS
            click.echo(f"{cause.how_it_ended()}; the others stop too")
        if not running:
            return first
        if time.monotonic() > deadline:
            click.echo(f"{', '.join(running)} did not stop within {GRACE_SECONDS} seconds and will be killed")
            return first
        time.sleep(POLL_SECONDS)


def threads_each(workers: int) -> int:
    """How many threads of this machine's cores each of `workers` workers gets, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(cores // workers, 1)


def stop_with_launcher() -> None:
    """In a worker that a launcher started: end when the launcher does, even where it was killed."""
    if os.environ.get(LAUNCHED):
        threading.Thread(target=_wait_for_end_of_input, daemon=True).start()


def _wait_for_end_of_input() -> None:
    while os.read(0, 4096):  # nothing is ever written: it returns nothing when the launcher is gone
        pass
    os._exit(EXIT_WORKER_LOST)
