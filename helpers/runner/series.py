"""A run from beginning to end: refuse it or take the folder, go through the notebooks, tell the truth about each."""

import contextlib
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

from helpers import chain, runs
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.files import replacing, shown
from helpers.runner import freshness, preflight, record, screen
from helpers.runner.execution import Execution
from helpers.runner.record import RunRecord
from helpers.runner.settings import Settings, for_notebook

DONE, FAILED, REFUSED, TIMED_OUT, KERNEL_DIED, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = {"ok": DONE, "cell error": FAILED, "timeout": TIMED_OUT, "kernel died": KERNEL_DIED}
EXIT_CODES["interrupted"] = INTERRUPTED
LOOK = 0.2  # seconds between two looks at a running notebook
GRACE = 3.5  # seconds from a signal to the end


class Stop:
    """Whether Ctrl-C, SIGTERM or a closed terminal asked the run to stop, and when; they end nothing on the spot."""

    def __init__(self) -> None:
        self.asked: float | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")):
            ignored = number == getattr(signal, "SIGHUP", 0) and signal.getsignal(number) is signal.SIG_IGN  # nohup
            if number and not ignored:
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self.asked = self.asked or time.monotonic()

    def time_left(self) -> float:
        """Seconds that are left for tidying up."""
        return GRACE if self.asked is None else max(0.0, self.asked + GRACE - time.monotonic())


def run(settings: Settings, problems: list[LessonError]) -> int:
    """Run what `settings` asks for, unless `problems` or the machine speak against it.

    Returns:
        The exit code.
    """
    good_name = chain.run_name_problem(settings.name) is None
    new = not settings.folder.exists()
    lock = None
    with Stop() as stop:
        problems = problems + (preflight.problems(settings) if good_name else [])
        try:
            lock = preflight.take(settings.folder) if good_name else None
        except LessonError as error:
            problems.append(error)
        try:
            if not problems:
                return _Series(settings, stop).run()
            if stop.asked:
                return INTERRUPTED  # a look that Ctrl-C cut short found nothing
            if new and lock:
                shutil.rmtree(settings.folder, ignore_errors=True)
        finally:
            if lock:
                lock.release()
    screen.say_refusals(problems)
    return REFUSED


def dry_run(settings: Settings, problems: list[LessonError]) -> int:
    """Show what `run` would do, and change nothing.

    Returns:
        The exit code that a run would begin with: done or refused.
    """
    if not problems:
        with contextlib.suppress(LessonError):  # a record or notebook that can't be read is among the problems below
            screen.show_plan(settings, plan(settings))
    if chain.run_name_problem(settings.name) is None:
        problems = problems + preflight.problems(settings)
    if problems:
        screen.say_refusals(problems)
    return REFUSED if problems else DONE


def plan(settings: Settings) -> list[tuple[str, str, str]]:
    """For each notebook: its name, what a run would do (`run`, `reuse`, `maybe run`, `leave`), and why."""
    kept = runs.read_record(settings.folder)
    rows, changing = [], set[str]()
    for notebook in dict.fromkeys([*chain.NOTEBOOKS, *settings.notebooks]):
        action, reason = "reuse", "up to date"
        affected = [need for need in notebook.needs if need in changing]
        if notebook not in settings.notebooks:
            action, reason = "leave", "not asked for"
        elif found := _reason(settings, notebook, kept):
            action, reason = "run", found
        elif affected:
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
        self.settings, self.folder, self.stop = settings, settings.folder, stop
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
        if reason := _reason(self.settings, notebook, kept):
            return self._execute(notebook, reason)
        facts = kept["finished"].get(notebook.name) or {"outcome": "ok", "reason": "run by hand"}
        facts = {name: value for name, value in facts.items() if name not in ("made_from", "leaves")}
        self.record.enter(notebook, facts | {"reused": True})
        self.screen.ended(notebook.name, facts | {"reused": True})
        return "ok"

    def _execute(self, notebook: Notebook, reason: str) -> str:
        made_from = freshness.fingerprint(self.folder, notebook, self.settings.values)
        given = for_notebook(notebook.name, self.settings.values) | {"run": self.settings.name}
        facts: dict[str, Any] = {"outcome": "running", "reused": False, "reason": reason, "started": record.now()}
        facts["parameters"] = made_from["parameters"] | given
        self.record.enter(notebook, facts)
        self.screen.starts(notebook.name, reason)
        (self.folder / record.PROGRESS).unlink(missing_ok=True)
        execution = Execution(notebook, given, self.folder, self.settings.timeout)
        try:
            self._watch(execution)
        finally:
            self.screen.stop()
            if execution.is_alive():
                execution.stop()
        facts |= self._measured(execution)
        if record.keep_notebook(self.folder, notebook.name):
            facts["file"] = shown(self.folder / f"{notebook.name}.ipynb")
        self.record.finish(notebook, facts, made_from)
        self.screen.ended(notebook.name, facts)
        return str(facts["outcome"])

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

    def _measured(self, execution: Execution) -> dict[str, Any]:
        ending = execution.ending()
        trained = ending.outcome == "ok" and record.HISTORY in execution.notebook.leaves
        speed = record.read_quietly(self.folder / record.HISTORY).get("images_per_second") if trained else None
        return {
            "outcome": ending.outcome,
            "seconds": round(execution.seconds(), 1),
            "peak_memory_mb": round(execution.peak_memory / 1e6),
            "images_per_second": round(speed, 1) if speed else None,
            **({} if ending.outcome == "ok" else {"cell": ending.cell, "error": ending.error}),
        }

    def _report(self) -> str:
        """Write the report, as far as a signal leaves time for it; say where it is, or why there is none."""
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.extend(_page(self.folder)), name="report", daemon=True)
        thread.start()
        while thread.is_alive() and self.stop.time_left() > 0:
            thread.join(LOOK)
        page, problem = found or ("", "no time was left for it")
        try:
            if page:
                with replacing(self.folder / "report.html") as temporary:
                    temporary.write_text(page, encoding="utf-8")
        except LessonError as error:
            problem = error.what
        return f"none ({problem})" if problem else shown(self.folder / "report.html")


def _page(folder: Path) -> tuple[str, str]:
    """The report, or why it could not be made: whatever is wrong with a page, the run's own outcome stands."""
    try:
        from helpers.runner import report  # here, since importing nbconvert takes seconds

        return report.page(folder), ""
    except Exception as error:
        return "", f"{type(error).__name__}: {error}"


def _empty(settings: Settings) -> None:
    """Delete all that is in the run's folder, but for its record and what the notebooks before the first one left."""
    before = chain.ALL[: settings.first]
    kept = {name for notebook in before for name in (*notebook.leaves, f"{notebook.name}.ipynb")}
    for path in settings.folder.iterdir():
        if path.name in kept or path.name in record.OWN_FILES:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
