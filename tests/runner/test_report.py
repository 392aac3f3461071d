"""The report of a run: one page that opens from disk, and says what came out first."""

import re
from html.parser import HTMLParser

import pytest
from standins import edit_cell

from helpers import chain
from runner import series
from runner.settings import resolve


class Page(HTMLParser):
    """What the tests look at in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str, tag: str = "") -> list[str]:
        return [found[attribute] or "" for kind, found in self.tags if attribute in found and tag in ("", kind)]


def report() -> str:
    return (chain.runs_folder() / "fast" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def text(done) -> str:
    return report()


def test_the_page_needs_no_network(text):
    page = Page(text)
    assert [kind for kind, _ in page.tags if kind in ("script", "iframe", "link")] == []
    assert all(value.startswith("data:") for value in page.values("src"))
    assert not re.search(r"url\(['\"]?(https?:)?//", text)
    assert "@import" not in text


def test_three_pictures_come_first_each_with_its_alt_text(text):
    alts = Page(text).values("alt", "img")
    first = ["losses-figure", "confusion-figure", "worst-figure"]
    assert [alt.split()[1] for alt in alts[:3]] == first
    assert all(alts)
    assert text.index("losses-figure") < text.index("Some words, then a heading")


def test_every_link_on_the_page_leads_somewhere(text):
    page = Page(text)
    links = [link[1:] for link in page.values("href", "a") if link.startswith("#")]
    marks = page.values("id")
    assert len(links) >= 12, "six notebooks and their parts"
    assert [link for link in links if link not in marks] == []
    assert len(marks) == len(set(marks))


def test_numbers_are_for_people(text):
    words = re.sub(r"<[^>]+>", " ", text)
    assert "0.9000" in words
    assert "0.0286" in words
    assert "0.028581565" not in words.split("Metrics")[0]
    assert not re.search(r"\d{4}-\d\d-\d\dT", words)


def test_it_is_for_phones_dark_pages_and_printers(text):
    for part in ("prefers-color-scheme: dark", "@media print", "width=device-width"):
        assert part in text
    assert re.search(r"<html[^>]* lang=", text)


def test_a_run_that_failed_has_a_page_too(notebooks):
    edit_cell(notebooks, "02_dataset", "work", "raise ValueError('line <one>')")
    assert series.run(*resolve()) == series.FAILED
    text = report()
    assert "line &lt;one&gt;" in text
    assert 'id="03_model"' not in text, "a notebook that was not reached"
