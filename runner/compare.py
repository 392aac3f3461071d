"""Runs side by side, from their records: what differs, how long they took, what came out, their learning curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.table import Table

from helpers import chain, runs
from helpers.errors import LessonError
from helpers.figures import BLUE, GREEN, GREY, ORANGE, RED, label, new_figure
from helpers.files import replacing, shown
from helpers.parameters import nearest
from runner import record, screen
from runner.record import Entry, RunRecord

COLORS, MARKERS = (BLUE, ORANGE, GREEN, RED, GREY), "os^Dv"
Row = Sequence[float | None]


def compare(names: Sequence[str], picture: Path | None = None) -> None:
    """Print runs side by side and save a picture of their learning curves.

    Args:
        names: names of two or more runs; the others are compared with the first.
        picture: where to save the picture; beside the runs if None.

    Raises:
        LessonError: there is no such run, or it was never run headless.
    """
    kept = [_record_of(name) for name in names]
    curves = [record.read_quietly(one.folder / record.HISTORY) for one in kept]
    out = screen.console()
    facts = [record.circumstances(one) for one in kept]
    table = screen.new_table("what differs", *names)
    for name in dict.fromkeys(name for one in facts for name in one if name != "profile"):
        values = [one.get(name) for one in facts]
        if any(value != values[0] for value in values):
            table.add_row(name, *map(_shown, values))
    out.print(table if table.row_count else "Parameters, versions and machine are the same.")
    # What a later run of the same name left alone is told by the run that finished it.
    entries = {
        notebook.name: [one.finished.get(notebook.name) or one.notebooks.get(notebook.name) or Entry() for one in kept]
        for notebook in chain.NOTEBOOKS
    }
    seconds: dict[str, Row] = {name: [entry.seconds for entry in row] for name, row in entries.items()}
    seconds["all"] = [None if None in column else sum(column) for column in zip(*seconds.values(), strict=True)]
    seconds["fit alone"] = [curve.get("seconds") for curve in curves]
    out.print(_measured("seconds", names, seconds))
    memory: dict[str, Row] = {name: [entry.peak_memory_mb for entry in row] for name, row in entries.items()}
    out.print(_measured("peak memory, MB", names, memory))
    speed: dict[str, Row] = {name: [entry.images_per_second for entry in row] for name, row in entries.items()}
    out.print(_measured("images a second", names, speed))
    table = screen.new_table("metrics", *names)
    metrics = [one.metrics or {} for one in kept]
    for name in dict.fromkeys(name for one in metrics for name in one):
        table.add_row(name, *(_shown(one.get(name)) for one in metrics))
    out.print(table)
    if not all(curve.get("batches") for curve in curves):
        out.print(f"No picture: each run must have a {record.HISTORY}, which 04_training saves.")
        return
    path = picture or chain.runs_folder() / f"{'-and-'.join(names)}.png"
    with replacing(path) as temporary:
        draw_curves(names, curves).savefig(temporary, dpi=120)
    out.print(f"Learning curves: {shown(path)}")


def _record_of(name: str) -> RunRecord:
    names = sorted(path.name for path in chain.runs_folder().glob("*") if runs.is_run(path))
    if name not in names:
        what = f"there is no run {name} in {shown(chain.runs_folder())}{nearest(name, names)}"
        raise LessonError(what, f"take one of {', '.join(names)}" if names else "make one: python -m runner run")
    kept = record.load(chain.runs_folder() / name)
    if kept is None:
        fix = f"let the runner measure it: python -m runner run --name {name}"
        raise LessonError(f"the run {name} was made by hand, so nothing was measured", fix)
    return kept


def _measured(title: str, names: Sequence[str], rows: dict[str, Row]) -> Table:
    """A table of one measure, a row for each notebook that has it; in parentheses, as a multiple of the first run's."""
    table = screen.new_table(title, *names, right=names)
    for name, values in rows.items():
        if any(value is not None for value in values):
            first = values[0]
            ratios = ["", *(f" ({value / first:.2f})" if value and first else "" for value in values[1:])]
            shown_values = ["–" if value is None else f"{value:,.1f}" for value in values]
            table.add_row(name, *(value + ratio for value, ratio in zip(shown_values, ratios, strict=True)))
    return table


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(_shown(part) for part in value)
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def draw_curves(names: Sequence[str], curves: Sequence[dict[str, Any]]) -> Figure:
    """Learning curves: the loss of each batch against images seen, and the validation loss after each epoch.

    Args:
        names: names of the runs.
        curves: what the `history.json` of each holds.
    """
    figure = new_figure(f"Loss while training: {', '.join(names[:-1])} and {names[-1]}", 7.5, 4)
    axes = figure.subplots()
    for number, (name, curve) in enumerate(zip(names, curves, strict=True)):
        color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
        images, validation = curve["batches"]["images"], curve.get("val_loss", [])
        axes.plot(images, curve["batches"]["loss"], color=color, linewidth=0.8, label=f"{name}, each batch")
        ends = [images[-1] * epoch / len(validation) for epoch in range(1, len(validation) + 1)]
        axes.plot(ends, validation, marker, color=color, markeredgecolor="black", label=f"{name}, held-out images")
    axes.set_yscale("log")
    label(axes, "images seen", "loss (cross-entropy)")
    axes.legend(fontsize=10)
    return figure
