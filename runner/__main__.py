"""`python -m runner …`: listens to signals before anything else, which takes a moment to import."""

import os
import sys

from runner.stop import INTERRUPTED, stop


def run() -> int:
    """Run the command line.

    Returns:
        The exit code.
    """
    if os.name == "posix" and sys.getfilesystemencoding() != "utf-8":
        # Old locales can't write down every path: start again in Python's UTF-8 mode, and each
        # kernel with it.
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    try:
        try:
            stop.listen()  # a signal may come before this has returned
            from runner import cli, screen

            screen.make_streams_last()
            return cli.main()
        finally:
            stop.ignore()
    except KeyboardInterrupt:
        # An interrupt that came out of `exec`, as dataclasses use it, has Python end itself with
        # SIGINT whatever the exit code is, unless another `exec` is done after it
        # (run_eval_code_obj in CPython's pythonrun.c).
        exec("")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
