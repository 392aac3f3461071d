"""One page for a run, `report.html`: its table, its metrics, and the executed notebooks with a list of contents.

nbconvert makes it. The page needs no network, so nbconvert's scripts from elsewhere are left out; each picture has the
text that its output's metadata gives; each notebook starts on a new sheet where it is printed.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter

from helpers import runs
from helpers.files import shown
from helpers.runner.record import circumstances
from helpers.runner.screen import MEASURES, accuracy_line, failure_line, figures_of, outcome_of

IMAGE = """{% block data_KIND scoped %}<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/MIME;base64,{{ output.data['image/MIME'] | e }}"
alt="{{ (output | get_metadata('alt', 'image/MIME') or 'A figure without a description') | e }}"></div>{% endblock %}"""
STYLE = """<style>
main { max-width: 62rem; margin: 0 auto; }
.run table { border-collapse: collapse; margin: 1em 0; }
.run td, .run th { padding: 0.2em 0.8em; text-align: left; border-bottom: 1px solid #ccc; }
.run .bad { color: #b00000; font-weight: bold; }
.run .contents { columns: 2; }
.run .contents > li { break-inside: avoid; }
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; }
@media print {
  .notebook-start { break-before: page; }
  .jp-OutputArea-output, tr, img { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
}
</style>"""
LEFT_OUT = ("html_head_js", "html_head_js_mathjax", "html_head_js_mermaidjs", "jupyter_widgets")
TEMPLATE = (
    "{% extends 'lab/index.html.j2' %}"
    + "".join(f"{{% block {name} %}}{{% endblock %}}" for name in LEFT_OUT)
    + f"{{% block html_head_css %}}{STYLE}{{% endblock %}}"
    + IMAGE.replace("KIND", "png").replace("MIME", "png")
    + IMAGE.replace("KIND", "jpg").replace("MIME", "jpeg")
)


def page(folder: Path) -> str:
    """The report of the run in `folder`, as one HTML page, from its record and its executed notebooks."""
    kept = runs.read_record(folder)
    cells: list[Any] = []
    contents = ""
    for name in kept["asked"]["notebooks"]:
        path = folder / f"{name}.ipynb"
        if path.is_file() and kept["notebooks"][name]["outcome"] != "not reached":
            own = nbformat.read(path, as_version=4).cells
            contents += _mark(own, name)
            start = nbformat.v4.new_markdown_cell(f'<div class="notebook-start" id="{name}"></div>', id=f"{name}-start")
            cells += [start, *own]
    front = nbformat.v4.new_markdown_cell(_front(folder, kept, contents), id="run")
    whole = nbformat.v4.new_notebook(cells=[front, *cells], metadata={"language_info": {"name": "python"}})
    whole.metadata["title"] = f"Run {kept['name']}"
    body, _ = HTMLExporter(raw_template=TEMPLATE, exclude_anchor_links=True).from_notebook_node(whole)
    return str(body)


def _mark(cells: list[Any], name: str) -> str:
    """Give the cells of a notebook names of their own on the page, and its parts marks; return its list of contents."""
    title, parts = name, ""
    for number, cell in enumerate(cells):
        cell.id = f"{name}-{cell.id}"[:64]
        if cell.cell_type != "markdown":
            continue
        cell.source = re.sub(r"\]\((?:\./)?(\w+)\.ipynb\)", r"](#\1)", cell.source)
        heading = re.match(r"(##?) +(.+)", cell.source)
        words = html.escape(re.sub(r"[`*_]", "", heading[2])) if heading else ""
        if heading and heading[1] == "#":
            title = words
        elif heading:
            parts += f'<li><a href="#{name}-part-{number}">{words}</a></li>'
            cell.source = f'<a id="{name}-part-{number}"></a>\n\n{cell.source}'
    return f'<li><a href="#{name}">{title}</a><ul>{parts}</ul></li>'


def _front(folder: Path, kept: Mapping[str, Any], contents: str) -> str:
    """The page's first part: what came out, the table of the run, what it was run with, the list of contents."""
    done = kept["status"] == "done"
    verdict = accuracy_line(kept) if done else f"This run is not complete: {kept['status']}."
    entries = [(name, kept["notebooks"][name]) for name in kept["asked"]["notebooks"]]
    rows = [[name, outcome_of(facts), *figures_of(facts), facts.get("reason", "")] for name, facts in entries]
    errors = {failure_line(name, facts): "\n".join(facts["error"]) for name, facts in entries if "error" in facts}
    failures = [f"<p class=bad>{html.escape(line)}</p><pre>{html.escape(text)}</pre>" for line, text in errors.items()]
    parts = [
        f"<h1>Run {html.escape(kept['name'])}</h1><p{'' if done else ' class=bad'}>{html.escape(verdict)}</p>",
        _table(rows, ["notebook", "outcome", *MEASURES, "why it ran"]),
        *failures,
        f"<h2>Metrics</h2>{_table(kept['metrics'].items())}" if kept["metrics"] else "",
        f'<h2>Contents</h2><ul class="contents">{contents}</ul>',
        f"<h2>What it was run with</h2>{_table(circumstances(kept).items())}",
        f"<p>Files: {html.escape(shown(folder))}</p>",
    ]
    return '<div class="run">' + "".join(parts).replace("\n", "&#10;") + "</div>"


def _table(rows: Iterable[Iterable[Any]], headings: Iterable[str] = ()) -> str:
    def line(kind: str, values: Iterable[Any]) -> str:
        return "<tr>" + "".join(f"<{kind}>{html.escape(_shown(value))}</{kind}>" for value in values) + "</tr>"

    return "<table>" + line("th", headings) + "".join(line("td", row) for row in rows) + "</table>"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
