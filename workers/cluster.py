"""Who takes part in a training: the variable TF_CONFIG, as TensorFlow, Kubeflow and cloud services
write it.

No TensorFlow here.
"""

import contextlib
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from series.errors import LessonError

ROLES = ("chief", "worker")
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Cluster:
    """The workers of a training, and which of them this process is.

    Attributes:
        addresses: host and port of each, the chief first; empty where this one trains alone.
        number: this one's number, from 0, which is the chief: the one that saves.
        name: what it calls itself in front of each line that it prints.
    """

    addresses: tuple[tuple[str, int], ...] = ()
    number: int = 0
    name: str = "chief"

    @property
    def workers(self) -> int:
        """How many there are, the chief included."""
        return max(len(self.addresses), 1)

    @property
    def is_chief(self) -> bool:
        """Whether this is the worker that saves."""
        return self.number == 0

    def say(self, text: str) -> None:
        """Print a line with this worker's name in front."""
        click.echo(f"{self.name:<8} | {text}")


def this_cluster(environment: Mapping[str, str] = os.environ) -> Cluster:
    """The cluster that TF_CONFIG describes; one worker alone where it is not set.

    Raises:
        LessonError: TF_CONFIG can't be read, or names no task that trains.
    """
    text = environment.get("TF_CONFIG", "").strip()
    if text in ("", "{}"):
        return Cluster()
    try:
        config = json.loads(text)
        hosts = {role: config["cluster"].get(role, []) for role in ROLES}
        tasks = [(role, index) for role in ROLES for index in range(len(hosts[role]))]
        task = (config["task"]["type"], int(config["task"]["index"]))
        number = tasks.index(task)
        addresses = tuple(_address(host) for role in ROLES for host in hosts[role])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LessonError(
            f"TF_CONFIG can't be used ({type(error).__name__}: {error})",
            "set it as 08_scaling_out shows, or unset it to train alone",
        ) from error
    return Cluster(addresses, number, f"worker {task[1]}" if number else "chief")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def others_are_there(cluster: Cluster, seconds: int) -> bool:
    """Wait until all other workers can be reached at their addresses, at most so many seconds; say
    which can't be.

    TensorFlow itself waits for an hour and lets no other Python thread run meanwhile, so the
    workers meet here first: each listens at its own address until it has reached all others.
    TensorFlow then takes the address over.

    Raises:
        OSError: another program uses this one's port.
    """
    missing = {
        address for number, address in enumerate(cluster.addresses) if number != cluster.number
    }
    if not missing:
        return True
    cluster.say(f"waiting for {len(missing)} more, {seconds} seconds at most")
    deadline = time.monotonic() + seconds
    with socket.create_server(("", cluster.addresses[cluster.number][1])):
        while missing and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            missing = {address for address in missing if not _answers(address)}
    for host, port in sorted(missing):
        cluster.say(
            f"no worker answered at {host}:{port} within {seconds} seconds, so this one stops"
        )
    return not missing


def _answers(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
        return True
    return False


def tf_config(addresses: Sequence[str], number: int) -> dict[str, Any]:
    """What TF_CONFIG holds, before it becomes JSON, for one of several workers.

    Args:
        addresses: `host:port` of every worker; the first one is the chief.
        number: which of them this is, from 0.
    """
    cluster = {"chief": list(addresses[:1]), "worker": list(addresses[1:])}
    task = {"type": "worker", "index": number - 1} if number else {"type": "chief", "index": 0}
    return {"cluster": {role: hosts for role, hosts in cluster.items() if hosts}, "task": task}


def free_addresses(count: int) -> list[str]:
    """Different addresses on this machine whose ports nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
