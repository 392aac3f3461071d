"""What a run shows: live progress on a terminal, plain lines elsewhere, and the last screen that people read.

A reader who goes away (`| head -1`) ends what is shown, never the run.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from helpers import chain
from helpers.errors import LessonError
from helpers.files import shown
from helpers.runner.execution import Execution
from helpers.runner.settings import Settings

SILENCE = 8  # seconds without a line, where there is no terminal
COLOURS = {"ok": "green", "running": "cyan", "not reached": "dim"}


class LastingConsole(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """Write nothing from now on."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())


def console(errors: bool = False) -> Console:
    """A console on standard output or error, 100 columns wide where that is no terminal."""
    stream = sys.stderr if errors else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # a sign that the terminal's encoding lacks is no reason to stop
    found = LastingConsole(stderr=errors, highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = 100
    return found


class Screen:
    """Shows one run as it goes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.console = console()
        self._alive = self.console.is_terminal and not self.console.is_dumb_terminal
        self._live: Live | None = None
        self._last_line = 0.0
        self._facts: dict[str, Mapping[str, Any]] = {}

    def say(self, line: str = "", style: str = "") -> None:
        """Print a line, whole however long it is, so that it can be copied."""
        self._last_line = time.monotonic()
        self.console.print(Text(line, style), soft_wrap=True)

    def reused(self, notebook: str, facts: Mapping[str, Any]) -> None:
        """Say that a notebook is up to date."""
        self._facts[notebook] = facts
        self.say(f"{notebook}: up to date")

    def starts(self, notebook: str, reason: str) -> None:
        """Say that a notebook starts, and why."""
        self._facts[notebook] = {"outcome": "running"}
        self.say(f"{notebook}: {reason}")
        if self._alive:
            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()

    def goes_on(self, execution: Execution) -> None:
        """Show how far a notebook is; call this a few times a second."""
        if self._live is not None:
            self._live.update(self._picture(execution))
        elif time.monotonic() - self._last_line > SILENCE:
            self.say(f"  {execution.notebook.name}: {_how_far(execution)}")

    def ended(self, notebook: str, facts: Mapping[str, Any]) -> None:
        """Say how a notebook ended."""
        self.stop()
        self._facts[notebook] = facts
        self.say(f"{notebook}: {facts['outcome']} after {facts['seconds']:.1f} s")

    def stop(self) -> None:
        """Take the live part away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _picture(self, execution: Execution) -> Group:
        parts: list[Any] = [_table([(name, self._facts.get(name, {})) for name in self._names()])]
        training = execution.training()
        if training.get("of"):
            parts.append(ProgressBar(total=training["of"], completed=training.get("images", 0), width=60))
        parts.append(Text(f"{execution.notebook.name}: {_how_far(execution)}"))
        return Group(*parts)

    def _names(self) -> list[str]:
        return [notebook.name for notebook in self.settings.notebooks]


def _how_far(execution: Execution) -> str:
    words = f"{execution.seconds():.0f} s"
    if execution.cells:
        words += f", cell {execution.number} of {execution.cells}"
    training = execution.training()
    if training:
        words += (
            f", epoch {training.get('epoch')} of {training.get('epochs')}, {training.get('phase')}: "
            f"{training.get('images', 0):,} of {training.get('of', 0):,} images"
            f", {training.get('images_per_second', 0):.0f} a second"
        )
    return words


def _table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("notebook", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for heading in ("seconds", "peak memory", "images/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, facts in rows:
        outcome = facts.get("outcome", "")
        table.add_row(
            name,
            Text(outcome + (", reused" if facts.get("reused") else ""), COLOURS.get(outcome, "red")),
            *figures_of(facts),
        )
    return table


def figures_of(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Seconds, peak memory and images a second of a notebook, as tables show them."""
    seconds, memory, speed = (facts.get(name) for name in ("seconds", "peak_memory_mb", "images_per_second"))
    return (
        f"{seconds:,.1f}" if seconds is not None else "",
        f"{memory / 1000:.2f} GB" if memory else "",
        f"{speed:,.0f}" if speed else "",
    )


def accuracy_line(record: Mapping[str, Any]) -> str:
    """The test accuracy and whether it was as expected, in a sentence."""
    metrics = record.get("metrics") or {}
    if "accuracy" not in metrics:
        return "No test accuracy: 05_testing was not part of this run."
    words = f"Test accuracy {metrics['accuracy']:.4f}"
    if isinstance(metrics.get("interval"), list):
        words += f" (95 % interval {metrics['interval'][0]:.4f} to {metrics['interval'][1]:.4f})"
    expected = f"at least {metrics.get('expected_accuracy')}"
    return f"{words}, {'as expected' if record.get('as_expected') else 'BELOW what was expected'}: {expected}."


def last_screen(screen: Screen, record: Mapping[str, Any], report: str) -> None:
    """What is left on the screen when a run has ended."""
    folder = shown(screen.settings.folder)
    entries = [(name, record["notebooks"][name]) for name in record["asked"]["notebooks"]]
    failed = next(((name, facts) for name, facts in entries if facts["outcome"] not in ("ok", "not reached")), None)
    screen.console.print(_table(entries))
    if record["status"] == "done":
        screen.say(accuracy_line(record), "" if record["as_expected"] in (True, None) else "bold red")
        screen.say(f"Executed notebooks: {folder}")
        screen.say(f"Report: {report}")
        return
    if failed:
        _say_failure(screen, *failed)
    else:
        screen.say("The run was interrupted between two notebooks.", "bold red")
    screen.say(f"Report: {report}")
    screen.say(f"Mend it, then go on where it stopped: {record['asked']['command']}")


def _say_failure(screen: Screen, name: str, facts: Mapping[str, Any]) -> None:
    where = f"{name}: {facts['outcome']}"
    if cell := facts.get("cell"):
        where += f" in cell In [{cell['number']}] ({cell['id']}): {cell['first_line']}"
    screen.say(where, "bold red")
    for line in facts.get("error") or []:
        screen.say(f"    {line}")
    if facts.get("file"):
        screen.say(f"Open: {facts['file']}")


def say_refusals(problems: Sequence[LessonError]) -> None:
    """Everything that keeps a run from starting, each with what mends it."""
    out = console(errors=True)
    out.print(Text(f"Refused, nothing was run: {len(problems)} problem{'s' if len(problems) > 1 else ''}", "bold red"))
    for problem in problems:
        out.print(Text(f"- {problem.what}"), soft_wrap=True)
        out.print(Text(f"  to mend it: {problem.fix}"), soft_wrap=True)


def show_plan(settings: Settings, plan: Sequence[tuple[str, str, str]]) -> None:
    """The chain of a dry run: for each notebook what would be done, why, and what is there."""
    out = console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=None)
    for heading in ("notebook", "would", "why", "leaves"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "why")
    for name, action, reason in plan:
        there = [
            f"{artefact} ({'there' if (settings.folder / artefact).is_file() else 'missing'})"
            for artefact in chain.BY_NAME[name].leaves
        ]
        table.add_row(name, action, reason, "\n".join(there) or "–")
    out.print(f"Run {settings.name}, in {shown(settings.folder)}", soft_wrap=True)
    out.print(table)
