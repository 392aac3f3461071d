"""The chain, declared once as data: the notebooks, the artefacts that each needs and leaves, the parameters.

Notebooks, runner and tests read it here; the table of parameters stands beside it in `parameters.toml`. Nothing in
this room imports TensorFlow.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS_FOLDER = ROOT / "notebooks"
PROFILES_FOLDER = ROOT / "profiles"
DATA_FOLDER = ROOT / "data"


def runs_folder() -> Path:
    """Where the folders of all runs lie: what the variable DIGITS_RUNS names, seen from the project, or `runs/`."""
    return (ROOT / (os.environ.get("DIGITS_RUNS") or "runs")).resolve()


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
# Beside the series: it starts workers of its own, and only who asks for it runs it (make run-scaling).
SCALING = Notebook("07_scaling_out", needs=("dataset.npz", "model.keras"))
ALL = (*NOTEBOOKS, SCALING)
BY_NAME = {notebook.name: notebook for notebook in ALL}
MAKER = {artefact: notebook.name for notebook in NOTEBOOKS for artefact in notebook.leaves}

RUN_NAME = re.compile(r'(?![\s.])[^<>:"/\\|?*\x00-\x1f]+(?<![\s.])')

# A trained model only makes sense with the data and the normalisation that it was trained on.
BOUND_TO = {"trained.keras": ("dataset.npz",)}


@dataclass(frozen=True)
class Parameter:
    """A parameter of one or several notebooks, as `parameters.toml` describes it.

    `minimum` and `maximum` are inclusive; `choices` lists all allowed values; None means no such limit.
    """

    name: str
    default: str | int | float
    meaning: str
    notebooks: list[str]
    minimum: float | None = None
    maximum: float | None = None
    choices: list[str] | None = None

    @property
    def type(self) -> type:
        """The type of its values: str, int or float."""
        return type(self.default)

    def problem(self, value: object) -> str | None:
        """What is wrong with `value` for this parameter, in one sentence, or None."""
        if isinstance(value, self.type) or (self.type is float and isinstance(value, int)):
            chosen = self.choices is None or value in self.choices
            low_enough = self.maximum is None or value <= self.maximum  # type: ignore[operator]
            high_enough = self.minimum is None or value >= self.minimum  # type: ignore[operator]
            if chosen and low_enough and high_enough and not isinstance(value, bool):
                return None
        return f"parameter {self.name} takes {self.describe()}, not {value!r} ({type(value).__name__})"

    def describe(self) -> str:
        """Type and range in words: `int from 1 to 1000`, `one of rows, pixels`."""
        if self.choices is not None:
            return "one of " + ", ".join(self.choices)
        words = self.type.__name__
        if self.minimum is not None:
            words += f" from {self.minimum:.10g}"
        if self.maximum is not None:
            words += f" to {self.maximum:.10g}"
        return words


def _read_parameters() -> tuple[Parameter, ...]:
    table = tomllib.loads(Path(__file__).with_name("parameters.toml").read_text(encoding="utf-8"))
    return tuple(Parameter(name, **entry) for name, entry in table.items())


PARAMETERS = _read_parameters()
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
    if isinstance(name, str) and RUN_NAME.fullmatch(name) and len(name.encode()) <= 100:
        return None
    return f"a run cannot be called {name!r}: take letters, digits, - and _, such as my-run"
