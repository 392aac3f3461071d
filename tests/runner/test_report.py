"""The report of a run: one page that opens from disk, and says what came out first."""

import re
from html.parser import HTMLParser

import pytest
from standins import edit_cell, go

from helpers import chain
from runner import series


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


@pytest.fixture
def text(done, fast) -> str:
    return (fast.folder / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_no_network_and_is_for_phones_dark_pages_and_printers(text):
    page = Page(text)
    assert [kind for kind, _ in page.tags if kind in ("script", "iframe", "link")] == []
    assert all(value.startswith("data:") for value in page.values("src"))
    assert not re.search(r"url\(['\"]?(https?:)?//|@import", text)
    for part in ("prefers-color-scheme: dark", "@media print", "width=device-width", '<html lang="en"'):
        assert part in text


def test_three_pictures_come_first_each_with_its_alt_text(text):
    alts = Page(text).values("alt", "img")
    assert [alt.split()[1] for alt in alts[:3]] == ["losses-figure", "confusion-figure", "worst-figure"]
    assert all(alts)
    assert text.index("losses-figure") < text.index("Some words, then a heading")


def test_the_contents_have_every_heading_and_every_link_leads_somewhere(text):
    page = Page(text)
    links = [link[1:] for link in page.values("href", "a") if link.startswith("#")]
    marks = page.values("id")
    assert [link for link in links if link not in marks] == []
    assert len(marks) == len(set(marks))
    contents = text.partition("<h2>Contents</h2>")[2].partition("<h2>")[0]
    words = [word.strip() for word in re.split(r"<[^>]+>", contents) if word.strip()]
    assert words == [
        word
        for name in chain.BY_NAME
        if name != chain.SCALING.name
        for word in (f"The {name}", "The work here", "Key points")
    ]
    assert 'href="#02_dataset">Next' in text, "a link to a notebook of this run"
    assert 'href="07_scaling_out.ipynb"' not in text, "a link to one that is not there"


def test_numbers_are_for_people(text):
    words = re.sub(r"<[^>]+>", " ", text.partition("<section")[0])
    assert "0.9000" in words
    assert "0.02858 " in words
    assert "0.88 to 0.92" in words
    assert not re.search(r"\d{4}-\d\d-\d\dT", words)


def test_a_run_that_failed_has_a_page_too(notebooks, fast):
    edit_cell(notebooks, "02_dataset", "work", "raise ValueError('line <one>')")
    assert go() == series.FAILED
    text = (fast.folder / "report.html").read_text(encoding="utf-8")
    assert "ValueError: line &lt;one&gt;" in text
    assert 'id="03_model"' not in text, "a notebook that was not reached"
