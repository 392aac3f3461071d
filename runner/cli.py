"""The command line, `python -m runner …`."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import click

from runner import screen, settings, tidy
from runner.run import DONE, REFUSED
from runner.run import run as run_request
from runner.stop import INTERRUPTED
from series import chain
from series.errors import LessonError
from series.parameters import PARAMETERS

PROFILE = """Parameters from profiles/NAME.yaml or from a file of your own. Left out: fast; a run
that exists keeps its own, and the run interactive takes the notebooks' own defaults."""
PARAMETER = """One parameter, over the profile's. What each means, and its value where none is
given: see the notebooks' cells of parameters, or papermill --help-notebook
notebooks/04_training.ipynb."""
PARAMETERS_HELP = (
    "\b\nParameters (-p NAME VALUE, or a line `NAME: VALUE` in a profile):\n"
    + "\n".join(
        f"  {name}: {parameter.describe()}"
        for name, parameter in PARAMETERS.items()
        if name != "run"
    )
)


def main(words: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        words: the words after `python -m runner`; those of this process if None.

    Returns:
        The exit code.
    """
    try:
        return int(commands.main(words, prog_name="python -m runner", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except LessonError as error:
        screen.print_line(str(error), errors=True)
        return REFUSED
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def commands() -> None:
    """Run the notebooks headless, compare runs, keep the project tidy."""


@commands.command(epilog=PARAMETERS_HELP)
@click.option("--profile", metavar="NAME|FILE.yaml", help=PROFILE)
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help=PARAMETER)
@click.option(
    "--name", metavar="NAME", help="The run's folder under runs/. Left out: the profile's name."
)
@click.option(
    "--from",
    "first",
    metavar="NOTEBOOK",
    help="Redo this notebook and those after it; leave those before.",
)
@click.option("--to", "last", metavar="NOTEBOOK", help="Stop after this notebook.")
@click.option(
    "--fresh", is_flag=True, help="Reuse nothing: delete what these notebooks saved, and redo them."
)
@click.option(
    "--catch-up", is_flag=True, help="Skip exercises and demonstrations that nothing later needs."
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Stop if a cell takes longer than this.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only show what is there, what is stale and why, and what would run.",
)
def run(dry_run: bool, **options: Any) -> int:
    """Run the notebooks in order, reusing what is up to date; write a record and a report to
    runs/NAME.

    \b
    Exit codes:
      0    done (whether the model is as accurate as expected is on the last screen and in run.json)
      1    a notebook failed, or something outside the notebooks stopped the run
      2    refused: nothing was run
      3    a cell took longer than --timeout
      4    a kernel died
      130  interrupted (Ctrl-C, SIGTERM, a closed terminal)
    """
    return run_request(*settings.read(**options), dry_run=dry_run)


@commands.command()
@click.argument("names", metavar="A B …", nargs=-1, required=True)
def compare(names: tuple[str, ...]) -> None:
    """Show runs side by side: parameters, versions, seconds, memory, metrics, learning curves."""
    from runner.compare import compare as show  # here, since importing Matplotlib takes a moment

    show(names)


@commands.command()
@click.option("--dry-run", is_flag=True, help="Only show what would run, and why.")
def outputs(dry_run: bool) -> int:
    """Refresh the outputs stored in the committed notebooks, from the run classic, which is made
    anew: a changed figure makes no result stale, but counts here.
    """
    first = chain.NOTEBOOKS[0]
    request, problems = settings.read(profile="classic", first=first.name)
    wanted = [notebook.name for notebook in chain.ALL if notebook is not chain.SCALING]
    request = dataclasses.replace(request, notebooks=wanted)
    code = run_request(request, problems, dry_run)
    if dry_run:
        return code
    if code:
        words = "The stored outputs are as they were: the run has to end well first."
        screen.print_line(words, errors=True)
        return code
    stored = tidy.store_outputs(request.folder)
    screen.print_line(f"The outputs of {stored} notebooks are stored.")
    return DONE


@commands.command()
def clean() -> int:
    """Delete all runs, but nothing that the project did not write, and say what that frees."""
    return tidy.clean()
