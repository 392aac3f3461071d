"""The workshop's copies: who gets what, pages that need no network, starting again, the timetable."""

import html
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from offline import offline

from helpers.exercises import TO_DO
from helpers.lesson import process_data
from series import chain
from series.errors import LessonError
from workshop import copies, wheels
from workshop.cli import main
from workshop.restart import restart
from workshop.site import opening, page
from workshop.variants import YOUR_OWN

NAMES = [notebook.name for notebook in chain.ALL]
WORKSHOP = chain.ROOT / "workshop"


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """The copies of the real notebooks."""
    folder = tmp_path_factory.mktemp("workshop") / "copies"
    copies.make_copies(chain.ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Path:
    """The copies for three hours."""
    folder = tmp_path_factory.mktemp("workshop") / "core"
    found = CliRunner().invoke(main, [str(folder), "--core"])
    assert found.exit_code == 0, found.output
    return folder


def cells(copy: Path, name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(copy / "notebooks" / f"{name}.ipynb", as_version=4).cells


def tagged(found: list[nbformat.NotebookNode], tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in found if tag in cell["metadata"].get("tags", [])]


@pytest.mark.parametrize("name", NAMES)
def test_learners_get_no_solutions_no_notes_and_no_outputs(out, name):
    found = cells(out / "learner", name)
    assert tagged(found, "instructor") == []
    assert {cell["source"] for cell in tagged(found, "solution")} == {YOUR_OWN}
    assert [cell["id"] for cell in found if cell["cell_type"] == "code" and cell["outputs"]] == []
    assert len(tagged(found, "exercise")) == len(tagged(found, "check")) >= 1


def test_the_core_copies_and_pages_hold_all_cells_but_those_tagged_more(core):
    left_out = 0
    for name in NAMES:
        original = nbformat.read(chain.BY_NAME[name].path, as_version=4).cells
        kept = [cell.id for cell in original if "more" not in cell.metadata.get("tags", [])]
        left_out += len(original) - len(kept)
        assert [cell.id for cell in cells(core / "instructor", name)] == kept
        assert {cell.id for cell in cells(core / "learner", name)} <= set(kept)
        assert "More: " not in (core / "site" / f"{name}.html").read_text(encoding="utf-8")
    assert left_out > 0


def test_learners_parameters_are_those_of_the_profile_quick(out):
    quick = yaml.safe_load((chain.PROFILES_FOLDER / "quick.yaml").read_text(encoding="utf-8"))
    found: dict = {}
    exec(
        "\n".join(tagged(cells(out / "learner", name), "parameters")[0].source for name in NAMES),
        found,
    )
    assert {name: found[name] for name in quick} == quick


@pytest.mark.parametrize("name", NAMES)
def test_instructors_get_everything_unfolded_with_outputs_and_notes(out, name):
    found = cells(out / "instructor", name)
    assert [
        cell["id"]
        for cell in found
        if "jupyter" in cell["metadata"] or "<details>" in cell["source"]
    ] == []
    assert len(tagged(found, "instructor")) >= 1
    solutions = "".join(cell.source for cell in tagged(found, "solution"))
    assert "my_" in solutions and "the dots" not in solutions
    assert [cell["id"] for cell in found if cell["cell_type"] == "code" and cell["outputs"]]


def test_each_zip_holds_what_its_notebooks_use_and_only_instructors_get_their_guide(out):
    used = "data/mnist.npz docs/draw.html series/page.css runner/report.css helpers/canvas/canvas.js docs/jupyter/labconfig/default_setting_overrides.json"
    for kind in ("learner", "instructor"):
        found = {
            name.removeprefix(f"{kind}/")
            for name in zipfile.ZipFile(out / f"{kind}.zip").namelist()
        }
        assert {*used.split(), "requirements.txt", "LICENSE", "Makefile"} <= found
        for name in ("INSTRUCTOR.md", "QUESTIONS.md", "instructor.mk"):
            name = f"workshop/{name}"
            assert (name in found) == (kind == "instructor")


@pytest.mark.posix  # make
@pytest.mark.parametrize("kind", ["learner", "instructor"])
def test_make_offers_only_what_a_copy_has(out, kind):
    asked = subprocess.run(["make"], cwd=out / kind, check=True, capture_output=True, text=True)
    commands = set(re.findall(r"^make ([a-z-]+)", asked.stdout, re.MULTILINE))
    instructors = {"workshop"} if kind == "instructor" else set()
    assert commands == {"help", "setup", "run", "run-scaling", "lab", "clean"} | instructors


@pytest.mark.parametrize("kind", ["learner", "instructor"])
def test_a_copy_opens_on_its_readers_page_whose_links_lead_somewhere(out, kind):
    source = (WORKSHOP / f"{kind.upper()}.md").read_text(encoding="utf-8")
    readme = (out / kind / "README.md").read_text(encoding="utf-8")
    assert readme.splitlines()[0] == source.splitlines()[0]
    for text in (out / kind).glob("*.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text.read_text(encoding="utf-8"))
        assert [link for link in links if not (out / kind / link).exists()] == [], text.name


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_need_no_network_and_lead_to_each_other(out, name):
    text = (out / "site" / f"{name}.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|iframe|img)[^>]+(src|href)=[\"'](https?:)?//", text)
    assert "@import" not in text
    assert "A solution" in text and "the dots to see it" not in text
    for link in re.findall(r'href="([^"#]+)(?:#[^"]*)?"', html.unescape(text)):
        assert link.startswith(("http", "mailto:")) or (out / "site" / link).exists(), link


def test_the_site_begins_with_the_page_to_draw_on(out):
    text = (out / "site" / "index.html").read_text(encoding="utf-8")
    first = re.search(r'<main>.*?<a href="([^"]+)"', text, re.DOTALL)
    assert first and first[1] == "draw.html"
    drawn = (chain.ROOT / "docs" / "draw.html").read_bytes()
    assert (out / "site" / "draw.html").read_bytes() == drawn
    names = [f"{name}.html" for name in NAMES]
    assert [name for name in re.findall(r'href="(\w+\.html)"', text) if name in names] == names
    note = nbformat.v4.new_markdown_cell("[Draw](../docs/draw.html), [data](../data/README.md)")
    text = page(nbformat.v4.new_notebook(cells=[note]), "A title")
    assert '<a href="draw.html">Draw</a>, data' in text


def test_a_page_shows_the_stored_picture_of_a_widget_and_folds_solutions():
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
        "text/html": "<b>stored</b>",
    }
    drawn = nbformat.v4.new_output("display_data", data)
    cell = nbformat.v4.new_code_cell("draw()", outputs=[drawn], metadata={"tags": ["solution"]})
    note = nbformat.v4.new_markdown_cell("for us", metadata={"tags": ["instructor"]})
    text = page(nbformat.v4.new_notebook(cells=[cell, note]), "A title")
    assert re.search(
        r"<details class=\"answer\"><summary>A solution</summary>.*<b>stored</b>.*</details>",
        text,
        re.DOTALL,
    )
    assert "model_id" not in text and "for us" not in text and "<title>A title</title>" in text


@pytest.mark.parametrize(
    ("place", "words"),
    [(".", "exists"), ("link", "exists"), ("file/copies", "can't be written")],
)
@pytest.mark.posix
def test_a_folder_that_is_there_or_cannot_be_written_is_refused(tmp_path, place, words):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("mine")
    found = CliRunner().invoke(main, [str(tmp_path / place)])
    assert found.exit_code == 2 and words in found.output
    assert {path.name for path in tmp_path.iterdir()} == {"link", "file"}


def test_line_ends_of_windows_are_no_change(out, tmp_path):
    root = shutil.copytree(out / "learner", tmp_path / "mine")
    path = root / "notebooks" / "01_setup.ipynb"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert restart(root, ["1"]) == ["01_setup is as it was."]
    assert [other.name for other in path.parent.glob("*mine*")] == []


def test_starting_again_keeps_what_the_learner_wrote(out, tmp_path):
    root = shutil.copytree(out / "learner", tmp_path / "mine")
    path = root / "notebooks" / "04_training.ipynb"
    before = path.read_bytes()
    for number in (1, 2):
        path.write_text(f"my own {number}")
        (line,) = restart(root, ["4"])
        assert f"04_training.mine-{number}.ipynb" in line
        assert path.read_bytes() == before
        assert path.with_name(f"04_training.mine-{number}.ipynb").read_text() == f"my own {number}"
    assert all("as it was" in line for line in restart(root, []))


@pytest.mark.slow
def test_without_the_wheels_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        wheels, "pip_command", lambda *_: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    with pytest.raises(LessonError, match="pip could not download"):
        copies.make_copies(chain.ROOT, tmp_path / "copies", ["windows"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_only_a_copy_with_solutions_can_be_copied(out, tmp_path):
    copies.make_copies(out / "instructor", tmp_path / "again")
    assert cells(tmp_path / "again" / "learner", "03_model") == cells(out / "learner", "03_model")
    with pytest.raises(LessonError, match="without solutions"):
        copies.make_copies(out / "learner", tmp_path / "third")


def test_starting_again_works_in_the_repository_and_refuses_unknown_names(tmp_path):
    path = tmp_path / "notebooks" / "05_testing.ipynb"
    path.parent.mkdir()
    path.write_text("as it was")
    with pytest.raises(LessonError, match="nor known to git"):
        restart(tmp_path, ["5"])
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    path.write_text("mine")
    restart(tmp_path, ["05_testing.ipynb"])
    assert path.read_text() == "as it was"
    for name in ("10", "0", "setup"):
        with pytest.raises(LessonError, match="there is no notebook"):
            restart(tmp_path, [name])


def test_wheels_for_another_system_are_named_by_its_own_markers(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        "a==1\nb==2 ; sys_platform == 'win32'\nc==3 ; python_version < '3.12'\n    # via a\n"
    )
    words = wheels.pip_command(lock, "windows", "3.12", tmp_path / "packages")
    assert words[-2:] == ["a==1", "b==2"] and "win_amd64" in words
    assert wheels.pip_command(lock, "this", "3.12", tmp_path)[-2:] == ["-r", str(lock)]


def timetable(heading: str) -> list[tuple[int, int, str]]:
    """The rows of a timetable of the instructor's guide: start and length in minutes, and what is
    done.
    """
    text = (WORKSHOP / "INSTRUCTOR.md").read_text(encoding="utf-8")
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+):(\d\d) \| (\d+) \| (.+) \|$", part, re.MULTILINE)
    return [
        (60 * int(hour) + int(minute), int(length), what) for hour, minute, length, what in rows
    ]


@pytest.mark.parametrize(
    ("heading", "hours", "taught"), [("Three hours", 3, chain.NOTEBOOKS), ("A day", 8.5, chain.ALL)]
)
def test_a_timetable_gives_each_notebook_its_time_and_has_no_gaps(heading, hours, taught):
    rows = timetable(heading)
    assert [row[0] + row[1] for row in rows] == [
        *(row[0] for row in rows[1:]),
        rows[0][0] + 60 * hours,
    ]
    planned = {
        found[1]: length
        for _, length, what in rows
        if (found := re.search(r"notebooks/(\w+)\.ipynb", what))
    }
    needed = {n.name: opening(nbformat.read(n.path, as_version=4)).minutes for n in taught}
    assert list(planned) == list(needed) and all(planned[name] >= needed[name] for name in needed)
    assert hours > 3 or (planned == needed and sum(needed.values()) == 150)


def test_learners_read_the_question_of_each_notebook_in_their_readme():
    text = (WORKSHOP / "LEARNER.md").read_text(encoding="utf-8")
    questions = {n.name: opening(nbformat.read(n.path, as_version=4)).question for n in chain.ALL}
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)) == questions


@pytest.mark.slow
def test_the_ten_lines_of_keras_on_the_handout_read_digits():
    handout = (WORKSHOP / "handout.html").read_text(encoding="utf-8")
    lines = html.unescape(
        handout.partition('<pre id="ten-lines">')[2].partition("</pre>")[0]
    ).strip()
    with np.load(chain.DATA_FOLDER / "mnist.npz") as data:
        names: dict = {
            f"X_{part}": process_data(data[f"x_{part}"][:2000], "pixels")
            for part in ("train", "test")
        }
        names |= {
            "keras": keras,
            "Y_train": data["y_train"][:2000],
            "Y_test": data["y_test"][:2000],
        }
    exec(lines, names)
    assert names["accuracy"] == pytest.approx((names["digits"] == names["Y_test"]).mean(), abs=1e-6)
    assert names["accuracy"] > 0.6


def run_offline(root: Path) -> dict[str, list[str]]:
    """Run 01 to 06 of a copy at smoke scale; what each check says."""
    runs = root.parent / "runs"
    command = [sys.executable, "-m", "runner", "run", "--profile", "smoke", "--name", "copy"]
    ended = subprocess.run(
        offline(command),
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "DIGITS_RUNS": str(runs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    said = {}
    for notebook in chain.NOTEBOOKS:
        found = nbformat.read(runs / "copy" / f"{notebook.name}.ipynb", as_version=4).cells
        said[notebook.name] = [
            "".join(output.text for output in cell.outputs) for cell in tagged(found, "check")
        ]
    return said


@pytest.mark.posix
@pytest.mark.slow
def test_a_learners_copy_runs_from_its_zip_without_a_network(out, tmp_path):
    zipfile.ZipFile(out / "learner.zip").extractall(tmp_path)
    for said in run_offline(tmp_path / "learner").values():
        assert {line.strip() for line in said} == {TO_DO}


@pytest.mark.posix
@pytest.mark.slow
def test_the_core_copies_run_with_their_solutions_in_place(core, tmp_path):
    root = shutil.copytree(core / "instructor", tmp_path / "mine")
    for notebook in chain.NOTEBOOKS:
        path = root / "notebooks" / f"{notebook.name}.ipynb"
        content = nbformat.read(path, as_version=4)
        for starter, solution in zip(
            tagged(content.cells, "exercise"), tagged(content.cells, "solution"), strict=True
        ):
            starter.source += "\n\n" + solution.source
        nbformat.write(content, path)
    for name, said in run_offline(root).items():
        assert said and all(line.startswith("Right.") for line in said), (name, said)
