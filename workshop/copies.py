"""The copies that a workshop hands out, each a folder and a zip: learner, instructor, and the pages
to read.
"""

import posixpath
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
import yaml

from series import chain
from series.errors import LessonError
from series.files import make_folder
from workshop import site, wheels
from workshop.restart import ORIGINALS
from workshop.variants import for_instructor, for_learner, without

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
FILES = ("CHANGELOG.md", "LICENSE", *SETTINGS)
UNWANTED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*.partial.*", ".DS_Store")
WORKSHOP = Path("workshop")
LEARNERS_PAGE, INSTRUCTORS_PAGE = WORKSHOP / "LEARNER.md", WORKSHOP / "INSTRUCTOR.md"
# The Makefile includes instructor.mk where it is.
NOT_FOR_LEARNERS = (INSTRUCTORS_PAGE, WORKSHOP / "QUESTIONS.md", WORKSHOP / "instructor.mk")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)]+)\)")


def make_copies(
    root: Path,
    out: Path,
    packages: Sequence[str] = (),
    python: str = wheels.THIS_PYTHON,
    core: bool = False,
) -> None:
    """Write all copies into the new folder `out`, and a zip of each: all of it or nothing.

    Args:
        root: the project's folder.
        out: a folder that does not exist yet.
        packages: the systems whose wheels go into `out/packages`, as `wheels.pip_command` takes
            them.
        python: the Python of these wheels.
        core: whether to leave out the cells tagged `more`.

    Raises:
        LessonError: `out` exists, its folder can't be written, `root` is a learners' copy, or the
            wheels can't be had.
    """
    if out.exists() or out.is_symlink():
        raise LessonError(f"{out} exists, and nothing is replaced", "name a new folder")
    if not (root / INSTRUCTORS_PAGE).is_file():
        raise LessonError(
            "this is a learners' copy, without solutions",
            "run this in an instructor's copy instead",
        )
    notebooks = {
        notebook.name: nbformat.read(root / "notebooks" / f"{notebook.name}.ipynb", as_version=4)
        for notebook in chain.ALL
    }
    if core:
        notebooks = {name: without(notebook, "more") for name, notebook in notebooks.items()}
    profile = yaml.safe_load((root / "profiles" / "quick.yaml").read_text(encoding="utf-8"))
    learners = {name: for_learner(notebook, profile) for name, notebook in notebooks.items()}
    instructors = {name: for_instructor(notebook) for name, notebook in notebooks.items()}
    make_folder(out.parent)
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        copies = Path(temporary) / "copies"
        _copy_project(root, copies / "learner", learners, LEARNERS_PAGE)
        for page in (LEARNERS_PAGE, *NOT_FOR_LEARNERS):
            (copies / "learner" / page).unlink()
        _copy_project(root, copies / "instructor", instructors, INSTRUCTORS_PAGE)
        site.write(notebooks, root, copies / "site")
        for name in ("learner", "instructor", "site"):
            shutil.make_archive(str(copies / name), "zip", copies, name)
        for system in packages:
            wheels.download(root / "requirements.txt", system, python, copies / "packages")
        copies.rename(out)


def _copy_project(
    root: Path, folder: Path, notebooks: Mapping[str, nbformat.NotebookNode], page: Path
) -> None:
    """Copy the project with these notebooks, each a second time to start again from, and with a
    page of the folder `workshop` as its README.
    """
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=UNWANTED)
    for name in FILES:
        shutil.copy2(root / name, folder / name)
    for place in (folder / "notebooks", folder / ORIGINALS):
        place.mkdir(exist_ok=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, place / f"{name}.ipynb")
    text = from_above((root / page).read_text(encoding="utf-8"), page.parent.as_posix())
    (folder / "README.md").write_text(text, encoding="utf-8")


def from_above(text: str, folder: str) -> str:
    """A page of `folder`, with its relative links as they lead from the folder above."""
    return LINK.sub(lambda link: f"]({posixpath.normpath(posixpath.join(folder, link[1]))})", text)
