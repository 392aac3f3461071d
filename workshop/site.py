"""The notebooks as pages that open from disk, without a network, on a phone, in the dark and on
paper.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode, v4

from series import pages
from workshop.variants import is_tagged, without_dots

TEMPLATE = Path(__file__).with_name("site.j2")
TIME = re.compile(r"\*\*Time\*\*: (\d+) minutes to teach")
DRAW = Path("docs", "draw.html")
FRONT = """# Handwritten digits with TensorFlow and Keras

[Draw a digit](draw.html), and a network reads it: on this device, without a network connection.
The notebooks show how to build one that does. They are here to read, and run in JupyterLab.

"""


@dataclass(frozen=True)
class Opening:
    """What the first cell of a notebook says: its title, its question, and minutes to teach."""

    title: str
    question: str
    minutes: int


def opening(notebook: NotebookNode) -> Opening:
    """Read the opening of a notebook.

    Raises:
        ValueError: its first cell isn't of the form that all notebooks share.
    """
    text = notebook.cells[0].source
    lines, time = [line for line in text.splitlines() if line], TIME.search(text)
    if not lines[0].startswith("# ") or time is None:
        raise ValueError(f"a notebook's opening lacks its title or its line **Time**: {lines[0]}")
    return Opening(lines[0].removeprefix("# "), lines[1].strip("*"), int(time[1]))


def write(notebooks: Mapping[str, NotebookNode], root: Path, folder: Path) -> None:
    """Write a page for each notebook, a front page, the page to draw on and the handout.

    Args:
        notebooks: by name, as committed; they are left as they are.
        root: the project's folder.
        folder: a new folder.
    """
    folder.mkdir(parents=True)
    front = FRONT
    for name, notebook in notebooks.items():
        said = opening(notebook)
        front += f"- [{said.title}]({name}.html): {said.question} *{said.minutes} minutes*\n"
        (folder / f"{name}.html").write_text(page(notebook, said.title), encoding="utf-8")
    index = page(v4.new_notebook(cells=[v4.new_markdown_cell(front)]), "Handwritten digits")
    (folder / "index.html").write_text(index, encoding="utf-8")
    for file in (root / DRAW, root / "workshop" / "handout.html", root / "LICENSE"):
        shutil.copy2(file, folder)


def page(notebook: NotebookNode, title: str) -> str:
    """One notebook as a page: solutions folded, no instructor's notes, links to the other pages."""
    cells = [NotebookNode(cell) for cell in notebook.cells if not is_tagged(cell, "instructor")]
    for cell in cells:
        if is_tagged(cell, "solution"):
            cell.source = without_dots(cell.source)
    part = pages.notebook_part(NotebookNode(notebook, cells=cells))
    return pages.page(TEMPLATE, title=title, content=pages.with_links(part, _lead))


def _lead(target: str) -> str | None:
    """Where a link of a notebook leads among the pages, which come without the project's files."""
    if target == f"../{DRAW.as_posix()}":
        return DRAW.name
    if target.startswith("../"):
        return None
    return re.sub(r"^(\d\d_\w+)\.ipynb", r"\1.html", target)
