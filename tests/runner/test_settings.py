"""What a run was asked for, put together from the command line; everything wrong is told at once."""

import shlex
from pathlib import Path

import pytest
from standins import go

from runner import cli, run
from runner.settings import read
from series import chain


def told(**asked) -> str:
    return "\n".join(f"{problem.what} / {problem.fix}" for problem in read(**asked)[1])


def test_a_profile_names_the_run_and_fast_is_the_one_of_a_run_that_asks_for_none():
    found, problems = read(profile="smoke")
    assert problems == []
    assert (found.name, found.profile, found.parameters["epochs"]) == ("smoke", "smoke", 1)
    assert found.steps == list(chain.NOTEBOOKS)
    assert (read()[0].profile, read(name="new")[0].profile) == ("fast", "fast")
    assert read(name="interactive")[0].parameters == {}, "by hand, the notebooks' own defaults"


def test_a_parameter_on_the_command_line_wins_over_the_profile_and_gets_its_type():
    pairs = [("epochs", "7"), ("learning_rate", "4e-3"), ("picture", "7")]
    found, problems = read(profile="fast", pairs=pairs)
    assert problems == []
    asked = found.parameters
    assert (asked["epochs"], asked["learning_rate"], asked["picture"]) == (7, 0.004, "7")
    assert asked["normalization"] == "pixels"


@pytest.mark.parametrize("word", ["mine.YAML", "~/mine.YAML"])
def test_a_profile_of_ones_own_is_recorded_by_its_whole_path(tmp_path, monkeypatch, word):
    path = tmp_path / "mine.YAML"
    path.write_text("learning_rate: 4e-3\nepochs: 2\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found, problems = read(profile=word)
    assert (problems, found.name, found.profile) == ([], "mine", str(path))
    assert found.parameters == {"learning_rate": 0.004, "epochs": 2}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- epochs", "it is not a flat list of parameters"),
        ("{a: [", "can't be read"),
        ("epochs: true", "epochs takes a whole number"),
        ("# epochs: 1\n", ""),
    ],
)
def test_a_profile_that_is_no_list_of_good_parameters_is_refused(tmp_path, content, words):
    path = tmp_path / "own.yaml"
    path.write_text(content, encoding="utf-8")
    assert words in told(profile=str(path))
    assert words or told(profile=str(path)) == "", "a profile may be empty"


def test_from_after_to_a_beginning_that_fits_several_and_unfit_names_are_refused():
    assert "comes after" in told(first="05", last="04")
    assert "no notebook '0'" in told(first="0")
    for name in ("../up", ""):
        assert "cannot be called" in told(name=name)
    assert "name the run with --name" in told(pairs=[("run", "x")])


def test_a_run_that_exists_keeps_what_it_was_run_with_named_or_not(done):
    assert go(profile="fast", pairs=[("epochs", "2")], last="01") == run.DONE
    for name in (None, "fast"):
        found, _ = read(name=name, pairs=[("seed", "5")])
        assert (found.profile, found.given) == ("fast", {"epochs": 2, "seed": 5})
    assert read(profile="fast")[0].given == {}


@pytest.mark.parametrize(
    "profile", sorted(Path(chain.PROFILES_FOLDER).glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_profile_that_ships_is_good(profile):
    assert read(profile=profile.stem)[1] == []


def test_a_notebook_beside_the_lesson_runs_only_where_it_is_named():
    assert read(profile="fast", name="x", first="08")[0].steps == [chain.SCALING]
    assert read(profile="fast", first="05")[0].steps == list(chain.NOTEBOOKS[4:])
    assert read(profile="fast", last="08")[0].steps == [*chain.NOTEBOOKS, chain.SCALING]


@pytest.mark.parametrize(
    "asked",
    [
        {"profile": "quick", "name": "x"},
        {"profile": "smoke", "pairs": [("epochs", "2"), ("picture", 'my "7".png')]},
        {"profile": "fast", "last": "03", "timeout": 60, "catch_up": True},
        {"profile": "fast", "first": "08"},
        {"profile": "fast", "first": "07", "last": "08"},
        {"profile": "fast", "last": "08"},
        {"name": "interactive"},
    ],
)
def test_the_command_that_continues_a_run_asks_for_the_same(asked, monkeypatch):
    before, problems = read(**asked)
    assert problems == []
    again = []
    monkeypatch.setattr(cli, "run_request", lambda request, *_, **__: again.append(request) or 0)
    words = shlex.split(before.command())
    assert words[:3] == ["python", "-m", "runner"]
    assert cli.main(words[3:]) == 0
    for part in ("name", "profile", "parameters", "notebooks", "timeout", "catch_up"):
        assert getattr(again[0], part) == getattr(before, part), part
