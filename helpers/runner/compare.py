"""Two runs side by side, from their records: what differs, how long they took, what came out, both learning curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from helpers import chain, runs
from helpers.errors import LessonError
from helpers.figures import BLUE, ORANGE, label, new_figure
from helpers.files import replacing, shown
from helpers.runner import record, screen

OF_ITS_OWN = ("started", "ended", "seconds", "profile")  # never the same, or told by what it sets
MEASURES = {"seconds": "seconds", "peak_memory_mb": "peak memory, MB", "images_per_second": "images a second"}


def compare(first: str, second: str, picture: Path | None = None) -> None:
    """Print two runs side by side and save a picture of their learning curves.

    Args:
        first, second: names of the runs; ratios are the second to the first.
        picture: where to save the picture; beside the runs if None.

    Raises:
        LessonError: there is no such run, or it was never run headless.
    """
    names, kept = (first, second), [_record_of(first), _record_of(second)]
    out = screen.console()
    facts = [record.circumstances(one) for one in kept]
    differing = [name for name in {**facts[0], **facts[1]} if facts[0].get(name) != facts[1].get(name)]
    table = screen.new_table("what differs", *names)
    for name in (name for name in differing if name not in OF_ITS_OWN):
        table.add_row(name, *(_shown(one.get(name)) for one in facts))
    out.print(table if table.row_count else "Parameters, versions and machine are the same.")
    for key, title in MEASURES.items():
        out.print(_measured(key, title, names, kept))
    table = screen.new_table("metrics", *names)
    metrics = [one["metrics"] or {} for one in kept]
    for name in {**metrics[0], **metrics[1]}:
        table.add_row(name, *(_shown(one.get(name)) for one in metrics))
    out.print(table)
    curves = [record.read_quietly(chain.runs_folder() / name / record.HISTORY) for name in names]
    if not all(curve.get("batches") for curve in curves):
        out.print(f"No picture: both runs must have a {record.HISTORY}, which 04_training leaves.")
        return
    path = picture or chain.runs_folder() / f"{first}-and-{second}.png"
    with replacing(path) as temporary:
        draw_curves(names, curves).savefig(temporary, dpi=120)
    out.print(f"Learning curves: {shown(path)}")


def _record_of(name: str) -> dict[str, Any]:
    names = sorted(path.parent.name for path in chain.runs_folder().glob("*/run.json"))
    if name not in names:
        what = f"there is no run {name} in {shown(chain.runs_folder())}{chain.nearest(name, names)}"
        raise LessonError(what, f"take one of {', '.join(names)}" if names else "make one: python -m helpers run")
    kept = runs.read_record(chain.runs_folder() / name)
    if "asked" not in kept:
        mend = f"let the runner measure it: python -m helpers run --name {name}"
        raise LessonError(f"the run {name} was made by hand, so nothing was measured", mend)
    return kept


def _measured(key: str, title: str, names: Sequence[str], kept: Sequence[Mapping[str, Any]]) -> Any:
    """A table of one measure for each notebook that has it, with ratios; of seconds, the sum as well."""
    table = screen.new_table(title, *names, "ratio", right=(*names, "ratio"))
    # What a later run of the same name left alone is told by the run that finished it.
    names_of = [notebook.name for notebook in chain.NOTEBOOKS]
    rows = {name: [one["finished"].get(name, one["notebooks"][name]).get(key) for one in kept] for name in names_of}
    if key == "seconds":
        columns = list(zip(*rows.values(), strict=True))
        rows["all"] = [None if None in column else sum(column) for column in columns]
    for name, (before, after) in rows.items():
        if before is not None or after is not None:
            ratio = f"{after / before:.2f}" if before and after else "–"
            table.add_row(name, *("–" if value is None else f"{value:,.1f}" for value in (before, after)), ratio)
    return table


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(_shown(part) for part in value)
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def draw_curves(names: Sequence[str], curves: Sequence[Mapping[str, Any]]) -> Figure:
    """Two learning curves: the loss of each batch against images seen, and the validation loss after each epoch.

    Args:
        names: names of the two runs.
        curves: what the `history.json` of each holds.
    """
    figure = new_figure(f"Loss while training: {names[0]} and {names[1]}", 7.5, 4)
    axes = figure.subplots()
    for name, curve, colour, marker in zip(names, curves, (BLUE, ORANGE), "os", strict=True):
        images, validation = curve["batches"]["images"], curve.get("val_loss", [])
        axes.plot(images, curve["batches"]["loss"], color=colour, linewidth=0.8, label=f"{name}, each batch")
        ends = [images[-1] * epoch / len(validation) for epoch in range(1, len(validation) + 1)]
        axes.plot(ends, validation, marker, color=colour, markeredgecolor="black", label=f"{name}, held-out images")
    axes.set_yscale("log")
    label(axes, "images seen", "loss (cross-entropy)")
    axes.legend(fontsize=9)
    return figure
