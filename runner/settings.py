"""What a run is asked for: from the command line, a profile and the run's last request.

Everything wrong is collected, so that a reader sees all of it at once. What the machine lacks is
`preflight`'s part.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from runner import record
from runner.request import RunRequest
from series import chain
from series.errors import LessonError
from series.files import display_path
from series.parameters import PARAMETERS, did_you_mean, parameter_problems

DEFAULT_PROFILE = "fast"


def read(
    profile: str | None = None,
    pairs: Sequence[tuple[str, Any]] = (),
    name: str | None = None,
    first: str | None = None,
    last: str | None = None,
    **options: Any,
) -> tuple[RunRequest, list[LessonError]]:
    """Put together what the command line asked for.

    A run that exists keeps its own profile and `-p` parameters, unless `profile` says otherwise.

    Args:
        profile, pairs, name, first, last: as the options `--profile`, `-p`, `--name`, `--from` and
            `--to` give them.
        options: others of the fields of `RunRequest`, such as `fresh`, `catch_up` and `timeout`.

    Returns:
        What was asked for, and everything that is wrong with it; it is only good where nothing is.
    """
    problems: list[LessonError] = []
    last_request = None if profile else _last_request(DEFAULT_PROFILE if name is None else name)
    if last_request:
        profile, name = last_request.profile, last_request.name
        pairs = [*last_request.given.items(), *pairs]
    elif profile is None and name != chain.INTERACTIVE:
        profile = DEFAULT_PROFILE
    given = {key: coerce(key, value) for key, value in pairs}
    values: dict[str, Any] = {}
    if profile is not None:
        try:
            profile, values = _read_profile(profile)
        except LessonError as error:
            problems.append(error)
    values |= given
    if values.pop("run", None) is not None:
        fix = "leave the parameter run out, and name the run with --name"
        problems.append(LessonError("a headless run is not named by a parameter", fix))
    fix = f"see python -m runner run --help, then change -p or the profile {profile}"
    problems += [LessonError(problem, fix) for problem in parameter_problems(values)]
    if name is None:
        name = Path(profile or chain.INTERACTIVE).stem
    if problem := chain.run_name_problem(name):
        problems.append(LessonError(problem, "give the run another name with --name"))
    notebooks, unfit = chosen_notebooks(first, last)
    problems += unfit
    good = {key: value for key, value in values.items() if not parameter_problems({key: value})}
    forced = first is not None or bool(options.get("fresh"))
    return RunRequest(name, profile, given, good, notebooks, forced, **options), problems


def _last_request(name: str) -> RunRequest | None:
    """What the run of that name was last asked for. Preflight says what its record lacks."""
    if chain.run_name_problem(name):
        return None
    with contextlib.suppress(LessonError):
        if before := record.load(chain.runs_folder() / name):
            return before.request
    return None


def coerce(name: str, value: object) -> object:
    """A value from a profile or the command line in the type of its parameter, where it can be read
    as that.

    What can't be is returned as it came, for `parameter_problems` to name.
    """
    if name not in PARAMETERS or not (isinstance(value, str) or type(value) is int):
        return value
    kind = PARAMETERS[name].type
    with contextlib.suppress(ValueError, OverflowError):
        return kind(value)
    return value


def _read_profile(profile: str) -> tuple[str, dict[str, Any]]:
    """The profile as the record names it, and its parameters."""
    path = chain.PROFILES_FOLDER / f"{profile}.yaml"
    if profile.lower().endswith((".yaml", ".yml")) or Path(profile).name != profile:
        # A shell leaves ~ as it is after --profile=.
        path = Path(os.path.expanduser(profile)).absolute()  # noqa: PTH111
        profile = str(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}  # the file may be empty
        if not isinstance(content, dict):
            raise ValueError("it is not a flat list of parameters, one `name: value` a line")
    except FileNotFoundError as error:
        known = sorted(path.stem for path in chain.PROFILES_FOLDER.glob("*.yaml"))
        what = f"there is no profile {profile}{did_you_mean(profile, known)}"
        fix = f"take one of {', '.join(known)}, or the path of a .yaml file"
        raise LessonError(what, fix) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        what = f"the profile {display_path(path)} can't be read: {error}"
        fix = f"edit {display_path(path)}; profiles/fast.yaml shows how"
        raise LessonError(what, fix) from error
    return profile, {str(name): coerce(str(name), value) for name, value in content.items()}


def chosen_notebooks(first: str | None, last: str | None) -> tuple[list[str], list[LessonError]]:
    """The notebooks from `first` to `last`, and what is wrong with these two words.

    A notebook beside the lesson is among them only where one of the words names it: `--to 08` needs
    no 07.
    """
    ends: list[chain.Notebook | None] = []
    problems = []
    for word in (first, last):
        try:
            ends.append(chain.find_notebook(word) if word is not None else None)
        except LessonError as error:
            problems.append(error)
    if problems:
        return [], problems
    start = chain.ALL.index(ends[0]) if ends[0] else 0
    end = chain.ALL.index(ends[1]) if ends[1] else max(start, len(chain.NOTEBOOKS) - 1)
    if start > end:
        what = f"--from {first} comes after --to {last}"
        return [], [LessonError(what, "swap the two, or leave one out")]
    between = chain.ALL[start : end + 1]
    chosen = [each for each in between if each in chain.NOTEBOOKS or each in ends]
    return [notebook.name for notebook in chosen], []
