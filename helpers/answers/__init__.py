"""The right answers of the exercises and the hints for likely mistakes, a module for each notebook.

Each module has a dict `PROBLEMS`: by the exercise's name, a function that takes the reader's answer
and what the check's cell passes by name, and returns what is wrong with the answer in a sentence or
two, or None where it is right.
"""

from collections.abc import Callable

from helpers.answers import (
    dataset,
    improving,
    inference,
    model,
    scaling,
    setup,
    testing,
    training,
    your_own,
)

MODULES = (setup, dataset, model, training, testing, inference, improving, scaling, your_own)
PROBLEMS: dict[str, Callable[..., str | None]] = {}
for module in MODULES:
    PROBLEMS |= module.PROBLEMS
