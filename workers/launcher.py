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


class Worker:
    """A worker that was started: its process, and a file with what it writes on stderr.

    This machine's cores are divided among all workers.
    """

    def __init__(self, command: Sequence[str], addresses: Sequence[str], number: int) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = str(max(cores // len(addresses), 1))
        environment = {**os.environ, "TF_CONFIG": json.dumps(tf_config(addresses, number)), LAUNCHED: "1"}
        environment |= {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
        self.cluster = this_cluster(environment)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it is read when the worker has ended)
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=self._errors)

    def say_how_it_ended(self) -> None:
        """Print how it ended, and unless it was killed or lost another worker, the last lines of its stderr first."""
        code = self.process.returncode
        if code not in (0, EXIT_WORKER_LOST, -9):
            self._errors.seek(0)
            for line in self._errors.read().decode(errors="replace").splitlines()[-40:]:
                self.cluster.say(line)
        self.cluster.say(f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}")


def start_workers(count: int, options: Sequence[str]) -> list[Worker]:
    """Start `count` workers on this machine with these options."""
    command, addresses = [sys.executable, "-m", "workers", *options], free_addresses(count)
    return [Worker(command, addresses, number) for number in range(count)]


def watch(workers: Sequence[Worker]) -> int:
    """Wait until all workers have ended; when one is lost, end the others. None is left running in any case.

    Returns:
        0 where all ended well; else the code of the first that did not: 5 where it was killed or lost another one, and
        its own code where it was refused or failed.
    """
    try:
        first = _first_failure(workers)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()
    for worker in workers:
        if first:
            worker.say_how_it_ended()
    return EXIT_WORKER_LOST if first < 0 else first


def _first_failure(workers: Sequence[Worker]) -> int:
    """The code of the first worker that did not end well, once all have ended or `GRACE_SECONDS` later; else 0."""
    first, deadline = 0, float("inf")
    while time.monotonic() < deadline:
        running = [worker for worker in workers if worker.process.poll() is None]
        failed = [worker for worker in workers if worker.process.returncode]
        if failed and not first:
            # Of several at once, the one that did more than lose another.
            cause = min(failed, key=lambda worker: worker.process.returncode == EXIT_WORKER_LOST)
            first, deadline = cause.process.returncode, time.monotonic() + GRACE_SECONDS
            click.echo(f"{cause.cluster.name} did not end well; the others stop too")
        if not running:
            break
        time.sleep(POLL_SECONDS)
    return first


def stop_with_launcher() -> None:
    """In a worker that a launcher started: end when the launcher does, even where it was killed."""
    if os.environ.get(LAUNCHED):
        threading.Thread(target=_wait_for_end_of_input, daemon=True).start()


def _wait_for_end_of_input() -> None:
    while os.read(0, 4096):  # nothing is ever written: it returns nothing when the launcher is gone
        pass
    os._exit(EXIT_WORKER_LOST)
