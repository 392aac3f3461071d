"""A run from beginning to end: refuse it or take the folder, execute the notebooks, tell the truth about each."""

import contextlib
import dataclasses
import os
import threading
import time
from collections.abc import Callable, Iterator

from helpers import chain, runs
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.files import replacing, shown
from runner import freshness, preflight, record, screen
from runner.execution import Execution
from runner.record import Asked, Entry, RunRecord
from runner.settings import Settings, for_notebook
from runner.stop import INTERRUPTED, stop

DONE, FAILED, REFUSED, TIMED_OUT, KERNEL_DIED = 0, 1, 2, 3, 4
EXIT_CODES = {"ok": DONE, "cell error": FAILED, "timeout": TIMED_OUT, "kernel died": KERNEL_DIED}
EXIT_CODES["interrupted"] = INTERRUPTED
TICK = 0.2  # seconds between two looks at a running notebook


def run(settings: Settings, problems: list[LessonError]) -> int:
    """Run what `settings` asks for, unless `problems` or the machine speak against it.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: a signal came before anything was written.
    """
    with stop.at_once():
        problems = problems + preflight.problems(settings)
    if not problems:
        try:
            with preflight.take(settings.folder):
                return _Series(settings).run()
        except LessonError as error:
            problems = [error]
    screen.say_refusals(problems)
    return REFUSED


def dry_run(settings: Settings, problems: list[LessonError]) -> int:
    """Show what `run` would do, and change nothing.

    Returns:
        The exit code that a run would begin with: done or refused.
    """
    problems = problems + preflight.problems(settings)
    if problems:
        screen.say_refusals(problems)
        return REFUSED
    kept, changing = record.load(settings.folder), set[str]()
    table = screen.new_table("notebook", "would", "why")
    for notebook in settings.notebooks:
        now = freshness.fingerprint(settings.folder, notebook, settings.values)
        finished = kept.finished.get(notebook.name) if kept else None
        action, reason = "run", freshness.reason_to_run(settings, notebook, now, finished)
        if reason is None:
            affected = [need for need in notebook.needs if need in changing]
            action, reason = "reuse", "up to date"
            if affected:
                action, reason = "maybe run", f"if {' or '.join(affected)} changes"
        if action != "reuse":
            changing.update(notebook.saves)
        table.add_row(notebook.name, action, reason)
    screen.console().print(f"Run {settings.name}, in {shown(settings.folder)}", table, sep="\n")
    return DONE


