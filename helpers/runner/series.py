"""A run from beginning to end: refuse it or take the folder, go through the notebooks, tell the truth about each."""

import contextlib
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from helpers import chain
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.files import replacing, shown
from helpers.runner import freshness, preflight, record, screen
from helpers.runner.execution import Ending, Execution
from helpers.runner.record import RunRecord
from helpers.runner.settings import Settings, for_notebook

DONE, FAILED, REFUSED, TIMED_OUT, KERNEL_DIED, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = {
    "ok": DONE,
    "cell error": FAILED,
    "timeout": TIMED_OUT,
    "kernel died": KERNEL_DIED,
    "interrupted": INTERRUPTED,
}
LOOK = 0.2  # seconds between two looks at a running notebook
GRACE = 4.0  # seconds from a signal to the end


class Stop:
    """Whether a signal asked the run to stop, and when."""

    def __init__(self) -> None:
        self.asked: float | None = None

    def ask(self, *_: object) -> None:
        """Stop at the next look; the handler of the signals."""
        if self.asked is None:
            self.asked = time.monotonic()

    def time_left(self) -> float:
        """Seconds that are left for tidying up."""
        return GRACE if self.asked is None else max(0.0, self.asked + GRACE - time.monotonic())


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Let Ctrl-C, SIGTERM and a closed terminal ask for a stop, instead of ending this process on the spot."""
    stop = Stop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up and signal.getsignal(hang_up) is not signal.SIG_IGN:  # ignored under nohup
        numbers.append(hang_up)
    before = {number: signal.signal(number, stop.ask) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(settings: Settings, problems: list[LessonError]) -> int:
    """Run what `settings` asks for, unless `problems` or the machine speak against it.

    Returns:
        The exit code.
    """
    with stopping_on_signals() as stop:
        new = not settings.folder.exists()
        lock, more = preflight.take(settings)
        problems = [*problems, *more, *preflight.machine_problems(settings)]
        try:
            if problems:
                screen.say_refusals(problems)
                if new and lock.is_locked:
                    shutil.rmtree(settings.folder, ignore_errors=True)
                return REFUSED
            return _Series(settings, stop).run()
        finally:
            lock.release()


def dry_run(settings: Settings, problems: list[LessonError]) -> int:
    """Show what `run` would do, and change nothing.

    Returns:
        The exit code that a run would begin with: done or refused.
    """
    if problems:
        screen.say_refusals(problems)
        return REFUSED
    with contextlib.suppress(LessonError):  # a record or notebook that can't be read is among the problems below
        screen.show_plan(settings, plan(settings))
    problems = [*preflight.record_problems(settings), *preflight.machine_problems(settings)]
    if problems:
        screen.say_refusals(problems)
    return REFUSED if problems else DONE


def plan(settings: Settings) -> list[tuple[str, str, str]]:
    """For each notebook: its name, what a run would do (`run`, `reuse`, `maybe run`, `leave`), and why."""
    kept = record.runs.read_record(settings.folder)
    rows, changing = [], set[str]()
    for notebook in chain.NOTEBOOKS:
        action, reason = "leave", "not asked for"
        if notebook in settings.notebooks:
            action, reason = "reuse", "up to date"
            if found := _reason(settings, notebook, kept):
                action, reason = "run", found
            elif affected := [need for need in notebook.needs if need in changing]:
                action, reason = "maybe run", f"if {' or '.join(affected)} changes"
        if action in ("run", "maybe run"):
            changing.update(notebook.leaves)
        rows.append((notebook.name, action, reason))
    return rows


def _reason(settings: Settings, notebook: Notebook, kept: dict[str, Any]) -> str | None:
    if settings.forced:
        return "--fresh" if settings.fresh else "--from"
    return freshness.reason_to_run(settings.folder, notebook, settings.values, kept)


class _Series:
    """The notebooks of one run, one after the other, its folder's lock in hand."""

    def __init__(self, settings: Settings, stop: Stop) -> None:
        self.settings = settings
        self.folder = settings.folder
        self.stop = stop
        self.record = RunRecord(settings)
        self.screen = screen.Screen(settings)

    def run(self) -> int:
        record.recover(self.folder)
        if self.settings.fresh:
            _empty(self.settings)
        (self.folder / "report.html").unlink(missing_ok=True)
        self.record.begin()
        outcome = "ok"
        for notebook in self.settings.notebooks:
            outcome = "interrupted" if self.stop.asked else self._bring_up_to_date(notebook)
            if outcome != "ok":
                break
        status = {"ok": "done", "interrupted": "interrupted"}.get(outcome, "failed")
        ended = self.record.end(status, EXIT_CODES[outcome])
        screen.last_screen(self.screen, ended, self._report())
        return EXIT_CODES[outcome]

    def _bring_up_to_date(self, notebook: Notebook) -> str:
        kept = self.record.read()
        reason = _reason(self.settings, notebook, kept)
        if reason is None:
            facts = kept["finished"].get(notebook.name) or {"outcome": "ok", "reason": "run by hand"}
            facts = {name: value for name, value in facts.items() if name not in ("made_from", "leaves")}
            facts["reused"] = True
            self.record.enter(notebook, facts)
            self.screen.reused(notebook.name, facts)
            return "ok"
        return self._execute(notebook, reason)

    def _execute(self, notebook: Notebook, reason: str) -> str:
        made_from = freshness.fingerprint(self.folder, notebook, self.settings.values)
        given = for_notebook(notebook.name, self.settings.values) | {"run": self.settings.name}
        parameters = made_from["parameters"] | given
        facts: dict[str, Any] = {"outcome": "running", "reused": False, "reason": reason, "started": record.now()}
        facts["parameters"] = parameters
        self.record.enter(notebook, facts)
        self.screen.starts(notebook.name, reason)
        (self.folder / record.PROGRESS).unlink(missing_ok=True)
        execution = Execution(notebook, given, self.folder, self.settings.timeout)
        try:
            self._watch(execution)
        finally:
            if execution.is_alive():
                execution.stop()
            self.screen.stop()
        ending = execution.ending()
        facts |= self._measured(execution, ending)
        record.keep_notebook(self.folder, notebook.name)
        if (self.folder / f"{notebook.name}.ipynb").is_file():
            facts["file"] = shown(self.folder / f"{notebook.name}.ipynb")
        self.record.finish(notebook, facts, made_from if ending.outcome == "ok" else None)
        self.screen.ended(notebook.name, facts)
        return ending.outcome

    def _watch(self, execution: Execution) -> None:
        execution.start()
        while execution.is_alive():
            execution.join(LOOK)
            execution.look_at_memory()
            self.screen.goes_on(execution)
            if self.stop.asked and execution.is_alive():
                execution.stop()
                execution.join(self.stop.time_left() / 2)
                return

    def _measured(self, execution: Execution, ending: Ending) -> dict[str, Any]:
        speed = None
        if ending.outcome == "ok" and record.HISTORY in execution.notebook.leaves:
            speed = record.read_quietly(self.folder / record.HISTORY).get("images_per_second")
        facts = {
            "outcome": ending.outcome,
            "seconds": round(execution.seconds(), 1),
            "peak_memory_mb": round(execution.peak_memory / 1e6),
            "images_per_second": round(speed, 1) if speed else None,
        }
        return facts if ending.outcome == "ok" else facts | {"cell": ending.cell, "error": ending.error}

    def _report(self) -> str:
        """Write the report, as far as a signal leaves time for it; say where it is, or why there is none."""
        path = self.folder / "report.html"
        page, error = in_time(lambda: _page(self.folder), self.stop)
        if page is None:
            return f"none ({error or 'no time was left for it'})"
        try:
            with replacing(path) as temporary:
                temporary.write_text(page, encoding="utf-8")
        except LessonError as problem:
            return f"none ({problem.what})"
        return shown(path)


def _page(folder: Path) -> str:
    from helpers.runner import report  # here, since importing nbconvert takes a second

    return report.page(folder)


def in_time(work: Callable[[], str], stop: Stop) -> tuple[str | None, str | None]:
    """What `work` returns, or None and its error, or None and None where a signal left no time to wait for it."""
    found: list[str] = []
    errors: list[str] = []

    def keep() -> None:
        try:
            found.append(work())
        except Exception as error:  # whatever is wrong with a page, the run's own outcome stands
            errors.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=keep, name="report", daemon=True)
    thread.start()
    while thread.is_alive() and stop.time_left() > 0:
        thread.join(LOOK)
    return (found[0] if found else None), (errors[0] if errors else None)


def _empty(settings: Settings) -> None:
    """Delete all that is in the run's folder, but for its record and what the notebooks before the first one left."""
    before = chain.NOTEBOOKS[: settings.first]
    kept = {artefact for notebook in before for artefact in notebook.leaves}
    kept |= {f"{notebook.name}.ipynb" for notebook in before} | set(record.OWN_FILES)
    for path in settings.folder.iterdir():
        if path.name in kept:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
