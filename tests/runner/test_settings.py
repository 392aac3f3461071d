"""What a run was asked for, put together from the command line; everything wrong is told at once."""

from pathlib import Path

import pytest
from standins import go

from runner import run
from runner.settings import read
from series import chain


def told(**asked) -> str:
    return "\n".join(f"{problem.what} / {problem.fix}" for problem in read(**asked)[1])


@pytest.fixture
def own(tmp_path) -> Path:
    return tmp_path / "my own.yaml"


def test_a_profile_names_the_run_and_fast_is_the_one_of_a_run_that_asks_for_none():
    found, problems = read(profile="smoke")
    assert problems == []
    assert (found.name, found.profile, found.parameters["epochs"]) == ("smoke", "smoke", 1)
    assert found.steps == list(chain.NOTEBOOKS)
    assert (read()[0].profile, read(name="new")[0].profile) == ("fast", "fast")
    assert read(name="interactive")[0].parameters == {}, (
        "notebooks run by hand keep their own defaults"
    )


def test_a_parameter_on_the_command_line_wins_over_the_profile_and_gets_its_type():
    found, problems = read(
        profile="fast", pairs=[("epochs", "7"), ("learning_rate", "4e-3"), ("picture", "7")]
    )
    assert problems == []
    asked = found.parameters
    assert (asked["epochs"], asked["learning_rate"], asked["picture"]) == (7, 0.004, "7")
    assert asked["normalization"] == "pixels"


def test_a_profile_of_ones_own_is_recorded_by_its_whole_path(own, monkeypatch):
    own.write_text("learning_rate: 4e-3\nepochs: 2\n", encoding="utf-8")
    monkeypatch.chdir(own.parent)
    found, problems = read(profile="my own.yaml")
    assert problems == []
    assert (found.name, found.profile, found.parameters) == (
        "my own",
        str(own),
        {"learning_rate": 0.004, "epochs": 2},
    )


def test_everything_wrong_is_told_at_once_each_with_how_to_fix_it():
    words = told(
        profile="fats",
        pairs=[("epoch", "3"), ("epochs", "0"), ("seed", "2.5"), ("run", "x")],
        first="04_tr_",
    )
    assert "no profile fats (did you mean fast?)" in words
    assert "parameter epoch (did you mean epochs?)" in words
    assert "epochs takes a whole number from 1 to 1000, not 0" in words
    assert "seed takes a whole number" in words
    assert "no notebook '04_tr_'" in words
    assert "--name x" in words
    assert all(line.partition(" / ")[2] for line in words.splitlines())


@pytest.mark.parametrize(
    "content", ["- epochs", "{a: [", "1: 2", "\x00", "epochs: 1\nepochs: 2", "epochs: true"]
)
def test_a_profile_that_is_no_list_of_good_parameters_or_names_one_twice_is_refused(own, content):
    own.write_text(content, encoding="utf-8")
    assert "my own.yaml" in told(profile=str(own))


@pytest.mark.parametrize("content", ["~", "false", "0", "epochs"])
def test_a_profile_that_holds_a_lone_value_is_told_what_to_hold(own, content):
    own.write_text(content, encoding="utf-8")
    words = told(profile=str(own))
    assert "it is not a flat list of parameters" in words and "more than once" not in words


@pytest.mark.parametrize("content", ["", "# epochs: 1\n", "{}"])
def test_a_profile_may_be_empty(own, content):
    own.write_text(content, encoding="utf-8")
    assert told(profile=str(own)) == ""


def test_a_profile_may_be_named_from_home_and_end_in_capitals(own, monkeypatch):
    path = own.with_name("mine.YAML")
    path.write_text("epochs: 2", encoding="utf-8")
    monkeypatch.setenv("HOME", str(path.parent))
    monkeypatch.setenv("USERPROFILE", str(path.parent))
    monkeypatch.chdir(path.parent)
    for profile in ("mine.YAML", "~/mine.YAML"):
        found, problems = read(profile=profile)
        assert (problems, found.name, found.profile) == ([], "mine", str(path))


@pytest.mark.parametrize(
    ("run_name", "advised"),
    [
        ("my-run", "--name my-run"),
        ("my run", '--name "my run"'),
        ("it's", '--name "it\'s"'),
        ("a$(b)", "with --name, such as --name my-run"),
        ("", "with --name, such as --name my-run"),
    ],
)
def test_the_name_that_a_parameter_gave_is_advised_as_a_shell_takes_it(run_name, advised):
    assert told(profile="smoke", pairs=[("run", run_name)]).endswith(advised)


@pytest.mark.parametrize("word", ["04_training.ipynb", "4", "notebooks/04_training.ipynb"])
def test_a_notebook_may_be_named_by_how_it_begins(word):
    found, problems = read(first=word, last="05")
    assert problems == []
    assert found.notebooks == ["04_training", "05_testing"]


def test_from_after_to_a_beginning_that_fits_several_and_unfit_names_are_refused():
    assert "comes after" in told(first="05", last="04")
    assert "no notebook '0'" in told(first="0")
    for name in ("../up", "", "CON"):
        assert "cannot be called" in told(name=name)


def test_a_run_that_exists_keeps_what_it_was_run_with_named_or_not(done):
    assert go(profile="fast", pairs=[("epochs", "2")], last="01") == run.DONE
    for name in (None, "fast"):
        found, _ = read(name=name, pairs=[("seed", "5")])
        assert (found.profile, found.given) == ("fast", {"epochs": 2, "seed": 5})
    assert read(profile="fast")[0].given == {}
    for name in ("", f"../{chain.runs_folder().name}/fast"):
        assert "cannot be called" in told(name=name), "whatever is there"


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
    ("first", "last"), [("08", None), ("07", "08"), (None, "08"), (None, None), (None, "03")]
)
def test_the_command_that_continues_a_run_asks_for_the_same_notebooks(first, last):
    asked = read(profile="fast", first=first, last=last)[0]
    words = asked.command().split()
    ends = {word: words[words.index(word) + 1] for word in ("--from", "--to") if word in words}
    again = read(profile="fast", first=ends.get("--from"), last=ends["--to"])[0]
    assert again.notebooks == asked.notebooks
