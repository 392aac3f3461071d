"""The files around the notebooks agree: dependencies, their lock, the conda entry, the commands the README names."""

import itertools
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import supported
from helpers.chain import ROOT

PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = {
    "Linux x86_64": {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
    },
    "Linux arm64": {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "aarch64",
        "os_name": "posix",
    },
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64", "os_name": "nt"},
}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def named_dependencies() -> list[Requirement]:
    table = project()["project"]
    names = table["dependencies"] + table["optional-dependencies"]["dev"]
    return [Requirement(name) for name in names]


def locked() -> list[Requirement]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def environment(python: str, system: str) -> dict[str, Any]:
    # Markers may ask for a patch release (3.11.5 and up, say): a late one stands for all.
    return {
        **dict(default_environment()),
        **SYSTEMS[system],
        "python_version": python,
        "python_full_version": f"{python}.9",
    }


def pins(python: str, system: str) -> dict[str, list[str]]:
    """Name to the versions that the lock pins for this Python on this system."""
    found: dict[str, list[str]] = {}
    for line in locked():
        if line.marker is None or line.marker.evaluate(environment(python, system)):
            assert str(line.specifier).startswith("=="), f"{line} pins no version"
            found.setdefault(canonicalize_name(line.name), []).append(str(line.specifier)[2:])
    return found


@pytest.mark.parametrize(("python", "system"), list(itertools.product(PYTHONS, SYSTEMS)))
def test_the_lock_pins_each_dependency_once_within_its_range(python: str, system: str) -> None:
    locked_here = pins(python, system)
    assert all(len(versions) == 1 for versions in locked_here.values()), locked_here
    for dependency in named_dependencies():
        versions = locked_here.get(canonicalize_name(dependency.name))
        assert versions, f"{dependency} is not in requirements.txt: make lock"
        assert dependency.specifier.contains(versions[0]), f"{dependency} is locked at {versions[0]}: make lock"


def test_the_lock_holds_nothing_that_no_dependency_needs() -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    applicable = {canonicalize_name(line.name) for line in locked() if line.marker is None or line.marker.evaluate()}
    needed: set[str] = set()
    waiting = [(dependency, "") for dependency in named_dependencies()]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if name in needed and extras == {""}:
            continue
        needed.add(name)
        for line in metadata.requires(name) or []:
            waiting += [(Requirement(line), extra) for extra in extras]
    assert applicable - needed == set(), f"requirements.txt holds more than Python {python} needs: make lock"


def test_the_conda_entry_installs_the_lock_and_the_helpers() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, from_pip = conda["dependencies"]
    assert python.startswith("python=")
    assert python.removeprefix("python=") in PYTHONS
    assert pip == "pip"
    assert from_pip == {"pip": ["-r requirements.txt", "-e ."]}


def test_the_supported_pythons_are_named_the_same_everywhere() -> None:
    assert f"{supported.OLDEST[0]}.{supported.OLDEST[1]}" == PYTHONS[0]
    assert f"{supported.NEWEST[0]}.{supported.NEWEST[1]}" == PYTHONS[-1]
    assert project()["project"]["requires-python"] == f">={PYTHONS[0]},<3.{supported.NEWEST[1] + 1}"


def test_dependencies_are_named_with_a_reason_and_in_one_place_only() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if re.match(r'\s+"[\w-]+[><=]', line)]
    assert len(named) >= 15
    assert [line for line in named if "#" not in line] == []
    installers = [path for path in ROOT.glob("*") if path.name in ("setup.py", "setup.cfg", "Pipfile", "poetry.lock")]
    assert installers == []


def test_every_make_command_in_the_texts_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "notebooks").glob("*.ipynb"))]
    named = {
        (text.name, target)
        for text in texts
        for target in re.findall(r"`make ([a-z][a-z-]+)[^`]*`", text.read_text(encoding="utf-8"))
    }
    assert named
    assert {(text, target) for text, target in named if target not in targets} == set()


def test_every_relative_link_in_the_texts_leads_somewhere() -> None:
    broken = []
    for text in [*ROOT.glob("*.md"), *(ROOT / "data").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text.read_text(encoding="utf-8")):
            if not link.startswith(("http", "mailto:")) and not (text.parent / link).exists():
                broken.append((text.name, link))
    assert broken == []


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_supported_python_is_accepted(version: tuple[int, int]) -> None:
    assert supported.python_problem(version) is None


@pytest.mark.parametrize("version", [(3, 6), (3, 10), (3, 14)])
def test_another_python_gets_one_sentence_that_names_what_to_use(version: tuple[int, int]) -> None:
    sentence = supported.python_problem(version)
    assert sentence is not None
    assert f"Python {version[0]}.{version[1]}" in sentence
    assert "PYTHON=python3.1" in sentence
    assert "\n" not in sentence


def test_a_name_on_the_path_that_runs_nothing_is_not_advised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = tmp_path / "python3.13"
    stub.write_text("#!/bin/sh\nexit 127\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "python3.13" not in (supported.python_problem((3, 14)) or "")


@pytest.mark.parametrize(
    ("system", "machine", "libc"),
    [("Linux", "x86_64", ("glibc", "2.36")), ("Darwin", "arm64", ("", "")), ("Windows", "AMD64", ("", ""))],
)
def test_a_supported_system_is_accepted(system: str, machine: str, libc: tuple[str, str]) -> None:
    assert supported.system_problem(system, machine, libc, "14.5" if system == "Darwin" else "") is None


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("Darwin", "x86_64"), "Intel"),
        (("Darwin", "arm64", ("", ""), "11.7"), "macOS 12"),
        (("Linux", "x86_64", ("", "")), "glibc"),
        (("Linux", "x86_64", ("glibc", "2.17")), "glibc"),
        (("Linux", "armv7l"), "armv7l"),
        (("Windows", "ARM64"), "ARM64"),
        (("Windows", "AMD64", ("", ""), "", False), "32-bit"),
    ],
)
def test_a_system_without_a_wheel_gets_one_sentence(arguments: tuple, word: str) -> None:
    sentence = supported.system_problem(*arguments)
    assert sentence is not None
    assert word in sentence


def test_keras_is_imported_without_scikit_learn_which_can_be_imported_later() -> None:
    code = "import sys, helpers, keras; early = 'sklearn' in sys.modules; import sklearn.metrics; print(early)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
