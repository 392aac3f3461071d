"""A run from beginning to end: refuse it or take the folder, carry out the plan, tell the truth
about each notebook.

Only what happens before the first step refuses. Whatever goes wrong later is an outcome, with a
closed record and a report.
"""

import contextlib
import dataclasses
import time
import traceback
from pathlib import Path

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
        try:
            with _taken(request.folder):
                _tell_of_a_killed_run(request.folder)
                this_run = record.begin(request)
                this_run.write()
                return _carry_out(this_run)
        except LessonError as error:  # _carry_out has an outcome for each
            problems = [error]
    screen.print_refusals(problems)
    return REFUSED


def _taken(folder: Path) -> contextlib.AbstractContextManager[object]:
    """Take a run's folder, which is made where it isn't there yet, until this is closed."""
    files.make_folder(folder)
    try:
        return record.lock_of(folder).acquire()
    except OSError as error:  # also that another process holds it
        what = f"a run is going on in {files.display_path(folder)}, or its lock can't be opened"
        fix = "wait until it has ended, or give this run another name with --name"
        raise LessonError(what, fix) from error


def _tell_of_a_killed_run(folder: Path) -> None:
    """Say that the run before this one was killed, which nobody could write down."""
    before = record.load(folder)
    if before is None or before.status != "running":
        return
    screen.print_line("The last run of this name was killed; this one goes on.")


def _carry_out(this_run: RunRecord) -> int:
    """Carry out the plan: execute its first step, gather the facts again, plan again."""
    began = time.monotonic()
    interrupted = False
    try:
        _delete_what_is_outdated(this_run.request)
        this_run.environment = record.environment()
        while True:
            with stop.interruptible():
                results = this_run.notebooks.items()
                left = [name for name, result in results if result.outcome == "not reached"]
                facts = gather(this_run.request, [chain.BY_NAME[name] for name in left])
                steps = plan(this_run.request, this_run, facts)
            if not steps:
                break
            _take(this_run, steps[0], facts)
            this_run.write()
    except KeyboardInterrupt:  # while it looked at the facts
        interrupted = True
    except (LessonError, OSError) as error:
        this_run.problem = str(error)
    except Exception as error:
        this_run.problem = f"{type(error).__name__}: {error}"
        traceback.print_exc()  # a fault of the runner itself
    for result in this_run.notebooks.values():
        result.outcome = "stopped" if result.outcome == "running" else result.outcome
    this_run.exit_code = _exit_code(this_run, interrupted)
    this_run.status = {DONE: "done", INTERRUPTED: "interrupted"}.get(this_run.exit_code, "failed")
    this_run.seconds = round(time.monotonic() - began, 1)
    this_run.metrics = _metrics(this_run)
    try:
        this_run.write()
    except (LessonError, OSError) as error:
        screen.print_line(f"The record of this run can't be written: {error}", "bold red")
        this_run.exit_code = this_run.exit_code or FAILED
    screen.print_end(this_run, _report(this_run))
    return this_run.exit_code


def _exit_code(this_run: RunRecord, interrupted: bool) -> int:
    """The exit code of a run that has ended."""
    for result in this_run.notebooks.values():
        if result.outcome in EXIT_CODES:
            return EXIT_CODES[result.outcome]
    if interrupted:
        return INTERRUPTED
    if this_run.problem:
        return FAILED
    return DONE


def _delete_what_is_outdated(request: RunRequest) -> None:
    """Delete the last run's report, which must not be taken for this one's; with --fresh, also what
    the notebooks wrote.
    """
    record.delete(request.folder / record.REPORT)
    if request.fresh:
        for path in record.files_of(request.folder, request.steps):
            record.delete(path)


def _reused(this_run: RunRecord, notebook: chain.Notebook, facts: Facts) -> NotebookResult:
    """What is known of the run that made what is reused: nothing, if somebody has run the notebook
    by hand since. The run before that is forgotten then.
    """
    result = this_run.last_success.get(notebook.name, NotebookResult("ok"))
    if any(facts.artifacts[name] != result.saved.get(name) for name in notebook.saves):
        this_run.last_success.pop(notebook.name, None)
        result = NotebookResult("ok")
    return dataclasses.replace(result, reused=True, made_from={})


def _take(this_run: RunRecord, step: Step, facts: Facts) -> None:
    """Reuse what a notebook saved, or execute it, and note what became of it."""
    name, inputs = step.notebook.name, facts.inputs[step.notebook.name]
    if step.action == REUSE:
        this_run.notebooks[name] = _reused(this_run, step.notebook, facts)
        screen.print_line(f"{name}: {step.reason}")
        return
    this_run.last_success.pop(name, None)
    result = NotebookResult("running", reason=step.reason, parameters=inputs["parameters"])
    this_run.notebooks[name] = result
    this_run.write()
    screen.print_line(f"{name}: {step.reason}")
    execution = Execution(this_run.request, step.notebook, result)
    with screen.live_progress(execution):
        execution.run()
    screen.print_line(f"{name}: {result.outcome}, {result.seconds:.1f} s")
    if result.outcome == "ok":
        artifacts = runs.read_record(this_run.request.folder)["artifacts"]
        saved = [artifact for artifact in step.notebook.saves if artifact in artifacts]
        result.saved = {artifact: artifacts[artifact]["digest"] for artifact in saved}
        if record.HISTORY in step.notebook.saves:
            history = record.read_quietly(this_run.request.folder / record.HISTORY)
            result.images_per_second = history.get("images_per_second")
        this_run.last_success[name] = dataclasses.replace(result, made_from=inputs)


def _metrics(this_run: RunRecord) -> dict:
    """The plain numbers that 05_testing measured, if it is ok in this run."""
    tested = this_run.notebooks.get(chain.MAKER[record.METRICS])
    if tested is None or tested.outcome != "ok":
        return {}
    measured = record.read_quietly(this_run.request.folder / record.METRICS)
    # dicts hold a number for each class
    return {name: value for name, value in measured.items() if not isinstance(value, dict)}


def _report(this_run: RunRecord) -> str:
    """Write the report; say where it is, or why there is none: whatever is wrong with it, the
    outcome counts.
    """
    path = this_run.request.folder / record.REPORT
    try:
        with stop.interruptible():
            from runner import report  # here, since importing nbconvert takes seconds

            page = report.page(this_run)
            with files.atomic_write(path) as temporary:
                temporary.write_text(page, encoding="utf-8")
        return files.display_path(path)
    except KeyboardInterrupt:
        return "none, since a signal came"
    except Exception as error:
        return f"none ({type(error).__name__}: {error})"
