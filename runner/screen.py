"""What a run shows: live progress on a terminal, plain lines elsewhere, and the last screen that
people read.
"""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.execution import Execution
from runner.plan import Step
from runner.record import NotebookResult, RunRecord
from runner.request import RunRequest
from series.errors import LessonError
from series.files import display_path

SAMPLES_A_SECOND = 5  # of a running notebook
WIDTH = 100  # columns, where there is no terminal
SILENCE = 8  # seconds without a line, where there is no terminal
MEASURES = ("seconds", "peak memory", "images/s")
COLUMNS = ("notebook", "outcome", *MEASURES)


def console(errors: bool = False) -> Console:
    """A console on standard output or error, `WIDTH` columns wide where that is no terminal."""
    out = Console(stderr=errors, highlight=False, markup=False, emoji=False, soft_wrap=True)
    out.width = out.width if out.is_terminal else WIDTH
    return out


def print_line(line: str, style: str = "", errors: bool = False) -> None:
    """Print a line, whole however long it is, so that it can be copied."""
    console(errors).print(Text(line, style))


def live_progress(execution: Execution) -> Live:
    """A block that shows how far a notebook is, and samples its kernel's memory, a few times a
    second.
    """
    out, last_printed = console(), 0.0

    def progress() -> Text:
        nonlocal last_printed
        execution.sample()
        seconds = execution.result.seconds or 0
        where = f"cell {execution.number} of {execution.cells}"
        if not execution.number:
            where = "starting its kernel"
        words = f"{execution.notebook.name}: {seconds:.0f} s, {where}"
        if line := execution.last_line():
            words += f": {line}"
        if not out.is_terminal and seconds > last_printed + SILENCE:
            last_printed = seconds
            out.print(f"  {words}")
        return Text(words, overflow="ellipsis", no_wrap=True)

    return Live(
        get_renderable=progress, console=out, refresh_per_second=SAMPLES_A_SECOND, transient=True
    )


def print_plan(request: RunRequest, steps: Sequence[Step]) -> None:
    """What a run would do."""
    print_line(f"Run {request.name}, in {display_path(request.folder)}")
    rows = [[step.notebook.name, step.action, step.reason] for step in steps]
    print_table(["notebook", "would", "why"], rows)


def print_end(record: RunRecord, report: str) -> None:
    """What is left on the screen when the run has ended: its table, what came out, and where the
    report is.
    """
    folder = record.request.folder
    rows = [row_of(name, result) for name, result in record.notebooks.items()]
    print_table(COLUMNS, rows, MEASURES)
    if record.status == "done":
        low = record.metrics.get("as_expected") is False
        print_line(accuracy_line(record), "bold red" if low else "")
        print_line(f"Executed notebooks: {display_path(folder)}")
        print_line(f"Report: {report}")
        return
    for name, result in record.notebooks.items():
        if result.outcome in ("ok", "not reached"):
            continue
        print_line(f"{name}: {result.outcome} {result.where}".rstrip(), "bold red")
        print_line("\n".join(f"    {line}" for line in result.error))
        print_line(f"Open: {display_path(folder / name)}.ipynb")
    if record.problem:
        print_line("What stopped the run was not a notebook:", "bold red")
        print_line(record.problem)
    print_line(f"Report: {report}")
    first = "" if record.status == "interrupted" else "Fix that. "
    print_line(f"{first}To continue where it stopped: {record.request.command()}")


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()
) -> None:
    """Print a table.

    Args:
        headings: one for each column.
        rows: the words of each row, one for each column.
        numbers: the headings of the columns that hold numbers. These, the first column and outcomes
            stay whole where there is no room; the others are folded.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for index, heading in enumerate(headings):
        if heading in (headings[0], "outcome", *numbers):
            widest = max(len(row[index]) for row in [headings, *rows])
            side: JustifyMethod = "right" if heading in numbers else "left"
            table.add_column(heading, justify=side, no_wrap=True, min_width=widest)
        else:
            table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def row_of(name: str, result: NotebookResult) -> list[str]:
    """A notebook's row in the table of a run, as `COLUMNS` names its columns; on the screen and in
    the report.
    """
    outcome = result.outcome + (", reused" if result.reused else "")
    seconds = f"{result.seconds:,.1f}" if result.seconds is not None else ""
    memory = f"{result.peak_memory_mb / 1000:.2f} GB" if result.peak_memory_mb else ""
    speed = f"{result.images_per_second:,.0f}" if result.images_per_second else ""
    return [name, outcome, seconds, memory, speed]


def in_words(value: object) -> str:
    """A parameter, measure or fact as tables show it."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return " to ".join(map(in_words, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def accuracy_line(record: RunRecord) -> str:
    """The test accuracy and whether it was as expected, in a sentence."""
    metrics = record.metrics
    if "accuracy" not in metrics:
        return "No test accuracy: 05_testing was not part of this run."
    words = f"Test accuracy {metrics['accuracy']:.4f}"
    if interval := metrics.get("interval"):
        words += f" (95% interval {interval[0]:.4f} to {interval[-1]:.4f})"
    verdict = "as expected" if metrics.get("as_expected") else "BELOW what was expected"
    return f"{words}, {verdict}: at least {metrics.get('expected_accuracy')}."


def print_refusals(problems: Sequence[LessonError]) -> None:
    """Everything that keeps a run from starting, each with how to fix it."""
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    print_line(f"Refused, nothing was run: {count}", "bold red", errors=True)
    for problem in problems:
        print_line(f"- {problem.what}\n  to fix it: {problem.fix}", errors=True)
