"""The pages that the project writes, as a phone, a projector and a printer show them: the site, the
handout, the report.
"""

import re
import subprocess
import sys

import pytest

from series.chain import ROOT

pytestmark = pytest.mark.browser

PHONE = {"width": 400, "height": 800}
# Text that scrolls sideways; tables that are drawn with lines have to.
SCROLLING = """() => [...document.querySelectorAll("pre")]
    .filter(part => part.scrollWidth > part.clientWidth + 1 && !part.innerText.includes("┃"))
    .map(part => part.innerText.slice(0, 80).replaceAll("\\n", " "))"""


def written(*words):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The site and the handout, from a workshop's copies, and the report of a run."""
    folder = tmp_path_factory.mktemp("pages")
    written("workshop", folder / "copies")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DIGITS_RUNS", str(folder / "runs"))
        # A narrow network, since how well it learns doesn't matter to a page.
        written(
            "runner", "run", "--profile", "smoke", "-p", "filters", 16, "-p", "expected_accuracy", 0
        )
    return [*sorted((folder / "copies/site").rglob("*.html")), folder / "runs/smoke/report.html"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_read_well_on_a_phone_and_ask_no_network(pages, page, violations, scheme):
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(PHONE)
    for path in pages:
        page.goto(path.as_uri())
        found = violations(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        problems += [f"{path.name}: {problem}" for problem in found]
        problems += [f"{path.name}: {width} pixels wide"] if width > PHONE["width"] else []
        problems += [f"{path.name} scrolls: {text}" for text in page.evaluate(SCROLLING)]
    from_network = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert "\n".join(from_network + problems) == ""


def test_every_link_within_the_pages_leads_somewhere(pages, page):
    dead = []
    for path in pages:
        page.goto(path.as_uri())
        dead += page.evaluate(
            """() => [...document.querySelectorAll("a[href*='#']")]
            .filter(link => link.href.split("#")[0] === location.href.split("#")[0])
            .map(link => decodeURIComponent(link.hash.slice(1)))
            .filter(name => name && !document.getElementById(name) && !document.getElementsByName(name).length)
            .map(name => `${document.title}: #${name}`)"""
        )
    assert dead == []


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_handout_prints_on_one_sheet(page, paper):
    page.goto((ROOT / "workshop/handout.html").as_uri())
    printed = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


FOLDED = """() => [...document.querySelectorAll("details > :not(summary)")]
    .filter(part => !part.checkVisibility())
    .map(part => [part.parentElement.className, part.innerText.slice(0, 80)])"""


def test_on_paper_notes_are_unfolded_and_answers_stay_folded(pages, page):
    answers = 0
    for path in pages[:-1]:  # a report leaves its notebooks out on paper
        page.goto(path.as_uri())
        # Emulated media alone don't bring this about.
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        folded = page.evaluate(FOLDED)
        assert [text for kind, text in folded if kind != "answer"] == [], path.name
        assert len(folded) == page.locator("details.answer > :not(summary)").count()
        answers += len(folded)
    assert answers >= 20


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_report_prints_its_first_screen_on_one_sheet(pages, page, paper):
    page.goto(pages[-1].as_uri())
    page.emulate_media(media="print")
    assert page.locator(".verdict").is_visible() and page.locator(".pictures img").count() == 3
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=paper))) == 1
