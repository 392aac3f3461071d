"""What a run shows: live progress on a terminal, plain lines elsewhere, and the last screen that
people read.
"""

import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.execution import Execution
from runner.record import Entry, RunRecord
from series.errors import LessonError
from series.files import display_path

LOOKS = 5  # a second, at a running notebook
SILENCE = 8  # seconds without a line, where there is no terminal
MEASURES = ("seconds", "peak memory", "images/s")
COLUMNS = ("notebook", "outcome", *MEASURES)


class Lasting(io.FileIO):
    """A file that drops what can't be written: a closed terminal, a full disk, a reader who left
    (`| head -1`).
    """

    def write(self, data: Any, /) -> int:
        """Write `data`, if possible."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


def make_streams_last() -> None:
    """Let standard output and error outlive their readers, which then end what is shown, never the
    run.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before this process began
            continue
        if os.name == "posix":
            file = io.BufferedWriter(Lasting(stream.fileno(), "w", closefd=False))
            stream = io.TextIOWrapper(file, stream.encoding, line_buffering=True)
            setattr(sys, name, stream)
        stream.reconfigure(
            errors="replace"
        )  # a sign that the terminal's encoding lacks is no reason to stop either


def console(errors: bool = False) -> Console:
    """A console on standard output or error, 100 columns wide where that is no terminal."""
    found = Console(stderr=errors, highlight=False, markup=False, emoji=False, soft_wrap=True)
    found.width = found.width if found.is_terminal else 100
    return found


def say(line: str, style: str = "", errors: bool = False) -> None:
    """Print a line, whole however long it is, so that it can be copied."""
    console(errors).print(Text(line, style))


def following(execution: Execution) -> Live:
    """A block that shows how far a notebook is, and looks at its kernel's memory, a few times a
    second.
    """
    out, said = console(), 0.0

    def progress() -> Text:
        nonlocal said
        execution.look()
        seconds = execution.entry.seconds or 0
        words = f"{execution.notebook.name}: {seconds:.0f} s, "
        words += (
            f"cell {execution.number} of {execution.cells}"
            if execution.number
            else "starting its kernel"
        )
        words = ": ".join(filter(None, [words, execution.last_line()]))
        if not out.is_terminal and seconds > said + SILENCE:
            said = seconds
            out.print(f"  {words}")
        return Text(words, overflow="ellipsis", no_wrap=True)

    return Live(get_renderable=progress, console=out, refresh_per_second=LOOKS, transient=True)


def say_end(record: RunRecord, report: str) -> None:
    """What is left on the screen when the run has ended: its table, what came out, and where the
    report is.
    """
    folder = record.asked.folder
    console().print(table(COLUMNS, [row_of(*item) for item in record.notebooks.items()], MEASURES))
    if record.status == "done":
        say(accuracy_line(record), "" if record.metrics.get("as_expected", True) else "bold red")
        say(f"Executed notebooks: {display_path(folder)}")
        say(f"Report: {report}")
        return
    failed = {
        name: entry
        for name, entry in record.notebooks.items()
        if entry.outcome not in ("ok", "not reached")
    }
    for name, entry in failed.items():
        say(f"{name}: {entry.outcome} {entry.where}", "bold red")
        say("\n".join(f"    {line}" for line in entry.error))
        say(f"Open: {display_path(folder / name)}.ipynb")
    say(f"Report: {report}")
    say(f"{'Fix that. ' if failed else ''}To continue where it stopped: {record.asked.command()}")


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()
) -> Table:
    """A table; the columns that `numbers` names hold numbers."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        whole, side = heading in (headings[0], *numbers), "right" if heading in numbers else "left"
        made.add_column(heading, justify=side, no_wrap=whole, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        made.add_row(*row)
    return made


def row_of(name: str, entry: Entry) -> list[str]:
    """A notebook's row in the table of a run, as `COLUMNS` names its columns; on the screen and in
    the report.
    """
    outcome = entry.outcome + (", reused" if entry.reused else "")
    seconds = f"{entry.seconds:,.1f}" if entry.seconds is not None else ""
    memory = f"{entry.peak_memory_mb / 1000:.2f} GB" if entry.peak_memory_mb else ""
    return [
        name,
        outcome,
        seconds,
        memory,
        f"{entry.images_per_second:,.0f}" if entry.images_per_second else "",
    ]


def value(found: object) -> str:
    """A parameter, measure or fact as tables show it."""
    if isinstance(found, list):
        return " to ".join(map(value, found))
    return "–" if found is None else f"{found:.4g}" if isinstance(found, float) else str(found)


def accuracy_line(record: RunRecord) -> str:
    """The test accuracy and whether it was as expected, in a sentence."""
    metrics = record.metrics
    if "accuracy" not in metrics:
        return "No test accuracy: 05_testing was not part of this run."
    words = f"Test accuracy {metrics['accuracy']:.4f}"
    if interval := metrics.get("interval"):
        words += f" (95% interval {interval[0]:.4f} to {interval[1]:.4f})"
    verdict = "as expected" if metrics.get("as_expected") else "BELOW what was expected"
    return f"{words}, {verdict}: at least {metrics.get('expected_accuracy')}."


def say_refusals(problems: Sequence[LessonError]) -> None:
    """Everything that keeps a run from starting, each with how to fix it."""
    say(
        f"Refused, nothing was run: {len(problems)} problem{'s' if len(problems) > 1 else ''}",
        "bold red",
        errors=True,
    )
    for problem in problems:
        say(f"- {problem.what}\n  to fix it: {problem.fix}", errors=True)
