"""The workshop's copies: who gets what, pages that need no network, starting again, the timetable."""

import ast
import html
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import papermill.parameterize
import pytest
import yaml
from click.testing import CliRunner
from papermill.iorw import load_notebook_node

from helpers import chain
from helpers.exercises import TO_DO
from workshop import copies, wheels
from workshop.cli import main
from workshop.restart import restart

NAMES = [notebook.name for notebook in chain.ALL]
WORKSHOP = chain.ROOT / "workshop"


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """The copies of the real notebooks."""
    folder = tmp_path_factory.mktemp("workshop") / "copies"
    copies.make_copies(chain.ROOT, folder)
    return folder


def cells(copy: Path, name: str) -> list[dict]:
    return json.loads((copy / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def tagged(found: list[dict], tag: str) -> list[dict]:
    return [cell for cell in found if tag in cell["metadata"].get("tags", [])]


@pytest.mark.parametrize("name", NAMES)
def test_learners_get_no_solutions_no_notes_and_no_outputs(out, name):
    found = cells(out / "learner", name)
    assert tagged(found, "instructor") == []
    assert {"".join(cell["source"]) for cell in tagged(found, "solution")} == {copies.YOUR_OWN}
    assert [cell["id"] for cell in found if cell["cell_type"] == "code" and cell["outputs"]] == []
    assert len(tagged(found, "exercise")) == len(tagged(found, "check")) >= 2


def test_learners_parameters_are_those_of_the_profile_quick(out):
    quick = yaml.safe_load((chain.PROFILES_FOLDER / "quick.yaml").read_text(encoding="utf-8"))
    found = {}
    for name in NAMES:
        (cell,) = tagged(cells(out / "learner", name), "parameters")
        for line in ast.parse("".join(cell["source"])).body:
            found[line.target.id] = ast.literal_eval(line.value)
    assert {name: found[name] for name in quick} == quick


@pytest.mark.parametrize("name", NAMES)
def test_instructors_get_everything_unfolded_with_outputs_and_notes(out, name):
    found = cells(out / "instructor", name)
    assert [cell["id"] for cell in found if "jupyter" in cell["metadata"]] == []
    assert len(tagged(found, "instructor")) >= 1
    assert [cell["id"] for cell in found if cell["cell_type"] == "code" and cell["outputs"]]


def test_each_zip_holds_what_its_notebooks_use_and_only_instructors_get_their_guide(out):
    names = {kind: set(zipfile.ZipFile(out / f"{kind}.zip").namelist()) for kind in ("learner", "instructor")}
    for kind, found in names.items():
        for path in ("data/mnist.npz", "runner/report.css", "helpers/canvas/canvas.js", "requirements.txt", "LICENSE"):
            assert f"{kind}/{path}" in found
    assert "instructor/workshop/INSTRUCTOR.md" in names["instructor"]
    assert "learner/workshop/INSTRUCTOR.md" not in names["learner"]


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_need_no_network_and_lead_to_each_other(out, name):
    text = (out / "site" / f"{name}.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|iframe|img)[^>]+(src|href)=[\"'](https?:)?//", text)
    assert "@import" not in text
    for link in re.findall(r'href="([^"#]+)(?:#[^"]*)?"', text):
        link = html.unescape(link)
        assert link.startswith(("http", "mailto:")) or (out / "site" / link).exists(), link
    assert re.search(r"<html[^>]* lang=", text)
    assert "prefers-color-scheme: dark" in text


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    found = CliRunner().invoke(main, [str(tmp_path)])
    assert found.exit_code == 2
    assert "isn't empty" in found.output
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


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


def test_wheels_for_another_system_are_named_by_its_own_markers(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text("a==1\nb==2 ; sys_platform == 'win32'\nc==3 ; python_version < '3.12'\n    # via a\n")
    words = wheels.pip_command(lock, "windows", "3.12", tmp_path / "packages")
    assert words[-2:] == ["a==1", "b==2"]
    assert "win_amd64" in words
    assert wheels.pip_command(lock, "this", "3.12", tmp_path)[-2:] == ["-r", str(lock)]


def test_the_timetable_has_the_minutes_of_the_notebooks():
    text = (WORKSHOP / "INSTRUCTOR.md").read_text(encoding="utf-8")
    for notebook in chain.NOTEBOOKS:
        title = cells(chain.ROOT, notebook.name)[0]["source"]
        minutes = re.search(r"\*\*Time\*\*: (\d+) minutes", "".join(title))[1]
        number = int(notebook.name[:2])
        rows = [line for line in text.splitlines() if re.match(rf"\|.*\b{number}\. ", line)]
        assert any(re.search(rf"\|\s*{minutes}\b", row) for row in rows), (notebook.name, minutes, rows)


def test_each_line_of_keras_on_the_handout_is_in_a_notebook():
    page = (WORKSHOP / "handout.html").read_text(encoding="utf-8")
    blocks = re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    code = html.unescape(re.sub(r"<[^>]+>", "", max(blocks, key=len)))
    ast.parse(code)
    notebooks = "".join("".join(cell["source"]) for name in NAMES for cell in cells(chain.ROOT, name))
    called = set(re.findall(r"(?:keras\.|model\.|layers\.)[\w.]+(?=\()", code))
    assert len(called) >= 6
    assert [name for name in called if name.rpartition(".")[2] not in notebooks] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["learner", "instructor"])
def test_the_whole_copy_runs_from_its_zip_without_a_network(out, tmp_path, kind):
    zipfile.ZipFile(out / f"{kind}.zip").extractall(tmp_path)
    root = tmp_path / kind
    smoke = yaml.safe_load((chain.PROFILES_FOLDER / "smoke.yaml").read_text(encoding="utf-8"))
    dead = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")}
    environment = os.environ | dead | {"PYTHONPATH": str(root), "DIGITS_RUNS": str(tmp_path / "runs")}
    for notebook in chain.NOTEBOOKS:
        path = root / "notebooks" / f"{notebook.name}.ipynb"
        values = {key: value for key, value in smoke.items() if key in notebook.parameters} | {"run": "copy"}
        node = papermill.parameterize.parameterize_notebook(load_notebook_node(str(path)), values)
        nbformat.write(node, path)
        command = [sys.executable, "-m", "jupyter", "execute", "--inplace", path.name]
        ended = subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-2000:]
        said = ["".join(cell["outputs"][0]["text"]).strip() for cell in tagged(cells(root, notebook.name), "check")]
        assert said == [TO_DO] * len(said) != []
