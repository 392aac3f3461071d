"""The command line: `python -m workshop OUT`, `python -m workshop lab` and `… restart`."""

from pathlib import Path
from typing import Any

import click

from series import chain
from series.errors import LessonError
from series.files import display_path
from workshop.restart import restart as put_back
from workshop.wheels import PYTHONS, SYSTEMS, THIS_PYTHON

PACKAGES = """Also put the wheels of all packages into OUT/packages, up to 0.8 GB, for a system
(repeat it for several) or for the one that this runs on, so that learners install without a
network."""


class Commands(click.Group):
    """Commands that say what the user can fix in two lines. Whatever is no command's name is the
    folder to write.
    """

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Take `OUT …` for `copies OUT …`."""
        if arguments and arguments[0] not in (*self.commands, "-h", "--help"):
            arguments = ["copies", *arguments]
        return super().parse_args(context, arguments)

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(context)
        except LessonError as error:
            click.echo(str(error), err=True)
            return context.exit(2)  # refused, as in the runner


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
def main() -> None:
    """Prepare a workshop: `python -m workshop OUT` is short for `python -m workshop copies OUT`."""


@main.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--packages",
    is_flag=False,
    flag_value="this",
    multiple=True,
    type=click.Choice(["this", *SYSTEMS]),
    help=PACKAGES,
)
@click.option(
    "--python", default=THIS_PYTHON, type=click.Choice(PYTHONS), help="The Python of these wheels."
)
@click.option("--core", is_flag=True, help="Leave out the sections called More: for three hours.")
def copies(out: Path, packages: tuple[str, ...], python: str, core: bool) -> None:
    """Write the learners' copy, the instructor's copy and the pages into the new folder OUT, and a
    zip of each.
    """
    from workshop.copies import make_copies  # nbconvert takes seconds to import

    out = out.expanduser()  # a shell leaves ~ as it is after OUT=
    make_copies(chain.ROOT, out, packages, python, core)
    click.echo(
        f"Written to {display_path(out)}: {', '.join(sorted(path.name for path in out.iterdir()))}"
    )


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--originals", is_flag=True, help="Open the notebooks themselves, to change them.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(originals: bool, options: tuple[str, ...]) -> None:
    """Open JupyterLab on notebooks of your own: copies without outputs, in my-notebooks/, which are
    made and renewed on the way. In a workshop's copy, open its notebooks. OPTIONS go to JupyterLab.
    """
    from workshop import lab as jupyterlab

    folder, sentences = jupyterlab.prepare(chain.ROOT, originals)
    click.echo("\n".join(sentences))
    click.echo("JupyterLab opens in your browser; Ctrl-C in this terminal ends it.")
    jupyterlab.start(chain.ROOT, folder, options)


@main.command()
@click.argument("notebooks", nargs=-1)
def restart(notebooks: tuple[str, ...]) -> None:
    """Put NOTEBOOKS (such as 4 or 04_training; all where none is named) back as they were. Yours
    are kept.
    """
    click.echo("\n".join(put_back(chain.ROOT, notebooks)))
