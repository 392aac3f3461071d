"""The copies that a workshop hands out, each a folder and a zip: learner, instructor, and the pages
to read.
"""

import copy
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import yaml

from series import chain
from series.errors import LessonError
from series.files import atomic_write
from workshop import site, wheels
from workshop.restart import ORIGINALS

# What the notebooks, and the commands in them, use. Not the tests: they hold for the notebooks as
# committed.
FOLDERS = ("series", "helpers", "runner", "workers", "workshop", "profiles", "data", "docs")
SETTINGS = (
    "pyproject.toml",
    "requirements.txt",
    "environment.yml",
    "Makefile",
    "check_python.py",
    ".gitignore",
)
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", *SETTINGS)
UNWANTED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*.partial.*", ".DS_Store")
INSTRUCTORS_ONLY, LEARNERS_PAGE = Path("workshop", "INSTRUCTOR.md"), Path("workshop", "LEARNER.md")
YOUR_OWN = "# Your own way, if you want to try more\n"


def make_copies(
    root: Path, out: Path, packages: Sequence[str] = (), python: str = wheels.THIS_PYTHON
) -> None:
    """Write all copies into the new folder `out`, and a zip of each: all of it or nothing.

    Args:
        root: the project's folder.
        out: a folder that does not exist yet, or is empty.
        packages: the systems whose wheels go into `out/packages`, as `wheels.pip_command` takes
            them.
        python: the Python of these wheels.

    Raises:
        LessonError: `out` holds something or can't be written, `root` is a learners' copy, or the
            wheels can't be had.
    """
    _check(out)
    if not (root / INSTRUCTORS_ONLY).is_file():
        raise LessonError(
            "this is a learners' copy, without solutions",
            "run this in an instructor's copy instead",
        )
    notebooks = {
        n.name: nbformat.read(root / "notebooks" / f"{n.name}.ipynb", as_version=4)
        for n in chain.ALL
    }
    profile = yaml.safe_load((root / "profiles" / "quick.yaml").read_text(encoding="utf-8"))
    with atomic_write(out) as temporary:
        _copy_project(
            root,
            temporary / "learner",
            {name: for_learner(n, profile) for name, n in notebooks.items()},
        )
        (temporary / "learner" / INSTRUCTORS_ONLY).unlink()
        (temporary / "learner" / LEARNERS_PAGE).replace(temporary / "learner" / "README.md")
        _copy_project(
            root,
            temporary / "instructor",
            {name: for_instructor(n) for name, n in notebooks.items()},
        )
        site.write(notebooks, root, temporary / "site")
        for name in ("learner", "instructor", "site"):
            shutil.make_archive(str(temporary / name), "zip", temporary, name)
        for system in packages:
            wheels.download(root / "requirements.txt", system, python, temporary / "packages")
        if out.exists():
            out.rmdir()  # Windows doesn't rename onto a folder, not even an empty one


def _check(out: Path) -> None:
    try:
        if out.exists() and any(out.iterdir()):
            raise LessonError(
                f"{out} isn't empty, and nothing in it is replaced",
                f"name a new folder, or empty {out}",
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(dir=out.parent).cleanup()
    except OSError as error:
        raise LessonError(
            f"{out} can't be written ({error.strerror})", "name another folder"
        ) from error


def _copy_project(root: Path, folder: Path, notebooks: Mapping[str, nbformat.NotebookNode]) -> None:
    """Copy the project with these notebooks, and keep each a second time for whoever starts again."""
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=UNWANTED)
    for name in FILES:
        shutil.copy2(root / name, folder / name)
    for place in (folder / "notebooks", folder / ORIGINALS):
        place.mkdir(exist_ok=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, place / f"{name}.ipynb")


def for_learner(
    notebook: nbformat.NotebookNode, profile: Mapping[str, Any]
) -> nbformat.NotebookNode:
    """A notebook as learners get it: no outputs, no instructor's notes, a place to write instead of
    each solution.

    Args:
        notebook: the committed notebook; it is left as it is.
        profile: values for the parameters that it has among these.
    """
    learners = copy.deepcopy(notebook)
    learners.cells = [
        cell for cell in learners.cells if "instructor" not in cell.metadata.get("tags", [])
    ]
    for cell in learners.cells:
        cell.source = cell.source.replace(
            "<details open>", "<details>"
        )  # as in an instructor's copy
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
            cell.metadata["jupyter"] = {
                "source_hidden": "check" in cell.metadata.get("tags", [])
            }  # it tells
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = with_values(cell.source, profile)
        if "solution" in cell.metadata.get("tags", []):
            cell.source = YOUR_OWN
    return learners


def for_instructor(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook as instructors get it: with outputs and notes, and nothing folded."""
    instructors = copy.deepcopy(notebook)
    for cell in instructors.cells:
        cell.metadata.pop("jupyter", None)
        cell.source = cell.source.replace("<details>", "<details open>")
    return instructors


def with_values(source: str, values: Mapping[str, Any]) -> str:
    """The source of a parameters cell with other values, in lines such as `epochs: int = 3  #
    passes`.
    """
    for name, value in values.items():
        source = re.sub(rf"(?m)^({name}: \w+ = ).*?(?=  #|$)", rf"\g<1>{json.dumps(value)}", source)
    return source
