"""Notebooks as HTML that needs no network, on a phone, in the dark and on paper.

The one renderer of the workshop's pages and of a run's report: `notebook.html.j2` is how a notebook
looks, `page.html.j2` the page around it, which both extend, and `page.css` the style. Importing
this module imports nbconvert, which takes seconds, so import it only where a page is written.
"""

import re
from collections.abc import Callable
from pathlib import Path

import jinja2
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from traitlets.config import Config

HERE = Path(__file__).parent
# Of Pygments' styles, those with enough contrast on our backgrounds.
LIGHT, DARK = "xcode", "github-dark"
# Text and pictures; widgets would need scripts from elsewhere.
KINDS = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"]
LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def notebook_part(notebook: NotebookNode) -> str:
    """A notebook as a part of a page: texts, code, outputs; answers are folded."""
    exporter = HTMLExporter(
        raw_template=(HERE / "notebook.html.j2").read_text(encoding="utf-8"),
        config=Config({"NbConvertBase": {"display_data_priority": KINDS}}),
    )
    body, _ = exporter.from_notebook_node(notebook)
    # Headings keep their ids, without the sign beside each that links to itself.
    return re.sub('<a class="anchor-link".*?</a>', "", body)


def page(template: Path, **values: object) -> str:
    """A whole page.

    Args:
        template: a Jinja template that extends `page.html.j2`.
        values: what it puts in, by name; text is escaped.
    """
    loader = jinja2.FileSystemLoader([template.parent, HERE])
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)
    light, dark = [HtmlFormatter(style=name).get_style_defs(".highlight") for name in (LIGHT, DARK)]
    return environment.get_template(template.name).render(light=light, dark=dark, **values)


def with_links(html: str, lead: Callable[[str], str | None]) -> str:
    """A page, or a part of one, whose links lead where `lead` says.

    Args:
        html: the page.
        lead: takes the target of a link, and returns another, or None where it leads nowhere from
            this page: only its words are left then.
    """

    def link(match: re.Match[str]) -> str:
        target = lead(match[1])
        return match[2] if target is None else f'<a href="{target}">{match[2]}</a>'

    return LINK.sub(link, html)
