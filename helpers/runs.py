"""Opening a run's folder: the first line of every notebook."""

from collections.abc import Mapping
from typing import Any

from series import chain, quiet
from series.errors import LessonError
from series.files import write_json
from series.parameters import PARAMETERS, did_you_mean, parameter_problems
from series.runs import RunFolder, missing

__all__ = ["open_run", "write_json"]


def open_run(notebook: str, variables: Mapping[str, Any]) -> RunFolder:
    """Open the run's folder for a notebook, once its parameters are valid and what it needs is
    there.

    It also imports TensorFlow, quietly, so that the notebook's own import is quick and shows no
    start-up notes.

    Args:
        notebook: the notebook's name, such as `04_training`.
        variables: the notebook's variables, `globals()`, among which are its parameters.

    Raises:
        LessonError: a parameter is missing, misspelled or invalid, or an artifact that the notebook
            needs is missing.
    """
    declared = chain.BY_NAME[notebook].parameters
    values = {name: variables[name] for name in declared if name in variables}
    # A line of the parameters cell carries a type, and Python keeps the names of such lines.
    typed = {
        name: did_you_mean(name, declared)
        for name in variables.get("__annotations__", {})
        if name not in declared
    }
    wrong = {name: meant for name, meant in typed.items() if meant or name in PARAMETERS}
    problems = [f"this notebook has no parameter {name}{meant}" for name, meant in wrong.items()]
    problems += [f"parameter {name} is not set" for name in declared if name not in values]
    problems += parameter_problems(values)
    if "run" in values and (problem := chain.run_name_problem(values["run"])):
        problems.append(problem)
    if problems:
        raise LessonError(
            "; ".join(problems),
            "change the cell of parameters, restart the kernel, and run all cells",
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
    return folder
