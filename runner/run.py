"""A run from beginning to end: refuse it or take the folder, carry out the plan, tell the truth
about each notebook.

Only what happens before the first step refuses. Whatever goes wrong later is an outcome, with a
closed record and a report.
"""

import contextlib
import dataclasses
import os
import time
import traceback
from pathlib import Path

import filelock
import psutil

from runner import preflight, record, screen
from runner.execution import Execution
from runner.facts import Facts, gather
from runner.plan import REUSE, Step, plan
from runner.record import NotebookResult, RunRecord
from runner.request import RunRequest
from runner.stop import INTERRUPTED, stop
from series import chain, files, runs
from series.errors import LessonError

DONE, FAILED, REFUSED, TIMED_OUT, KERNEL_DIED = 0, 1, 2, 3, 4
EXIT_CODES = {
    "cell error": FAILED,
    "stopped": FAILED,
    "timeout": TIMED_OUT,
    "kernel died": KERNEL_DIED,
    "interrupted": INTERRUPTED,
}


def run(request: RunRequest, problems: list[LessonError], dry_run: bool = False) -> int:
    """Run what was asked for, unless `problems` or the machine speak against it.

    Args:
        request: what was asked for.
        problems: what is wrong with that.
        dry_run: only show what would run, and change nothing.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: a signal came before anything was written.
    """
    with stop.interruptible():
        problems = problems + preflight.problems(request)
        if dry_run and not problems:
            facts = gather(request, request.steps)
            screen.print_plan(request, plan(request, record.begin(request), facts))
            return DONE
    if not problems:
        lock = record.lock_of(request.folder)
        try:
            own = _begin(request, lock)
        except LessonError as error:
            problems = [error]
        else:
            try:
                return _carry_out(own)
            finally:
                lock.release()
    screen.print_refusals(problems)
    return REFUSED


def _begin(request: RunRequest, lock: filelock.FileLock) -> RunRecord:
    """Take the run's folder, and write down that the run has begun."""
    files.make_folder(request.folder)
    try:
        runs.take_lock(lock)
    except filelock.Timeout:
        fix = "wait until it has ended, or give this run another name with --name"
        raise LessonError(_who_holds(request.folder), fix) from None
    try:
        own = record.begin(request)
        with files.atomic_write(request.folder / record.SPARE) as spare:
            spare.write_bytes(os.urandom(record.SPARE_BYTES))
        own.write()
    except BaseException:
        with contextlib.suppress(OSError):
            (request.folder / record.SPARE).unlink(missing_ok=True)
        lock.release()
        raise
    return own


def _who_holds(folder: Path) -> str:
    """Who holds the lock of a run's folder: a run, if the record tells of one that is going on,
    else a command that keeps no such record, as `clean` and `python -m workers`.
    """
    other, shown = record.read_quietly(folder / runs.RECORD), files.display_path(folder)
    process = other.get("process")
    going_on = other.get("status") == "running"
    if going_on and isinstance(process, int) and psutil.pid_exists(process):
        return f"another run holds {shown} (process {process}, since {other.get('started')})"
    return f"another command is at work in {shown}"


def _carry_out(own: RunRecord) -> int:
    """Carry out the plan: execute its first step, gather the facts again, plan again."""
    began = time.monotonic()
    interrupted = False
    try:
        _delete_what_is_outdated(own.request)
        own.environment = record.environment()
        while True:
            with stop.interruptible():
                facts = gather(own.request, _left(own))
                steps = plan(own.request, own, facts)
            if not steps:
                break
            _take(own, steps[0], facts)
            own.write()
    except KeyboardInterrupt:  # while it looked at the facts
        interrupted = True
    except (LessonError, OSError) as error:
        own.problem = str(error)
    except Exception as error:
        own.problem = f"{type(error).__name__}: {error}"
        traceback.print_exc()  # a fault of the runner itself
    for result in own.notebooks.values():
        result.outcome = "stopped" if result.outcome == "running" else result.outcome
    outcomes = [result.outcome for result in own.notebooks.values()]
    codes = [EXIT_CODES[outcome] for outcome in outcomes if outcome in EXIT_CODES]
    codes += [INTERRUPTED] if interrupted else [FAILED] if own.problem else [DONE]
    own.exit_code = codes[0]
    own.status = {DONE: "done", INTERRUPTED: "interrupted"}.get(own.exit_code, "failed")
    own.seconds = round(time.monotonic() - began, 1)
    own.metrics = _metrics(own)
    _close(own)
    screen.print_end(own, _report(own))
    return own.exit_code