class _Series:
    """The notebooks of one run, one after the other, its folder's lock in hand."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.folder = settings, settings.folder
        self._began = time.monotonic()
        names = [notebook.name for notebook in settings.notebooks]
        asked = Asked(
            settings.profile, settings.given, settings.values, settings.command(), names, catch_up=settings.catch_up
        )
        self.record = RunRecord(settings.name, asked)
        self.screen = screen.Screen(self.record)

    def run(self) -> int:
        record.delete(self.folder / record.REPORT)  # an old report must not be taken for this run's
        if before := record.load(self.folder):
            self.record.finished = before.finished
        if self.settings.fresh:
            self._delete_what_is_asked_for()
        self._begin()
        outcome = "ok"
        for notebook in self.settings.notebooks:
            try:
                outcome = self._bring_up_to_date(notebook)
            except KeyboardInterrupt:  # while it looked whether the notebook is fresh
                outcome = "interrupted"
            if outcome != "ok":
                break
        return self._end(outcome)

    def _delete_what_is_asked_for(self) -> None:
        for path in record.files_of(self.folder, self.settings.notebooks):
            record.delete(path)
        gone = {artifact for notebook in self.settings.notebooks for artifact in notebook.saves}
        for notebook in self.settings.notebooks:
            self.record.finished.pop(notebook.name, None)
        self.record.write()
        runs.update_record(self.folder, lambda kept: [kept["artifacts"].pop(name, None) for name in gone])

    def _begin(self) -> None:
        rows = dict.fromkeys([*chain.NOTEBOOKS, *self.settings.notebooks])
        self.record.notebooks = {notebook.name: Entry() for notebook in rows}
        self.record.started, self.record.process = record.now(), os.getpid()
        self.record.versions, self.record.machine = record.versions(), record.machine()
        self.record.git = record.git_state()
        self.record.write()

    def _bring_up_to_date(self, notebook: Notebook) -> str:
        name, settings, finished = notebook.name, self.settings, self.record.finished
        with stop.at_once():
            now = freshness.fingerprint(self.folder, notebook, settings.values)
            reason = freshness.reason_to_run(settings, notebook, now, finished.get(name))
        if reason is None:
            made_by_hand = Entry("ok", reason="it was run by hand")
            entry = dataclasses.replace(finished.get(name, made_by_hand), reused=True, made_from={})
        else:
            finished.pop(name, None)
            entry = self._execute(notebook, reason, now)
            if entry.outcome == "ok":
                artifacts = runs.read_record(self.folder)["artifacts"]
                entry.saved = {saved: artifacts[saved]["digest"] for saved in notebook.saves if saved in artifacts}
                finished[name] = dataclasses.replace(entry, made_from=now)
        self.record.notebooks[name] = entry
        self.record.write()
        self.screen.end(name, entry)
        return entry.outcome

    def _execute(self, notebook: Notebook, reason: str, now: freshness.Fingerprint) -> Entry:
        entry = Entry("running", reason=reason, started=record.now(), parameters=now["parameters"])
        entry.catch_up = self.settings.catch_up
        self.record.notebooks[notebook.name] = entry
        self.record.write()
        self.screen.start(notebook.name, reason)
        given = for_notebook(notebook, self.settings.values) | {"run": self.settings.name}
        execution = Execution(notebook, given, self.folder, self.settings.timeout, self.settings.catch_up)
        with _ticking(execution.look_at_memory, lambda: self.screen.update(execution)):
            execution.run()
        entry.outcome, entry.error = execution.outcome, execution.error
        entry.where = "" if entry.outcome == "ok" else execution.where()
        entry.seconds = round(execution.seconds(), 1)
        entry.peak_memory_mb = round(execution.peak_memory / 1e6)
        if entry.outcome == "ok" and record.HISTORY in notebook.saves:
            speed = record.read_quietly(self.folder / record.HISTORY).get("images_per_second")
            entry.images_per_second = round(speed, 1) if speed else None
        return entry

    def _end(self, outcome: str) -> int:
        kept, tested = self.record, self.record.notebooks.get(chain.MAKER[record.METRICS], Entry())
        kept.metrics = (record.plain_metrics(self.folder) if tested.outcome == "ok" else None) or None
        kept.as_expected = (kept.metrics or {}).get("as_expected")
        kept.status = {"ok": "done", "interrupted": "interrupted"}.get(outcome, "failed")
        kept.exit_code, kept.ended = EXIT_CODES[outcome], record.now()
        kept.seconds = round(time.monotonic() - self._began, 1)
        kept.write()
        self.screen.last(self._report())
        return EXIT_CODES[outcome]

    def _report(self) -> str:
        """Write the report; say where it is, or why there is none: whatever is wrong with it, the outcome counts."""
        path = self.folder / record.REPORT
        try:
            with stop.at_once():
                from runner import report  # here, since importing nbconvert takes seconds

                page = report.page(self.record)
                with replacing(path) as temporary:
                    temporary.write_text(page, encoding="utf-8")
            return shown(path)
        except KeyboardInterrupt:
            return "none, since the run was stopped"
        except Exception as error:
            return f"none ({type(error).__name__}: {error})"


@contextlib.contextmanager
def _ticking(*actions: Callable[[], object]) -> Iterator[None]:
    """Call `actions` a few times a second, in a thread of its own, while the block runs."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(TICK):
            for action in actions:
                action()

    thread = threading.Thread(target=tick, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
