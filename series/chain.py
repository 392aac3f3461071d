"""The chain, declared once as data: the notebooks, and what each needs, saves and can be told.

Notebooks, runner and tests read it here. Nothing in this module imports TensorFlow.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from series.errors import LessonError
from series.parameters import did_you_mean, is_utf8

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
        notes: names under which it notes something in the run's record, beside its artifacts.
        modules: the project's modules that its result is made from, as paths. When one changes, the
            result is stale.
        shows: modules and other files that only change what a reader sees: figures, captions,
            checks of answers. `make outputs` compares them, a run doesn't.
        data: files and folders that come with the project and that its result is made from.
        packages: installed packages whose versions its result depends on.
    """

    name: str
    needs: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    packages: tuple[str, ...] = ("tensorflow", "keras", "numpy")

    @property
    def path(self) -> Path:
        """The committed notebook."""
        return NOTEBOOKS_FOLDER / f"{self.name}.ipynb"


LOADING = ("helpers/arrays.py", "helpers/data.py", "helpers/folders.py", "helpers/pictures.py")
SHOWING = ("helpers/exercises.py", "helpers/figures/__init__.py")
EXPLORING = ("helpers/explore.py",)
CANVAS = (
    "helpers/canvas/__init__.py",
    "data/drawings/7.jpg",  # shown where nobody can draw
)

# The lesson: `make run` runs these.
NOTEBOOKS = (
    Notebook(
        "01_setup",
        saves=("environment.json",),
        parameters=("run",),
        modules=("helpers/checks.py", *LOADING),
        shows=(
            *SHOWING,
            "helpers/figures/setup.py",
            *EXPLORING,
            *CANVAS,
            "helpers/lesson.py",  # the canvas prepares drawings with it
            "data/reader.keras",
        ),
        data=("data/mnist.npz",),
    ),
    Notebook(
        "02_dataset",
        saves=("dataset.npz",),
        parameters=("run", "dataset", "normalization", "image_size", "test_share", "seed"),
        modules=LOADING,
        shows=(*SHOWING, "helpers/figures/dataset.py", "data/doodles"),
        data=("data/mnist.npz",),
        packages=("tensorflow", "keras", "numpy", "pillow", "scipy"),
    ),
    Notebook(
        "03_model",
        needs=("dataset.npz",),
        saves=("model.keras",),
        parameters=("run", "filters", "precision", "seed"),
        notes=("precision",),
        modules=("helpers/lesson.py", "helpers/precision.py"),
        shows=(*SHOWING, "helpers/figures/model.py", *EXPLORING),
        packages=("tensorflow", "keras", "numpy", "h5py"),
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
        modules=("helpers/lesson.py", "helpers/training.py"),
        shows=(*SHOWING, "helpers/figures/training.py"),
        packages=("tensorflow", "keras", "numpy", "h5py"),
    ),
    Notebook(
        "05_testing",
        needs=("dataset.npz", "trained.keras"),
        saves=("metrics.json", "predictions.npz"),
        parameters=("run", "test_images", "expected_accuracy"),
        modules=("helpers/lesson.py",),
        shows=(*SHOWING, "helpers/figures/testing.py"),
        packages=("tensorflow", "keras", "numpy", "h5py", "scikit-learn", "scipy"),
    ),
    Notebook(
        "06_inference",
        needs=("dataset.npz", "trained.keras"),
        parameters=("run", "picture", "seed"),
        modules=("helpers/lesson.py", *LOADING),
        shows=(
            *SHOWING,
            "helpers/figures/inference.py",
            *CANVAS,
            "data/doodles/fish/00.png",
        ),
        data=("data/drawings",),
        packages=("tensorflow", "keras", "numpy", "h5py", "pillow", "scipy"),
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
    modules=("helpers/lesson.py",),
    shows=(
        *SHOWING,
        "helpers/figures/improving.py",
        *CANVAS,
        "helpers/pictures.py",  # the canvas prepares drawings with it
    ),
    packages=("tensorflow", "keras", "numpy", "h5py", "scipy"),
)
SCALING = Notebook(  # it starts worker processes of its own: make run-scaling
    "08_scaling_out",
    needs=("dataset.npz", "model.keras"),
    parameters=("run", "workers", "practice_images", "seed"),
    folders=(WORKERS_CHECKPOINT_FOLDER,),  # PRACTICE_FOLDER is a run of its own
    modules=(
        "helpers/lesson.py",
        "helpers/training.py",
        "workers/__init__.py",
        "workers/__main__.py",
        "workers/cli.py",
        "workers/cluster.py",
        "workers/engine.py",
        "workers/launcher.py",
        "workers/recipe.py",
    ),
    shows=(*SHOWING, "helpers/figures/scaling.py"),
    packages=("tensorflow", "keras", "numpy", "h5py"),
)
YOUR_OWN = Notebook(
    "09_your_own",
    parameters=("run", "seed", "photos", "own_seeds", "sick_images"),
    folders=(OWN_FOLDER,),
    modules=LOADING,
    shows=(
        *SHOWING,
        "helpers/figures/plain.py",
        *CANVAS,
        "helpers/canvas/collect.py",
        "helpers/lesson.py",  # the canvas prepares drawings with it
        "data/signs",
    ),
    data=("data/mnist.npz", "data/reader.keras", "data/doodles"),
    packages=("tensorflow", "keras", "numpy", "pillow", "scipy"),
)
EXTRAS = (IMPROVING, SCALING, YOUR_OWN)
ALL = (*NOTEBOOKS, *EXTRAS)  # in the order of their numbers
BY_NAME = {notebook.name: notebook for notebook in ALL}
MAKER = {artifact: notebook.name for notebook in ALL for artifact in notebook.saves}
# The modules that every notebook uses and that no result is made from.
PLUMBING = ("series/", "helpers/__init__.py", "helpers/runs.py")

# What notebooks were called before.
RENAMED = {"07_scaling_out": "08_scaling_out"}


def find_notebook(word: str) -> Notebook:
    """The notebook that `word` means: its number, its name or how that begins, or its path.

    Raises:
        LessonError: there is no such notebook, or several begin so.
    """
    stem = word.replace("\\", "/").rpartition("/")[2].removesuffix(".ipynb")
    if stem in RENAMED:
        raise LessonError(f"{stem} is called {RENAMED[stem]} now", f"take {RENAMED[stem]}")
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

# Names that are folders on every system, and that a shell takes as they are between double quotes.
RUN_NAME = re.compile(r'(?![\s.-])[^<>:"/\\|?*$`!\x00-\x1f]+(?<![\s.])')
# No file on Windows can have these names.
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def run_name_problem(name: object) -> str | None:
    """What keeps `name` from naming a run's folder on every system, in one sentence, or None."""
    if (
        isinstance(name, str)
        and RUN_NAME.fullmatch(name)
        and is_utf8(name)
        and len(name.encode()) <= 100
        and not DEVICES.fullmatch(name)
    ):
        return None
    return f"a run cannot be called {name!r}: use letters, digits, - and _, such as my-run"
