"""One page for a run, `report.html`: what came out, three pictures, its tables, and the executed
notebooks.

`series.pages` renders it, from the template `report.j2` and the style `report.css`. It is one file
that needs no network, and has no scripts.
"""

import datetime
import re
from pathlib import Path

import nbformat

from runner import screen
from runner.record import RunRecord, read_quietly
from series import chain, pages
from series.files import display_path

TEMPLATE = Path(__file__).with_name("report.j2")


def page(record: RunRecord) -> str:
    """The report of a run, as one HTML page, from its record and its executed notebooks."""
    # Of each notebook its name, id and words of each heading, and all of it.
    parts: list[tuple[str, list[tuple[str, str]], str]] = []
    pictures: list[str] = []
    for name, result in record.notebooks.items():
        path = record.request.folder / f"{name}.ipynb"
        if result.outcome == "not reached" or "cells" not in read_quietly(path):
            continue
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.get("id") in chain.REPORT_PICTURES:
                for output in cell.outputs:
                    html = output.get("data", {}).get("text/html", "")
                    pictures += re.findall(r"<img [^>]*>", html)
        # So that no other notebook has the same ids.
        body = re.sub('( id="| href="#)', rf"\g<1>{name}-", pages.notebook_part(notebook))
        headings = re.findall(r'<h[1-6] id="([^"]*)">(.*?)</h', body, re.DOTALL)
        parts.append((name, headings, body))
    started = datetime.datetime.fromisoformat(record.started).astimezone()
    whole = pages.page(
        TEMPLATE,
        title=f"Run {record.request.name}",
        record=record,
        screen=screen,
        started=f"{started:%d %B %Y, %H:%M}",
        pictures=pictures,
        parts=parts,
        rows=[
            [*screen.row_of(name, result), "" if result.reused else result.reason]
            for name, result in record.notebooks.items()
        ],
        folder=display_path(record.request.folder),
    )

    def lead(target: str) -> str | None:
        target = re.sub(r"^(?:\./)?(\w+)\.ipynb.*", r"#\1", target)
        outside = target.startswith(("http:", "https:", "mailto:"))
        return target if outside or f'id="{target[1:]}"' in whole else None

    return pages.with_links(whole, lead)
