"""The files around the notebooks agree: dependencies, their lock, the conda entry, commands in
texts.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import runner.cli
import workers.cli
import workshop.cli
from series.chain import NOTEBOOKS_FOLDER, ROOT
from series.runs import RECORD

TEXTS = [*ROOT.glob("*.md"), *NOTEBOOKS_FOLDER.glob("*.ipynb"), *(ROOT / "workshop").glob("*.md")]
MAKEFILES = [ROOT / "Makefile", ROOT / "contributing.mk", ROOT / "workshop" / "instructor.mk"]
PACKAGES = ("series", "helpers", "runner", "workers", "workshop")
COMMANDS = {
    "runner": runner.cli.commands,
    "workers": workers.cli.main,
    "workshop": workshop.cli.main,
}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def make_rules() -> str:
    """All that `make` can do."""
    return "\n".join(path.read_text(encoding="utf-8") for path in MAKEFILES)


def locked() -> dict[str, list[Requirement]]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, list[Requirement]] = {}
    for pin in (
        Requirement(line) for line in lines if line.strip() and not line.lstrip().startswith("#")
    ):
        found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def test_the_lock_pins_each_dependency_within_its_range():
    pins = locked()
    for dependency in map(
        Requirement, project()["dependencies"] + project()["optional-dependencies"]["dev"]
    ):
        found = pins.get(canonicalize_name(dependency.name), [])
        assert found, f"{dependency} is not in requirements.txt: make lock"
        for pin in found:
            version = str(pin.specifier).removeprefix("==")
            assert dependency.specifier.contains(version), (
                f"{dependency} is locked at {version}: make lock"
            )


def test_the_conda_entry_installs_the_lock_and_the_project():
    python, pip, from_pip = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    assert python.removeprefix("python=") in ("3.11", "3.12", "3.13")
    assert pip == "pip"
    assert from_pip == {"pip": ["-r requirements.txt", "-e ."]}


def test_dependencies_are_named_with_a_reason():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if re.match(r'\s+"[\w-]+[><=]', line)]
    assert len(named) >= 15
    assert [line for line in named if "#" not in line] == []


def test_the_workflow_runs_what_make_runs():
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    )
    job = workflow["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    for words in (
        command.removeprefix("python ") for command in commands if "-m pip" not in command
    ):
        assert words in make_rules()


def test_a_checkout_on_windows_has_the_same_bytes(tmp_path):
    files = {ROOT / "data" / "drawings" / "4.png", ROOT / "data" / "mnist.npz", *ROOT.glob("*.md")}
    files |= {ROOT / ".gitattributes", *NOTEBOOKS_FOLDER.glob("*.ipynb"), *ROOT.glob(".ci/*")}
    first = tmp_path / "first"
    for path in files:
        (first / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, first / path.relative_to(ROOT))
    (first / "drawing.svg").write_bytes(b"<svg>\n</svg>\n")
    who = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=first, check=True)
    clone = ["git", "-c", "core.autocrlf=true", "clone", "-q", str(first), str(tmp_path / "second")]
    subprocess.run(clone, check=True)
    for path in files:
        inside = path.relative_to(ROOT)
        assert (tmp_path / "second" / inside).read_bytes() == (first / inside).read_bytes(), inside


def test_every_make_command_in_the_texts_exists():
    targets = set(re.findall(r"^([a-z-]+):", make_rules(), re.MULTILINE))
    named = {
        name
        for text in TEXTS
        for name in re.findall(r"`make ([a-z-]+)[^`]*`", text.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= targets


def printed_commands() -> set[str]:
    """Every command of the project in the texts and in the strings of its modules, without its
    comment.
    """
    sources = TEXTS + [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    pattern = r"python -m (?:runner|workers|workshop)(?: [\w./=-]+)*"
    return {
        found for path in sources for found in re.findall(pattern, path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("package", COMMANDS)
def test_every_command_in_texts_and_messages_is_one_that_the_command_line_takes(package):
    commands = {command for command in printed_commands() if command.split()[2] == package}
    assert commands
    for command in sorted(commands):
        words = command.split()[3:]
        if words and words[-1] in ("--name", "--to", "--profile"):
            words.append("x")  # the value is put in when the message is shown
        asked = CliRunner().invoke(COMMANDS[package], [*words, "--help"])
        assert asked.exit_code == 0, f"{command}: {asked.output}"


def test_every_relative_link_in_the_texts_leads_somewhere():
    broken = []
    for text in [
        *ROOT.glob("*.md"),
        *(ROOT / "data").rglob("*.md"),
        *(ROOT / "workshop").glob("*.md"),
    ]:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text.read_text(encoding="utf-8")):
            if not link.startswith(("http", "mailto:")) and not (text.parent / link).exists():
                broken.append((text.name, link))
    assert broken == []


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_a_python_that_does_not_fit_is_refused_in_one_sentence(version, fits):
    code = f"import runpy, sys; sys.version_info = {version}; runpy.run_path('check_python.py')"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (found.returncode == 0) == fits
    assert fits or "make run PYTHON=python3.12" in found.stderr
    assert len(found.stderr.splitlines()) == (0 if fits else 1)


def test_a_codespace_makes_the_environment_with_a_python_that_fits():
    # It has never been tried, and says so.
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    assert "untried" in container["name"]
    image, _, version = container["image"].rpartition(":")
    assert image == "mcr.microsoft.com/devcontainers/python"
    assert tuple(map(int, version.split("."))) in ((3, 11), (3, 12), (3, 13))
    program, target = container["postCreateCommand"].split()
    assert program == "make" and re.search(rf"^{target}:", make_rules(), re.MULTILINE)
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")


def test_the_citation_names_this_version_and_license():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # what its format asks
    assert citation["version"] == project()["version"]
    assert citation["license"] == project()["license"]
    holder = re.search(r"Copyright \(c\) \d+ (.+)", (ROOT / "LICENSE").read_text(encoding="utf-8"))
    assert holder and citation["authors"] == [{"name": holder[1]}]


def test_the_issue_form_asks_for_the_record_of_the_run():
    forms = list((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert forms
    for path in forms:
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= form.keys()
        ids = [part["id"] for part in form["body"]]
        assert len(set(ids)) == len(ids)
        for part in form["body"]:
            assert part["type"] in ("input", "textarea", "dropdown", "checkboxes")
            assert part["attributes"]["label"]
            assert (part["type"] == "dropdown") == ("options" in part["attributes"])
        (record,) = (part for part in form["body"] if RECORD in part["attributes"]["label"])
        assert record["attributes"]["render"] == "json"
