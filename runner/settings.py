"""What a run was asked for: its name, profile, parameters and which notebooks, put together from the command line.

Everything wrong is collected, so that a reader sees all of it at once. What the machine lacks is `preflight`'s part.
"""

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers import chain, runs
from helpers.chain import Notebook
from helpers.errors import LessonError
from helpers.files import shown
from helpers.parameters import PARAMETERS, nearest, parameter_problems
from runner import record

DEFAULT_PROFILE = "fast"
INTERACTIVE = "interactive"  # the run of notebooks that are run by hand: their own default


@dataclass(frozen=True)
class Settings:
    """One run, as it was asked for.

    Attributes:
        name: name of the run's folder.
        profile: what `--profile` named (a file by its whole path), or None for the notebooks' own defaults.
        given: the parameters given with `-p`, of their declared types.
        values: the profile's parameters with `given` over them.
        first, last: indices into `chain.ALL`, both included.
        forced: redo what is asked for, fresh or not.
        fresh: reuse nothing, not even a training that was cut off.
        catch_up: skip exercises and demonstrations.
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
    catch_up: bool = False
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
        """The command that continues this run, which keeps its profile and parameters."""
        command = runs.make_command(self.name, self.notebooks[-1].name)
        return command + (" --catch-up" if self.catch_up else "")


def resolve(
    profile: str | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    name: str | None = None,
    first: str | None = None,
    last: str | None = None,
    fresh: bool = False,
    catch_up: bool = False,
    timeout: int | None = None,
) -> tuple[Settings, list[LessonError]]:
    """Put together what the command line asked for.

    A run that exists keeps its own profile and `-p` parameters, unless `profile` says otherwise.

    Returns:
        The settings, and everything that is wrong with them; they are only good where nothing is.
    """
    problems: list[LessonError] = []
    before = _asked_before(name or DEFAULT_PROFILE) if profile is None else None
    if before:
        profile = before.profile
        pairs = [*before.given.items(), *pairs]
    elif profile is None and name != INTERACTIVE:
        profile = DEFAULT_PROFILE
    from_profile: dict[str, Any] = {}
    if profile:
        profile, from_profile = _read_profile(profile, problems)
        _check_parameters(from_profile, f"edit the profile {profile}", problems)
    given = {key: cast(key, value) for key, value in pairs}
    _check_parameters(given, "see the parameters: python -m runner run --help", problems)
    if name is None:
        name = DEFAULT_PROFILE if before else Path(profile or INTERACTIVE).stem
    if problem := chain.run_name_problem(name):
        problems.append(LessonError(problem, "give the run another name with --name"))
    start = _index(first, 0, problems)
    end = _index(last, max(start, len(chain.NOTEBOOKS) - 1), problems)
    if start > end:
        problems.append(LessonError(f"--from {first} comes after --to {last}", "swap the two, or leave one out"))
    values = {key: value for key, value in (from_profile | given).items() if not parameter_problems({key: value})}
    forced = fresh or first is not None
    return Settings(name, profile, given, values, start, end, forced, fresh, catch_up, timeout), problems


def cast(name: str, value: object) -> object:
    """A value from a profile or the command line in the type of its parameter, where it can be read as that.

    What can't be is returned as it came, for `parameter_problems` to name.
    """
    declared = PARAMETERS.get(name)
    if declared and declared.type in (int, float) and (isinstance(value, str) or type(value) is int):
        with contextlib.suppress(ValueError, OverflowError):
            return declared.type(value)
    return value


def for_notebook(notebook: Notebook, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that the notebook declares."""
    return {name: value for name, value in values.items() if name in notebook.parameters}


def _asked_before(name: str) -> record.Asked | None:
    """What the last headless run of this name was asked for, if there was one and its record can be read."""
    if chain.run_name_problem(name):
        return None
    with contextlib.suppress(LessonError, OSError):  # preflight says what is wrong with the record
        kept = record.load(chain.runs_folder() / name)
        return kept.asked if kept else None
    return None


def _read_profile(profile: str, problems: list[LessonError]) -> tuple[str, dict[str, Any]]:
    """The profile as the record names it, and its parameters."""
    known = sorted(path.stem for path in chain.PROFILES_FOLDER.glob("*.yaml"))
    path = chain.PROFILES_FOLDER / f"{profile}.yaml"
    if profile.endswith((".yaml", ".yml")) or Path(profile).name != profile:
        path = Path(os.path.expanduser(profile)).resolve()  # noqa: PTH111 (Path raises where there is no such user)
        profile = str(path)
    if not path.is_file():
        what = f"there is no profile {profile}{nearest(profile, known)}"
        problems.append(LessonError(what, f"take one of {', '.join(known)}, or the path of a .yaml file"))
        return profile, {}
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text) or {}
        if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
            raise ValueError("it is not a flat list of parameters, one `name: value` a line")
        names = [key.value for key, _ in tree.value] if isinstance(tree, yaml.MappingNode) else []
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"it gives {', '.join(twice)} more than once")
    except (OSError, ValueError, yaml.YAMLError) as error:
        what = f"the profile {shown(path)} can't be read: {error}"
        problems.append(LessonError(what, f"edit {shown(path)}; profiles/fast.yaml shows how"))
        return profile, {}
    return profile, {name: cast(name, value) for name, value in content.items()}


def _check_parameters(values: Mapping[str, object], fix: str, problems: list[LessonError]) -> None:
    if "run" in values:
        what = "a headless run is not named by a parameter"
        problems.append(LessonError(what, f"name it with --name {values['run']}"))
    problems += [LessonError(what, fix) for what in parameter_problems({**values, "run": ""})]


def _index(word: str | None, default: int, problems: list[LessonError]) -> int:
    """The index of a notebook given by its name, with or without .ipynb, by how its name begins, or by its number."""
    names = [notebook.name for notebook in chain.ALL]
    begins = word.removesuffix(".ipynb").zfill(2) if word else ""
    found = [index for index, name in enumerate(names) if word and name.startswith(begins)]
    if word is not None and len(found) != 1:
        what = f"there is no notebook {word}{nearest(word, names)}"
        problems.append(LessonError(what, f"take one of {', '.join(names)}"))
    return found[0] if len(found) == 1 else default
