"""Plans from facts: no files, no clock, no kernel."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from runner.facts import Facts
from runner.plan import plan
from runner.record import NotebookResult, RunRecord
from runner.request import RunRequest
from series import chain

NAMES = [notebook.name for notebook in chain.NOTEBOOKS]
PARTS = ("cells", "parameters", "files", "needs", "project", "versions")
FAST = RunRequest("fast", notebooks=NAMES)
BY_HAND = RunRequest(chain.INTERACTIVE, notebooks=NAMES[:5])


def inputs(name: str, **changed) -> dict:
    """The fingerprint of a notebook, with some parts replaced."""
    parts = {part: {f"a {part} of {name}": "as it was"} for part in PARTS}
    needs = {need: f"digest of {need}" for need in chain.BY_NAME[name].needs}
    return parts | {"needs": needs} | changed


def facts(**changed) -> Facts:
    """How things are when nothing has changed since the run before."""
    artifacts = {name: f"digest of {name}" for notebook in chain.ALL for name in notebook.saves}
    recorded = {name: {"digest": digest, "made_from": {}} for name, digest in artifacts.items()}
    as_it_was = {notebook.name: inputs(notebook.name) for notebook in chain.ALL}
    return replace(Facts(as_it_was, artifacts, recorded), **changed)


def record(request: RunRequest, last_success: bool = True) -> RunRecord:
    """The record that a run begins with, after one that did everything well, or none."""
    achieved = {}
    for notebook in chain.ALL if last_success else ():
        saved = {name: f"digest of {name}" for name in notebook.saves}
        achieved[notebook.name] = NotebookResult("ok", made_from=inputs(notebook.name), saved=saved)
    return RunRecord(request, {name: NotebookResult() for name in request.notebooks}, achieved)


def steps(request: RunRequest, found: Facts, before: RunRecord | None = None) -> dict[str, str]:
    """By notebook: what the plan says, in a line."""
    planned = plan(request, before or record(request), found)
    return {step.notebook.name: f"{step.action}: {step.reason}" for step in planned}


def with_artifact(name: str, state: str) -> Facts:
    """How things are when one artifact is missing, damaged or another."""
    return facts(artifacts=facts().artifacts | {name: state})


def test_what_is_fresh_is_reused_but_for_the_look_at_the_machine():
    planned = steps(FAST, facts())
    assert planned.pop("01_setup") == "run: it looks at the machine, so it always runs"
    assert set(planned.values()) == {"reuse: up to date"}


def test_the_first_run_runs_everything():
    planned = steps(FAST, facts(), record(FAST, last_success=False))
    assert set(list(planned.values())[1:]) == {"run: not there yet"}


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("cells", "code cell x changed"),
        ("parameters", "parameter x: None → new"),
        ("files", "the file of parameter x changed"),
        ("needs", "x changed"),
        ("project", "x changed"),
        ("versions", "x None → new"),
    ],
)
def test_each_input_that_changed_is_named(part, words):
    changed = inputs("02_dataset")
    changed[part] = changed[part] | {"x": "new"}
    planned = steps(FAST, facts(inputs=facts().inputs | {"02_dataset": changed}))
    assert planned["02_dataset"] == f"run: {words}"
    assert planned["03_model"] == "maybe run: if dataset.npz changes"


@pytest.mark.parametrize(
    ("state", "words"),
    [("missing", "missing"), ("damaged", "damaged"), ("other", "not the one it saved")],
)
def test_what_it_saved_must_be_there_as_it_was(state, words):
    planned = steps(FAST, with_artifact("trained.keras", state))
    assert planned["04_training"] == f"run: its trained.keras is {words}"
    assert planned["05_testing"] == "maybe run: if trained.keras changes"


def test_more_reasons_than_three_are_counted():
    changed = inputs("02_dataset", cells={str(number): "new" for number in range(5)})
    planned = steps(FAST, facts(inputs=facts().inputs | {"02_dataset": changed}))
    assert planned["02_dataset"].endswith("code cell 2 changed and 3 more")


def test_from_and_fresh_redo_what_they_name():
    request = RunRequest("fast", notebooks=NAMES[3:5], forced=True)
    assert steps(request, facts()) == {"04_training": "run: --from", "05_testing": "run: --from"}
    assert set(steps(replace(request, fresh=True), facts()).values()) == {"run: --fresh"}


def test_nothing_follows_a_notebook_that_did_not_end_well():
    before = record(FAST)
    before.notebooks["02_dataset"].outcome = "kernel died"
    assert plan(FAST, before, facts()) == []


# The run of notebooks that somebody steps through


def test_by_hand_only_what_is_missing_or_unfit_is_made():
    before = record(BY_HAND, last_success=False)
    edited = {name: inputs(name, cells={"work": "the learner's own"}) for name in NAMES}
    planned = steps(BY_HAND, facts(inputs=edited), before)
    assert [name for name, words in planned.items() if words.startswith("run")] == ["01_setup"]
    for state, words in (("missing", "is missing"), ("other", "is not the one it saved")):
        planned = steps(BY_HAND, with_artifact("model.keras", state), before)
        assert planned["03_model"] == f"run: its model.keras {words}"
        assert planned["02_dataset"] == "reuse: up to date"
    unrecorded = steps(BY_HAND, facts(recorded={}), before)
    assert unrecorded["03_model"] == "reuse: up to date", "put there by hand"


@pytest.mark.parametrize(
    ("artifact", "need", "would"),
    [
        ("model.keras", "dataset.npz", "reuse: up to date"),
        ("trained.keras", "model.keras", "reuse: up to date"),
        ("trained.keras", "dataset.npz", "run: dataset.npz changed"),
        ("metrics.json", "trained.keras", "run: trained.keras changed"),
        ("predictions.npz", "dataset.npz", "run: dataset.npz changed"),
    ],
)
def test_by_hand_only_what_no_longer_fits_is_made_again(artifact, need, would):
    recorded = facts().recorded
    recorded[artifact]["made_from"] = {need: "an older one"}
    planned = steps(BY_HAND, facts(recorded=recorded), record(BY_HAND, last_success=False))
    assert planned[chain.MAKER[artifact]] == would


def test_by_hand_a_network_is_left_as_it_is_where_its_data_will_be_made_again():
    now = with_artifact("dataset.npz", "missing")
    planned = steps(BY_HAND, now, record(BY_HAND, last_success=False))
    assert planned["03_model"] == "reuse: up to date"
    assert planned["04_training"] == "maybe run: if dataset.npz changes"


# The dry run and the run


class Folder:
    """A run's folder in which every notebook ran once, and what became of it since."""

    def __init__(self, request: RunRequest) -> None:
        self.request = request
        self.edits = dict.fromkeys(request.notebooks, 0)
        self.artifacts: dict[str, str] = {}
        self.recorded: dict[str, dict] = {}
        self.record = record(request, last_success=False)
        for name in request.notebooks:
            self.execute(name)

    def inputs_of(self, name: str) -> dict:
        needs = {need: self.artifacts[need] for need in chain.BY_NAME[name].needs}
        return inputs(name, cells={"work": self.edits[name]}, needs=needs)

    def facts(self) -> Facts:
        now = {name: self.inputs_of(name) for name in self.request.notebooks}
        return Facts(now, dict(self.artifacts), dict(self.recorded))

    def execute(self, name: str) -> None:
        """Save what depends on every second edit, and on all that the notebook needs."""
        made_from = self.inputs_of(name)
        saved = {
            artifact: f"{artifact} {self.edits[name] // 2} {sorted(made_from['needs'].values())}"
            for artifact in chain.BY_NAME[name].saves
        }
        self.artifacts |= saved
        for artifact, digest in saved.items():
            self.recorded[artifact] = {"digest": digest, "made_from": made_from["needs"]}
        self.record.last_success[name] = NotebookResult("ok", made_from=made_from, saved=saved)

    def change(self, chance: random.Random) -> None:
        """Do something that people do: edit, delete, run by hand, and be interrupted."""
        name = chance.choice(self.request.notebooks)
        self.edits[name] += chance.choice((0, 1, 2))
        if chance.random() < 0.2:
            self.record.last_success.pop(name, None)
        for artifact in chain.BY_NAME[name].saves:
            state = chance.choice(("as it is", "missing", "damaged", "other", "by hand"))
            if state == "by hand":
                state = f"{artifact} by hand"
                self.recorded[artifact] = self.recorded[artifact] | {"digest": state}
            if state != "as it is":
                self.artifacts[artifact] = state


@pytest.mark.parametrize("request_", [FAST, BY_HAND], ids=["headless", "by hand"])
def test_what_the_dry_run_says_is_what_the_run_does(request_):
    chance, seen = random.Random(1), Counter()
    for _ in range(400):
        folder = Folder(request_)
        for _ in range(chance.randint(1, 4)):
            folder.change(chance)
        said = {
            step.notebook.name: step.action
            for step in plan(request_, folder.record, folder.facts())
        }
        done = {}
        while planned := plan(request_, folder.record, folder.facts()):
            name, action = planned[0].notebook.name, planned[0].action
            if action == "run":
                folder.execute(name)
            done[name] = action
            folder.record.notebooks[name].outcome = "ok"
        assert list(said) == list(done) == request_.notebooks
        seen.update((said[name], done[name]) for name in said)
    assert set(seen) == {
        ("run", "run"),
        ("reuse", "reuse"),
        ("maybe run", "run"),
        ("maybe run", "reuse"),
    }