def _left(own: RunRecord) -> list[chain.Notebook]:
    """The notebooks that this run has not dealt with yet."""
    results = own.notebooks.items()
    return [chain.BY_NAME[name] for name, result in results if result.outcome == "not reached"]


def _delete_what_is_outdated(request: RunRequest) -> None:
    """Delete the last run's report, which must not be taken for this one's; with --fresh, also what
    the notebooks wrote.
    """
    record.delete(request.folder / record.REPORT)
    if not request.fresh:
        return
    for path in record.files_of(request.folder, request.steps):
        record.delete(path)

    def forget(content: dict) -> None:
        for notebook in request.steps:
            for name in notebook.saves:
                content["artifacts"].pop(name, None)
            for name in notebook.notes:
                content.pop(name, None)

    runs.update_record(request.folder, forget)


def _reused(own: RunRecord, notebook: chain.Notebook, facts: Facts) -> NotebookResult:
    """What is known of the run that made what is reused: only its parameters, if somebody has run
    the notebook by hand since. The run before that is forgotten then.
    """
    result = own.last_success.get(notebook.name, NotebookResult("ok"))
    if any(facts.artifacts[name] != result.saved.get(name) for name in notebook.saves):
        own.last_success.pop(notebook.name, None)
        result = NotebookResult("ok")
    parameters = facts.made_with(notebook) or result.parameters
    return dataclasses.replace(result, parameters=parameters, reused=True, made_from={})


def _take(own: RunRecord, step: Step, facts: Facts) -> None:
    """Reuse what a notebook saved, or execute it, and note what became of it."""
    name, inputs = step.notebook.name, facts.inputs[step.notebook.name]
    if step.action == REUSE:
        own.notebooks[name] = _reused(own, step.notebook, facts)
        screen.print_line(f"{name}: {step.reason}")
        return
    own.last_success.pop(name, None)
    result = NotebookResult("running", reason=step.reason, started=record.now())
    result.parameters, result.catch_up = inputs["parameters"], own.request.catch_up
    own.notebooks[name] = result
    own.write()
    screen.print_line(f"{name}: {step.reason}")
    execution = Execution(own.request, step.notebook, result)
    with screen.live_progress(execution):
        execution.run()
    screen.print_line(f"{name}: {result.outcome}, {result.seconds:.1f} s")
    if result.outcome == "ok":
        artifacts = runs.read_record(own.request.folder)["artifacts"]
        saved = [artifact for artifact in step.notebook.saves if artifact in artifacts]
        result.saved = {artifact: artifacts[artifact]["digest"] for artifact in saved}
        if record.HISTORY in step.notebook.saves:
            history = record.history(own.request.folder)
            result.images_per_second = history.get("images_per_second")
        own.last_success[name] = dataclasses.replace(result, made_from=inputs)


def _metrics(own: RunRecord) -> dict:
    """The plain numbers that 05_testing measured, if it is ok in this run."""
    tested = own.notebooks.get(chain.MAKER[record.METRICS])
    if tested is None or tested.outcome != "ok":
        return {}
    measured = record.read_quietly(own.request.folder / record.METRICS, record.Metrics)
    # dicts hold a number for each class
    return {name: value for name, value in measured.items() if not isinstance(value, dict)}


def _close(own: RunRecord) -> None:
    """Write the record for the last time: on a full disk too, and where it was damaged."""
    folder = own.request.folder
    try:
        (folder / record.SPARE).unlink(missing_ok=True)
        try:
            runs.read_record(folder)
        except (LessonError, OSError) as error:
            own.problem = own.problem or str(error)
            (folder / runs.RECORD).replace(folder / record.DAMAGED_RECORD)
        own.write()
    except (LessonError, OSError) as error:
        screen.print_line(f"The record of this run can't be written: {error}", "bold red")


def _report(own: RunRecord) -> str:
    """Write the report; say where it is, or why there is none: whatever is wrong with it, the
    outcome counts.
    """
    path = own.request.folder / record.REPORT
    try:
        with stop.interruptible():
            from runner import report  # here, since importing nbconvert takes seconds

            page = report.page(own)
            with files.atomic_write(path) as temporary:
                temporary.write_text(page, encoding="utf-8")
        return files.display_path(path)
    except KeyboardInterrupt:
        return "none, since a signal came"
    except LessonError as error:
        return f"none: {error.what}"
    except Exception as error:
        return f"none ({type(error).__name__}: {error})"
