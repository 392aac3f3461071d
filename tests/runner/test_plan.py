"""Plans from facts: no files, no clock, no kernel."""

import dataclasses
from dataclasses import replace

import pytest

from runner.facts import Checkpoint, Facts
from runner.plan import plan
from runner.record import NotebookResult, RunRecord
from runner.request import RunRequest
from series import chain

NAMES = [notebook.name for notebook in chain.NOTEBOOKS]
PARTS = ("cells", "modules", "parameters", "files", "data", "needs", "versions", "shown")


def inputs(name: str, **changed) -> dict:
    """The inputs of a notebook, with some parts replaced."""
    parts = {part: {f"a {part} of {name}": "as it was"} for part in PARTS}
    needs = {need: f"digest of {need}" for need in chain.BY_NAME[name].needs}
    return parts | {"needs": needs} | changed


def facts(**changed) -> Facts:
    """How things are when nothing has changed since the run before."""
    artifacts = {name: f"digest of {name}" for notebook in chain.ALL for name in notebook.saves}
    recorded = {
        name: {"digest": digest, "maker": chain.MAKER[name], "made_from": {}}
        for name, digest in artifacts.items()
    }
    before = Facts(
        {notebook.name: inputs(notebook.name) for notebook in chain.ALL},
        artifacts,
        recorded,
        frozenset(chain.BY_NAME),
    )
    return replace(before, **changed)


def record(request: RunRequest, last_success: bool = True) -> RunRecord:
    """The record that a run begins with, after one that did everything well, or none."""
    achieved = {}
    for notebook in chain.ALL if last_success else ():
        saved = {name: f"digest of {name}" for name in notebook.saves}
        achieved[notebook.name] = NotebookResult("ok", made_from=inputs(notebook.name), saved=saved)
    return RunRecord(request, {name: NotebookResult() for name in request.notebooks}, achieved)


def steps(request: RunRequest, found: Facts, own: RunRecord | None = None) -> dict[str, str]:
    """By notebook: what the plan says, in a line."""
    planned = plan(request, own or record(request), found)
    return {step.notebook.name: f"{step.action}: {step.reason}" for step in planned}


FAST = RunRequest("fast", notebooks=NAMES)


def test_what_is_fresh_is_reused_but_for_the_look_at_the_machine():
    planned = steps(FAST, facts())
    assert planned.pop("01_setup") == "run: it looks at the machine, so it always runs"
    assert set(planned.values()) == {"reuse: up to date"}


def test_the_first_run_runs_everything():
    planned = steps(FAST, facts(), record(FAST, last_success=False))
    assert planned["06_inference"] == "run: it had not run to the end before"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("cells", "code cell x changed"),
        ("modules", "x changed"),
        ("parameters", "parameter x: None → new"),
        ("files", "the file of parameter x changed"),
        ("data", "x changed"),
        ("needs", "x changed"),
        ("versions", "x None → new"),
    ],
)
def test_each_input_that_changed_is_named(part, words):
    changed = inputs("02_dataset")
    changed[part] = changed[part] | {"x": "new"}
    planned = steps(FAST, facts(inputs=facts().inputs | {"02_dataset": changed}))
    assert planned["02_dataset"] == f"run: {words}"
    assert planned["03_model"] == "maybe run: if dataset.npz changes"


def test_an_input_that_is_gone_counts_too():
    changed = inputs("02_dataset", cells={})
    planned = steps(FAST, facts(inputs=facts().inputs | {"02_dataset": changed}))
    assert planned["02_dataset"] == "run: code cell a cells of 02_dataset changed"


def test_more_reasons_than_three_are_counted():
    changed = inputs("02_dataset", cells={str(number): "new" for number in range(5)})
    planned = steps(FAST, facts(inputs=facts().inputs | {"02_dataset": changed}))
    assert planned["02_dataset"].endswith("code cell 2 changed and 3 more")


def test_a_caption_makes_no_result_stale_but_outputs_for_readers():
    changed = inputs("04_training", shown={"helpers/figures/training.py": "new"})
    now = facts(inputs=facts().inputs | {"04_training": changed})
    assert steps(FAST, now)["04_training"] == "reuse: up to date"
    planned = steps(replace(FAST, for_readers=True), now)
    assert planned["04_training"].startswith(
        "run: helpers/figures/training.py changed, which shows"
    )
    assert planned["02_dataset"] == "reuse: up to date"


@pytest.mark.parametrize(
    ("state", "words"),
    [("missing", "missing"), ("damaged", "damaged"), ("other", "not the one it saved")],
)
def test_what_it_saved_must_be_there_as_it_was(state, words):
    planned = steps(FAST, facts(artifacts=facts().artifacts | {"trained.keras": state}))
    assert planned["04_training"] == f"run: its trained.keras is {words}"
    assert planned["05_testing"] == "maybe run: if trained.keras changes"


