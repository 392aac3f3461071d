"""The commands beside `run`: their help, `compare`, `outputs` and `clean`; and which files they
touch.
"""

import shutil

import pytest
import standins

from runner import cli, record, run, tidy
from series import chain
from series.errors import LessonError


def test_the_help_lists_every_parameter_and_exit_code(capsys):
    assert cli.main(["run", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "epochs: a whole number from 1 to 1000" in text
    assert "130 interrupted" in text
    assert cli.main(["rum"]) == 2


def test_runs_are_compared_side_by_side_with_a_picture(done, fast, capsys):
    shutil.copytree(fast.folder, fast.folder.with_name("other"))
    assert standins.go(name="other", pairs=[("expected_accuracy", "0.5")]) == 0
    capsys.readouterr()
    assert cli.main(["compare", "fast", "other"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["expected_accuracy", "0.987", "0.5"] in lines
    assert ["04_training", "150.0", "150.0", "(1.00)"] in lines
    assert ["interval", "0.88", "to", "0.92", "0.88", "to", "0.92"] in lines
    assert (fast.folder / "comparison.png").is_file()


def test_a_run_that_is_not_there_is_refused_with_the_nearest_name(done, capsys):
    assert cli.main(["compare", "fast", "fsat"]) == 2
    assert "did you mean fast?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("classic", "python -m runner run --profile classic"),
        ("my-run", "python -m runner run --name my-run --to 06_inference"),
        ("../up", "name runs as they are called"),
    ],
)
def test_the_command_that_a_missing_run_is_made_with_makes_that_run(notebooks, capsys, name, fix):
    assert cli.main(["compare", name]) == run.REFUSED
    assert fix in capsys.readouterr().err


def test_outputs_are_stored_cell_by_cell_and_counted_from_one(done, fast):
    content = tidy.with_outputs(chain.BY_NAME["04_training"], fast.folder)
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert any(
        "working" in "".join(output.get("text", "")) for cell in code for output in cell["outputs"]
    )


def test_the_outputs_of_scaling_out_are_stored_only_where_it_ended_well(done, fast):
    name = chain.SCALING.name
    beside = fast.folder.with_name(fast.folder.name + chain.WORKERS_RUN_SUFFIX)
    shutil.copytree(fast.folder, beside)
    for folder in (done, beside):
        shutil.copy(folder / "04_training.ipynb", folder / f"{name}.ipynb")
    assert tidy.store_outputs(fast.folder) == len(chain.NOTEBOOKS), "it was interrupted there"
    own = record.load(beside)
    own.last_success[name] = own.last_success["04_training"]
    own.write()
    assert tidy.store_outputs(fast.folder) == len(chain.NOTEBOOKS) + 1


def test_outputs_of_other_code_are_refused_and_change_nothing(done, fast):
    standins.edit_cell(done, "06_inference", "work", "print('changed')")
    before = {path: path.read_bytes() for path in done.iterdir()}
    with pytest.raises(LessonError, match="other code"):
        tidy.store_outputs(fast.folder)
    assert {path: path.read_bytes() for path in done.iterdir()} == before


def test_fresh_deletes_only_what_the_notebooks_asked_for_saved(done, fast):
    (fast.folder / "my notes.txt").write_text("mine")
    assert cli.main(["run", "--fresh", "--to", "02_dataset"]) == 0
    assert (fast.folder / "my notes.txt").is_file()
    assert (fast.folder / "trained.keras").is_file()


def test_a_project_path_with_odd_signs_in_an_old_locale(tmp_path):
    project = standins.Project(tmp_path / "it's Käse 数字 100 %")
    code, output = project.run("run", "--to", "01", env={"LC_ALL": "C"})
    assert code == 0, output
    assert (project.fast.folder / "report.html").is_file()
