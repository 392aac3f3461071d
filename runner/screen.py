"""What a run shows: live progress on a terminal, plain lines elsewhere, and the last screen that people read.

A terminal that is closed, a full disk or a reader who leaves (`| head -1`) ends what is shown, never the run.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from helpers.errors import LessonError
from helpers.files import shown
from runner.execution import Execution
from runner.record import Entry, RunRecord

SILENCE = 8  # seconds without a line, where there is no terminal
COLORS = {"ok": "green", "running": "cyan", "not reached": "dim"}
MEASURES = ("seconds", "peak memory", "images/s")


class Lasting:
    """A text stream that drops what can't be written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a sign that the terminal's encoding lacks is no reason to stop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write `text`, if possible."""
        self._try(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """Write what is still held back, if possible."""
        self._try(self._stream.flush)

    def _try(self, action: Any, *words: str) -> None:
        try:
            action(*words)
        except OSError:  # what the stream still holds goes nowhere, or Python would stumble over it once more
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def console(errors: bool = False) -> Console:
    """A console on standard output or error, 100 columns wide where that is no terminal."""
    found = Console(stderr=errors, highlight=False, markup=False, emoji=False, soft_wrap=True)
    found.width = found.width if found.is_terminal else 100
    return found


def make_streams_last() -> None:
    """Let standard output and error outlive their readers."""
    sys.stdout, sys.stderr = (
        stream if stream is None or isinstance(stream, Lasting) else Lasting(stream)
        for stream in (sys.stdout, sys.stderr)
    )


class Screen:
    """Shows one run as it proceeds."""

    def __init__(self, record: RunRecord) -> None:
        self.console = console()
        self._status: Status | None = None
        self._last_line = 0.0
        self._record = record

    def say(self, line: str, style: str = "") -> None:
        """Print a line, whole however long it is, so that it can be copied."""
        self._last_line = time.monotonic()
        self.console.print(Text(line, style))

    def start(self, notebook: str, reason: str) -> None:
        """Say that a notebook starts, and why."""
        self.say(f"{notebook}: {reason}")
        if self.console.is_terminal and not self.console.is_dumb_terminal:
            self._status = self.console.status("", spinner="line")
            self._status.start()

    def update(self, execution: Execution) -> None:
        """Show how far a notebook is; call this a few times a second."""
        words = f"{execution.notebook.name}: {execution.seconds():.0f} s, "
        words += f"cell {execution.number} of {execution.cells}" if execution.number else "starting its kernel"
        if line := execution.last_line():
            words += f": {line}"
        if self._status is not None:
            self._status.update(Text(words))
        elif time.monotonic() - self._last_line > SILENCE:
            self.say(f"  {words}")

    def end(self, notebook: str, entry: Entry) -> None:
        """Say how a notebook ended, or that it is up to date."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        self.say(f"{notebook}: " + ("up to date" if entry.reused else f"{entry.outcome}, {entry.seconds or 0:.1f} s"))

    def last(self, report: str) -> None:
        """What is left on the screen when the run has ended."""
        record, entries = self._record, self._record.entries()
        self.console.print(table_of(entries))
        if record.status == "done":
            self.say(accuracy_line(record), "bold red" if record.as_expected is False else "")
            self.say(f"Executed notebooks: {shown(record.folder)}")
            self.say(f"Report: {report}")
            return
        failed = [(name, entry) for name, entry in entries.items() if entry.outcome not in ("ok", "not reached")]
        if not failed:
            self.say("Interrupted between two notebooks", "bold red")
        for name, entry in failed[:1]:
            self.say(f"{name}: {entry.outcome} {entry.where}", "bold red")
            for line in entry.error:
                self.say(f"    {line}")
            if (record.folder / f"{name}.ipynb").is_file():
                self.say(f"Open: {shown(record.folder / name)}.ipynb")
        self.say(f"Report: {report}")
        fix = "" if record.status == "interrupted" else "Fix that. "
        self.say(f"{fix}To continue where it stopped: {record.asked.command}")


def new_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """An empty table; the columns in `right` hold numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(headings):
        is_number = heading in right
        table.add_column(
            heading, justify="right" if is_number else "left", no_wrap=is_number or number == 0, overflow="fold"
        )
    return table


def table_of(entries: Mapping[str, Entry]) -> Table:
    """The table of a run: each notebook and what the record says of it."""
    table = new_table("notebook", "outcome", *MEASURES, right=MEASURES)
    for name, entry in entries.items():
        table.add_row(name, Text(outcome_of(entry), COLORS.get(entry.outcome, "red")), *measures_of(entry))
    return table


def measures_of(entry: Entry) -> tuple[str, str, str]:
    """Seconds, peak memory and images a second of a notebook, as tables show them."""
    seconds = f"{entry.seconds:,.1f}" if entry.seconds is not None else ""
    memory = f"{entry.peak_memory_mb / 1000:.2f} GB" if entry.peak_memory_mb else ""
    return seconds, memory, f"{entry.images_per_second:,.0f}" if entry.images_per_second else ""


def outcome_of(entry: Entry) -> str:
    """A notebook's outcome, as tables show it."""
    return entry.outcome + (", reused" if entry.reused else "")


def accuracy_line(record: RunRecord) -> str:
    """The test accuracy and whether it was as expected, in a sentence."""
    metrics = record.metrics or {}
    if "accuracy" not in metrics:
        return "No test accuracy: 05_testing was not part of this run."
    words = f"Test accuracy {metrics['accuracy']:.4f}"
    if interval := metrics.get("interval"):
        words += f" (95 % interval {interval[0]:.4f} to {interval[1]:.4f})"
    verdict = "as expected" if record.as_expected else "BELOW what was expected"
    return f"{words}, {verdict}: at least {metrics.get('expected_accuracy')}."


def say_refusals(problems: Sequence[LessonError]) -> None:
    """Everything that keeps a run from starting, each with how to fix it."""
    out = console(errors=True)
    out.print(Text(f"Refused, nothing was run: {len(problems)} problem{'s' if len(problems) > 1 else ''}", "bold red"))
    for problem in problems:
        out.print(Text(f"- {problem.what}\n  to fix it: {problem.fix}"))
