"""The variants of a notebook: for learners in a workshop, for people who learn alone, for
instructors.

All of them come from the committed notebook, by functions that take a notebook and return another.
"""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode, v4

YOUR_OWN = "# Your own way, if you want to try more\n"
CLICK_THE_DOTS = "# A solution: click the dots to see it\n"
FOLDED_SOLUTION = """<details><summary>A solution (to try it, copy it into a cell)</summary>

```python
{code}
```

</details>"""


def for_learner(notebook: NotebookNode, profile: Mapping[str, Any]) -> NotebookNode:
    """A notebook as learners in a workshop get it: no outputs, no instructor's notes, a place to
    write instead of each solution.

    Args:
        notebook: the committed notebook; it is left as it is.
        profile: values for the parameters that it has among these.
    """
    learners = _without_outputs_and_notes(notebook, profile)
    for cell in learners.cells:
        if is_tagged(cell, "solution"):
            cell.source = YOUR_OWN
    return learners


def for_own_use(notebook: NotebookNode, profile: Mapping[str, Any]) -> NotebookNode:
    """A notebook for people who learn alone: no outputs, no instructor's notes, and each solution
    as a folded text, so that *Run All* doesn't print it.

    Args:
        notebook: the committed notebook; it is left as it is.
        profile: values for the parameters that it has among these.
    """
    own = _without_outputs_and_notes(notebook, profile)
    own.cells = [
        _folded_solution(cell) if is_tagged(cell, "solution") else cell for cell in own.cells
    ]
    return own


def for_instructor(notebook: NotebookNode) -> NotebookNode:
    """A notebook as instructors get it: with outputs and notes, and nothing folded."""
    instructors = copy.deepcopy(notebook)
    for cell in instructors.cells:
        cell.metadata.pop("jupyter", None)
        if is_tagged(cell, "solution"):
            cell.source = without_dots(cell.source)
        cell.source = cell.source.replace("<details>", "<details open>")
    return instructors


def without(notebook: NotebookNode, tag: str) -> NotebookNode:
    """A copy of a notebook without the cells that have this tag."""
    variant = copy.deepcopy(notebook)
    variant.cells = [cell for cell in variant.cells if not is_tagged(cell, tag)]
    return variant


def with_values(source: str, values: Mapping[str, Any]) -> str:
    """The source of a parameters cell with other values, in lines such as `epochs: int = 3  #
    passes`.
    """
    for name, value in values.items():
        # re takes a backslash in its second text for the beginning of a reference, so double it.
        literal = json.dumps(value, ensure_ascii=False).replace("\\", "\\\\")
        before_and_value = re.compile(rf"(?m)^({name}: \w+ = ).*?(?=  #|$)")
        source = before_and_value.sub(rf"\g<1>{literal}", source)
    return source


def without_dots(solution: str) -> str:
    """A solution without the line that says how to unfold its cell in JupyterLab."""
    return solution.removeprefix(CLICK_THE_DOTS)


def is_tagged(cell: NotebookNode, tag: str) -> bool:
    """Whether a cell has this tag."""
    return tag in cell.metadata.get("tags", [])


def _without_outputs_and_notes(notebook: NotebookNode, profile: Mapping[str, Any]) -> NotebookNode:
    """What both variants for learners share."""
    variant = without(notebook, "instructor")
    for cell in variant.cells:
        # An instructor's copy, whose folds are open, can be copied again.
        cell.source = cell.source.replace("<details open>", "<details>")
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
            cell.metadata.pop("jupyter", None)
        if is_tagged(cell, "parameters"):
            cell.source = with_values(cell.source, profile)
    return variant


def _folded_solution(cell: NotebookNode) -> NotebookNode:
    """A code cell with a solution as a folded text, under the same id."""
    text = FOLDED_SOLUTION.format(code=without_dots(cell.source).strip())
    return v4.new_markdown_cell(text, id=cell.id, metadata={"tags": ["solution"]})
