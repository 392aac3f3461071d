"""The copies that a workshop hands out, each a folder and a zip: learner, instructor, and the pages
to read.
"""

import os
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
from series.files import atomic_write
from workshop import site, wheels
from workshop.restart import ORIGINALS
from workshop.variants import for_instructor, for_learner

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
PROJECTS_PAGE = "PROJECT.md"  # the project's own README, where another takes its place
ABOUT_PROJECTS_PAGE = """> The page of the project that this copy was made from. What it says about
> tests and contributing holds there, and isn't part of this copy.

"""
UNWANTED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*.partial.*", ".DS_Store")
INSTRUCTORS_PAGES = (Path("workshop", "INSTRUCTOR.md"), Path("workshop", "QUESTIONS.md"))
INSTRUCTORS_COMMANDS = Path("workshop", "instructor.mk")  # the Makefile includes it where it is
LEARNERS_PAGE = Path("workshop", "LEARNER.md")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)]+)\)")
NAMED_LINK = re.compile(r"\[([^]]+)\]\((?!https?:|mailto:|#)([^)#]+)[^)]*\)")


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
        LessonError: `out` holds something, can't be written or lies in a folder that is copied,
            `root` is a learners' copy, or the wheels can't be had.
    """
    _check(root, out)
    if not (root / INSTRUCTORS_PAGES[0]).is_file():
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
        _open_on(LEARNERS_PAGE, temporary / "learner")
        for page in INSTRUCTORS_PAGES:
            (temporary / "learner" / page).unlink()
        (temporary / "learner" / LEARNERS_PAGE).unlink()
        (temporary / "learner" / INSTRUCTORS_COMMANDS).unlink()
        _copy_project(
            root,
            temporary / "instructor",
            {name: for_instructor(n) for name, n in notebooks.items()},
        )
        _open_on(INSTRUCTORS_PAGES[0], temporary / "instructor")
        _copy_projects_page(root, temporary / "instructor")
        site.write(notebooks, root, temporary / "site")
        for name in ("learner", "instructor", "site"):
            shutil.make_archive(str(temporary / name), "zip", temporary, name)
        for system in packages:
            wheels.download(root / "requirements.txt", system, python, temporary / "packages")
        if out.exists():
            out.rmdir()  # Windows doesn't rename onto a folder, not even an empty one


def _check(root: Path, out: Path) -> None:
    if out.is_symlink():
        raise LessonError(
            f"{out} is a link, and nothing is written through a link", "name a new folder"
        )
    try:
        if copied := [name for name in FOLDERS if _is_inside(out, root / name)]:
            raise LessonError(
                f"{out} lies in the project's folder {copied[0]}, which learners get whole: the "
                "next copies would hold these, with their solutions",
                f"name a folder outside {root / copied[0]}",
            )
        if out.exists() and any(out.iterdir()):
            raise LessonError(
                f"{out} isn't empty, and nothing in it is replaced",
                f"name a new folder, or empty {out}",
            )
        if out.exists() and out.samefile(Path.cwd()):
            raise LessonError(
                f"{out} is the folder that you are in, which can't be replaced",
                f"name a new folder in it, such as {out / 'copies'}",
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(dir=out.parent).cleanup()
    except OSError as error:
        raise LessonError(
            f"{out} can't be written ({error.strerror})", "name another folder"
        ) from error


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a path, which may not exist yet, leads into a folder, also through links."""
    real = Path(os.path.realpath(path))
    # Not by their names: some systems take capitals and small letters for the same.
    return any(above.exists() and above.samefile(folder) for above in (real, *real.parents))


def _copy_project(root: Path, folder: Path, notebooks: Mapping[str, nbformat.NotebookNode]) -> None:
    """Copy the project with these notebooks, and keep each a second time, to start again from."""
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=UNWANTED)
    for name in FILES:
        shutil.copy2(root / name, folder / name)
    for place in (folder / "notebooks", folder / ORIGINALS):
        place.mkdir(exist_ok=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, place / f"{name}.ipynb")


def _open_on(page: Path, folder: Path) -> None:
    """Make a page of the folder `workshop` the README of a copy."""
    text = from_above((folder / page).read_text(encoding="utf-8"), page.parent.as_posix())
    (folder / "README.md").write_text(text, encoding="utf-8")


def _copy_projects_page(root: Path, folder: Path) -> None:
    """Copy the project's own README, without links to what the copy doesn't have."""
    if (root / PROJECTS_PAGE).is_file():  # in an instructor's copy, which is copied again
        shutil.copy2(root / PROJECTS_PAGE, folder / PROJECTS_PAGE)
        return
    text = NAMED_LINK.sub(
        lambda link: link[0] if (folder / link[2]).exists() else link[1],
        (root / "README.md").read_text(encoding="utf-8"),
    )
    (folder / PROJECTS_PAGE).write_text(ABOUT_PROJECTS_PAGE + text, encoding="utf-8")


def from_above(text: str, folder: str) -> str:
    """A page of `folder`, with its relative links as they lead from the folder above."""
    return LINK.sub(lambda link: f"]({posixpath.normpath(posixpath.join(folder, link[1]))})", text)
