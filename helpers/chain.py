"""The chain, declared once as data: the notebooks, the artefacts that each needs and leaves, the parameters.

Notebooks, runner and tests read it here. Nothing in this room imports TensorFlow.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS_FOLDER = ROOT / "notebooks"
PROFILES_FOLDER = ROOT / "profiles"
DATA_FOLDER = ROOT / "data"


def runs_folder() -> Path:
    """Where the folders of all runs lie: `runs/` in the project, or what the variable DIGITS_RUNS names."""
    return Path(os.environ.get("DIGITS_RUNS") or ROOT / "runs").resolve()


@dataclass(frozen=True)
class Notebook:
    """One notebook of the series: its name without `.ipynb`, and the artefacts that it needs and leaves."""

    name: str
    needs: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The committed notebook."""
        return NOTEBOOKS_FOLDER / f"{self.name}.ipynb"


NOTEBOOKS = (
    Notebook("01_setup", leaves=("environment.json",)),
    Notebook("02_dataset", leaves=("dataset.npz",)),
    Notebook("03_model", needs=("dataset.npz",), leaves=("model.keras",)),
    Notebook("04_training", needs=("dataset.npz", "model.keras"), leaves=("trained.keras", "history.json")),
    Notebook("05_testing", needs=("dataset.npz", "trained.keras"), leaves=("metrics.json", "predictions.npz")),
    Notebook("06_inference", needs=("dataset.npz", "trained.keras")),
)
BY_NAME = {notebook.name: notebook for notebook in NOTEBOOKS}
MAKER = {artefact: notebook.name for notebook in NOTEBOOKS for artefact in notebook.leaves}

# A trained model only makes sense with the data and the normalisation that it was trained on.
BOUND_TO = {"trained.keras": ("dataset.npz",)}


@dataclass(frozen=True)
class Parameter:
    """A parameter of one or several notebooks, with the same meaning in each.

    `minimum` and `maximum` are inclusive; `choices` lists all allowed values; None means no such limit.
    """

    name: str
    type: type
    default: str | int | float
    meaning: str
    notebooks: tuple[str, ...]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] | None = None

    def problem(self, value: object) -> str | None:
        """What is wrong with `value` for this parameter, in one sentence, or None."""
        allowed = (int, float) if self.type is float else (self.type,)
        if not isinstance(value, allowed) or isinstance(value, bool):
            return f"parameter {self.name} takes {self.describe()}, not {value!r} ({type(value).__name__})"
        if self.choices is not None and value not in self.choices:
            return f"parameter {self.name} takes {self.describe()}, not {value!r}"
        too_low = self.minimum is not None and not value >= self.minimum  # type: ignore[operator]  # NaN is too low
        too_high = self.maximum is not None and not value <= self.maximum  # type: ignore[operator]
        if too_low or too_high:
            return f"parameter {self.name} takes {self.describe()}, not {value!r}"
        return None

    def describe(self) -> str:
        """Type and range in words: `int from 1 to 1000`, `one of rows, pixels`."""
        if self.choices is not None:
            return "one of " + ", ".join(self.choices)
        words = self.type.__name__
        if self.minimum is not None:
            words += f" from {self.minimum:g}"
        if self.maximum is not None:
            words += f" to {self.maximum:g}"
        return words


ALL = tuple(notebook.name for notebook in NOTEBOOKS)
PARAMETERS = (
    Parameter("run", str, "interactive", "name of the folder under runs/ that this run reads and fills", ALL),
    Parameter("dataset", str, "mnist", "mnist, or the path of an .npz file with your own arrays", ("02_dataset",)),
    Parameter(
        "normalization",
        str,
        "rows",
        "rows: each row of pixels to length 1; pixels: every pixel divided by 255",
        ("02_dataset",),
        choices=("rows", "pixels"),
    ),
    Parameter(
        "seed",
        int,
        1,
        "start of the random numbers: the same seed gives the same result on one machine",
        ("03_model", "04_training", "06_inference"),
        minimum=0,
        maximum=2**32 - 1,
    ),
    Parameter("epochs", int, 3, "how often training goes through all its images", ("04_training",), 1, 1000),
    Parameter("batch_size", int, 256, "how many images each update of the weights sees", ("04_training",), 1, 65536),
    Parameter(
        "learning_rate",
        float,
        0.001,
        "step size of each update; with schedule cosine, its highest value",
        ("04_training",),
        minimum=1e-8,
        maximum=10.0,
    ),
    Parameter(
        "schedule",
        str,
        "constant",
        "constant: the same step size throughout; cosine: warm up, then decay to 0",
        ("04_training",),
        choices=("constant", "cosine"),
    ),
    Parameter(
        "warmup",
        float,
        0.25,
        "with schedule cosine, the share of all updates in which the step size rises",
        ("04_training",),
        minimum=0.0,
        maximum=0.9,
    ),
    Parameter(
        "train_images",
        int,
        0,
        "how many training images to use, the first ones; 0 uses all",
        ("04_training",),
        0,
    ),
    Parameter("test_images", int, 0, "how many test images to use, the first ones; 0 uses all", ("05_testing",), 0),
    Parameter(
        "expected_accuracy",
        float,
        0.985,
        "share of test images read correctly that the model is held to",
        ("05_testing",),
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        "picture",
        str,
        "",
        "path of a picture of your own to read; empty takes our example",
        ("06_inference",),
    ),
)
PARAMETERS_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint ` (did you mean X?)` with the nearest of `names`, or nothing where none is near."""
    found = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def parameter_problems(values: Mapping[str, object]) -> list[str]:
    """Every problem of these parameter values, a sentence each: unknown names, wrong types, values out of range."""
    problems = []
    for name, value in values.items():
        if name not in PARAMETERS_BY_NAME:
            problems.append(f"no notebook has a parameter {name}{nearest(name, PARAMETERS_BY_NAME)}")
        elif problem := PARAMETERS_BY_NAME[name].problem(value):
            problems.append(problem)
    return problems


def run_name_problem(name: object) -> str | None:
    """What keeps `name` from naming a run's folder on every system, in one sentence, or None."""
    bad = (
        not isinstance(name, str)
        or not name.strip()
        or name != name.strip()
        or name.startswith(".")
        or name.endswith(".")
        or any(character in '<>:"/\\|?*' or ord(character) < 32 for character in name)
        or len(name.encode()) > 100
    )
    if bad:
        return f"a run cannot be called {name!r}: take letters, digits, - and _, such as my-run"
    return None
