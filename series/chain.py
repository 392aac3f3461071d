"""The chain, declared once as data: the notebooks, and what each needs, saves and can be told.

Notebooks, runner and tests read it here. Nothing in this module imports TensorFlow.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from series.errors import LessonError
from series.parameters import did_you_mean

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS_FOLDER = ROOT / "notebooks"
PROFILES_FOLDER = ROOT / "profiles"
DATA_FOLDER = ROOT / "data"


def runs_folder() -> Path:
    """The folder that holds all runs: what the variable DIGITS_RUNS names, relative to the project,
    or `runs/`.
    """
    # Path's own functions raise where there is no such user, and for links that lead in a circle.
    named = os.path.expanduser(os.environ.get("DIGITS_RUNS") or "runs")  # noqa: PTH111
    return Path(os.path.realpath(ROOT / named))


# The run of notebooks that somebody steps through, which is their own default.
INTERACTIVE = "interactive"
# The last fifth of the training images is held out, as Keras' validation_split takes it.
VALIDATION_SHARE = 0.2
# Tags of cells that nothing later needs; catching up skips them.
SKIPPED_TAGS = frozenset(("exercise", "check", "solution", "demo"))
# Ids of the cells whose pictures a report begins with.
REPORT_PICTURES = ("losses-figure", "confusion-figure", "worst-figure")
# Folders in a run beside the artifacts.
CHECKPOINT_FOLDER = "checkpoint"
TENSORBOARD_FOLDER = "tensorboard"
WORKERS_CHECKPOINT_FOLDER = "checkpoint-of-workers"
PRACTICE_FOLDER = "practice"  # a run within the run
DRAWINGS_FOLDER = "drawings"  # what somebody drew in 06 and 07, which no command deletes
SIGNS_FOLDER = "signs"  # what somebody drew in 09, which no command deletes either
OWN_FOLDER = "own"  # the network and the card that 09 makes
# What `make run-scaling` adds to a profile's name to name its run.
WORKERS_RUN_SUFFIX = "-workers"


@dataclass(frozen=True)
class Notebook:
    """One notebook.

    Attributes:
        name: its file's name without `.ipynb`.
        needs: artifacts of earlier notebooks that it can't do without.
        saves: artifacts that it saves.
        parameters: names of its parameters.
        folders: folders that it writes in the run's folder, beside its artifacts.
        made_from: files and folders of the project that its result is made from, beside the code of
            `helpers` and `series`.
    """

    name: str
    needs: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    made_from: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The committed notebook."""
        return NOTEBOOKS_FOLDER / f"{self.name}.ipynb"


# The lesson: `make run` runs these.
NOTEBOOKS = (
    Notebook("01_setup", saves=("environment.json",), parameters=("run",)),
    Notebook(
        "02_dataset",
        saves=("dataset.npz",),
        parameters=("run", "dataset", "normalization", "image_size", "test_share", "seed"),
        made_from=("data/mnist.npz",),
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
        folders=(CHECKPOINT_FOLDER, TENSORBOARD_FOLDER),
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
        made_from=("data/drawings",),
    ),
)
# Beside the lesson: each runs only when --from or --to names it.
IMPROVING = Notebook(
    "07_improving",
    needs=("dataset.npz", "trained.keras"),
    saves=("improved.keras", "improvement.json"),
    parameters=(
        "run",
        "seed",
        "train_images",
        "test_images",
        "compare_images",
        "judge_images",
        "compare_seeds",
        "final_epochs",
    ),
)
SCALING = Notebook(  # it starts worker processes of its own: make run-scaling
    "08_scaling_out",
    needs=("dataset.npz", "model.keras"),
    parameters=("run", "workers", "practice_images", "seed"),
    folders=(WORKERS_CHECKPOINT_FOLDER,),  # PRACTICE_FOLDER is a run of its own
    made_from=("workers",),
)
YOUR_OWN = Notebook(
    "09_your_own",
    parameters=("run", "seed", "photos", "own_seeds", "sick_images"),
    folders=(OWN_FOLDER,),
    made_from=("data/mnist.npz", "data/reader.keras", "data/doodles"),
)
EXTRAS = (IMPROVING, SCALING, YOUR_OWN)
ALL = (*NOTEBOOKS, *EXTRAS)  # in the order of their numbers
BY_NAME = {notebook.name: notebook for notebook in ALL}
MAKER = {artifact: notebook.name for notebook in ALL for artifact in notebook.saves}


def find_notebook(word: str) -> Notebook:
    """The notebook that `word` means: its number, its name or how that begins, or its path.

    Raises:
        LessonError: there is no such notebook, or several begin so.
    """
    stem = word.replace("\\", "/").rpartition("/")[2].removesuffix(".ipynb")
    beginning = stem.lstrip("0")
    if stem.isdecimal():
        beginning += "_"  # a number is a whole one: 1 is not 10
    matching = [each for each in ALL if each.name.lstrip("0").startswith(beginning)]
    if beginning.strip("_") and len(matching) == 1:
        return matching[0]
    names = [notebook.name for notebook in ALL]
    what = f"there is no notebook {word!r}{did_you_mean(stem, names)}"
    raise LessonError(what, f"take one of {', '.join(names)}")


# A trained model only makes sense with the data and the normalization that it was trained on, a
# measurement only with what was measured.
BOUND_TO = {
    "trained.keras": ("dataset.npz",),
    "metrics.json": ("dataset.npz", "trained.keras"),
    "predictions.npz": ("dataset.npz", "trained.keras"),
}

RUN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def run_name_problem(name: object) -> str | None:
    """What keeps `name` from naming a run, in one sentence, or None."""
    if isinstance(name, str) and RUN_NAME.fullmatch(name):
        return None
    allowed = "letters, digits, _, and after the first also - and ., at most 100 in all"
    return f"a run cannot be called {name!r}: use {allowed}, such as my-run"
