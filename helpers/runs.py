"""Opening a run's folder: the first line of every notebook."""

import re
from collections.abc import Mapping
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
    # Python keeps the names of lines with a type, such as those of the cell of parameters.
    given = [*variables.get("__annotations__", {}), *_injected_names(variables)]
    unknown = {name: did_you_mean(name, PARAMETERS) for name in given if name not in PARAMETERS}
    problems = [
        f"this notebook has no parameter {name}{meant}" for name, meant in unknown.items() if meant
    ]
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
    needs = chain.BY_NAME[notebook].needs
    lacking = [artifact for artifact in needs if not (folder.path / artifact).is_file()]
    if lacking:
        raise missing(folder.path, lacking)
    quiet.import_tensorflow()
    settings.set_libraries()
    from helpers.exercises import explain_missing_answers  # NumPy may only be imported now

    explain_missing_answers()
    return folder


def _injected_names(variables: Mapping[str, Any]) -> list[str]:
    """The names that papermill's cell sets, one a line: the cell that it adds below the parameters,
    which begins with `# Parameters`. IPython keeps the text of all cells that have run in `In`.
    """
    cells = [str(cell) for cell in variables.get("In", ())]
    injected = "\n".join(cell for cell in cells if cell.startswith("# Parameters\n"))
    return re.findall(r"^(\w+) = ", injected, re.MULTILINE)
