"""What the project promises, tried with the commands that people type; nothing else is promised.

The notebooks are stand-ins without TensorFlow, in a copy of the project. Signals, closed terminals
and killed runners (contract 2) are in tests/runner/test_interrupted.py, a learner's copies
(contract 5) also in tests/workshop/test_own.py, the same numbers from the same seed (contract 6) in
tests/notebooks/test_determinism.py.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import standins
from PIL import Image

from series import chain


@pytest.fixture(scope="session")
def ran(tmp_path_factory) -> standins.Project:
    """A project in a folder with a space in its name, whose run `fast` has ended well."""
    project = standins.Project(tmp_path_factory.mktemp("contracts") / "my project")
    code, output = project.run("run")
    assert code == 0, output
    return project


@pytest.fixture
def project(ran, tmp_path) -> standins.Project:
    """A copy of that project, to change."""
    shutil.copytree(ran.folder, tmp_path / "my project", symlinks=True)
    return standins.Project.at(tmp_path / "my project")


def everything_in(folder: Path) -> dict[str, bytes]:
    """The content of each file in a folder, by its path."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def advised(output: str) -> list[str]:
    """The words after `python -m runner` of the one command that a message advises."""
    [command] = re.findall(r"python -m runner (run .*)", output)
    return shlex.split(command)


def actions(output: str) -> dict[str, str]:
    """What a dry run says of each notebook."""
    return dict(re.findall(r"^ *(0\d_\w+) +(run|maybe run|reuse)", output, re.MULTILINE))


# 1. What names, sizes and parameters show is refused before anything is touched.


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_touched(project):
    before = everything_in(project.runs)
    words = ["--name", "fast", "-p", "epochs", "0", "-p", "filter", "3", "--from", "09x"]
    code, output = project.run("run", "--profile", "qick", *words)
    assert code == 2
    for said in ("no profile qick (did you mean quick?)", "epochs takes a whole number from 1"):
        assert said in output
    for said in ("has a parameter filter", "no notebook '09x'"):
        assert said in output
    assert "Traceback" not in output
    assert everything_in(project.runs) == before


@pytest.mark.slow
def test_the_advised_command_does_what_was_asked_for(project):
    asked = ["--name", "mine", "--profile", "quick", "-p", "epochs", "2", "--timeout", "99"]
    code, output = project.run("run", *asked, "--from", "04", "--to", "04")
    assert code == 2
    code, output = project.run(*advised(output))
    assert code == 0, output
    mine = standins.Run(project.runs / "mine")
    made_with = mine.record["notebooks"]
    assert made_with["02_dataset"]["parameters"]["normalization"] == "pixels"
    assert made_with["03_model"]["parameters"]["filters"] == 8
    code, output = project.run("run", *asked, "--from", "04", "--to", "04")
    assert code == 0, output
    assert mine.record["notebooks"]["04_training"]["parameters"]["epochs"] == 2


# A run looks only at what its notebooks load.
@pytest.mark.parametrize(
    "words",
    [
        ("-p", "dataset", "fashion_mnist", "--from", "04"),
        ("-p", "dataset", "no/such/folder", "--from", "05"),
        ("-p", "picture", "no/such.jpg", "--from", "03", "--to", "05"),
    ],
)
def test_what_the_notebooks_do_not_load_is_not_looked_at(project, words):
    code, output = project.run("run", "--profile", "fast", "--name", "fast", *words, "--dry-run")
    assert code == 0, output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-p", "dataset", "no/such/folder"), "no/such/folder"),
        (("-p", "picture", "no/such.jpg", "--from", "06"), "no/such.jpg"),
        (("--name", "../up"), "../up"),
        (("--name", "new", "--from", "05"), "trained.keras (made by 04_training)"),
    ],
)
def test_what_the_notebooks_lack_is_refused(project, words, said):
    before = everything_in(project.runs)
    code, output = project.run("run", *words)
    assert code == 2
    assert said in output
    assert everything_in(project.runs) == before


# 2. Exit codes. What a signal gives is in tests/runner/test_interrupted.py.


@pytest.mark.parametrize(
    ("source", "code", "outcome"),
    [
        ("raise ValueError('wrong')", 1, "cell error"),
        ("import time; time.sleep(60)", 3, "timeout"),
        ("import os; os._exit(1)", 4, "kernel died"),
    ],
)
def test_the_exit_code_says_how_it_ended(project, source, code, outcome):
    standins.edit_cell(project.notebooks, "01_setup", "work", source)
    found, output = project.run("run", "--timeout", "8")
    assert found == code == project.fast.record["exit_code"], output
    assert project.fast.outcomes == [outcome, *["not reached"] * 5]
    assert standins.processes_in(project.notebooks) == []


# 3. A run repeats only what is out of date, says why, and the dry run says the same.


@pytest.mark.slow
def test_only_what_is_out_of_date_runs_again(project):
    standins.edit_cell(project.notebooks, "05_testing", "work", "print('changed')")
    _, planned = project.run("run", "--dry-run")
    code, output = project.run("run")
    assert code == 0
    assert project.fast.ran == ["01_setup", "05_testing"]
    assert "code cell work changed" in output
    assert "code cell work changed" in planned
    assert [name for name, action in actions(planned).items() if action == "run"] == [
        "01_setup",
        "05_testing",
    ]


