"""Runs side by side, from their records: what differs, how long they took, what came out, their
learning curves.
"""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from matplotlib.figure import Figure
from scipy.ndimage import uniform_filter1d

from helpers.figures import BLUE, GREEN, GREY, ORANGE, RED, new_figure
from helpers.figures.training import log_losses
from runner import record, screen
from runner.record import NotebookResult, RunRecord
from series import chain, runs
from series.errors import LessonError
from series.files import atomic_write, display_path
from series.parameters import did_you_mean

SMOOTHED = 30  # batches whose mean loss is drawn
MEASURES = {
    "seconds": "seconds",
    "peak memory, MB": "peak_memory_mb",
    "images a second": "images_per_second",
}


def compare(names: Sequence[str]) -> None:
    """Print runs side by side and save a picture of their learning curves with the first.

    Args:
        names: names of the runs; the others are compared with the first.

    Raises:
        LessonError: there is no such run, or it was never run headless.
    """
    records = [_record_of(name) for name in names]
    curves = [record.read_quietly(each.request.folder / record.HISTORY) for each in records]
    facts = _side_by_side([each.circumstances() for each in records])
    differing = [row for row in facts if len(set(row[1:])) > 1]
    screen.print_table(["what differs", *names], differing)
    for title, measure in MEASURES.items():
        # What a later run of the same name left alone is told by the run that did it last.
        rows: dict[str, list[float | None]] = {}
        for notebook in (notebook.name for notebook in chain.NOTEBOOKS):
            results = [_result_of(each, notebook) for each in records]
            rows[notebook] = [getattr(result, measure) for result in results]
        if measure == "seconds":
            columns = zip(*rows.values(), strict=True)
            sums = [None if None in column else sum(column) for column in columns]
            rows["all"] = sums
            rows["fit alone"] = [curve.get("seconds") for curve in curves]
        measured = [[name, *_with_ratios(row)] for name, row in rows.items() if any(row)]
        screen.print_table([title, *names], measured, names)
    metrics = _side_by_side([each.metrics for each in records])
    screen.print_table(["metrics", *names], metrics)
    if all(curve and curve["batches"]["images"] for curve in curves):
        path = records[0].request.folder / record.COMPARISON
        with atomic_write(path) as temporary:
            draw_curves(names, curves).savefig(temporary, dpi=120)
        screen.print_line(f"Learning curves: {display_path(path)}")


def _result_of(run: RunRecord, notebook: str) -> NotebookResult:
    return run.last_success.get(notebook) or run.notebooks.get(notebook) or NotebookResult()


def _record_of(name: str) -> RunRecord:
    if problem := chain.run_name_problem(name):
        raise LessonError(problem, "name runs as they are called under runs/")
    folder = chain.runs_folder() / name
    own = record.load(folder)
    if own is None:
        known = [folder.name for folder in runs.all_runs()]
        what = f"there is no headless run in {display_path(folder)}{did_you_mean(name, known)}"
        command = runs.make_command(name, chain.NOTEBOOKS[-1].name)
        if (chain.PROFILES_FOLDER / f"{name}.yaml").is_file():
            command = f"python -m runner run --profile {name}"
        raise LessonError(what, f"make one: {command}")
    return own


def _side_by_side(columns: Sequence[dict[str, Any]]) -> list[list[str]]:
    """A row for each name that a column has."""
    names = dict.fromkeys(name for column in columns for name in column)
    return [[name, *(screen.in_words(column.get(name)) for column in columns)] for name in names]


def _with_ratios(values: Sequence[float | None]) -> list[str]:
    """Measures for people; in parentheses, as a multiple of the first run's."""
    first, shown_values = values[0], ["–" if value is None else f"{value:,.1f}" for value in values]
    ratios = ["", *(f" ({value / first:.2f})" if value and first else "" for value in values[1:])]
    return [value + ratio for value, ratio in zip(shown_values, ratios, strict=True)]


def draw_curves(names: Sequence[str], curves: Sequence[dict[str, Any]]) -> Figure:
    """Learning curves: mean training loss of the batches around each, and validation loss after
    each epoch.

    Args:
        names: names of the runs.
        curves: what the `history.json` of each holds.
    """
    figure = new_figure(f"Loss while training (lines: means of {SMOOTHED} batches)", 7.5, 4)
    axes = figure.subplots()
    styles = cycle(zip((BLUE, ORANGE, GREEN, RED, GREY), "os^Dv", strict=True))
    for name, curve, (color, marker) in zip(names, curves, styles, strict=False):
        images, validation = curve["batches"]["images"], curve.get("val_loss", [])
        smooth = uniform_filter1d(curve["batches"]["loss"], SMOOTHED, mode="nearest")
        axes.plot(images, smooth, color=color, linewidth=1.5, label=f"{name}, training")
        ends = [images[-1] * epoch / len(validation) for epoch in range(1, len(validation) + 1)]
        axes.plot(
            ends,
            validation,
            marker,
            color=color,
            markeredgecolor="black",
            label=f"{name}, held-out images",
        )
    log_losses(axes, "training images seen")
    axes.legend(loc="upper right", frameon=False, fontsize=10)
    return figure
