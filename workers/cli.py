"""The command `python -m workers`: one worker of a cluster, or several on this machine.

No TensorFlow until training begins.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import filelock

from series import chain, files, quiet, runs, settings
from series.errors import LessonError
from series.runs import RunFolder
from workers.cluster import others_are_there, this_cluster
from workers.launcher import EXIT_WORKER_LOST, start_workers, stop_with_launcher, watch
from workers.recipe import Recipe

EXIT_FAILED, EXIT_REFUSED, EXIT_INTERRUPTED = 1, 2, 130


@click.command()
@click.option("--name", required=True, metavar="RUN", help="The run's folder under runs/.")
@click.option(
    "--local", type=click.IntRange(min=1), metavar="N", help="Start N workers on this machine."
)
@click.option(
    "--epochs", default=3, show_default=True, help="How often training goes through all its images."
)
@click.option(
    "--batch-size",
    default=256,
    show_default=True,
    help="Images in each update, of all workers together.",
)
@click.option("--learning-rate", default=0.001, show_default=True, help="Step size of each update.")
@click.option("--seed", default=1, show_default=True, help="Start of the random numbers.")
@click.option(
    "--practice",
    type=click.IntRange(min=0),
    default=0,
    help="Use so many images only; save in practice/.",
)
@click.option(
    "--wait",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="Seconds to wait for others.",
)
def main(name: str, local: int | None, wait: int, **options: Any) -> None:
    """Train the run's model.keras on its dataset.npz together with the other workers that TF_CONFIG
    names.

    Without TF_CONFIG this worker trains alone. The first one, the chief, saves trained.keras and
    history.json: in the run's folder, or in its folder practice/.

    \b
    Exit codes:
      0    done
      1    an error of the program, with its traceback, or the others did not come within --wait
      2    refused: the message says how to fix it
      5    another worker was lost; start all of them again to continue from the last checkpoint
      130  interrupted
    """
    recipe = Recipe(**options)
    try:
        if local:
            _open(name, recipe, local)
            values = {"name": name, "wait": wait, **options}
            arguments = [f"--{key.replace('_', '-')}={value}" for key, value in values.items()]
            code = watch(start_workers([sys.executable, "-m", "workers", *arguments], local))
        else:
            code = _work(name, recipe, wait)
    except LessonError as error:
        click.echo(str(error), err=True)
        code = EXIT_REFUSED
    except KeyboardInterrupt:
        click.echo("Stopped. The same command continues from the last checkpoint.", err=True)
        code = EXIT_INTERRUPTED
    except Exception:
        traceback.print_exc()
        code = EXIT_FAILED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # TensorFlow's own way out waits for workers that are gone


def _open(name: str, recipe: Recipe, workers: int) -> RunFolder:
    """The run's folder, once all that can be refused has been checked."""
    recipe.check(workers)
    if problem := chain.run_name_problem(name):
        raise LessonError(problem, "choose another --name")
    folder = RunFolder("workers", chain.runs_folder() / name, asdict(recipe))
    for artifact in chain.SCALING.needs:
        folder.need(artifact)
    return folder


def _work(name: str, recipe: Recipe, wait: int) -> int:
    stop_with_launcher()
    cluster = this_cluster()
    source = target = _open(name, recipe, cluster.workers)
    if recipe.practice:  # a run within the run, so that the run's own trained model is kept
        target = RunFolder("workers", source.path / chain.PRACTICE_FOLDER, asdict(recipe))
    with _locked(target.path) if cluster.is_chief else contextlib.nullcontext():
        quiet.import_tensorflow()
        settings.set_libraries()
        from workers import engine

        if not others_are_there(cluster, wait):
            return EXIT_FAILED
        try:
            engine.train(source, target, cluster, recipe)
        except engine.LOST_ERRORS as error:
            cluster.say(f"another worker was lost ({type(error).__name__}); start all again")
            return EXIT_WORKER_LOST
    return 0


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the runner's lock too, so that neither writes where the other does."""
    if folder.exists() and not runs.is_run(folder):
        raise LessonError(
            f"{files.display_path(folder)} is not a run", "move it away and start again"
        )
    runs.update_record(folder, lambda _: None)
    try:
        with filelock.FileLock(folder / runs.RUN_LOCK, timeout=0):
            yield
    except filelock.Timeout:
        raise LessonError(
            f"another command is at work in {files.display_path(folder)}",
            "wait until it has ended, or choose another run with --name",
        ) from None
