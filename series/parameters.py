"""The parameters of the notebooks: the type, range and choices of each, once.

Name, default and meaning are written where a reader changes them, in each notebook's cell tagged
`parameters`; a test holds the two to each other.
"""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TYPE_NAMES = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Parameter:
    """What values a parameter takes: a number from `minimum` to `maximum`, both included, or one of
    `choices`. Where `zero_means` something, such as "all", 0 is taken too.
    """

    type: type
    minimum: float = 0
    maximum: float = math.inf
    choices: tuple[str, ...] = ()
    zero_means: str = ""

    def accepts(self, value: object) -> bool:
        """Whether `value` has the right type and lies in the range."""
        if self.choices:
            return isinstance(value, str) and value in self.choices
        if self.type is str:
            return isinstance(value, str)
        if isinstance(value, bool) or not isinstance(value, (int, self.type)):
            return False
        if value == 0 and self.zero_means:
            return True
        return self.minimum <= value <= self.maximum  # type: ignore[operator]

    def describe(self) -> str:
        """Type and range in words: `a whole number from 1 to 1000`, `one of "rows", "pixels"`."""
        if self.choices:
            return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)
        if self.type is str:
            return "text"
        most = f" to {self.maximum:.10g}" if self.maximum < math.inf else ""
        zero = f", or 0 for {self.zero_means}" if self.zero_means else ""
        return f"{TYPE_NAMES[self.type]} from {self.minimum:.10g}{most}{zero}"


PARAMETERS = {
    "run": Parameter(str),
    "dataset": Parameter(str),
    "normalization": Parameter(str, choices=("rows", "pixels")),
    # The networks that 04 builds have two convolutions and two poolings: less leaves them nothing.
    "image_size": Parameter(int, 12, 512),
    "test_share": Parameter(float, 0.01, 0.9),
    "filters": Parameter(int, 1, 1024),
    "precision": Parameter(str, choices=("float32", "mixed_bfloat16", "auto")),
    # Keras takes seeds up to 2**32 - 1, and 07 counts up from this one, for up to 100 seeds.
    "seed": Parameter(int, 0, 2**32 - 100),
    "epochs": Parameter(int, 1, 1000),
    "batch_size": Parameter(int, 1, 65536),
    "learning_rate": Parameter(float, 1e-8, 10),
    "schedule": Parameter(str, choices=("constant", "cosine")),
    "warmup": Parameter(float, 0, 0.9),
    # Of two images, 04 holds one out, and 05 compares one half of the test images with the other.
    "train_images": Parameter(int, 2, zero_means="all"),
    "test_images": Parameter(int, 2, zero_means="all"),
    "expected_accuracy": Parameter(float, 0, 1),
    "picture": Parameter(str),
    "workers": Parameter(int, 2, 8),
    "practice_images": Parameter(int, 1000),
    "compare_images": Parameter(int, 100),
    "judge_images": Parameter(int, 10),
    "compare_seeds": Parameter(int, 1, 100),
    "final_epochs": Parameter(int, 1, 1000),
    "photos": Parameter(str),
    "own_seeds": Parameter(int, 1, 100),
    "sick_images": Parameter(int, 1000),
}


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint ` (did you mean X?)` with the nearest of `names`, or nothing where none is near."""
    nearest = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {nearest[0]}?)" if nearest else ""


def parameter_problems(values: Mapping[str, object]) -> list[str]:
    """Every problem of these values, a sentence each: unknown names, wrong types, values out of
    range.
    """
    problems = []
    for name, value in values.items():
        if name not in PARAMETERS:
            problems.append(f"no notebook has a parameter {name}{did_you_mean(name, PARAMETERS)}")
        elif not PARAMETERS[name].accepts(value):
            right = PARAMETERS[name].describe()
            problems.append(f"parameter {name} takes {right}, not {value!r}")
    return problems
