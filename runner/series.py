"""A run from beginning to end: refuse it or take the folder, execute the notebooks, tell the truth
about each.
"""

import dataclasses
import time

import filelock

from runner import freshness, preflight, record, screen
from runner.execution import Execution
from runner.record import Asked, Entry, RunRecord
from runner.stop import INTERRUPTED, stop
from series import chain, runs
from series.chain import Notebook
from series.errors import LessonError
from series.files import atomic_write, display_path, make_folder

DONE, FAILED, REFUSED, TIMED_OUT, KERNEL_DIED = 0, 1, 2, 3, 4
EXIT_CODES = {"ok": DONE, "cell error": FAILED, "timeout": TIMED_OUT, "kernel died": KERNEL_DIED}
EXIT_CODES["interrupted"] = INTERRUPTED


def run(asked: Asked, problems: list[LessonError], dry_run: bool = False) -> int:
    """Run what was asked for, unless `problems` or the machine speak against it.

    Args:
        asked: what was asked for.
        problems: what is wrong with that.
        dry_run: only show what would run, and change nothing.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: a signal came before anything was written.
    """
    with stop.at_once():
        problems = problems + preflight.problems(asked)
        if dry_run and not problems:
            _show_plan(asked)
            return DONE
    if not problems:
        try:
            make_folder(asked.folder)
            with record.lock_of(asked.folder):
                return _run(asked)
        except LessonError as error:
            problems = [error]
        except filelock.Timeout:
            other = record.read_quietly(asked.folder / runs.RECORD)
            who = f"process {other.get('process', '?')}, since {other.get('started', '?')}"
            fix = "wait until it has ended, or give this one another name with --name"
            problems = [LessonError(f"another run holds {display_path(asked.folder)} ({who})", fix)]
    screen.say_refusals(problems)
    return REFUSED


def _show_plan(asked: Asked) -> None:
    before, changing, rows = record.load(asked.folder), set[str](), []
    for notebook in asked.steps:
        finished = before.finished.get(notebook.name) if before else None
        reason = freshness.reason_to_run(
            asked, notebook, freshness.fingerprint(asked, notebook), finished
        )
        affected = [need for need in notebook.needs if need in changing]
        if reason:
            rows.append([notebook.name, "run", reason])
        elif affected:
            rows.append([notebook.name, "maybe run", f"if {' or '.join(affected)} changes"])
        else:
            rows.append([notebook.name, "reuse", "up to date"])
            continue
        changing.update(notebook.saves)
    screen.say(f"Run {asked.name}, in {display_path(asked.folder)}")
    screen.console().print(screen.table(["notebook", "would", "why"], rows))


def _run(asked: Asked) -> int:
    """The notebooks of one run, one after the other, its folder's lock in hand."""
    began, folder = time.monotonic(), asked.folder
    record.delete(folder / record.REPORT)  # an old report must not be taken for this run's
    before = record.load(folder)
    kept = RunRecord(
        asked, {name: Entry() for name in asked.notebooks}, before.finished if before else {}
    )
    if asked.fresh:
        _delete_what_is_asked_for(kept)
    kept.environment = record.environment()
    kept.write()
    outcome = "ok"
    for notebook in asked.steps:
        try:
            outcome = _bring_up_to_date(kept, notebook)
        except KeyboardInterrupt:  # while it looked whether the notebook is fresh
            outcome = "interrupted"
        if outcome != "ok":
            break
    tested = kept.notebooks.get(chain.MAKER[record.METRICS])
    if tested and tested.outcome == "ok":
        measured = record.read_quietly(folder / record.METRICS).items()
        kept.metrics = {
            name: one for name, one in measured if not isinstance(one, dict)
        }  # dicts: one for each class
    kept.status = {"ok": "done", "interrupted": "interrupted"}.get(outcome, "failed")
    kept.exit_code, kept.seconds = EXIT_CODES[outcome], round(time.monotonic() - began, 1)
    kept.write()
    screen.say_end(kept, _report(kept))
    return EXIT_CODES[outcome]


def _delete_what_is_asked_for(kept: RunRecord) -> None:
    for path in record.files_of(kept.asked.folder, kept.asked.steps):
        record.delete(path)
    for name in kept.asked.notebooks:
        kept.finished.pop(name, None)
    gone = [artifact for notebook in kept.asked.steps for artifact in notebook.saves]
    runs.update_record(
        kept.asked.folder, lambda content: [content["artifacts"].pop(name, None) for name in gone]
    )


def _bring_up_to_date(kept: RunRecord, notebook: Notebook) -> str:
    """Execute a notebook, if need be, and record what became of it.

    Returns:
        Its outcome.
    """
    asked, name, finished = kept.asked, notebook.name, kept.finished
    with stop.at_once():
        now = freshness.fingerprint(asked, notebook)
        reason = freshness.reason_to_run(asked, notebook, now, finished.get(name))
    if reason is None:
        entry = kept.notebooks[name] = dataclasses.replace(
            finished.get(name, Entry("ok")), reused=True, made_from={}
        )
        screen.say(f"{name}: up to date")
    else:
        finished.pop(name, None)
        entry = Entry("running", False, reason, record.now(), now["parameters"], asked.catch_up)
        kept.notebooks[name] = entry
        kept.write()
        screen.say(f"{name}: {reason}")
        execution = Execution(asked, notebook, entry)
        with screen.following(execution):
            execution.run()
        screen.say(f"{name}: {entry.outcome}, {entry.seconds:.1f} s")
        if entry.outcome == "ok":
            artifacts = runs.read_record(asked.folder)["artifacts"]
            entry.saved = {
                saved: artifacts[saved]["digest"] for saved in notebook.saves if saved in artifacts
            }
            if record.HISTORY in notebook.saves:
                history = record.read_quietly(asked.folder / record.HISTORY)
                entry.images_per_second = history.get("images_per_second")
            finished[name] = dataclasses.replace(entry, made_from=now)
    kept.write()
    return entry.outcome


def _report(kept: RunRecord) -> str:
    """Write the report; say where it is, or why there is none: whatever is wrong with it, the
    outcome counts.
    """
    path = kept.asked.folder / record.REPORT
    try:
        with stop.at_once():
            from runner import report  # here, since importing nbconvert takes seconds

            page = report.page(kept)
            with atomic_write(path) as temporary:
                temporary.write_text(page, encoding="utf-8")
        return display_path(path)
    except (Exception, KeyboardInterrupt) as error:
        return f"none ({type(error).__name__}: {error})"
