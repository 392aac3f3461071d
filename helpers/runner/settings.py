"""What a run was asked for: its name, profile, parameters and which notebooks, put together from the command line.

Everything wrong is collected, so that a reader sees all of it at once. What the machine lacks is `preflight`'s part.
"""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers import chain, runs
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.files import shown

DEFAULT_PROFILE = "fast"
INTERACTIVE = str(chain.PARAMETERS_BY_NAME["run"].default)


@dataclass(frozen=True)
class Settings:
    """One run, as it was asked for.

    Attributes:
        name: name of the run's folder.
        profile: what `--profile` named, or None for the notebooks' own defaults.
        given: the parameters given with `-p`, of their declared types.
        values: the profile's parameters with `given` over them.
        first, last: indices into `chain.ALL`, both included.
        forced: redo what is asked for, fresh or not.
        fresh: reuse nothing, not even a training that was cut off.
        timeout: seconds that a cell may take, or None.
    """

    name: str
    profile: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    first: int = 0
    last: int = len(chain.NOTEBOOKS) - 1
    forced: bool = False
    fresh: bool = False
    timeout: int | None = None

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return chain.runs_folder() / self.name

    @property
    def notebooks(self) -> tuple[Notebook, ...]:
        """The notebooks that were asked for, in their order."""
        return chain.ALL[self.first : self.last + 1]

    def command(self) -> str:
        """The command that goes on with this run, with the same settings."""
        words = ["python", "-m", "helpers", "run", *(["--profile", self.profile] if self.profile else [])]
        words += ["--name", self.name]
        words += [word for name, value in self.given.items() for word in ("-p", name, str(value))]
        words += ["--timeout", str(self.timeout)] if self.timeout else []
        words += ["--from", chain.SCALING.name] if self.notebooks == (chain.SCALING,) else []
        words += ["--to", self.notebooks[-1].name] if self.last != max(self.first, len(chain.NOTEBOOKS) - 1) else []
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def settle(
    profile: str | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    name: str | None = None,
    first: str | None = None,
    last: str | None = None,
    fresh: bool = False,
    timeout: int | None = None,
) -> tuple[Settings, list[LessonError]]:
    """Put together what the command line asked for.

    A run that exists goes on with its own profile and `-p` parameters, unless `profile` says otherwise.

    Returns:
        The settings, and everything that is wrong with them; they are only good where nothing is.
    """
    problems: list[LessonError] = []
    before = _asked_before(name) if name and profile is None else None
    if before:
        profile = before.get("profile")
        pairs = [*((key, value) for key, value in before["given"].items()), *pairs]
    elif profile is None and name != INTERACTIVE:
        profile = DEFAULT_PROFILE
    from_profile = _read_profile(profile, problems) if profile else {}
    given = {key: cast(key, value) for key, value in pairs}
    if profile:
        _check_parameters(from_profile, f"edit the profile {profile}", problems)
    _check_parameters(given, "see the parameters: python -m helpers run --help", problems)
    name = name if name is not None else Path(profile or INTERACTIVE).stem
    if problem := chain.run_name_problem(name):
        problems.append(LessonError(problem, "give the run another name with --name"))
    start = _index(first, 0, problems)
    end = _index(last, max(start, len(chain.NOTEBOOKS) - 1), problems)
    if start > end:
        problems.append(LessonError(f"--from {first} comes after --to {last}", "swap the two, or leave one out"))
    values = {key: value for key, value in (from_profile | given).items() if not chain.parameter_problems({key: value})}
    return Settings(name, profile, given, values, start, end, fresh or first is not None, fresh, timeout), problems


def cast(name: str, value: object) -> object:
    """A value from a profile or the command line in the type that its parameter declares, where it can be read as that.

    What can't be is returned as it came, for `chain.parameter_problems` to name.
    """
    declared = chain.PARAMETERS_BY_NAME.get(name)
    is_number = declared is not None and declared.type in (int, float)
    if declared and is_number and (isinstance(value, str) or type(value) is int):
        with contextlib.suppress(ValueError, OverflowError):
            return declared.type(value)
    return value


def for_notebook(notebook: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that the notebook declares."""
    return {name: value for name, value in values.items() if notebook in chain.PARAMETERS_BY_NAME[name].notebooks}


def _asked_before(name: str) -> dict[str, Any] | None:
    """What the last headless run of this name was asked for, if there was one and its record can be read."""
    with contextlib.suppress(LessonError, OSError):  # preflight says what is wrong with the record
        return None if chain.run_name_problem(name) else runs.read_record(chain.runs_folder() / name).get("asked")
    return None


def _read_profile(profile: str, problems: list[LessonError]) -> dict[str, Any]:
    known = sorted(path.stem for path in chain.PROFILES_FOLDER.glob("*.yaml"))
    is_path = profile.endswith((".yaml", ".yml")) or Path(profile).name != profile
    path = Path(profile).expanduser() if is_path else chain.PROFILES_FOLDER / f"{profile}.yaml"
    if not path.is_file():
        what = f"there is no profile {profile}{chain.nearest(profile, known)}"
        problems.append(LessonError(what, f"take one of {', '.join(known)}, or the path of a .yaml file"))
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
            raise ValueError("it is no flat list of parameters, one `name: value` a line")
    except (OSError, ValueError, yaml.YAMLError) as error:
        what = f"the profile {shown(path)} can't be read: {error}"
        problems.append(LessonError(what, f"edit {shown(path)}; profiles/fast.yaml shows how"))
        return {}
    return {name: cast(name, value) for name, value in content.items()}


def _check_parameters(values: Mapping[str, object], mend: str, problems: list[LessonError]) -> None:
    if "run" in values:
        what = "the run's name is no parameter of a headless run"
        problems.append(LessonError(what, f"name it with --name {values['run']}"))
    problems += [LessonError(what, mend) for what in chain.parameter_problems({**values, "run": ""})]


def _index(word: str | None, default: int, problems: list[LessonError]) -> int:
    """The index of a notebook given by its name, with or without .ipynb, by how its name begins, or by its number."""
    names = [notebook.name for notebook in chain.ALL]
    begins = word.removesuffix(".ipynb").zfill(2) if word else ""
    found = [index for index, name in enumerate(names) if word and name.startswith(begins)]
    if word is not None and len(found) != 1:
        what = f"there is no notebook {word}{chain.nearest(word, names)}"
        problems.append(LessonError(what, f"take one of {', '.join(names)}"))
    return found[0] if len(found) == 1 else default
