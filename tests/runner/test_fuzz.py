"""Records, profiles, command lines and TF_CONFIGs of the wrong types and shapes: each is refused in
sentences with exit code 2, or does what it says; none is a traceback.
"""

import copy
import json
import random

import pytest
from click.testing import CliRunner

import workers.cli
from helpers import checks
from runner import cli, facts, record, run
from runner.record import NotebookResult, RunRecord
from runner.request import RunRequest
from series import chain, runs
from series.errors import LessonError
from workers.cluster import this_cluster

pytestmark = pytest.mark.usefixtures("notebooks")
# Values of every type that JSON and YAML know, and some that are awkward as text.
ODD = [
    None, True, False, 0, -1, 7, 1.5, 1e400, "", "x", "fast", "../up", "~nosuchuser/x", "\0", "é" * 200,
    "x" * 5000, "/proc/x", "1e400", [], [1], ["x"], {}, {"x": 1}, {"x": []}, [[]], {"x": {"y": None}},
]  # fmt: skip


def places(tree: object, path: tuple = ()) -> list[tuple]:
    """The way to every value in a tree of dicts and lists, the tree itself left out."""
    inside = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    return [way for key, value in inside for way in ((*path, key), *places(value, (*path, key)))]


def with_odd(tree, chance: random.Random):
    """A copy of a tree in which one value is odd, or gone."""
    changed = copy.deepcopy(tree)
    *way, last = chance.choice(places(changed))
    spot = changed
    for key in way:
        spot = spot[key]
    if chance.random() < 0.15:
        del spot[last]
    else:
        spot[last] = chance.choice(ODD)
    return changed


def good_record() -> dict:
    """The record of a run that did everything."""
    results = {}
    for notebook in chain.NOTEBOOKS:
        saved = {name: f"digest of {name}" for name in notebook.saves}
        parts = {"cells": {"work": "x"}, "modules": {}, "parameters": {"seed": 1}, "needs": saved}
        results[notebook.name] = NotebookResult(
            "ok", parameters={"seed": 1}, made_from=parts, saved=saved, seconds=1.0, error=["x"]
        )
    request = RunRequest(
        "fast",
        "fast",
        {"epochs": 2},
        {"epochs": 2},
        [notebook.name for notebook in chain.NOTEBOOKS],
    )
    own = RunRecord(
        request, results, results, {"python": "3.11"}, "done", metrics={"accuracy": 0.9}
    )
    own.write()
    artifact = {"digest": "x", "maker": "02_dataset", "parameters": {}, "made_from": {"x": "y"}}

    def add(content: dict) -> None:
        content["artifacts"] = {"dataset.npz": artifact, "model.keras": artifact}
        content["precision"] = {"policy": "float32", "why": "measured"}
        content["workers"] = [{"workers": 2}]

    return runs.update_record(request.folder, add)


def outcome(words: list[str], capsys) -> int:
    """The exit code of a command that must not have a traceback; refusals have sentences."""
    code = cli.main(words)
    shown = capsys.readouterr()
    assert code in (run.DONE, run.REFUSED), (words, shown)
    if code == run.REFUSED:
        assert shown.err.strip(), words
    assert "Traceback" not in shown.err + shown.out
    return code


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch):
    """The checks of the machine take most of the time, and aren't what is tested here."""
    passed = checks.Check("x", True, "x")
    for name in ("check_kernel", "check_disk", "check_memory"):
        monkeypatch.setattr(checks, name, lambda *_: passed)
    monkeypatch.setattr(facts, "digest_of", str)
    real_check = checks.check_data
    monkeypatch.setattr(
        checks, "check_data", lambda name: passed if name == "mnist" else real_check(name)
    )


def test_records(capsys):
    chance = random.Random(1)
    good = good_record()
    path = chain.runs_folder() / "fast" / runs.RECORD
    codes = set()
    for number in range(300):
        changed = with_odd(good, chance)
        path.write_text(json.dumps(changed))
        codes.add(outcome(["run", "--name", "fast", "--dry-run"], capsys))
        if number % 10 == 0:
            codes.add(outcome(["compare", "fast", "fast"], capsys))
    assert codes == {run.DONE, run.REFUSED}


def test_of_a_run_of_an_older_version_nothing_counts_as_done():
    content = good_record()
    content["asked"], content["finished"] = content.pop("request"), content.pop("last_success")
    path = chain.runs_folder() / "fast" / runs.RECORD
    path.write_text(json.dumps(content))
    assert record.load(path.parent) is None


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "null", "5", '"x"', "NaN", ""])
def test_records_that_are_no_records(capsys, text):
    path = chain.runs_folder() / "fast" / runs.RECORD
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for words in (["run", "--name", "fast"], ["compare", "fast"]):
        assert outcome(words, capsys) == run.REFUSED
    assert not runs.is_run(path.parent)


def test_profiles(tmp_path, capsys):
    chance = random.Random(2)
    names = [
        *("epochs", "seed", "dataset", "picture", "normalization", "run", "learning_rate"),
        "x",
    ]
    path = tmp_path / "own.yaml"
    codes = set()
    for _ in range(100):
        values = {name: chance.choice(ODD) for name in chance.sample(names, 2)}
        path.write_text(json.dumps(values), encoding="utf-8")
        codes.add(outcome(["run", "--profile", str(path), "--dry-run"], capsys))
    for text in (
        "[" * 2000,
        "{a: " * 2000,
        "a: &a [*a]",
        "? {x: y}\n: z",
        "epochs: !!python/x 1",
        "\x01",
    ):
        path.write_text(text, encoding="utf-8")
        codes.add(outcome(["run", "--profile", str(path), "--dry-run"], capsys))
    assert run.REFUSED in codes


def test_command_lines(capsys):
    chance = random.Random(3)
    options = ["--profile", "--name", "--from", "--to", "--timeout"]
    odd = [str(value) for value in ODD if "\0" not in str(value)]
    for _ in range(150):
        words = ["run", "--dry-run"]
        for option in chance.sample(options, 2):
            words += [option, chance.choice(odd)]
        words += ["-p", chance.choice(["epochs", "dataset", "picture", "x"]), chance.choice(odd)]
        outcome(words, capsys)
    for value in odd:
        outcome(["compare", value], capsys)


@pytest.mark.parametrize("value", ["~nosuchuser/x", "loop", "x" * 5000, "/proc/x", "/dev/null"])
def test_odd_folders_of_runs(value, tmp_path, monkeypatch, capsys):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "loop") if value == "loop" else value)
    outcome(["run", "--dry-run"], capsys)
    assert cli.main(["clean"]) in (run.DONE, run.REFUSED)


def test_tf_configs():
    chance = random.Random(4)
    good = {
        "cluster": {"chief": ["a:1"], "worker": ["b:2", "c:3"]},
        "task": {"type": "worker", "index": 0},
    }
    used = refused = 0
    for _ in range(300):
        try:
            this_cluster({"TF_CONFIG": json.dumps(with_odd(good, chance))})
            used += 1
        except LessonError as error:
            refused += 1
            assert "TF_CONFIG" in str(error)
    assert used
    assert refused


def test_workers_of_odd_runs():
    for value in ODD:
        if isinstance(value, str) and "\0" not in value:
            result = CliRunner().invoke(workers.cli.main, ["--name", value])
            assert result.exit_code == 2, (value, result.output)
            assert isinstance(result.exception, SystemExit)
