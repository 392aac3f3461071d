"""`my-notebooks/`: copies of the notebooks for people who learn alone.

They have no outputs, so that no answer shows before its question, and their solutions are folded.
git ignores the folder. `plan` decides what happens to each copy; `bring_up_to_date` does it. A copy
that its reader changed or ran is never overwritten: each remembers, in its metadata, a digest of
how it was made.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from series import chain
from series.files import atomic_write

FOLDER = "my-notebooks"
PROFILE = "quick"  # with which 04 trains in half a minute
MADE_AS = "digits_made_as"  # in a copy's metadata: the digest of how it was made
MAKE, UPDATE, LEAVE, OLDER, UNREADABLE = "make", "update", "leave", "older", "unreadable"
PROBLEMS = {
    OLDER: "you changed your copy, and the notebook has changed since",
    UNREADABLE: "your copy is no notebook any more",
}


@dataclass(frozen=True)
class Copy:
    """What a copy says of itself: digests of what it holds and of how it was made.

    Both are empty where it can't be read as a notebook.
    """

    holds: str = ""
    made_as: str = ""


def folder_of(root: Path) -> Path:
    """The folder of the copies in a project's folder."""
    return root / FOLDER


def plan(fresh: Mapping[str, str], copies: Mapping[str, Copy]) -> dict[str, str]:
    """What happens to each notebook's copy.

    Args:
        fresh: for each notebook, the digest of a copy as it would be made now.
        copies: the copies that are there.

    Returns:
        For each notebook, `MAKE` (there is none), `UPDATE` (nobody changed it, and the notebook
        has changed since), `LEAVE`, `OLDER` (its reader changed it, and the notebook has changed
        since), or `UNREADABLE`.
    """
    return {name: _action(digest, copies.get(name)) for name, digest in fresh.items()}


def _action(fresh: str, copy: Copy | None) -> str:
    if copy is None:
        return MAKE
    if not copy.holds:
        return UNREADABLE
    if fresh in (copy.holds, copy.made_as):
        return LEAVE
    return UPDATE if copy.holds == copy.made_as else OLDER


def bring_up_to_date(root: Path) -> list[str]:
    """Make the copies that are missing and renew those that nobody changed.

    Args:
        root: the project's folder.

    Returns:
        What the reader should know, a sentence each.

    Raises:
        LessonError: the folder can't be written.
    """
    fresh = {notebook.name: fresh_copy(root, notebook.name) for notebook in chain.ALL}
    paths = {name: folder_of(root) / f"{name}.ipynb" for name in fresh}
    digests = {name: digest(json.loads(file)) for name, file in fresh.items()}
    copies = {name: _read(path) for name, path in paths.items() if path.exists()}
    actions = plan(digests, copies)
    for name, action in actions.items():
        if action in (MAKE, UPDATE):
            with atomic_write(paths[name]) as temporary:
                temporary.write_bytes(fresh[name])
    return sentences(actions)


def sentences(actions: Mapping[str, str]) -> list[str]:
    """What the reader should know of a plan that was carried out."""
    lines = [
        f"Your notebooks are in {FOLDER}/: copies without outputs, with the solutions folded. git "
        "doesn't see them, and what you change is never overwritten."
    ]
    if MAKE in actions.values():
        lines.append(
            f"New: {_named(actions, MAKE)}. They carry the values of profiles/{PROFILE}.yaml, with "
            "which training takes half a minute; for others, change a notebook's cell of "
            "parameters."
        )
    if UPDATE in actions.values():
        lines.append(f"Renewed, since you hadn't changed them: {_named(actions, UPDATE)}.")
    for action, what in PROBLEMS.items():
        if action in actions.values():
            lines.append(
                f"{_named(actions, action)}: {what}. `python -m workshop restart`, with a number "
                "such as 4, brings the new one and keeps yours."
            )
    return lines


def _named(actions: Mapping[str, str], action: str) -> str:
    return ", ".join(name for name, of_name in actions.items() if of_name == action)


def fresh_copy(root: Path, name: str) -> bytes:
    """A copy of a notebook as it would be made now, as its file's bytes."""
    # Imported here, since nbformat takes a second or two.
    import nbformat
    import yaml

    from workshop.variants import for_own_use

    notebook = nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4)
    profile = yaml.safe_load((root / "profiles" / f"{PROFILE}.yaml").read_text(encoding="utf-8"))
    copy = for_own_use(notebook, profile)
    copy.metadata[MADE_AS] = digest(json.loads(nbformat.writes(copy)))
    return (nbformat.writes(copy) + "\n").encode()


def digest(notebook: Mapping[str, Any]) -> str:
    """A digest of what a notebook holds: kind, text and outputs of its cells.

    Its metadata don't count, since JupyterLab writes some when a notebook is only opened.
    """
    cells = [
        [cell["cell_type"], "".join(cell["source"]), cell.get("outputs", [])]
        for cell in notebook["cells"]
    ]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> Copy:
    """What a copy says of itself."""
    try:
        notebook = json.loads(path.read_bytes())
        return Copy(digest(notebook), notebook["metadata"].get(MADE_AS, ""))
    except (ValueError, LookupError, TypeError):
        return Copy()
