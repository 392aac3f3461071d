"""The wheels of all packages of the lock, for a machine without a network.

pip judges the lock's markers by the machine that it runs on, even when it downloads for another
one, so for another system they are judged here, and pip gets bare names and versions.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement

from series.errors import LessonError

PYTHONS = ("3.11", "3.12", "3.13")
THIS_PYTHON = "{}.{}".format(*sys.version_info)


# What tells systems apart in the lock, and the tags of the wheels that each takes, best first.
MARKERS = (
    "sys_platform",
    "platform_system",
    "platform_machine",
    "os_name",
    "python_version",
    "python_full_version",
)
# Debian 10, Ubuntu 20.04 and newer.
GLIBC = tuple(f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1))
SYSTEMS = {
    "linux": (
        ("linux", "Linux", "x86_64", "posix"),
        (*GLIBC, "manylinux2014_x86_64", "linux_x86_64"),
    ),
    "macos": (("darwin", "Darwin", "arm64", "posix"), ("macosx_12_0_arm64",)),
    "windows": (("win32", "Windows", "AMD64", "nt"), ("win_amd64",)),
}


def download(lock: Path, system: str, python: str, folder: Path) -> None:
    """Download the wheels of every package in the lock.

    Raises:
        LessonError: pip could not get them.
    """
    if subprocess.run(pip_command(lock, system, python, folder), check=False).returncode:
        raise LessonError(
            "pip could not download all packages, so nothing was written; its reason is above",
            "see that this machine has a network and 4 GB of free space, then run this again: what "
            "pip has is kept",
        )


def pip_command(lock: Path, system: str, python: str, folder: Path) -> list[str]:
    """The command that downloads the lock's wheels.

    Args:
        lock: requirements.txt.
        system: one of `SYSTEMS`, or `this` for the system and Python that this runs on.
        python: such as `3.12`; without effect for `this`.
        folder: where the wheels go.
    """
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--only-binary=:all:",
        "--no-deps",
        "--dest",
        str(folder),
    ]
    if system == "this":
        return [*pip, "-r", str(lock)]
    markers, tags = SYSTEMS[system]
    target = ["--implementation", "cp", "--python-version", python]
    target += [word for tag in tags for word in ("--platform", tag)]
    there = dict(zip(MARKERS, (*markers, python, f"{python}.9"), strict=True))
    return [*pip, *target, *needed(lock, there)]


def needed(lock: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Each `name==version` of the lock whose markers hold in this environment."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate(dict(environment)):
                yield f"{requirement.name}{requirement.specifier}"
