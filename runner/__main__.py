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
        try:
            stop.listen()  # a signal may come before this has returned
            from runner import cli, screen

            screen.make_streams_tolerant()
            return cli.main()
        finally:
            stop.ignore()
    except ModuleNotFoundError as error:
        print(missing_package(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
