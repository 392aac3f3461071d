"""Several workers on this machine: starting them, and ending them all when one is lost. No
TensorFlow here.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Sequence

import click

from workers.cluster import POLL_SECONDS, free_addresses, tf_config

EXIT_WORKER_LOST = 5  # start all workers again to continue from the last checkpoint
GRACE_SECONDS = 30  # that the others have to notice for themselves that one was lost
LAUNCHED = "DIGITS_LAUNCHED"


def start_workers(command: Sequence[str], count: int) -> list[subprocess.Popen[bytes]]:
    """Start so many workers with the same command, the chief first; each gets its share of this
    machine's cores.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    threads = str(max(cores // count, 1))
    environment = {
        **os.environ,
        LAUNCHED: "1",
        "TF_NUM_INTRAOP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
    }
    addresses = free_addresses(count)
    configs = [{"TF_CONFIG": json.dumps(tf_config(addresses, number))} for number in range(count)]
    return [
        subprocess.Popen(command, env=environment | config, stdin=subprocess.PIPE)
        for config in configs
    ]


def watch(workers: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait until all workers have ended; when one is lost, end the others. None is left running in
    any case.

    Args:
        workers: the chief first.

    Returns:
        0 where all ended well; 5 where one was killed or lost another; else the code of one that
        was refused or failed.
    """
    deadline = float("inf")
    try:
        while (
            None in (codes := [worker.poll() for worker in workers]) and time.monotonic() < deadline
        ):
            if any(codes) and deadline == float("inf"):
                deadline = time.monotonic() + GRACE_SECONDS
                click.echo("a worker did not end well; the others stop too")
            time.sleep(POLL_SECONDS)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    failed = [code for code in codes if code]
    for number, worker in enumerate(workers if failed else ()):
        name, code = f"worker {number - 1}" if number else "chief", worker.returncode
        ended = f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}"
        click.echo(f"{name:<8} | {ended}")
    # Signals are below 0, and a lost worker's code is above those of its causes.
    cause = min(failed, default=0)
    return EXIT_WORKER_LOST if cause < 0 else cause


def stop_with_launcher() -> None:
    """In a worker that a launcher started: end when the launcher does, even where it was killed."""
    if os.environ.get(LAUNCHED):
        threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    os.read(0, 1)  # nothing is ever written, so it returns when the launcher is gone
    os._exit(EXIT_WORKER_LOST)
