import subprocess
import sys

from click.testing import CliRunner
from helpers.runner import cli

from helpers import chain


def test_help_lists_every_parameter_with_type_range_default_and_meaning():
    shown = CliRunner().invoke(cli.main, ["run", "--help"], terminal_width=120).output
    for parameter in chain.PARAMETERS:
        if parameter.name != "run":
            default = "empty" if parameter.default == "" else parameter.default
            assert f"  {parameter.name}: {parameter.describe()}; default {default}; in " in shown
            assert parameter.meaning in shown
    assert "epochs: int from 1 to 1000; default 3; in 04_training" in shown
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "130 "):
        assert f"\n    {code}" in shown


def test_each_option_is_explained():
    shown = CliRunner().invoke(cli.main, ["run", "--help"]).output
    for option in ("--profile", "-p", "--name", "--from", "--to", "--fresh", "--timeout", "--dry-run"):
        assert option in shown


def test_a_wrong_option_is_refused_like_anything_wrong():
    assert CliRunner().invoke(cli.main, ["run", "--timeout", "0"]).exit_code == 2
    assert CliRunner().invoke(cli.main, ["run", "--profil", "fast"]).exit_code == 2


def test_what_can_be_mended_is_no_traceback():
    found = CliRunner().invoke(cli.main, ["compare", "a", "b"])
    assert found.exit_code == 1
    assert "To mend it" in found.stderr
    assert "Traceback" not in found.stderr


def test_python_m_helpers_is_the_command():
    found = subprocess.run([sys.executable, "-m", "helpers", "--help"], capture_output=True, text=True)
    assert found.returncode == 0
    assert "Usage: python -m helpers" in found.stdout
