"""The command line: `python -m helpers …`, and `digits …` where the package is installed."""

import sys

import click

from helpers import chain
from helpers.runner import series, settings

EXIT_CODES = """\b
Exit codes:
  0    done (whether the model is as accurate as expected is on the last screen and in run.json)
  1    a notebook failed
  2    refused: nothing was run
  3    a cell took longer than --timeout
  4    a kernel died
  130  interrupted (Ctrl-C, SIGTERM)"""


def _parameters() -> str:
    lines = ["\b", "Parameters (-p NAME VALUE, or a line `NAME: VALUE` in a profile):"]
    for parameter in chain.PARAMETERS:
        if parameter.name == "run":
            continue
        default = parameter.default if parameter.default != "" else "empty"
        lines.append(
            f"  {parameter.name}: {parameter.describe()}; default {default}; in {', '.join(parameter.notebooks)}"
        )
        lines.append(f"      {parameter.meaning}")
    return "\n".join(lines)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def main() -> None:
    """Run the notebooks headless, compare two runs, keep the project tidy."""


@main.command(epilog=f"{_parameters()}\n\n{EXIT_CODES}")
@click.option(
    "--profile",
    metavar="NAME|FILE.yaml",
    help="Parameters from profiles/NAME.yaml or from a file of your "
    "own; fast if left out, or for a run that exists what it was last run with.",
)
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="One parameter, over the profile's.")
@click.option("--name", help="The run's folder under runs/; the profile's name if left out.")
@click.option("--from", "first", metavar="NOTEBOOK", help="Redo this notebook and those after it; leave those before.")
@click.option("--to", "last", metavar="NOTEBOOK", help="Stop after this notebook.")
@click.option("--fresh", is_flag=True, help="Reuse nothing: redo every notebook, and training from its first epoch.")
@click.option("--timeout", type=click.IntRange(min=1), metavar="SECONDS", help="Stop if a cell takes longer than this.")
@click.option(
    "--dry-run", is_flag=True, help="Only show the chain: what is there, what is stale and why, what would run."
)
def run(
    profile: str | None,
    pairs: tuple[tuple[str, str], ...],
    name: str | None,
    first: str | None,
    last: str | None,
    fresh: bool,
    timeout: int | None,
    dry_run: bool,
) -> None:
    """Run the notebooks in order, reusing what is up to date, and leave a record and a report in runs/NAME."""
    asked, problems = settings.settle(profile, pairs, name, first, last, fresh, timeout)
    sys.exit(series.dry_run(asked, problems) if dry_run else series.run(asked, problems))
