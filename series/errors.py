"""The one error class for what a reader can fix, and how its messages list things."""

from collections.abc import Sequence


class LessonError(Exception):
    """Something that the reader can fix: what is wrong and where, then the command or edit that
    fixes it.

    Args:
        what: one sentence that says what is wrong and names the file, notebook or parameter.
        fix: one sentence or command that fixes it.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}\nTo fix it: {self.fix}"

    def _render_traceback_(self) -> list[str]:
        # IPython shows this instead of its traceback: the path through the helpers tells a learner
        # nothing.
        return [str(self)]


INSTALL = (
    "in the project's folder, with its environment active: "
    "python -m pip install -r requirements.txt"
)


def missing_package(error: ModuleNotFoundError) -> LessonError:
    """The error for a package that isn't installed."""
    return LessonError(f"the package {error.name} is not installed", INSTALL)


def listed(things: Sequence[object], most: int = 12) -> str:
    """The first of these things as a message names them, and how many more there are."""
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(map(str, things[:most])) + more
