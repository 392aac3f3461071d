"""Python imports this at its start where this folder is on PYTHONPATH: what Windows lacks is gone.

The project's own modules and tests can't import what only POSIX has (the libraries, which do
without it on Windows, may here), symbolic links need a right that nobody has, and there is no
signal for a closed terminal.
"""

import builtins
import os
import signal
from pathlib import Path

GONE = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
PROJECT = Path(__file__).resolve().parent.parent.parent

whole_import = builtins.__import__


def import_without_posix(name, variables=None, *others, **options):  # type: ignore[no-untyped-def]
    """Import a module, unless it is gone and one of ours, or code without a file, asks for it."""
    if name in GONE:
        place = Path((variables or {}).get("__file__", PROJECT / "-c"))
        if PROJECT in place.parents and "site-packages" not in place.parts:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return whole_import(name, variables, *others, **options)


def no_right(*_arguments: object, **_options: object) -> None:
    """What making a symbolic link comes to without the right to."""
    raise OSError(1314, "A required privilege is not held by the client")


if "WITHOUT_POSIX" in os.environ:
    builtins.__import__ = import_without_posix
    os.symlink = no_right  # type: ignore[assignment]
    if hasattr(signal, "SIGHUP"):
        del signal.SIGHUP
