import itertools
import shlex
from pathlib import Path

import pytest

from helpers import chain, runs
from helpers.runner import settings
from helpers.runner.settings import settle


def told(**asked) -> str:
    return "\n".join(f"{problem.what} / {problem.fix}" for problem in settle(**asked)[1])


def test_a_profile_names_the_run_and_gives_its_parameters():
    found, problems = settle(profile="smoke")
    assert problems == []
    assert (found.name, found.profile, found.values["epochs"]) == ("smoke", "smoke", 1)
    assert [notebook.name for notebook in found.notebooks] == [notebook.name for notebook in chain.NOTEBOOKS]


def test_fast_is_the_profile_of_a_run_that_asks_for_none():
    assert settle()[0].profile == "fast"
    assert settle(name="new")[0].profile == "fast"


def test_a_parameter_on_the_command_line_wins_over_the_profile_and_gets_its_type():
    found, problems = settle(profile="fast", pairs=[("epochs", "7"), ("learning_rate", "4e-3"), ("picture", "7")])
    assert problems == []
    assert found.values["epochs"] == 7
    assert found.values["learning_rate"] == 0.004
    assert found.values["picture"] == "7"
    assert found.values["normalization"] == "pixels"


def test_a_profile_of_ones_own_is_a_path_and_its_4e_3_is_a_number(tmp_path):
    own = tmp_path / "my own.yaml"
    own.write_text("learning_rate: 4e-3\nepochs: 2\n", encoding="utf-8")
    found, problems = settle(profile=str(own))
    assert problems == []
    assert (found.name, found.values) == ("my own", {"learning_rate": 0.004, "epochs": 2})


def test_everything_wrong_is_told_at_once_each_with_what_mends_it():
    words = told(
        profile="fats", pairs=[("epoch", "3"), ("epochs", "0"), ("seed", "one"), ("run", "x")], first="04_trainin_"
    )
    assert "no profile fats (did you mean fast?)" in words
    assert "no parameter epoch (did you mean epochs?)" in words or "no notebook has a parameter epoch (did you" in words
    assert "epochs takes int from 1 to 1000, not 0" in words
    assert "seed takes int" in words
    assert "no notebook 04_trainin_ (did you mean 04_training?)" in words
    assert "--name x" in words
    assert all(line.partition(" / ")[2] for line in words.splitlines())


@pytest.mark.parametrize(
    "pair", [("epochs", "2.5"), ("epochs", "true"), ("learning_rate", "nan"), ("warmup", "1"), ("schedule", "linear")]
)
def test_a_value_of_the_wrong_type_or_out_of_range_is_refused(pair):
    assert f"parameter {pair[0]} takes" in told(profile="fast", pairs=[pair])


@pytest.mark.parametrize("content", ["epochs: true", "epochs: 2.0", "epochs: [1]", "picture: null"])
def test_a_value_of_the_wrong_type_in_a_profile_is_refused(tmp_path, content):
    own = tmp_path / "own.yaml"
    own.write_text(content, encoding="utf-8")
    assert "parameter " in told(profile=str(own))


@pytest.mark.parametrize("content", ["- epochs", "epochs", "{a: [", "1: 2", "\x00"])
def test_a_profile_that_is_no_list_of_parameters_is_refused(tmp_path, content):
    own = tmp_path / "own.yaml"
    own.write_text(content, encoding="utf-8")
    assert "own.yaml" in told(profile=str(own))


def test_an_empty_profile_gives_no_parameters(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("# nothing yet\n", encoding="utf-8")
    assert settle(profile=str(own))[0].values == {}


@pytest.mark.parametrize("word", ["04_training", "04_training.ipynb", "04", "4", "04_"])
def test_a_notebook_may_be_named_by_how_it_begins(word):
    found, problems = settle(first=word, last="05")
    assert problems == []
    assert [notebook.name for notebook in found.notebooks] == ["04_training", "05_testing"]


def test_from_after_to_and_a_beginning_that_fits_several_are_refused():
    assert "comes after" in told(first="05", last="04")
    assert "no notebook 0" in told(first="0")


@pytest.mark.parametrize("name", ["../up", "", " ", "a/b", ".hidden", "a:b"])
def test_a_name_that_can_name_no_folder_is_refused(name):
    assert "cannot be called" in told(name=name)


def test_a_run_that_exists_goes_on_with_what_it_was_run_with():
    asked = {"profile": "smoke", "given": {"epochs": 2}}
    runs.update_record(chain.runs_folder() / "mine", lambda record: record.update(asked=asked))
    found, _ = settle(name="mine", pairs=[("seed", "5")])
    assert (found.profile, found.given) == ("smoke", {"epochs": 2, "seed": 5})
    assert found.values["train_images"] == 3000
    assert settle(name="mine", profile="fast")[0].given == {}


def test_the_run_of_notebooks_run_by_hand_keeps_their_own_defaults():
    found, problems = settle(name="interactive", last="03")
    assert problems == []
    assert (found.profile, found.values) == (None, {})


def test_the_command_that_goes_on_says_everything_that_was_asked():
    asked = settle("fast", [("dataset", "it's mine.npz")], "a run", last="03", timeout=9)[0]
    words = shlex.split(asked.command())
    assert words[:4] == ["python", "-m", "helpers", "run"]
    again = dict(itertools.pairwise(words))
    assert (again["--profile"], again["--name"], again["--timeout"], again["--to"]) == (
        "fast",
        "a run",
        "9",
        "03_model",
    )
    assert "it's mine.npz" in words


def test_a_notebook_only_gets_the_parameters_that_it_declares():
    values = {"seed": 1, "epochs": 3, "normalization": "rows"}
    assert settings.for_notebook("03_model", values) == {"seed": 1}
    assert settings.for_notebook("01_setup", values) == {}


@pytest.mark.parametrize("profile", sorted(Path(chain.PROFILES_FOLDER).glob("*.yaml")), ids=lambda path: path.stem)
def test_every_profile_that_ships_is_good(profile):
    assert settle(profile=profile.stem)[1] == []


def test_the_seventh_notebook_runs_only_where_it_is_named_and_its_command_names_it_again():
    alone, problems = settle(profile="fast", name="x", first="07")
    assert problems == []
    assert alone.notebooks == (chain.SCALING,)
    assert alone.command().endswith("--name x --from 07_scaling_out")
    assert settle(profile="fast", first="05")[0].notebooks == chain.NOTEBOOKS[4:]
    everything = settle(profile="fast", last="07")[0]
    assert everything.notebooks == chain.ALL
    assert everything.command().endswith("--to 07_scaling_out")
