"""The report of a run: one page that opens from disk, and says what came out first."""

import re

import pytest
from bs4 import BeautifulSoup
from standins import edit_cell, go

from runner import run
from series import chain


@pytest.fixture
def page(done, fast) -> BeautifulSoup:
    return BeautifulSoup((fast.folder / "report.html").read_text(encoding="utf-8"), "html.parser")


def test_the_page_needs_no_network_and_is_for_phones_dark_pages_and_printers(page):
    assert page.find_all(["script", "iframe", "link"]) == []
    assert all(tag["src"].startswith("data:") for tag in page.find_all(src=True))
    assert not re.search(r"url\(['\"]?(https?:)?//|@import", page.style.string)
    assert "prefers-color-scheme: dark" in page.style.string
    assert "@media print" in page.style.string
    assert page.find("meta", attrs={"name": "viewport"})["content"].startswith("width=device-width")


def test_three_pictures_come_first_each_with_its_alt_text(page):
    first = [tag["alt"].split()[1] for tag in page.find(class_="pictures").find_all("img")]
    assert first == ["losses-figure", "confusion-figure", "worst-figure"]
    assert all(tag["alt"] for tag in page.find_all("img"))


def test_the_contents_have_every_heading_and_every_link_leads_somewhere(page):
    marks = [tag["id"] for tag in page.find_all(id=True)]
    links = [tag["href"] for tag in page.find_all("a")]
    assert [link for link in links if link.removeprefix("#") not in marks] == []
    assert len(marks) == len(set(marks))
    headings = [
        tag.text for part in page.find_all("section") for tag in part.find_all(["h1", "h2"])
    ]
    assert [tag.text for tag in page.ul.find_all("a")] == headings
    assert len(headings) == 3 * len(chain.NOTEBOOKS)
    assert page.find("a", href="#02_dataset", string="Next"), "a link to a notebook of this run"
    assert not page.find("a", string="7"), "a link to one that is not there"


def test_numbers_are_for_people(page):
    words = "\n".join(
        tag.extract().text for tag in [*page.find_all(class_="verdict"), *page.find_all("table")]
    )
    for word in ("0.9000", "0.02858\n", "0.88 to 0.92"):
        assert word in words
    assert not re.search(r"\d{4}-\d\d-\d\dT", words)


def test_a_run_that_failed_has_a_page_too(notebooks, fast):
    edit_cell(notebooks, "02_dataset", "work", "raise ValueError('line <one>')")
    assert go() == run.FAILED
    text = (fast.folder / "report.html").read_text(encoding="utf-8")
    assert "ValueError: line &lt;one&gt;" in text
    assert 'id="03_model"' not in text, "a notebook that was not reached"
