"""The chain, declared once as data: the notebooks, and what each needs, saves and can be told.

Notebooks, runner and tests read it here. Nothing in this module imports TensorFlow.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS_FOLDER = ROOT / "notebooks"
PROFILES_FOLDER = ROOT / "profiles"
DATA_FOLDER = ROOT / "data"


def runs_folder() -> Path:
    """The folder that holds all runs: what the variable DIGITS_RUNS names, relative to the project,
    or `runs/`.
    """
    return (ROOT / Path(os.environ.get("DIGITS_RUNS") or "runs").expanduser()).resolve()


@dataclass(frozen=True)
class Notebook:
    """One notebook: its name without `.ipynb`, the artifacts that it needs and saves, the names of
    its parameters.
    """

    name: str
    needs: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The committed notebook."""
        return NOTEBOOKS_FOLDER / f"{self.name}.ipynb"


NOTEBOOKS = (
    Notebook("01_setup", saves=("environment.json",), parameters=("run",)),
    Notebook(
        "02_dataset",
        saves=("dataset.npz",),
        parameters=("run", "dataset", "normalization", "image_size", "test_share", "seed"),
    ),
    Notebook(
        "03_model",
        needs=("dataset.npz",),
        saves=("model.keras",),
        parameters=("run", "filters", "precision", "seed"),
    ),
    Notebook(
        "04_training",
        needs=("dataset.npz", "model.keras"),
        saves=("trained.keras", "history.json"),
        parameters=(
            "run",
            "seed",
            "epochs",
            "batch_size",
            "learning_rate",
            "schedule",
            "warmup",
            "train_images",
        ),
    ),
    Notebook(
        "05_testing",
        needs=("dataset.npz", "trained.keras"),
        saves=("metrics.json", "predictions.npz"),
        parameters=("run", "test_images", "expected_accuracy"),
    ),
    Notebook(
        "06_inference",
        needs=("dataset.npz", "trained.keras"),
        parameters=("run", "picture", "seed"),
    ),
)
# Beside the series: it starts worker processes of its own, and runs only when asked for (make
# run-scaling).
SCALING = Notebook(
    "08_scaling_out",
    needs=("dataset.npz", "model.keras"),
    parameters=("run", "workers", "practice_images", "seed"),
)
ALL = (*NOTEBOOKS, SCALING)
BY_NAME = {notebook.name: notebook for notebook in ALL}
MAKER = {artifact: notebook.name for notebook in NOTEBOOKS for artifact in notebook.saves}

# A trained model only makes sense with the data and the normalization that it was trained on.
BOUND_TO = {"trained.keras": ("dataset.npz",)}

# Names that are folders on every system, and that a shell takes as they are between double quotes.
RUN_NAME = re.compile(r'(?![\s.-])[^<>:"/\\|?*$`!\x00-\x1f]+(?<![\s.])')
DEVICES = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE
)  # no file on Windows can have these names


def run_name_problem(name: object) -> str | None:
    """What keeps `name` from naming a run's folder on every system, in one sentence, or None."""
    if (
        isinstance(name, str)
        and RUN_NAME.fullmatch(name)
        and len(name.encode()) <= 100
        and not DEVICES.fullmatch(name)
    ):
        return None
    return f"a run cannot be called {name!r}: use letters, digits, - and _, such as my-run"
