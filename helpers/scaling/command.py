"""The command `python -m helpers worker`: one worker of a cluster, or several on this machine.

No TensorFlow until training begins.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any

import click
import filelock

from helpers import chain, files
from helpers.errors import LessonError
from helpers.runs import RunFolder
from helpers.scaling.cluster import LOST, Cluster, share_of, this_cluster
from helpers.scaling.launcher import run_local, stop_with_launcher

REFUSED = 2
OPTIONS = ("epochs", "batch_size", "learning_rate", "seed")
EXIT_CODES = """\b
Exit codes:
  0  done
  1  an error of the program, with its traceback, or the others did not come within --wait
  2  refused: the message says what to mend
  5  another worker was lost; start all of them again to go on from the last checkpoint"""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for parameter in reversed([chain.PARAMETERS_BY_NAME[name] for name in OPTIONS]):
        flag = "--" + parameter.name.replace("_", "-")
        text = parameter.meaning.split(";")[0]
        command = click.option(flag, type=parameter.type, default=parameter.default, show_default=True, help=text)(
            command
        )
    return command


@click.command(epilog=EXIT_CODES)
@click.option("--name", required=True, metavar="RUN", help="The run's folder under runs/.")
@click.option(
    "--local", type=click.IntRange(min=1), metavar="N", help="Start N workers on this machine, and watch them."
)
@_options
@click.option("--steps", type=click.IntRange(min=0), default=0, help="Stop after so many updates; 0 trains all epochs.")
@click.option("--wait", type=click.IntRange(min=1), default=600, show_default=True, help="Seconds to wait for others.")
def worker(name: str, local: int | None, **options: Any) -> None:
    """Train the run's model.keras on its dataset.npz together with the other workers that TF_CONFIG names.

    Without TF_CONFIG this worker trains alone. The first one, the chief, leaves trained.keras and history.json.
    """
    try:
        code = _start_local(name, local, options) if local else _train(name, options)
    except LessonError as error:
        click.echo(str(error), err=True)
        code = REFUSED
    sys.stdout.flush()
    sys.stderr.flush()
    if "TF_CONFIG" in os.environ:
        os._exit(code)  # TensorFlow's own way out waits for workers that are gone
    sys.exit(code)


def _open(name: str, options: dict[str, Any], workers: int) -> RunFolder:
    problems = chain.parameter_problems({key: options[key] for key in OPTIONS})
    problems += filter(None, [chain.run_name_problem(name)])
    if problems:
        raise LessonError("; ".join(problems), "change the option and start again")
    share_of(options["batch_size"], workers)
    folder = RunFolder("worker", chain.runs_folder() / name, options)
    folder.need("dataset.npz")
    folder.need("model.keras")
    return folder


def _start_local(name: str, workers: int, options: dict[str, Any]) -> int:
    _open(name, options, workers)
    return run_local(
        workers, [f"--{key.replace('_', '-')}={value}" for key, value in [("name", name), *options.items()]]
    )


def _train(name: str, options: dict[str, Any]) -> int:
    stop_with_launcher()
    cluster = this_cluster()
    folder = _open(name, options, cluster.workers)
    # The same lock as the runner's, so that neither writes where the other does; the system frees it in any case.
    lock = filelock.FileLock(folder.path / ".run.lock", timeout=0)
    try:
        with lock if cluster.is_chief else contextlib.nullcontext():
            return _train_with_others(folder, cluster, options)
    except filelock.Timeout:
        fix = "wait until it has ended, or take another run with --name"
        raise LessonError(f"another command is at work in {files.shown(folder.path)}", fix) from None


def _train_with_others(folder: RunFolder, cluster: Cluster, options: dict[str, Any]) -> int:
    from helpers.scaling import engine

    if cluster.workers > 1:
        who = f"worker {cluster.number + 1} of {cluster.workers}"
        click.echo(f"{who}: waiting for the others, {options['wait']} seconds at most")
    try:
        engine.train(folder, cluster, **options)
    except engine.LOST_ERRORS as error:
        if cluster.workers == 1:
            raise
        click.echo(f"another worker was lost ({type(error).__name__}), so this one stops with exit code {LOST}")
        click.echo("start all workers again: training goes on from the last checkpoint")
        return LOST
    return 0


if __name__ == "__main__":
    worker(prog_name="python -m helpers worker")
