"""Opening a run's folder: the first line of every notebook."""

import ast
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from series import chain, quiet, settings
from series.errors import LessonError
from series.files import write_json
from series.parameters import PARAMETERS, did_you_mean, parameter_problems
from series.runs import RunFolder, missing

__all__ = ["open_run", "write_json"]


def open_run(notebook: str, variables: Mapping[str, Any]) -> RunFolder:
    """Open the run's folder for a notebook, once its parameters are valid and what it needs is
    there.

    It also imports TensorFlow, quietly, so that the notebook's own import is quick and shows no
    start-up notes, and sees to it that the lesson's settings hold, whatever the machine's are, and
    that the check of an exercise without an answer says so.

    Args:
        notebook: the notebook's name, such as `04_training`.
        variables: the notebook's variables, `globals()`, among which are its parameters.

    Raises:
        LessonError: a parameter is missing, misspelled or invalid, an artifact that the notebook
            needs is missing, or a file has the name of a library.
    """
    settings.refuse_impostors()
    declared = chain.BY_NAME[notebook].parameters
    values = {name: variables[name] for name in declared if name in variables}
    if type(values.get("run")) is int:  # papermill reads `-p run 3` as a number
        values["run"] = str(values["run"])
    # A line of the parameters cell carries a type, and Python keeps the names of such lines.
    typed = {
        name: did_you_mean(name, declared)
        for name in variables.get("__annotations__", {})
        if name not in declared
    }
    wrong = {name: meant for name, meant in typed.items() if meant or name in PARAMETERS}
    # papermill hands each notebook all parameters of a profile, those of other notebooks too.
    given = {name: did_you_mean(name, PARAMETERS) for name in _injected_names(variables)}
    wrong |= {name: meant for name, meant in given.items() if meant and name not in PARAMETERS}
    problems = [f"this notebook has no parameter {name}{meant}" for name, meant in wrong.items()]
    problems += [f"parameter {name} is not set" for name in declared if name not in values]
    problems += parameter_problems(values)
    if "run" in values and (problem := chain.run_name_problem(values["run"])):
        problems.append(problem)
    if problems:
        raise LessonError(
            "; ".join(problems),
            "change the cell of parameters (or papermill's -p and -f), restart the kernel, and "
            "run all cells",
        )
    folder = RunFolder(notebook, chain.runs_folder() / values.pop("run"), values)
    lacking = [
        artifact
        for artifact in chain.BY_NAME[notebook].needs
        if not (folder.path / artifact).is_file()
    ]
    if lacking:
        raise missing(folder.path, lacking)
    quiet.import_tensorflow()
    settings.set_libraries()
    from helpers.exercises import explain_missing_answers  # NumPy may only be imported now

    explain_missing_answers()
    return folder


def _injected_names(variables: Mapping[str, Any]) -> Iterator[str]:
    """The names that papermill's cell sets: the cell that it adds below the parameters, which
    begins with `# Parameters`. IPython keeps the text of all cells that have run in `In`.
    """
    for source in variables.get("In", ()):
        if str(source).startswith("# Parameters\n"):
            with contextlib.suppress(SyntaxError):  # edited by hand since
                for statement in ast.parse(source).body:
                    if isinstance(statement, ast.Assign):
                        targets = statement.targets
                        yield from (name.id for name in targets if isinstance(name, ast.Name))
