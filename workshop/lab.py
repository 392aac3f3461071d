"""`python -m workshop lab`: JupyterLab on the notebooks that the reader works with.

It brings the project's settings of JupyterLab, and kernels that look for `helpers` in the project
first, whatever else is called so.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from series.chain import NOTEBOOKS
from workshop import own
from workshop.restart import ORIGINALS

SETTINGS = Path("docs", "jupyter")
EDITING = "These are the notebooks themselves: what you save here changes the project."


def prepare(root: Path, originals: bool) -> tuple[str, list[str]]:
    """Have the notebooks ready that JupyterLab is going to open.

    Args:
        root: the project's folder, or a workshop's copy of it.
        originals: whether to open the notebooks themselves, as contributors do.

    Returns:
        The name of their folder in `root`, and what the reader should know, a sentence each.

    Raises:
        LessonError: the copies can't be written.
    """
    if (root / ORIGINALS).is_dir():
        # A workshop's notebooks are copies already.
        return "notebooks", ["Your notebooks are in notebooks/."]
    if originals:
        return "notebooks", [EDITING]
    return own.FOLDER, own.bring_up_to_date(root)


def arguments(root: Path, folder: str, more: Sequence[str] = ()) -> list[str]:
    """What JupyterLab is called with: it shows the project, and opens the first notebook of
    `folder`.
    """
    first = f"/lab/tree/{folder}/{NOTEBOOKS[0].name}.ipynb"
    return [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={first}", *more]


def variables(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of the environment that JupyterLab and its kernels need, with what was there
    behind.
    """
    ours = {"JUPYTER_CONFIG_PATH": str(root / SETTINGS), "PYTHONPATH": str(root)}
    return {
        name: os.pathsep.join(filter(None, (path, environment.get(name))))
        for name, path in ours.items()
    }


def start(root: Path, folder: str, more: Sequence[str] = ()) -> None:
    """Run JupyterLab in this process until it is stopped."""
    os.environ.update(variables(root, os.environ))
    from jupyterlab.labapp import main  # it reads the variables

    main(arguments(root, folder, more))
