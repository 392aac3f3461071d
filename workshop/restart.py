"""Starting again: a notebook goes back to how it was, and its reader's is kept beside it."""

import itertools
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from series import chain
from series.errors import LessonError
from series.files import atomic_write
from workshop import own

ORIGINALS = Path("workshop", "original")  # in a workshop's copy, where there is no git


def restart(root: Path, wanted: Iterable[str]) -> list[str]:
    """Put notebooks back as they were.

    These are the notebooks that `python -m workshop lab` opens: in a workshop's copy those in
    `notebooks/`, elsewhere the copies in `my-notebooks/`. Where nobody has made these yet, those in
    `notebooks/` go back to what git has.

    Args:
        root: the project's folder, or a copy's.
        wanted: their names, or beginnings of their names such as `4`; all notebooks where there are
            none.

    Returns:
        One sentence for each notebook.

    Raises:
        LessonError: there is no such notebook, its original can't be found, or the folder can't be
            written.
    """
    names = [chain.find_notebook(word).name for word in wanted]
    names = names or [notebook.name for notebook in chain.ALL]
    folder = own.folder_of(root)
    if not folder.is_dir():
        folder = root / "notebooks"
    # All of them, before anything is changed.
    originals = {name: _original(root, folder, name) for name in names}
    return [_put_back(folder / f"{name}.ipynb", original) for name, original in originals.items()]


def _original(root: Path, folder: Path, name: str) -> bytes:
    """The original of a notebook in `folder`, as its file's bytes."""
    if folder.name == own.FOLDER:
        return own.fresh_copy(root, name)
    if (original := root / ORIGINALS / f"{name}.ipynb").is_file():
        return original.read_bytes()
    if git := shutil.which("git"):
        command = [git, "-C", str(root), "show", f"HEAD:./notebooks/{name}.ipynb"]
        answer = subprocess.run(command, capture_output=True, check=False)
        if answer.returncode == 0:
            return answer.stdout
    raise LessonError(
        f"the original of {name} is neither in {ORIGINALS.as_posix()} nor known to git",
        "unpack the zip that you were given once more, and take the notebook from there",
    )


def _put_back(path: Path, original: bytes) -> str:
    sentence = f"{path.stem} is as it was"
    if path.exists():
        # git may write the ends of lines as Windows does.
        if path.read_bytes().splitlines() == original.splitlines():
            return f"{sentence}."
        for number in itertools.count(1):
            mine = path.with_name(f"{path.stem}.mine-{number}.ipynb")
            if not mine.exists():
                break
        path.rename(mine)
        sentence += f" again; yours is kept as {mine.name}"
    with atomic_write(path) as temporary:
        temporary.write_bytes(original)
    return f"{sentence}. In JupyterLab, close it and open it again."
