"""Two runs side by side, from their records: what differs, how long they took, what came out, both learning curves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from helpers import chain, runs
from helpers.errors import LessonError
from helpers.files import replacing, shown
from helpers.runner import record, report, screen


def compare(first: str, second: str, picture: Path | None = None) -> None:
    """Print two runs side by side and save a picture of their learning curves.

    Args:
        first, second: names of the runs; ratios are the second to the first.
        picture: where to save the picture; beside the runs if None.

    Raises:
        LessonError: there is no such run.
    """
    kept = [_record_of(name) for name in (first, second)]
    out = screen.console()
    for title, rows in _tables(*kept):
        table = Table(
            "", first, second, *(["ratio"] if any(len(row) > 3 for row in rows) else []), box=screen.SIMPLE_HEAD
        )
        for row in rows:
            table.add_row(*row)
        out.print(title, soft_wrap=True)
        out.print(table)
    curves = [record.read_quietly(chain.runs_folder() / name / record.HISTORY) for name in (first, second)]
    if not all(curve.get("batches") for curve in curves):
        out.print(f"No picture: both runs must have a {record.HISTORY}, which 04_training leaves.", soft_wrap=True)
        return
    path = picture or chain.runs_folder() / f"{first}-and-{second}.png"
    with replacing(path) as temporary:
        _draw((first, second), curves).savefig(temporary, dpi=120)
    out.print(f"Learning curves: {shown(path)}", soft_wrap=True)


def _record_of(name: str) -> dict[str, Any]:
    folder = chain.runs_folder()
    names = sorted(path.parent.name for path in folder.glob("*/run.json"))
    if name not in names:
        what = f"there is no run {name} in {shown(folder)}{chain.nearest(name, names)}"
        raise LessonError(what, f"take one of {', '.join(names)}" if names else "make one: python -m helpers run")
    kept = runs.read_record(folder / name)
    if "asked" not in kept:
        raise LessonError(
            f"the run {name} was made by hand, so nothing was measured", "compare runs of: python -m helpers run"
        )
    return kept


def _tables(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, list[list[str]]]]:
    """The tables: a title and rows of a name, both values, and a ratio where there is one."""
    circumstances = [_circumstances(kept) for kept in (first, second)]
    differing = [
        [name, *(str(facts.get(name, "–")) for facts in circumstances)]
        for name in dict.fromkeys([*circumstances[0], *circumstances[1]])
        if circumstances[0].get(name) != circumstances[1].get(name)
    ]
    tables = [("What differs", differing)] if differing else [("Parameters, versions and machine are the same.", [])]
    for key, title, digits in (
        ("seconds", "Seconds", 1),
        ("peak_memory_mb", "Peak memory, MB", 0),
        ("images_per_second", "Images a second", 0),
    ):
        rows = [_row(name, digits, _fact(first, name, key), _fact(second, name, key)) for name in chain.BY_NAME]
        if key == "seconds":
            rows.append(_row("all", digits, _total(first), _total(second)))
        tables.append((title, [row for row in rows if row[1:3] != ["–", "–"]]))
    measured = [kept.get("metrics") or {} for kept in (first, second)]
    names = dict.fromkeys([*measured[0], *measured[1]])
    metrics = [[name, *(_shown(values.get(name)) for values in measured)] for name in names]
    return [(title, rows) for title, rows in [*tables, ("Metrics", metrics)] if rows or title.startswith("Param")]


def _circumstances(kept: Mapping[str, Any]) -> dict[str, Any]:
    return report.parameters_of(kept) | kept["versions"] | kept["machine"] | {"git": (kept["git"] or {}).get("commit")}


def _fact(kept: Mapping[str, Any], notebook: str, key: str) -> float | None:
    value = kept["notebooks"].get(notebook, {}).get(key)
    return None if value is None else float(value)


def _total(kept: Mapping[str, Any]) -> float | None:
    """Seconds of all notebooks together, reused ones included; None where one has none."""
    seconds = [_fact(kept, name, "seconds") for name in chain.BY_NAME]
    known = [value for value in seconds if value is not None]
    return sum(known) if len(known) == len(seconds) else None


def _row(name: str, digits: int, first: float | None, second: float | None) -> list[str]:
    ratio = f"{second / first:.2f}" if first and second else "–"
    values = [f"{value:,.{digits}f}" if value is not None else "–" for value in (first, second)]
    return [name, *values, ratio]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(_shown(part) for part in value)
    return f"{value:.4f}" if isinstance(value, float) else "–" if value is None else str(value)


def _draw(names: tuple[str, str], curves: list[dict[str, Any]]) -> Any:
    """Both learning curves: the loss of each batch against images seen, and the validation loss after each epoch."""
    from helpers.figures import BLUE, ORANGE, label, new_figure

    figure = new_figure(f"Loss while training: {names[0]} and {names[1]}", 7.5, 4)
    axes = figure.subplots()
    for name, curve, colour, marker in zip(names, curves, (BLUE, ORANGE), "os", strict=True):
        images, losses = curve["batches"]["images"], curve["batches"]["loss"]
        axes.plot(images, losses, color=colour, linewidth=0.8, alpha=0.7, label=f"{name}, training batch")
        validation = curve.get("val_loss", [])
        ends = [images[-1] * (epoch + 1) / len(validation) for epoch in range(len(validation))]
        axes.plot(ends, validation, marker, color=colour, markeredgecolor="black", label=f"{name}, validation")
    axes.set_yscale("log")
    label(axes, "images seen", "loss (cross-entropy)")
    axes.legend(fontsize=9)
    return figure
