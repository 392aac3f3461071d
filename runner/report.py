"""One page for a run, `report.html`: what came out, three pictures, its tables, and the executed
notebooks.

nbconvert makes the notebooks' part, the template `report.j2` the page. It is one file that needs no
network: its style is `report.css`, and it has no scripts.
"""

import datetime
import re
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter

from runner import screen
from runner.record import RunRecord, read_quietly
from series import chain
from series.files import display_path


def page(record: RunRecord) -> str:
    """The report of a run, as one HTML page, from its record and its executed notebooks."""
    parts: list[
        tuple[str, list[tuple[str, str]], str]
    ] = []  # name, id and words of each heading, body
    pictures: list[str] = []
    exporter = HTMLExporter(template_name="basic")
    for name, result in record.notebooks.items():
        path = record.request.folder / f"{name}.ipynb"
        if result.outcome == "not reached" or "cells" not in read_quietly(path):
            continue
        notebook = nbformat.read(path, as_version=4)
        outputs = [
            output
            for cell in notebook.cells
            if cell.get("id") in chain.REPORT_PICTURES
            for output in cell.outputs
        ]
        for output in outputs:
            pictures += re.findall(r"<img [^>]*>", output.get("data", {}).get("text/html", ""))
        body = re.sub(
            r'<a class="anchor-link".*?</a>', "", exporter.from_notebook_node(notebook)[0]
        )
        body = body.replace("<pre", '<pre tabindex="0"')  # it can be scrolled by keys
        body = re.sub(
            '( id="| href="#)', rf"\g<1>{name}-", body
        )  # so that no other notebook has the same ids
        parts.append((name, re.findall(r'<h[1-6] id="([^"]*)">(.*?)</h', body, re.S), body))
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)
    whole = environment.get_template("report.j2").render(
        record=record,
        screen=screen,
        started=f"{datetime.datetime.fromisoformat(record.started).astimezone():%d %B %Y, %H:%M}",
        pictures=pictures,
        parts=parts,
        rows=[
            [*screen.row_of(name, result), "" if result.reused else result.reason]
            for name, result in record.notebooks.items()
        ],
        folder=display_path(record.request.folder),
    )
    return re.sub(
        r'<a href="([^"]*)"[^>]*>(.*?)</a>', lambda link: _link(link, whole), whole, flags=re.S
    )


def _link(link: re.Match[str], page: str) -> str:
    """A link of a notebook as it leads somewhere from this page; where it would lead nowhere, its
    words.
    """
    target, words = re.sub(r"^(?:\./)?(\w+)\.ipynb.*", r"#\1", link[1]), link[2]
    leads = target.startswith(("http:", "https:", "mailto:")) or f'id="{target[1:]}"' in page
    return f'<a href="{target}">{words}</a>' if leads else words
