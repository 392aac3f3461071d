"""Checking a reader's answer to an exercise: to do, right, or a hint about the likeliest mistake.

`helpers.answers` holds the right answers and the hints; a test tries each.
"""

from html import escape
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from helpers.answers import PROBLEMS
from series.errors import LessonError

TO_DO = "To do: put your answer in place of the three dots, run that cell, then this one."
AFTER_AN_ERROR = (
    "The cell that you ran last stopped with an error, so this judges your earlier answer. "
    "Look at that cell first."
)
# A mark and a color beside the words: no verdict is told by color alone. Both colors can be read on
# white and on JupyterLab's dark background.
MARKS = {"Right.": ("✔", "#2e8b57"), "Not yet.": ("✘", "#d2691e")}


def check(exercise: str, answer: Any, **data: Any) -> None:
    """Say whether an answer is right. It never stops the notebook.

    Args:
        exercise: its name, such as `ex-move`.
        answer: the reader's answer; `...` where there is none yet.
        data: what the right answer depends on, as the exercise's function in `helpers.answers`
            takes it.
    """
    shell = get_ipython()
    # Without IPython, as in plain Python, there are no cells.
    if shell is not None and not shell.last_execution_succeeded:
        print(AFTER_AN_ERROR)
    if is_to_do(answer):
        print(TO_DO)
        return
    problem = PROBLEMS[exercise](answer, **data)
    if problem is None:
        _show("Right.")
    else:
        _show("Not yet.", problem)


def is_to_do(answer: Any) -> bool:
    """Whether an exercise has no answer yet: three dots, or a network without layers."""
    import keras

    if isinstance(answer, tuple | list):
        return any(part is ... for part in answer)
    if isinstance(answer, keras.Sequential):
        return not answer.layers
    return answer is ...


def _show(verdict: str, problem: str = "") -> None:
    """Show a verdict and what is wrong, with a mark that is seen at a glance."""
    mark, color = MARKS[verdict]
    words = f"{verdict} {problem}".strip()
    lines = "<br>".join(escape(line) for line in problem.splitlines())
    html = f'<span style="color:{color};font-weight:bold">{mark} {verdict}</span> {lines}'
    display({"text/plain": words, "text/html": html}, raw=True)


def explain_missing_answers() -> None:
    """From now on, a check whose exercise has no answer yet, as when the reader's first attempt
    stopped with an error, says so instead of showing a NameError. The cell still counts as failed.
    """
    shell = get_ipython()
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((NameError,), _show_name_error)


def _show_name_error(shell: Any, kind: type, error: Any, trace: Any, tb_offset: Any = None) -> None:
    name = error.name or ""
    # In a cell of the reader's own, such a name may be misspelled: then the traceback says where.
    if name.startswith("my_") and shell.user_ns["In"][-1].lstrip().startswith("check("):
        problem = LessonError(
            f"{name} has no value yet",
            "run the exercise's cell above this one; if it stopped with an error, look there first",
        )
        shell.showtraceback((LessonError, problem, None))
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
