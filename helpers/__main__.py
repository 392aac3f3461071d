"""`python -m helpers`: the command line of the headless runner."""

from helpers.runner.cli import main

if __name__ == "__main__":
    main(prog_name="python -m helpers")
