"""`python -m runner …`: listens to signals before anything else, which takes a moment to import."""

import sys

from runner.stop import INTERRUPTED, stop
from series.errors import missing_package


def run() -> int:
    """Run the command line.

    Returns:
        The exit code.
    """
    try:
        stop.listen()  # a signal may come before this has returned
        from runner import cli

        for stream in (sys.stdout, sys.stderr):
            # Where Windows writes into a file, its encoding lacks the signs of Keras' progress bar.
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        return cli.main()
    except ModuleNotFoundError as error:
        print(missing_package(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
