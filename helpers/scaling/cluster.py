"""Who takes part in a training: the variable TF_CONFIG, as TensorFlow, Kubeflow and cloud services write it.

No TensorFlow here.
"""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import LessonError

ROLES = ("chief", "worker")
LOST = 5  # exit code: a worker was lost, start again to go on from the last checkpoint
KEPT = "checkpoint-of-workers"  # the folder of their checkpoints, in the run's


@dataclass(frozen=True)
class Cluster:
    """The workers of a training, and which of them this process is.

    Attributes:
        workers: how many there are, the chief included.
        number: this one's number, from 0, which is the chief: the one that saves.
    """

    workers: int = 1
    number: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this is the worker that saves."""
        return self.number == 0


def this_cluster(environment: Mapping[str, str] = os.environ) -> Cluster:
    """The cluster that TF_CONFIG describes; one worker alone where it is not set.

    Raises:
        LessonError: TF_CONFIG is no JSON, or names no task that trains.
    """
    text = environment.get("TF_CONFIG", "").strip()
    if text in ("", "{}"):
        return Cluster()
    try:
        config = json.loads(text)
        role, index = config["task"]["type"], int(config["task"]["index"])
        counts = {name: len(config["cluster"].get(name, ())) for name in ROLES}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(f"it must be JSON with a cluster and a task ({type(error).__name__}: {error})") from error
    if role not in ROLES:
        raise _unusable(f"this task is {role!r}; the tasks that train are {' and '.join(ROLES)}")
    if counts["chief"] > 1:
        raise _unusable("there can be one chief only")
    if not 0 <= index < counts[role]:
        raise _unusable(f"this task is {role} {index}, and the cluster has {counts[role]} of that role")
    return Cluster(counts["chief"] + counts["worker"], index + (counts["chief"] if role == "worker" else 0))


def _unusable(why: str) -> LessonError:
    return LessonError(f"TF_CONFIG cannot be used: {why}", "set it as 07_scaling_out shows, or unset it to train alone")


def share_of(batch_size: int, shares: int) -> int:
    """How many images of each batch one of `shares` devices gets.

    Raises:
        LessonError: the batch can't be shared out equally.
    """
    if batch_size % shares:
        what = f"a batch of {batch_size} images cannot be shared out equally among {shares}"
        raise LessonError(what, f"take a batch size that is a multiple of {shares}")
    return batch_size // shares


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
    """Addresses on this machine whose ports nobody listens on, each another one."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses
