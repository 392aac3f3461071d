"""Several workers on this machine: starting them, showing what they say, and ending them all when one is lost.

No TensorFlow here.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO

import click

from helpers.scaling.cluster import LOST, free_addresses, tf_config

PATIENCE = 30  # seconds that the others have to notice for themselves that one was lost
# TensorFlow's notes and warnings, written again by each worker.
NOISE = re.compile(
    r"[IW]\d{4} \d\d|E\d{4} .*cuInit|WARNING: All log messages before absl|To enable the following instructions"
)
LAUNCHED = "DIGITS_LAUNCHED"


def run_local(workers: int, options: Sequence[str]) -> int:
    """Start `workers` workers on this machine and watch them until all have ended.

    Args:
        workers: how many; the cores are shared out among them.
        options: the command's other options, for each worker.

    Returns:
        0 where all ended well; else by the first one that did not: 5 (`LOST`) where it was killed or lost another one,
        and its own code where it was refused or failed.
    """
    addresses = free_addresses(workers)
    names = ["chief", *(f"worker {index}" for index in range(workers - 1))]
    processes = [_start(addresses, number, options) for number in range(workers)]
    errors = [deque[str](maxlen=40) for _ in processes]
    readers = [_read(process.stdout, partial(_say, name)) for process, name in zip(processes, names, strict=True)]
    readers += [_read(process.stderr, kept.append) for process, kept in zip(processes, errors, strict=True)]
    try:
        first = _watch(processes, names)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for reader in readers:
            reader.join(timeout=5)
    codes = [process.returncode for process in processes]
    for name, code, kept in zip(names, codes, errors, strict=True):
        if code not in (0, LOST):  # TensorFlow's own notes are of use only where the reason is not known
            for line in kept:
                _say(name, line)
    if any(codes):
        click.echo("; ".join(f"{name} {how_it_ended(code)}" for name, code in zip(names, codes, strict=True)))
    return LOST if first < 0 else first


def threads_each(workers: int) -> int:
    """How many threads of this machine's cores each of `workers` workers gets, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(cores // workers, 1)


def how_it_ended(code: int) -> str:
    """An exit code in words."""
    return f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}"


def stop_with_launcher() -> None:
    """In a worker that a launcher started: end when the launcher does, even where it was killed."""
    if os.environ.get(LAUNCHED):
        threading.Thread(target=_wait_for_the_end_of_input, daemon=True).start()


def _wait_for_the_end_of_input() -> None:
    while os.read(0, 4096):  # nothing is ever written: it returns nothing when the launcher is gone
        pass
    os._exit(LOST)


def _start(addresses: Sequence[str], number: int, options: Sequence[str]) -> subprocess.Popen[str]:
    threads = str(threads_each(len(addresses)))
    environment = {**os.environ, "TF_CONFIG": json.dumps(tf_config(addresses, number)), LAUNCHED: "1"}
    environment |= {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.scaling.command", *options],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )


def _read(stream: IO[str] | None, take: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        for line in stream or ():
            if not NOISE.match(line):
                take(line.rstrip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return reader


def _say(name: str, line: str) -> None:
    click.echo(f"{name:<8} | {line}")


def _watch(processes: Sequence[subprocess.Popen[str]], names: Sequence[str]) -> int:
    """Return when all have ended, or when one was lost and the others have not stopped within `PATIENCE` seconds.

    Returns:
        The code of the first that did not end well, 0 where all did.
    """
    noticed, first = 0.0, 0
    while True:
        codes = [process.poll() for process in processes]
        failed = [(code == LOST, name, code) for name, code in zip(names, codes, strict=True) if code]
        if failed and not first:
            _, name, first = min(failed)  # of several at once, the one that did more than lose another
            noticed = time.monotonic()
            click.echo(f"{name} {how_it_ended(first)}; the others stop too")
        if None not in codes:
            return first
        if noticed and time.monotonic() - noticed > PATIENCE:
            left = [name for name, code in zip(names, codes, strict=True) if code is None]
            click.echo(f"{', '.join(left)} did not stop within {PATIENCE} seconds and will be killed")
            return first
        time.sleep(0.2)
