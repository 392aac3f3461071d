import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers import chain, runs
from helpers.runner import report

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FACTS = {"outcome": "ok", "seconds": 1.5, "peak_memory_mb": 1300, "images_per_second": 160.0, "reason": "it is <new>"}
NAMES = [notebook.name for notebook in chain.NOTEBOOKS]
RECORD: dict[str, Any] = {
    "asked": {
        "profile": "fast",
        "given": {},
        "parameters": {"epochs": 1},
        "command": "x",
        "notebooks": NAMES,
    },
    "status": "done",
    "exit_code": 0,
    "started": "2026-01-01T00:00:00+00:00",
    "ended": "2026-01-01T00:01:00+00:00",
    "seconds": 60.0,
    "versions": {"python": "3.11.1"},
    "git": {"commit": "abc123", "clean": False},
    "machine": {"cores": 2},
    "finished": {},
    "notebooks": {name: dict(FACTS) for name in NAMES},
    "metrics": {"accuracy": 0.9912, "interval": [0.98, 0.99], "expected_accuracy": 0.987, "as_expected": True},
    "as_expected": True,
}


class Page(HTMLParser):
    """What the tests look at in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, tag: str, attribute: str) -> list[str]:
        return [found[attribute] or "" for kind, found in self.tags if kind == tag and attribute in found]


@pytest.fixture
def folder():
    folder = chain.runs_folder() / "fast"
    runs.update_record(folder, lambda record: record.update(copy.deepcopy(RECORD)))
    for name in ("01_setup", "02_dataset"):
        figure = nbformat.v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"})
        figure.metadata = {"image/png": {"alt": 'Counts of "each" <digit> & more'}}
        bare = nbformat.v4.new_output("display_data", {"image/jpeg": PIXEL})
        cells = [
            nbformat.v4.new_markdown_cell(
                f"# {name}\n\nNext: [2](02_dataset.ipynb). A price of $5 and $6.", id="title"
            ),
            nbformat.v4.new_markdown_cell("## What `you` have\n\nProse.", id="what"),
            nbformat.v4.new_code_cell("1 + 1", id="sum", outputs=[figure, bare], execution_count=1),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    return folder


def test_the_page_needs_no_network(folder):
    text = report.page(folder)
    page = Page(text)
    assert [found for kind, found in page.tags if kind in ("script", "iframe", "link")] == []
    assert all(value.startswith("data:") for value in page.values("img", "src"))
    assert not re.search(r"url\(['\"]?(https?:)?//", text)
    assert "@import" not in text


def test_each_picture_says_what_it_shows(folder):
    page = Page(report.page(folder))
    alts = page.values("img", "alt")
    assert alts.count('Counts of "each" <digit> & more') == 2
    assert len(alts) == len(page.values("img", "src")) == 4
    assert all(alts)


def test_the_list_of_contents_leads_to_each_notebook_and_part(folder):
    page = Page(report.page(folder))
    links = [link[1:] for link in page.values("a", "href") if link.startswith("#")]
    marks = [mark for tag in ("div", "a", "h2") for mark in page.values(tag, "id")]
    assert {"01_setup", "02_dataset"} <= set(links)
    assert [marks.count(link) for link in links] == [1] * len(links)
    assert len([link for link in links if "part" in link]) == 2


def test_the_page_tells_of_the_run(folder):
    text = re.sub(r"<[^>]+>", " ", report.page(folder))
    for word in (
        "Test accuracy 0.9912",
        "as expected",
        "1.30 GB",
        "it is &lt;new&gt;",
        "abc123, with changes",
        "epochs",
    ):
        assert word in text


def test_it_prints_well(folder):
    text = report.page(folder)
    assert "break-before: page" in text
    assert "break-inside: avoid" in text


def test_a_run_that_failed_has_a_page_too(folder):
    failing = {"outcome": "kernel died", "seconds": 2.0, "cell": None, "error": ["line <one>", "line two"]}

    def change(record: dict) -> None:
        record["notebooks"] = {name: {"outcome": "not reached"} for name in NAMES} | {"01_setup": failing}
        record.update(status="failed", metrics=None, as_expected=None, git=None)

    runs.update_record(folder, change)
    text = report.page(folder)
    assert "line &lt;one&gt;" in text
    assert "kernel died" in text
    assert "not complete" in text
    assert 'id="02_dataset"' not in text, "a notebook that this run did not reach is an earlier run's"


def test_a_notebook_that_is_not_there_leaves_no_gap(folder):
    Path(folder / "02_dataset.ipynb").unlink()
    assert 'id="01_setup"' in report.page(folder)
    assert json.loads((folder / "run.json").read_text())["schema"] == 1
