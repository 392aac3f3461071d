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
import psutil

from workers.cluster import POLL_SECONDS, free_addresses, tf_config

EXIT_WORKER_LOST = 5  # start all workers again to continue from the last checkpoint
GRACE_SECONDS = 30  # that the others have to notice for themselves that one was lost
LAUNCHED = "DIGITS_LAUNCHED"


def start_workers(command: Sequence[str], count: int) -> list[psutil.Popen]:
    """Start so many workers with the same command, the chief first; each gets its share of this
    machine's cores.
    """
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    threads = str(max(cores // count, 1))
    share = {LAUNCHED: "1", "TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
    addresses = free_addresses(count)
    workers = []
    for number in range(count):
        task = {"TF_CONFIG": json.dumps(tf_config(addresses, number))}
        environment = {**os.environ, **share, **task}
        workers.append(psutil.Popen(command, env=environment, stdin=subprocess.PIPE))
    return workers


def watch(workers: Sequence[psutil.Popen]) -> int:
    """Wait until all workers have ended; when one is lost, end the others. None is left running in
    any case.

    Args:
        workers: the chief first.

    Returns:
        0 where all ended well; 5 where one was killed or lost another; else the code of one that
        was refused or failed.
    """
    try:
        while None in (codes := [worker.poll() for worker in workers]) and not any(codes):
            time.sleep(POLL_SECONDS)
        if any(codes):
            click.echo("a worker did not end well; the others stop too")
            psutil.wait_procs(workers, timeout=GRACE_SECONDS)
            codes = [worker.poll() for worker in workers]
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
    failed = [code for code in codes if code]
    if not failed:
        return 0
    for number, worker in enumerate(workers):
        name = f"worker {number - 1}" if number else "chief"
        click.echo(f"{name:<8} | ended with exit code {worker.returncode}")
    # Signals are below 0, and a lost worker's code is above those of its causes.
    return EXIT_WORKER_LOST if min(failed) < 0 else min(failed)


def stop_with_launcher() -> None:
    """In a worker that a launcher started: end when the launcher does, even where it was killed."""
    if os.environ.get(LAUNCHED):
        threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    os.read(0, 1)  # nothing is ever written, so it returns when the launcher is gone
    os._exit(EXIT_WORKER_LOST)