@pytest.mark.slow
def test_the_dry_run_says_what_then_happens(project):
    (project.fast.folder / "dataset.npz").unlink()
    _, planned = project.run("run", "--dry-run")
    code, _ = project.run("run")
    assert code == 0
    ran = project.fast.ran
    for name, action in actions(planned).items():
        if action != "maybe run":
            assert (action == "run") == (name in ran), planned


# 4. Nothing is half-written, and nothing is deleted that the project did not write.


@pytest.mark.slow
def test_fresh_and_clean_leave_what_is_not_ours_and_follow_no_link(project, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "run.json").write_bytes((project.fast.folder / "run.json").read_bytes())
    (elsewhere / "trained.keras").write_text("mine")
    (project.runs / "linked").symlink_to(elsewhere)
    (project.runs / "other").mkdir()
    (project.runs / "other" / "trained.keras").write_text("mine too")
    (project.fast.folder / "my notes.txt").write_text("mine as well")
    before = everything_in(elsewhere)
    code, output = project.run("run", "--fresh", "--to", "01")
    assert code == 0, output
    project.run("clean")
    assert everything_in(elsewhere) == before
    assert [path.name for path in project.fast.folder.iterdir()] == ["my notes.txt"]
    assert (project.runs / "other" / "trained.keras").read_text() == "mine too"
    assert (project.runs / "linked").is_symlink()


def test_a_save_that_fails_leaves_the_last_artifact_whole(project):
    before = (project.fast.folder / "dataset.npz").read_bytes()
    half = 'with folder.save("dataset.npz") as path:\n    path.write_text("hal")\n    1 / 0'
    standins.edit_cell(project.notebooks, "02_dataset", "save-dataset", half)
    code, _ = project.run("run", "--to", "02")
    assert code == 1
    assert (project.fast.folder / "dataset.npz").read_bytes() == before
    assert list(project.fast.folder.glob(".*partial*")) == []


# 5. A learner's work is never overwritten.


@pytest.mark.slow
def test_catching_up_leaves_what_somebody_made_by_hand(project):
    code, output = project.run("run", "--name", "interactive", "--profile", "quick", "--to", "03")
    assert code == 0, output
    mine = standins.Run(project.runs / "interactive")
    network = mine.folder / "model.keras"
    before = network.read_bytes()
    standins.edit_cell(project.notebooks, "03_model", "work", "print('changed')")
    code, output = project.run("run", "--name", "interactive", "--catch-up", "--to", "04")
    assert code == 0, output
    assert network.read_bytes() == before
    assert (mine.folder / "trained.keras").is_file()


# 6. Whatever settings the user has, the lesson's numbers are the same.

NUMBERS = """
import warnings
import series
import keras, numpy as np
keras.utils.set_random_seed(1)
x = keras.random.normal((8, 28, 28, 1))
layers = [keras.layers.Conv2D(32, 3, activation="relu") for _ in range(3)]
print(keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])(x).numpy().tobytes().hex())
"""


@pytest.mark.slow
def test_variables_of_the_user_do_not_change_the_numbers():
    said = []
    for variables in ({}, {"TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONWARNINGS": "error"}):
        command = [sys.executable, "-c", NUMBERS]
        environment = standins.environment(variables)
        said.append(subprocess.check_output(command, env=environment, cwd=chain.ROOT))
    assert said[0] == said[1]


# 7. What is loaded is what was meant, or it's refused.


def pictures(folder: Path, count: int, size: tuple[int, int] = (20, 20)) -> None:
    """Put some pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for number in range(count):
        pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.mark.parametrize("parts", [("seg_train", "seg_test"), ("0_train", "1_test")])
def test_a_stray_picture_makes_no_classes_of_parts(project, tmp_path, parts):
    for part in parts:
        for name in ("sea", "street"):
            pictures(tmp_path / "data" / part / name, 6)
        pictures(tmp_path / "data" / part, 1)
    code, output = project.run("run", "-p", "dataset", str(tmp_path / "data"), "--to", "02")
    assert code == 2, output
    assert "Traceback" not in output


def test_a_class_may_be_called_train(tmp_path):
    from helpers.data import class_names

    for name in ("boat", "car", "plane", "train"):
        pictures(tmp_path / "data" / name, 6)
    names = class_names(str(tmp_path / "data"), np.array([0, 1, 2, 3]))
    assert names == ("boat", "car", "plane", "train")


def test_a_class_of_folders_beside_classes_of_pictures_is_never_misread(project, tmp_path):
    for name in ("boat", "car", "plane"):
        pictures(tmp_path / "data" / name, 6)
    for number in range(2):
        pictures(tmp_path / "data" / "train" / f"journey{number}", 3)
    code, output = project.run("run", "-p", "dataset", str(tmp_path / "data"), "--to", "02")
    assert code == 2
    assert "train holds folders where a class holds pictures" in output
