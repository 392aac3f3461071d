"""Starting again: a notebook goes back to how it was; what the learner wrote is kept beside it."""

import itertools
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from series import chain
from series.errors import LessonError
from series.files import atomic_write

ORIGINALS = Path("workshop", "original")  # in a copy, where there is no git


def restart(root: Path, wanted: Iterable[str]) -> list[str]:
    """Put notebooks back as they were.

    Args:
        root: the project's folder, or a copy's.
        wanted: their names, or beginnings of their names such as `4`; all notebooks where there are
            none.

    Returns:
        One sentence for each notebook.

    Raises:
        LessonError: there is no such notebook, or its original can't be found.
    """
    names = [chain.find_notebook(word).name for word in wanted]
    names = names or [notebook.name for notebook in chain.ALL]
    originals = {
        name: _original(root, name) for name in names
    }  # all of them, before anything is changed
    return [
        _put_back(root / "notebooks" / f"{name}.ipynb", original)
        for name, original in originals.items()
    ]


def _original(root: Path, name: str) -> bytes:
    kept = root / ORIGINALS / f"{name}.ipynb"
    if kept.is_file():
        return kept.read_bytes()
    if git := shutil.which("git"):
        show = [git, "-C", str(root), "show", f"HEAD:./notebooks/{name}.ipynb"]
        shown = subprocess.run(show, capture_output=True, check=False)
        if shown.returncode == 0:
            return shown.stdout
    raise LessonError(
        f"the original of {name} is neither in {ORIGINALS.as_posix()} nor known to git",
        "unpack the zip that you were given once more, and take the notebook from there",
    )


def _put_back(path: Path, original: bytes) -> str:
    if path.is_file() and path.read_bytes() == original:
        return f"{path.stem} is as it was."
    said = f"{path.stem} is as it was again"
    if path.is_file():
        free = (path.with_name(f"{path.stem}.mine-{number}.ipynb") for number in itertools.count(1))
        mine = path.rename(next(name for name in free if not name.exists()))
        said += f"; yours is kept as {mine.name}"
    with atomic_write(path) as temporary:
        temporary.write_bytes(original)
    return f"{said}. In JupyterLab, close it and open it again."
