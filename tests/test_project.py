"""The files around the notebooks agree: dependencies and their lock, commands and links in texts."""

import re
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import runner.cli
import workers.cli
import workshop.cli
from series.chain import NOTEBOOKS_FOLDER, ROOT

TEXTS = [
    *ROOT.glob("*.md"),
    *NOTEBOOKS_FOLDER.glob("*.ipynb"),
    *(ROOT / "workshop").glob("*.md"),
    *(ROOT / "data").rglob("*.md"),
]
MAKEFILES = [ROOT / "Makefile", ROOT / "contributing.mk", ROOT / "workshop" / "instructor.mk"]
COMMANDS = {
    "runner": runner.cli.commands,
    "workers": workers.cli.main,
    "workshop": workshop.cli.main,
}


def test_the_lock_pins_each_dependency_within_its_range():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line.strip() and line.lstrip()[0] != "#"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for words in project["dependencies"] + project["optional-dependencies"]["dev"]:
        dependency = Requirement(words)
        name = canonicalize_name(dependency.name)
        locked = [str(pin.specifier)[2:] for pin in pins if canonicalize_name(pin.name) == name]
        assert locked, f"{dependency} is not in requirements.txt: make lock"
        for version in locked:
            assert dependency.specifier.contains(version), f"{dependency}: make lock"


def test_every_make_command_in_the_texts_exists():
    rules = "\n".join(path.read_text(encoding="utf-8") for path in MAKEFILES)
    named = set()
    for text in TEXTS:
        named |= set(re.findall(r"`make ([a-z-]+)[^`]*`", text.read_text(encoding="utf-8")))
    assert named
    assert named <= set(re.findall(r"^([a-z-]+):", rules, re.MULTILINE))


@pytest.mark.parametrize("package", COMMANDS)
def test_every_command_in_texts_and_messages_is_one_that_the_command_line_takes(package):
    commands = set()
    for path in [*TEXTS, *ROOT.glob("[hrsw]*/**/*.py")]:
        pattern = rf"python -m {package}(?: [\w./=-]+)*"
        commands |= set(re.findall(pattern, path.read_text(encoding="utf-8")))
    assert commands
    for command in sorted(commands):
        options = command.split()[3:]
        if options and options[-1] in ("--name", "--to", "--profile"):
            options.append("x")  # the value is put in when the message is shown
        asked = CliRunner().invoke(COMMANDS[package], [*options, "--help"])
        assert asked.exit_code == 0, f"{command}: {asked.output}"


def test_every_relative_link_in_the_texts_leads_somewhere():
    broken = []
    for text in TEXTS:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text.read_text(encoding="utf-8")):
            is_file = not link.startswith(("http", "mailto:", "attachment:"))
            if is_file and not (text.parent / link.strip("\\\"'")).exists():
                broken.append((text.name, link))
    assert broken == []


@pytest.mark.parametrize(("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 14), False)])
def test_a_python_that_does_not_fit_is_refused_in_one_sentence(version, fits):
    code = f"import runpy, sys; sys.version_info = {version}; runpy.run_path('check_python.py')"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) == fits
    assert fits or "make run PYTHON=python3.12" in ran.stderr
    assert len(ran.stderr.splitlines()) == (0 if fits else 1)
