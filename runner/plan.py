"""What a run will do: a pure function of what was asked for, what this run did so far, and facts.

No files, no clock, no environment: `--dry-run` prints what this returns, and a run executes the
first step of it, gathers the facts again, and plans again.
"""

from collections.abc import Set
from dataclasses import dataclass

from runner.facts import DAMAGED, MISSING, Facts, Fingerprint
from runner.record import NotebookResult, RunRecord
from runner.request import RunRequest
from series import chain
from series.chain import Notebook
from series.errors import listed

RUN, MAYBE, REUSE = "run", "maybe run", "reuse"
CHANGES = {
    "cells": "code cell {} changed",
    "parameters": "parameter {}: {} → {}",
    "files": "the file of parameter {} changed",
    "needs": "{} changed",
    "project": "{} changed",
    "versions": "{} {} → {}",
}


@dataclass(frozen=True)
class Step:
    """What to do with one notebook, and why."""

    notebook: Notebook
    action: str
    reason: str


def plan(request: RunRequest, record: RunRecord, facts: Facts) -> list[Step]:
    """What is left to do, in order; nothing where all is done, or a notebook did not end well.

    The first step is `run` or `reuse`. A later one is `maybe run` where that depends on what the
    steps before it will save.

    Args:
        request: what was asked for.
        record: what this run did so far, and what earlier ones achieved.
        facts: of all notebooks that this run has not dealt with yet.
    """
    outcomes = [result.outcome for result in record.notebooks.values()]
    if any(outcome not in ("ok", "not reached") for outcome in outcomes):
        return []
    steps = []
    remade: set[str] = set()  # what the steps so far will save, or may
    for notebook in request.steps:
        if record.notebooks[notebook.name].outcome == "ok":
            continue
        last_success = record.last_success.get(notebook.name)
        reason = reason_to_run(request, notebook, facts, last_success, remade)
        awaited = [need for need in _decisive_needs(request, notebook) if need in remade]
        if reason:
            steps.append(Step(notebook, RUN, reason))
        elif awaited:
            steps.append(Step(notebook, MAYBE, f"if {' or '.join(awaited)} changes"))
        else:
            steps.append(Step(notebook, REUSE, "up to date"))
            continue
        remade.update(notebook.saves)
    return steps


def reason_to_run(
    request: RunRequest,
    notebook: Notebook,
    facts: Facts,
    last_success: NotebookResult | None,
    remade: Set[str] = frozenset(),
) -> str | None:
    """Why the notebook must run again, in a few words, or None if what it saved is up to date.

    Args:
        request: what was asked for.
        notebook: the notebook.
        facts: how things are now.
        last_success: its last run that ended well.
        remade: artifacts of which nobody knows yet what they will hold; none of them is a reason.
    """
    if request.forced:
        return "--fresh" if request.fresh else "--from"
    if notebook is chain.NOTEBOOKS[0]:
        return "it looks at the machine, so it always runs"
    if _made_by_hand(request, notebook):
        return _reason_by_hand(notebook, facts, remade)
    if last_success is None:
        return "not there yet"
    reasons = _differences(last_success.made_from, facts.inputs[notebook.name], remade)
    for name in notebook.saves:
        state = facts.artifacts[name]
        if state != last_success.saved.get(name):
            reasons.append(f"its {name} is {_in_words(state)}")
    return listed(reasons, 3) or None


def _differences(before: Fingerprint, now: Fingerprint, remade: Set[str]) -> list[str]:
    """What differs between the inputs of a notebook then and now, in words."""
    words = []
    for part, sentence in CHANGES.items():
        old, new = before.get(part, {}), now[part]
        for name in {**new, **old}:
            unknown = part == "needs" and name in remade
            if old.get(name) != new.get(name) and not unknown:
                words.append(sentence.format(name, old.get(name), new.get(name)))
    return words


def _made_by_hand(request: RunRequest, notebook: Notebook) -> bool:
    """Whether someone steps through this notebook, so that what it saved may be their own."""
    return request.name == chain.INTERACTIVE and bool(notebook.saves)


def _decisive_needs(request: RunRequest, notebook: Notebook) -> list[str]:
    """Those of the notebook's needs that it has to run again for when they change."""
    if not _made_by_hand(request, notebook):
        return list(notebook.needs)
    bound = {need for name in notebook.saves for need in chain.BOUND_TO.get(name, ())}
    return [need for need in notebook.needs if need in bound]


def _reason_by_hand(notebook: Notebook, facts: Facts, remade: Set[str]) -> str | None:
    """Of a run that someone steps through, only make what is missing or unfit.

    So the command that makes a missing artifact never undoes a learner's own choices in the
    notebooks before: a network of their own stays, whatever became of the data since.
    """
    for name in notebook.saves:
        state = facts.artifacts[name]
        recorded = facts.recorded.get(name, {"digest": state, "made_from": {}})
        if state in (MISSING, DAMAGED) or state != recorded["digest"]:
            return f"its {name} is {_in_words(state)}"
        for need in chain.BOUND_TO.get(name, ()):
            digest = facts.artifacts[need]
            if need not in remade and recorded["made_from"].get(need, digest) != digest:
                return f"{need} changed"
    return None


def _in_words(state: str) -> str:
    return state if state in (MISSING, DAMAGED) else "not the one it saved"