def test_its_executed_notebook_must_be_there():
    planned = steps(FAST, facts(executed=frozenset(NAMES) - {"03_model"}))
    assert planned["03_model"] == "run: its executed notebook is missing or damaged"


def test_exercises_that_were_skipped_are_made_up_for():
    own = record(FAST)
    own.last_success["02_dataset"].catch_up = True
    assert steps(FAST, facts(), own)["02_dataset"] == "run: its exercises were skipped"
    assert steps(replace(FAST, catch_up=True), facts(), own)["02_dataset"] == "reuse: up to date"


def test_from_and_fresh_redo_what_they_name():
    request = RunRequest("fast", notebooks=NAMES[3:5], forced=True)
    assert steps(request, facts()) == {"04_training": "run: --from", "05_testing": "run: --from"}
    assert set(steps(replace(request, fresh=True), facts()).values()) == {"run: --fresh"}


def test_the_next_plan_goes_on_where_the_last_step_ended():
    own = record(FAST, last_success=False)
    own.notebooks["01_setup"].outcome = own.notebooks["02_dataset"].outcome = "ok"
    assert list(steps(FAST, facts(), own)) == NAMES[2:]


@pytest.mark.parametrize(
    "outcome", ["cell error", "timeout", "kernel died", "stopped", "interrupted"]
)
def test_nothing_follows_a_notebook_that_did_not_end_well(outcome):
    own = record(FAST)
    own.notebooks["02_dataset"].outcome = outcome
    assert plan(FAST, own, facts()) == []


def test_the_first_step_never_says_maybe_and_a_plan_changes_nothing():
    own, now = record(FAST), facts(artifacts=facts().artifacts | {"dataset.npz": "other"})
    before = dataclasses.asdict(own)
    assert plan(FAST, own, now)[0].action == "run"
    assert dataclasses.asdict(own) == before


# A training that was cut short


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "; it continues after 1 epoch"),
        ({"epochs": 4}, "; the 1 epoch kept from before can't be continued: epochs changed"),
    ],
)
def test_the_plan_says_what_becomes_of_a_training_that_was_cut_short(change, words):
    trained = inputs("04_training", parameters={"epochs": 3} | change)
    recipe = {"parameters": {"epochs": 3}, "made_from": trained["needs"]}
    now = facts(
        inputs=facts().inputs | {"04_training": trained},
        checkpoints={"04_training": Checkpoint(1, recipe)},
    )
    own = record(FAST, last_success=False)
    assert steps(FAST, now, own)["04_training"] == f"run: it had not run to the end before{words}"
    fresh = replace(FAST, fresh=True, forced=True)
    assert steps(fresh, now, own)["04_training"] == "run: --fresh"


# The run of notebooks that are run by hand

BY_HAND = RunRequest(chain.INTERACTIVE, notebooks=NAMES[:4])


def test_by_hand_only_what_is_missing_or_unfit_is_made():
    own = record(BY_HAND, last_success=False)
    changed = {name: inputs(name, cells={"work": "the learner's own"}) for name in NAMES}
    planned = steps(BY_HAND, facts(inputs=changed), own)
    assert [step for step in planned.values() if step.startswith("run")] == [
        "run: it looks at the machine, so it always runs"
    ]
    for state, words in (("missing", "is missing"), ("other", "is not the one it saved")):
        artifacts = facts().artifacts | {"model.keras": state}
        planned = steps(BY_HAND, facts(artifacts=artifacts), own)
        assert planned["03_model"] == f"run: its model.keras {words}"
        assert planned["02_dataset"] == "reuse: up to date"


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
    request = replace(BY_HAND, notebooks=NAMES[:5])
    planned = steps(request, facts(recorded=recorded), record(request, last_success=False))
    assert planned[chain.MAKER[artifact]] == would


def test_by_hand_a_network_is_left_as_it_is_where_its_data_will_be_made_again():
    now = facts(artifacts=facts().artifacts | {"dataset.npz": "missing"})
    planned = steps(BY_HAND, now, record(BY_HAND, last_success=False))
    assert planned["03_model"] == "reuse: up to date"
    assert planned["04_training"] == "maybe run: if dataset.npz changes"


def test_by_hand_a_file_that_no_record_names_is_taken_as_it_is():
    planned = steps(BY_HAND, facts(recorded={}), record(BY_HAND, last_success=False))
    assert planned["03_model"] == "reuse: up to date"


def test_by_hand_the_plan_says_which_options_have_no_effect():
    recorded = facts().recorded
    recorded["model.keras"]["parameters"] = {"filters": 32, "precision": "auto", "seed": 1}
    request = replace(BY_HAND, parameters={"epochs": 3, "filters": 8, "seed": 1})
    planned = steps(request, facts(recorded=recorded), record(BY_HAND, last_success=False))
    assert planned["03_model"] == "reuse: up to date as it is, made with filters 32"
    assert planned["02_dataset"] == planned["04_training"] == "reuse: up to date"
