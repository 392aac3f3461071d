"""The chain and the parameters: what is declared is coherent, and what is wrong is refused in plain
words.
"""

import math
from pathlib import Path

import pytest

from series import chain
from series.errors import LessonError
from series.parameters import PARAMETERS, parameter_problems


def test_the_runs_folder_depends_on_the_project_and_not_on_the_working_folder(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    expected = {
        "": chain.ROOT / "runs",
        "my runs": chain.ROOT / "my runs",
        "~/runs": tmp_path / "runs",
    }
    for value, folder in {**expected, str(tmp_path): tmp_path}.items():
        monkeypatch.setenv("DIGITS_RUNS", value)
        assert chain.runs_folder() == Path(folder).resolve()


def test_every_artifact_is_saved_once_and_before_it_is_needed() -> None:
    there: set[str] = set()
    for notebook in chain.ALL:
        assert set(notebook.needs) <= there, notebook.name
        assert not set(notebook.saves) & there, notebook.name
        there |= set(notebook.saves)


def test_the_notebooks_parameters_are_those_in_the_table() -> None:
    assert {name for notebook in chain.ALL for name in notebook.parameters} == set(PARAMETERS)


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        ({"epoch": 3}, ["no notebook has a parameter epoch (did you mean epochs?)"]),
        ({"epochs": "3"}, ["parameter epochs takes a whole number from 1 to 1000, not '3'"]),
        ({"epochs": True}, ["parameter epochs takes a whole number from 1 to 1000, not True"]),
        ({"epochs": 2.5}, ["parameter epochs takes a whole number from 1 to 1000, not 2.5"]),
        ({"epochs": 1001}, ["parameter epochs takes a whole number from 1 to 1000, not 1001"]),
        ({"warmup": math.nan}, ["parameter warmup takes a number from 0 to 0.9, not nan"]),
        ({"train_images": 1, "test_images": 1}, ["parameter train_images takes", "parameter test_images takes"]),
        ({"train_images": 2, "test_images": 0}, []),
        ({"dataset": 3}, ["parameter dataset takes text, not 3"]),
        ({"normalization": "column"}, ['parameter normalization takes one of "rows", "pixels", not \'column\'']),
        ({"seed": -1, "sead": 1}, ["parameter seed takes a whole", "no notebook has a parameter sead (did you mean seed"]),
        ({"epochs": 1, "learning_rate": 1, "warmup": 0.0, "normalization": "pixels"}, []),
    ],
)  # fmt: skip
def test_each_wrong_parameter_gets_a_sentence_that_says_what_is_right(
    values: dict, sentences: list[str]
) -> None:
    problems = parameter_problems(values)
    assert len(problems) == len(sentences)
    for problem, sentence in zip(problems, sentences, strict=True):
        assert problem.startswith(sentence)


@pytest.mark.parametrize("name", ["", "..", ".hidden", "-x", "a/b", "a\\b", "my run", "a$(b)"])
def test_a_run_may_not_be_called(name: str) -> None:
    assert "cannot be called" in (chain.run_name_problem(name) or "")
    assert chain.run_name_problem("7_b.2-x") is None


@pytest.mark.parametrize(
    "word",
    ["4", "04_", "4_training", "04_training.ipynb", "C:\\lesson\\notebooks\\04_training.ipynb"],
)
def test_a_notebook_is_found_by_number_name_or_path(word: str) -> None:
    assert chain.find_notebook(word).name == "04_training"


@pytest.mark.parametrize("word", ["", "0", "10", "14", "_", "notebooks/", "4_tr_"])
def test_a_word_that_means_no_notebook_gets_a_sentence(word: str) -> None:
    with pytest.raises(LessonError, match="there is no notebook"):
        chain.find_notebook(word)


def test_what_stands_in_the_makefile_and_in_the_chain_is_the_same() -> None:
    makefile = (chain.ROOT / "Makefile").read_text(encoding="utf-8")
    assert f'--name "$(PROFILE){chain.WORKERS_RUN_SUFFIX}"' in makefile
    assert f"--from {chain.SCALING.name}" in makefile
