"""The command line: `python -m helpers …`, and `digits …` where the package is installed."""

import sys
from pathlib import Path
from typing import Any

import click

from helpers import chain
from helpers.errors import LessonError
from helpers.runner import screen, series, settings
from helpers.scaling.command import worker

EXIT_CODES = """\b
Exit codes:
  0    done (whether the model is as accurate as expected is on the last screen and in run.json)
  1    a notebook failed
  2    refused: nothing was run
  3    a cell took longer than --timeout
  4    a kernel died
  130  interrupted (Ctrl-C, SIGTERM)"""
PROFILE = """Parameters from profiles/NAME.yaml or from a file of your own. Left out: fast; a run
that exists goes on with its own, and the run interactive takes the notebooks' own defaults."""
PARAMETER = "  {0.name}: {1}; default {2}; in {3}\n      {0.meaning}"


class Mendable(click.Group):
    """Commands that tell what the reader can mend in two lines, not in a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(context)
        except LessonError as error:
            screen.console(errors=True).print(str(error))
            return context.exit(series.FAILED)


def _parameters() -> str:
    asked = [parameter for parameter in chain.PARAMETERS if parameter.name != "run"]
    lines = [
        PARAMETER.format(p, p.describe(), "empty" if p.default == "" else p.default, ", ".join(p.notebooks))
        for p in asked
    ]
    return "\n".join(["\b", "Parameters (-p NAME VALUE, or a line `NAME: VALUE` in a profile):", *lines])


@click.group(cls=Mendable, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def main() -> None:
    """Run the notebooks headless, compare two runs, keep the project tidy."""


@main.command(epilog=f"{_parameters()}\n\n{EXIT_CODES}")
@click.option("--profile", metavar="NAME|FILE.yaml", help=PROFILE)
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="One parameter, over the profile's.")
@click.option("--name", metavar="NAME", help="The run's folder under runs/. Left out: the profile's name.")
@click.option("--from", "first", metavar="NOTEBOOK", help="Redo this notebook and those after it; leave those before.")
@click.option("--to", "last", metavar="NOTEBOOK", help="Stop after this notebook.")
@click.option("--fresh", is_flag=True, help="Reuse nothing: redo every notebook, and training from its first epoch.")
@click.option("--timeout", type=click.IntRange(min=1), metavar="SECONDS", help="Stop if a cell takes longer than this.")
@click.option("--dry-run", is_flag=True, help="Only show what is there, what is stale and why, and what would run.")
def run(dry_run: bool, **asked: Any) -> None:
    """Run the notebooks in order, reusing what is up to date; leave a record and a report in runs/NAME."""
    sys.exit((series.dry_run if dry_run else series.run)(*settings.settle(**asked)))


@main.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--picture", type=click.Path(path_type=Path), help="Where to save the picture. Left out: runs/A-and-B.png."
)
def compare(first: str, second: str, picture: Path | None) -> None:
    """Show the runs A and B side by side: parameters, versions, seconds, memory, metrics, learning curves."""
    from helpers.runner import compare as room

    room.compare(first, second, picture)


@main.command()
def outputs() -> None:
    """Refresh the outputs stored in the committed notebooks, from the run classic, which is brought up to date."""
    from helpers.runner import tidy

    asked, problems = settings.settle(profile="classic")
    if code := series.run(asked, problems):
        screen.console(errors=True).print("The stored outputs are as they were: the run has to end well first.")
        sys.exit(code)
    stored = tidy.store_outputs(asked.folder)
    screen.console().print(f"The outputs of {stored} notebooks are stored.")


@main.command()
@click.option("--all", "everything", is_flag=True, help="The environment .venv too.")
def clean(everything: bool) -> None:
    """Delete all runs and caches, and say how much space that frees."""
    from helpers.runner import tidy

    sys.exit(tidy.clean(everything))


main.add_command(worker)
