"""What a run shows: live progress on a terminal, plain lines elsewhere, and the last screen that people read.

A reader who goes away (`| head -1`) ends what is shown, never the run.
"""

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
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
COLOURS = {"ok": "green", "running": "cyan", "not reached": "dim", "": "dim"}


class LastingConsole(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """Write nothing from now on."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def console(errors: bool = False) -> Console:
    """A console on standard output or error, 100 columns wide where that is no terminal."""
    stream = sys.stderr if errors else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # a sign that the terminal's encoding lacks is no reason to stop
    found = LastingConsole(stderr=errors, highlight=False, markup=False, emoji=False, soft_wrap=True)
    found.width = found.width if found.is_terminal else 100
    return found


class Screen:
    """Shows one run as it goes."""

    def __init__(self, settings: Settings) -> None:
        self.console = console()
        self._lively = self.console.is_terminal and not self.console.is_dumb_terminal
        self._live: Live | None = None
        self._last_line = 0.0
        self._facts: dict[str, Mapping[str, Any]] = {notebook.name: {} for notebook in settings.notebooks}

    def say(self, line: str, style: str = "") -> None:
        """Print a line, whole however long it is, so that it can be copied."""
        self._last_line = time.monotonic()
        self.console.print(Text(line, style))

    def starts(self, notebook: str, reason: str) -> None:
        """Say that a notebook starts, and why."""
        self._facts[notebook] = {"outcome": "running"}
        self.say(f"{notebook}: {reason}")
        if self._lively:
            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()

    def goes_on(self, execution: Execution) -> None:
        """Show how far a notebook is; call this a few times a second."""
        training = execution.training()
        words = f"  {execution.notebook.name}: {execution.seconds():.0f} s, "
        words += f"cell {execution.number} of {execution.cells}" if execution.cells else "starting its kernel"
        if training.get("of"):
            words += ", epoch {epoch} of {epochs}, {phase}: {images:,} of {of:,} images".format_map(training)
            words += f", {training['images_per_second']:.0f} a second"
        if self._live is None:
            if time.monotonic() - self._last_line > SILENCE:
                self.say(words)
            return
        bar = [ProgressBar(training["of"], training["images"], width=60)] if training.get("of") else []
        self._live.update(Group(table_of(self._facts.items()), Text(words, no_wrap=False, overflow="fold"), *bar))

    def ended(self, notebook: str, facts: Mapping[str, Any]) -> None:
        """Say how a notebook ended, or that it is up to date."""
        self._facts[notebook] = facts
        self.say(
            f"{notebook}: " + ("up to date" if facts["reused"] else f"{facts['outcome']}, {facts['seconds']:.1f} s")
        )

    def stop(self) -> None:
        """Take the live part away."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def new_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """An empty table; the columns in `right` hold numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(headings):
        is_number = heading in right
        table.add_column(
            heading, justify="right" if is_number else "left", no_wrap=is_number or number == 0, overflow="fold"
        )
    return table


def table_of(entries: Iterable[tuple[str, Mapping[str, Any]]]) -> Table:
    """The table of a run: each notebook and what the record says of it."""
    table = new_table("notebook", "outcome", *MEASURES, right=MEASURES)
    for name, facts in entries:
        outcome = facts.get("outcome", "")
        table.add_row(name, Text(outcome_of(facts), COLOURS.get(outcome, "red")), *figures_of(facts))
    return table


MEASURES = ("seconds", "peak memory", "images/s")


def figures_of(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Seconds, peak memory and images a second of a notebook, as tables show them."""
    seconds, memory, speed = (facts.get(name) for name in ("seconds", "peak_memory_mb", "images_per_second"))
    seconds = f"{seconds:,.1f}" if seconds is not None else ""
    return seconds, f"{memory / 1000:.2f} GB" if memory else "", f"{speed:,.0f}" if speed else ""


def outcome_of(facts: Mapping[str, Any]) -> str:
    """A notebook's outcome, as tables show it."""
    return str(facts.get("outcome", "")) + (", reused" if facts.get("reused") else "")


def accuracy_line(record: Mapping[str, Any]) -> str:
    """The test accuracy and whether it was as expected, in a sentence."""
    metrics = record.get("metrics") or {}
    if "accuracy" not in metrics:
        return "No test accuracy: 05_testing was not part of this run."
    words = f"Test accuracy {metrics['accuracy']:.4f}"
    if interval := metrics.get("interval"):
        words += f" (95 % interval {interval[0]:.4f} to {interval[1]:.4f})"
    verdict = "as expected" if record.get("as_expected") else "BELOW what was expected"
    return f"{words}, {verdict}: at least {metrics.get('expected_accuracy')}."


def failure_line(name: str, facts: Mapping[str, Any]) -> str:
    """Which notebook failed, how, and in which cell, in a line."""
    cell = facts.get("cell")
    where = f" in cell In [{cell['number']}] ({cell['id']}): {cell['first_line']}" if cell else " before its first cell"
    return f"{name}: {facts['outcome']}{where}"


def last_screen(screen: Screen, record: Mapping[str, Any], report: str) -> None:
    """What is left on the screen when a run has ended."""
    folder = chain.runs_folder() / record["name"]
    entries = {name: record["notebooks"][name] for name in record["asked"]["notebooks"]}
    screen.console.print(table_of(entries.items()))
    if record["status"] == "done":
        screen.say(accuracy_line(record), "bold red" if record["as_expected"] is False else "")
        screen.say(f"Executed notebooks: {shown(folder)}")
        screen.say(f"Report: {report}")
        return
    failed = [(name, facts) for name, facts in entries.items() if facts["outcome"] not in ("ok", "not reached")]
    screen.say(failure_line(*failed[0]) if failed else "Interrupted between two notebooks", "bold red")
    for line in failed[0][1]["error"] if failed else []:
        screen.say(f"    {line}")
    if failed and failed[0][1].get("file"):
        screen.say(f"Open: {failed[0][1]['file']}")
    screen.say(f"Report: {report}")
    mend = "" if record["status"] == "interrupted" else "Mend that. "
    screen.say(f"{mend}To go on where it stopped: {record['asked']['command']}")


def say_refusals(problems: Sequence[LessonError]) -> None:
    """Everything that keeps a run from starting, each with what mends it."""
    out = console(errors=True)
    out.print(Text(f"Refused, nothing was run: {len(problems)} problem{'s' if len(problems) > 1 else ''}", "bold red"))
    for problem in problems:
        out.print(Text(f"- {problem.what}\n  to mend it: {problem.fix}"))


def show_plan(settings: Settings, plan: Sequence[tuple[str, str, str]]) -> None:
    """The chain of a dry run: for each notebook what would be done, why, and what is there."""
    table = new_table("notebook", "would", "why", "leaves")
    for name, action, reason in plan:
        there = {artefact: (settings.folder / artefact).is_file() for artefact in chain.BY_NAME[name].leaves}
        leaves = [f"{artefact} ({'there' if found else 'missing'})" for artefact, found in there.items()]
        table.add_row(name, action, reason, "\n".join(leaves) or "–")
    console().print(f"Run {settings.name}, in {shown(settings.folder)}", table, sep="\n")
