"""One page for a run, `report.html`: its table, its metrics, and the executed notebooks with a list of contents.

nbconvert makes it. The page needs no network, so nbconvert's scripts from elsewhere are left out; each picture has the
text that its output's metadata gives; each notebook starts on a new sheet where it is printed.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter

from helpers import chain, runs
from helpers.files import shown
from helpers.runner.screen import accuracy_line, figures_of

IMAGE = """
{%- block data_KIND scoped %}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/MIME;base64,{{ output.data['image/MIME'] | escape_html }}"
alt="{{ (output | get_metadata('alt', 'image/MIME') or 'A figure without a description') | e }}">
</div>
{%- endblock %}
"""
STYLE = """
<style>
main { max-width: 62rem; margin: 0 auto; }
.run table { border-collapse: collapse; margin: 1em 0; }
.run td, .run th { padding: 0.2em 0.8em; text-align: left; border-bottom: 1px solid #ccc; }
.run .bad { color: #b00000; font-weight: bold; }
.run pre { background: #f6f6f6; padding: 0.6em; white-space: pre-wrap; }
.jp-OutputArea-output pre, .jp-InputArea pre { white-space: pre-wrap; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; }
@media print {
  .notebook-start { break-before: page; }
  .jp-OutputArea-output, tr, img { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
}
</style>
"""
TEMPLATE = (
    "{% extends 'lab/index.html.j2' %}"
    "{% block html_head_js %}{% endblock %}{% block html_head_js_mathjax %}{% endblock %}"
    "{% block html_head_js_mermaidjs %}{% endblock %}{% block jupyter_widgets %}{% endblock %}"
    "{% block html_head_css %}"
    + STYLE
    + "{% endblock %}"
    + IMAGE.replace("KIND", "png").replace("MIME", "png")
    + IMAGE.replace("KIND", "jpg").replace("MIME", "jpeg")
)


def page(folder: Path) -> str:
    """The report of the run in `folder`, as one HTML page, from its record and its executed notebooks."""
    kept = runs.read_record(folder)
    cells: list[Any] = []
    contents: list[str] = []
    for name in kept["asked"]["notebooks"]:
        path = folder / f"{name}.ipynb"
        if path.is_file() and kept["notebooks"][name]["outcome"] != "not reached":
            cells += _cells_of(path, name, contents)
    front = nbformat.v4.new_markdown_cell(_front(folder, kept, contents), id="run")
    whole = nbformat.v4.new_notebook(cells=[front, *cells], metadata={"language_info": {"name": "python"}})
    whole.metadata["title"] = f"Run {kept['name']}"
    exporter = HTMLExporter(raw_template=TEMPLATE, exclude_anchor_links=True)
    body, _ = exporter.from_notebook_node(whole)
    return str(body)


def _cells_of(path: Path, name: str, contents: list[str]) -> Iterator[Any]:
    """The cells of an executed notebook, with marks that the list of contents leads to; adds them to `contents`."""
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        cell.id = f"{name}-{cell.id}"[:64]
        if number == 0:
            contents.append(f'<li><a href="#{name}">{name}</a></li>')
            yield nbformat.v4.new_markdown_cell(f'<div class="notebook-start" id="{name}"></div>', id=f"{name}-start")
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((?:\./)?(\w+)\.ipynb\)", r"](#\1)", cell.source)
            if heading := re.match(r"## +(.+)", cell.source):
                mark = f"{name}-part-{number}"
                contents.append(f'<li class="part"><a href="#{mark}">{html.escape(_plain(heading[1]))}</a></li>')
                cell.source = f'<a id="{mark}"></a>\n\n{cell.source}'
        yield cell


def _plain(heading: str) -> str:
    return re.sub(r"[`*_]", "", heading)


def _front(folder: Path, kept: Mapping[str, Any], contents: list[str]) -> str:
    """The page's first part: what came out, the table of the run, what it was run with, the list of contents."""
    verdict = accuracy_line(kept) if kept["status"] == "done" else f"This run is not complete: {kept['status']}."
    parts = [
        f"<h1>Run {html.escape(kept['name'])}</h1>",
        f"<p{'' if kept['status'] == 'done' else ' class=bad'}>{html.escape(verdict)}</p>",
        _table_of_run(kept),
        *(_failure(name, facts) for name, facts in kept["notebooks"].items() if facts.get("error")),
    ]
    if kept["metrics"]:
        parts += ["<h2>Metrics</h2>", _table(["metric", "value"], _rows(kept["metrics"]))]
    parts += ["<h2>What it was run with</h2>", _table(["", ""], _rows(_circumstances(kept)))]
    parts += ["<h2>Contents</h2>", "<ul>", *contents, "</ul>", f"<p>Files: {html.escape(shown(folder))}</p>"]
    return '<div class="run">' + "".join(parts).replace("\n", "&#10;") + "</div>"


def _table_of_run(kept: Mapping[str, Any]) -> str:
    rows = []
    for name in kept["asked"]["notebooks"]:
        facts = kept["notebooks"][name]
        outcome = facts["outcome"] + (", reused" if facts.get("reused") else "")
        rows.append([name, outcome, *figures_of(facts), str(facts.get("reason", ""))])
    return _table(["notebook", "outcome", "seconds", "peak memory", "images/s", "why it ran"], rows)


def _failure(name: str, facts: Mapping[str, Any]) -> str:
    cell = facts["cell"] or {}
    where = (
        f"In [{cell.get('number')}] ({cell.get('id')}): {cell.get('first_line')}" if cell else "before its first cell"
    )
    lines = html.escape("\n".join(facts["error"]))
    return f"<p class=bad>{name}: {facts['outcome']}, {html.escape(where)}</p><pre>{lines}</pre>"


def _circumstances(kept: Mapping[str, Any]) -> dict[str, Any]:
    git = kept["git"]
    found = {"started": kept["started"], "ended": kept["ended"], "seconds": kept["seconds"]}
    found["profile"] = kept["asked"]["profile"] or "the notebooks' own defaults"
    found |= {f"parameter {name}": value for name, value in parameters_of(kept).items()}
    found["commit"] = f"{git['commit']}, {'clean' if git['clean'] else 'with changes'}" if git else "no git checkout"
    return found | kept["machine"] | kept["versions"]


def parameters_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the notebooks of a run had, those of a notebook that was not reached as they were given."""
    found = dict(kept["asked"]["parameters"])
    for facts in kept["notebooks"].values():
        found |= facts.get("parameters", {})
    found.pop("run", None)
    return {name: found[name] for name in chain.PARAMETERS_BY_NAME if name in found}


def _rows(values: Mapping[str, Any]) -> list[list[str]]:
    return [[name, value if isinstance(value, str) else json.dumps(value)] for name, value in values.items()]


def _table(headings: list[str], rows: list[list[str]]) -> str:
    def line(kind: str, words: list[str]) -> str:
        return "<tr>" + "".join(f"<{kind}>{html.escape(word)}</{kind}>" for word in words) + "</tr>"

    return "<table>" + line("th", headings) + "".join(line("td", row) for row in rows) + "</table>"
