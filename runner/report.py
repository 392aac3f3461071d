"""One page for a run, `report.html`: what came out, three pictures, its tables, and the executed notebooks.

nbconvert makes the notebooks' part. The page is one file that needs no network: its style is `report.css`, and it has
no scripts.
"""

import datetime
import html
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter

from helpers.files import shown
from runner.record import RunRecord, circumstances, is_notebook
from runner.screen import MEASURES, accuracy_line, measures_of, outcome_of

PICTURES = {"04_training": ["losses-figure"], "05_testing": ["confusion-figure", "worst-figure"]}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Run {name}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def page(record: RunRecord) -> str:
    """The report of a run, as one HTML page, from its record and its executed notebooks."""
    pictures, contents, parts = "", "", ""
    for name, entry in record.entries().items():
        path = record.folder / f"{name}.ipynb"
        if entry.outcome == "not reached" or not is_notebook(path):
            continue
        notebook = nbformat.read(path, as_version=4)
        pictures += "".join(_picture(notebook, cell) for cell in PICTURES.get(name, []))
        body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
        body = re.sub(r'<a class="anchor-link".*?</a>', "", body, flags=re.S)
        body, headings = _mark_headings(name, body)
        contents += headings
        parts += f'<section class="notebook" id="{name}">{body}</section>\n'
    for name in record.asked.notebooks:
        link = rf'\1#{name}"' if f'id="{name}"' in parts else r'\1"'
        parts = re.sub(rf'(<a href=")(?:\./)?{name}\.ipynb(?:#[^"]*)?"', link, parts)
    # Other links inside the project lead nowhere from here: keep their words.
    parts = re.sub(r'<a href="(?!#|https?:|mailto:)[^"]*"[^>]*>(.*?)</a>', r"\1", parts, flags=re.S)
    parts = parts.replace("<pre", '<pre tabindex="0"')  # what scrolls can be reached from the keyboard
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    return PAGE.format(name=html.escape(record.name), style=style, body=_front(record, pictures, contents) + parts)


def _picture(notebook: Any, cell_id: str) -> str:
    """The first picture below a cell, or nothing."""
    outputs = [output for cell in notebook.cells if cell.get("id") == cell_id for output in cell.get("outputs", [])]
    found = re.search(r"<img [^>]*>", "".join(output.get("data", {}).get("text/html", "") for output in outputs))
    return f"<div>{found[0]}</div>" if found else ""


def _mark_headings(notebook: str, body: str) -> tuple[str, str]:
    """Give the cells and headings of a notebook ids of their own on the page.

    Returns:
        The notebook's part of the page, and its list of contents.
    """
    ids: dict[str, str] = {}
    contents: list[str] = []
    title = notebook

    def mark(found: re.Match[str]) -> str:
        nonlocal title
        level, old, words = found.groups()
        ids[old] = f"{notebook}-{len(ids) + 1}"
        plain = re.sub(r"<[^>]*>", "", words)
        if level == "1":
            title = plain
        else:
            contents.append(f'<li><a href="#{ids[old]}">{plain}</a></li>')
        return f'<h{level} id="{ids[old]}">{words}</h{level}>'

    body = body.replace('id="cell-id=', f'id="{notebook}-cell-')
    body = re.sub(r'<h([1-6]) id="([^"]*)">(.*?)</h\1>', mark, body, flags=re.S)
    for old, new in ids.items():
        body = body.replace(f'href="#{old}"', f'href="#{new}"')
    return body, f'<li><a href="#{notebook}">{title}</a><ul>{"".join(contents)}</ul></li>'


def _front(record: RunRecord, pictures: str, contents: str) -> str:
    """The page's first part: what came out, pictures, the table of the run, its metrics, the list of contents."""
    done = record.status == "done"
    verdict = accuracy_line(record) if done else f"This run is not complete: {record.status}."
    times = f"Started {_local(record.started)}; {_duration(record.seconds)} in all."
    rows, failures = [], ""
    for name, entry in record.entries().items():
        rows.append([name, outcome_of(entry), *measures_of(entry), "up to date" if entry.reused else entry.reason])
        if entry.error:
            failures += f"<p class=bad>{html.escape(f'{name}: {entry.outcome} {entry.where}')}</p>"
            failures += f"<pre>{html.escape(chr(10).join(entry.error))}</pre>"
    metrics = f"<h2>Metrics</h2>{_table(record.metrics.items())}" if record.metrics else ""
    return f"""<h1>Run {html.escape(record.name)}</h1>
<p class="verdict{"" if done and record.as_expected is not False else " bad"}">{html.escape(verdict)}</p>
<p>{html.escape(times)}</p>
<div class="pictures">{pictures}</div>
{failures}
<h2>Contents</h2>
<ul>{contents}</ul>
<h2>The notebooks</h2>
{_table(rows, ["notebook", "outcome", *MEASURES, "why it ran"])}
{metrics}
<h2>What it was run with</h2>
{_table(circumstances(record).items())}
<p>Files: {html.escape(shown(record.folder))}</p>
"""


def _table(rows: Iterable[Iterable[Any]], headings: Iterable[str] = ()) -> str:
    def line(kind: str, values: Iterable[Any]) -> str:
        return "<tr>" + "".join(f"<{kind}>{html.escape(_shown(value))}</{kind}>" for value in values) + "</tr>"

    lines = [line("th", headings)] if headings else []
    return (
        f'<div class="table" tabindex="0"><table>{"".join([*lines, *(line("td", row) for row in rows)])}</table></div>'
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(_shown(part) for part in value)
    if isinstance(value, float):
        return f"{value:.4f}" if 0.001 <= abs(value) < 100 else f"{value:,.4g}"
    return (
        ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def _local(moment: str) -> str:
    """A moment in UTC as a clock here would show it."""
    return datetime.datetime.fromisoformat(moment).astimezone().strftime("%d %B %Y, %H:%M").lstrip("0")


def _duration(seconds: float | None) -> str:
    minutes, rest = divmod(round(seconds or 0), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
