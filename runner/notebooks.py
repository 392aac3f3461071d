"""Reading the committed notebooks: their code cells, and what their cell of parameters declares.

As JSON: importing nbformat or papermill takes seconds, and a run must be refused sooner than that.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpers import files
from helpers.chain import Notebook
from helpers.errors import LessonError


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook."""

    id: str
    source: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """What the line of a parameter says: its value (an expression as its text) and its meaning, the comment."""

    value: object
    meaning: str


def code_cells(notebook: Notebook) -> list[Cell]:
    """The code cells of a committed notebook.

    Raises:
        LessonError: the notebook is missing or damaged.
    """
    try:
        return [
            Cell(cell["id"], "".join(cell["source"]), tuple(cell["metadata"].get("tags", ())))
            for cell in files.read_json(notebook.path)["cells"]
            if cell["cell_type"] == "code"
        ]
    except (OSError, LessonError, KeyError, TypeError, AttributeError) as error:
        name = files.shown(notebook.path)
        raise LessonError(f"{name} is missing or damaged ({error})", f"restore it: git checkout -- {name}") from error


def declared_parameters(cells: Iterable[Cell]) -> dict[str, Declared]:
    """What the cell tagged `parameters` declares, by name."""
    found = {}
    for source in (cell.source for cell in cells if "parameters" in cell.tags):
        lines = source.encode().splitlines()  # the syntax tree counts columns in bytes
        for node in parsed(source).body:
            if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None or node.end_lineno is None:
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            after = lines[node.end_lineno - 1][node.end_col_offset :].decode()
            found[ast.unparse(target)] = Declared(_value(node.value), after.strip().lstrip("# "))
    return found


def _value(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:  # an expression, such as 4 * 7
        return ast.unparse(node)


def parsed(source: str) -> ast.Module:
    """The syntax tree of a module or cell; a cell's magics and shell commands count as nothing."""
    try:
        return ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source))
    except SyntaxError:
        return ast.Module([], [])
