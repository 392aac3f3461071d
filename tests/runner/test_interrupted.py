"""Signals, closed terminals and killed processes: the documented exit code, a true record, no
kernel left behind.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from standins import edit_cell, go, processes_in, wait_for

from runner import run
from runner.stop import INTERRUPTED

pytestmark = pytest.mark.posix
# Seconds: on a busy machine too a stop takes less, and the cells that are stopped take 600.
HANGING = 100


@pytest.fixture(autouse=True)
def hears_a_closed_terminal() -> Iterator[None]:
    """Also where the tests themselves run under nohup, which the runner would obey."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_with_a_true_record_and_no_kernel(project, name):
    reached = project.stop_in("01_setup")
    with project.start("run") as process:
        wait_for(reached, process)
        assert project.fast.record["status"] == "running"
        process.send_signal(getattr(signal, name))
        output, _ = process.communicate(timeout=HANGING)
    assert process.returncode == INTERRUPTED
    assert project.fast.outcomes == ["interrupted", *["not reached"] * 5]
    found = project.fast.record
    assert (found["status"], found["exit_code"]) == ("interrupted", 130)
    assert "(work)" in found["notebooks"]["01_setup"]["where"]
    assert processes_in(project.notebooks) == []
    assert "runner run --name fast --to 06_inference --profile fast" in output.splitlines()[-1]
    assert "Traceback" not in output
    assert "Task was destroyed" not in output


@pytest.mark.parametrize(("number", "words"), [(4, "such as AVX"), (11, "it crashed")])
def test_a_kernel_that_a_signal_ended_says_what_that_means(notebooks, fast, number, words):
    edit_cell(notebooks, "01_setup", "work", f"import os; os.kill(os.getpid(), {number})")
    assert go(last="01") == run.KERNEL_DIED
    assert words in fast.record["notebooks"]["01_setup"]["error"][-1]


def test_a_closed_terminal_stops_with_a_true_record(project):
    reached = project.stop_in("01_setup")
    import pty  # here, since Windows has none

    ours, theirs = pty.openpty()
    # A session of its own whose terminal is the pseudo-terminal, so that closing ours hangs up.
    take = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "start_new_session": True}
    with project.start(
        "run", before=(sys.executable, "-c", take), env={"TERM": "xterm"}, **terminal
    ) as process:
        os.close(theirs)
        while not reached.exists():
            os.read(ours, 10_000)
        os.close(ours)
        assert process.wait(timeout=HANGING) == INTERRUPTED
    assert (project.fast.record["status"], project.fast.outcomes[0]) == (
        "interrupted",
        "interrupted",
    )
    assert processes_in(project.notebooks) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells which signals a process handles")
@pytest.mark.parametrize("delay", [0, 0.8])
def test_a_signal_at_the_very_beginning_gives_the_documented_code(project, delay):
    with project.start("run") as process:
        status, handled = Path(f"/proc/{process.pid}/status"), 0
        while not handled >> (signal.SIGTERM - 1) & 1:  # Python itself is still starting
            handled = int(re.findall(r"SigCgt:\s*(\w+)", status.read_text())[0], 16)
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=HANGING)
    # An interrupt out of `exec`, as dataclasses use it, has Python end itself with SIGINT.
    assert process.returncode in (INTERRUPTED, -signal.SIGINT), output
    assert "Traceback" not in output
    assert not project.fast.folder.is_dir() or project.fast.record["status"] == "interrupted"


@pytest.mark.slow
def test_a_runner_that_is_killed_leaves_no_kernel_and_the_next_run_continues(project):
    reached = project.stop_in("02_dataset")
    with project.start("run") as process:
        wait_for(reached, process)
        process.kill()
    assert project.fast.outcomes[:2] == ["ok", "running"]
    end = time.monotonic() + HANGING
    while processes_in(project.notebooks):
        assert time.monotonic() < end
        time.sleep(0.1)
    edit_cell(project.notebooks, "02_dataset", "work", "print('working')")
    code, output = project.run("run", "--to", "02")
    assert code == run.DONE
    assert "The last run of this name was killed" in output
    assert project.fast.outcomes == ["ok", "ok"]


@pytest.mark.slow
def test_two_runs_at_once_with_one_name(project):
    reached = project.stop_in("01_setup")
    with project.start("run", "--to", "01") as first:
        wait_for(reached, first)
        code, output = project.run("run", "--to", "01")
        assert code == run.REFUSED
        assert f"a run is going on in {project.runs.name}/fast" in output
        assert (
            project.run("run", "--to", "01", "--name", "other", "--timeout", "1")[0]
            == run.TIMED_OUT
        )
        code, output = project.run("clean")
        assert code == run.REFUSED
        assert "a run is going on in runs/fast" in output
        assert project.fast.record["status"] == "running"
        assert not (project.runs / "other").exists()


@pytest.mark.slow
def test_the_progress_bar_of_a_training_is_shown(project):
    writing = "import keras, time\nbar = keras.utils.Progbar(375)\n"
    writing += "for i in range(12):\n    bar.update(i + 1, [('loss', 0.5)])\n    time.sleep(1)"
    edit_cell(project.notebooks, "01_setup", "work", writing)
    code, output = project.run("run", "--to", "01")
    assert code == run.DONE
    assert re.search(r"01_setup: \d+ s, cell \d+ of \d+: \d+/375 .* loss: 0\.5000\n", output), (
        output
    )
    assert "\x1b" not in output
    assert "\b" not in output
