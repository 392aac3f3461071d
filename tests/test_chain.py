"""The chain and the table of parameters: what is declared is coherent, and what is wrong is refused in words."""

import math
from pathlib import Path

import pytest

from helpers import chain


def test_the_folder_of_runs_does_not_depend_on_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for value, expected in (("", "runs"), ("my runs", "my runs"), (str(tmp_path), tmp_path)):
        monkeypatch.setenv("DIGITS_RUNS", value)
        assert chain.runs_folder() == (chain.ROOT / expected).resolve()


def test_every_artefact_is_left_before_it_is_needed() -> None:
    there: set[str] = set()
    for notebook in chain.NOTEBOOKS:
        assert set(notebook.needs) <= there, notebook.name
        assert not set(notebook.leaves) & there, notebook.name
        there |= set(notebook.leaves)


def test_parameters_belong_to_notebooks_that_exist_and_their_defaults_are_in_range() -> None:
    for parameter in chain.PARAMETERS:
        assert set(parameter.notebooks) <= set(chain.BY_NAME)
        assert parameter.problem(parameter.default) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epoch": 3}, ["no notebook has a parameter epoch (did you mean epochs?)"]),
        ({"zebra": 3}, ["no notebook has a parameter zebra"]),
        ({"epochs": "3"}, ["parameter epochs takes int from 1 to 1000, not '3' (str)"]),
        ({"epochs": True}, ["parameter epochs takes int from 1 to 1000, not True (bool)"]),
        ({"epochs": 0}, ["parameter epochs takes int from 1 to 1000, not 0"]),
        ({"learning_rate": "4e-3"}, ["parameter learning_rate takes float"]),
        ({"warmup": math.nan}, ["parameter warmup takes float from 0 to 0.9, not nan"]),
        ({"normalization": "columns"}, ["parameter normalization takes one of rows, pixels, not 'columns'"]),
        ({"epochs": 0, "sead": 1}, ["parameter epochs", "did you mean seed?"]),
    ],
)
def test_wrong_parameters_are_refused_with_what_would_be_right(values: dict, words: list[str]) -> None:
    problems = chain.parameter_problems(values)
    assert len(problems) == len(words)
    for problem, word in zip(problems, words, strict=True):
        assert word in problem


def test_right_parameters_are_accepted() -> None:
    assert chain.parameter_problems({"epochs": 1, "learning_rate": 1, "warmup": 0.0, "normalization": "pixels"}) == []
    assert chain.parameter_problems({}) == []


@pytest.mark.parametrize("name", ["interactive", "my run", "it's {mine}", "zażółć", "a" * 100])
def test_a_run_may_be_called_anything_that_every_system_takes_for_a_folder(name: str) -> None:
    assert chain.run_name_problem(name) is None


@pytest.mark.parametrize("name", ["", " ", "..", ".hidden", "a/b", "a\\b", "C:", "a\n", "end ", "end.", "a" * 101, 3])
def test_a_run_may_not_be_called_what_leads_elsewhere(name: object) -> None:
    assert "cannot be called" in (chain.run_name_problem(name) or "")
