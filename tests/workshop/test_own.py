"""Copies for people who learn alone: what is made, renewed and left, and how JupyterLab is started."""

import json
import os
import shutil

import nbformat
import pytest

from series import chain
from workshop import lab, own
from workshop.restart import ORIGINALS, restart
from workshop.variants import is_tagged, with_values

NAMES = [notebook.name for notebook in chain.ALL]


@pytest.fixture
def root(tmp_path):
    """A project with the notebooks and profiles, and a folder with a space in its name."""
    root = tmp_path / "my project"
    for name in ("notebooks", "profiles"):
        shutil.copytree(chain.ROOT / name, root / name)
    return root


def copy_of(root, name):
    return root / own.FOLDER / f"{name}.ipynb"


def change(path, words):
    """Add a line of text to a notebook's first cell, as its reader or its author would."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += f"\n\n{words}"
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    ("copy", "action"),
    [
        (None, own.MAKE),
        (own.Copy("now", "now"), own.LEAVE),  # as it would be made now
        (own.Copy("mine", "now"), own.LEAVE),  # changed by its reader, and still of today
        (own.Copy("now", "old"), own.LEAVE),  # the reader wrote what the notebook says today
        (own.Copy("old", "old"), own.UPDATE),
        (own.Copy("mine", "old"), own.OLDER),
        (own.Copy("mine", ""), own.OLDER),  # made by hand
        (own.Copy(), own.UNREADABLE),
    ],
)
def test_what_happens_to_a_copy(copy, action):
    assert own.plan({"04_training": "now"}, {} if copy is None else {"04_training": copy}) == {
        "04_training": action
    }


def test_copies_have_no_outputs_and_their_solutions_are_folded_text(root):
    sentences = "\n".join(own.bring_up_to_date(root))
    assert own.FOLDER in sentences and "profiles/quick.yaml" in sentences
    for name in NAMES:
        copy = nbformat.read(copy_of(root, name), as_version=4)
        original = nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4)
        nbformat.validate(copy)
        assert not any(is_tagged(cell, "instructor") for cell in copy.cells)
        assert not any(cell.outputs for cell in copy.cells if cell.cell_type == "code")
        solutions = [cell for cell in copy.cells if is_tagged(cell, "solution")]
        codes = [cell for cell in original.cells if is_tagged(cell, "solution")]
        assert [cell.id for cell in solutions] == [cell.id for cell in codes] != []
        for cell, code in zip(solutions, codes, strict=True):
            assert cell.cell_type == "markdown" and cell.source.startswith("<details><summary>")
            assert code.source.strip().splitlines()[-1] in cell.source


def test_a_copy_that_its_reader_changed_or_ran_is_never_overwritten(root):
    own.bring_up_to_date(root)
    changed, ran, untouched = (copy_of(root, name) for name in NAMES[:3])
    change(changed, "Mine.")
    notebook = nbformat.read(ran, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text="mine")]
    nbformat.write(notebook, ran)
    before = changed.read_bytes(), ran.read_bytes()
    assert len(own.bring_up_to_date(root)) == 1  # the originals are the same: nothing to say
    for name in NAMES[:3]:
        change(root / "notebooks" / f"{name}.ipynb", "A better word.")
    sentences = "\n".join(own.bring_up_to_date(root))
    assert (changed.read_bytes(), ran.read_bytes()) == before
    assert f"Renewed, since you hadn't changed them: {NAMES[2]}." in sentences
    assert "A better word." in untouched.read_text(encoding="utf-8")
    assert f"{NAMES[0]}, {NAMES[1]}: you changed your copy" in sentences
    assert "python -m workshop restart`" in sentences


def test_a_copy_that_was_only_opened_is_renewed(root):
    own.bring_up_to_date(root)
    path = copy_of(root, "01_setup")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"]["language_info"]["version"] = "3.13.1"
    notebook["cells"][0]["metadata"]["trusted"] = True
    path.write_text(json.dumps(notebook), encoding="utf-8", newline="\r\n")
    change(root / "notebooks" / "01_setup.ipynb", "A better word.")
    own.bring_up_to_date(root)
    assert "A better word." in path.read_text(encoding="utf-8")


def test_starting_again_brings_the_new_notebook_and_keeps_the_readers(root):
    own.bring_up_to_date(root)
    path = copy_of(root, "04_training")
    change(path, "Mine.")
    change(root / "notebooks" / "04_training.ipynb", "A better word.")
    (sentence,) = restart(root, ["4"])
    assert "04_training.mine-1.ipynb" in sentence
    assert "Mine." in path.with_name("04_training.mine-1.ipynb").read_text(encoding="utf-8")
    assert "A better word." in path.read_text(encoding="utf-8")
    assert len(own.bring_up_to_date(root)) == 1
    assert restart(root, ["4"]) == ["04_training is as it was."]
    assert "Mine." not in (root / "notebooks" / "04_training.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"cells": 1, "metadata": {}}'])
def test_a_file_that_is_no_notebook_any_more_is_left_and_named(root, content):
    own.bring_up_to_date(root)
    path = copy_of(root, "05_testing")
    path.write_bytes(content)
    sentences = "\n".join(own.bring_up_to_date(root))
    assert path.read_bytes() == content
    assert "05_testing: your copy is no notebook any more" in sentences


def test_jupyterlab_opens_the_readers_notebooks_and_contributors_open_the_originals(root):
    assert lab.prepare(root, originals=False)[0] == own.FOLDER
    assert lab.prepare(root, originals=True)[0] == "notebooks"
    (root / ORIGINALS).mkdir(parents=True)
    assert lab.prepare(root, originals=False)[0] == "notebooks"  # a workshop's copy


def test_jupyterlab_gets_the_projects_settings_and_kernels_the_projects_packages(root):
    words = lab.arguments(root, own.FOLDER, ["--no-browser"])
    assert f"--ServerApp.root_dir={root}" in words and words[-1] == "--no-browser"
    assert f"--LabApp.default_url=/lab/tree/{own.FOLDER}/01_setup.ipynb" in words
    given = lab.variables(chain.ROOT, {"PYTHONPATH": "theirs", "PATH": "x"})
    assert given.keys() == {"JUPYTER_CONFIG_PATH", "PYTHONPATH"}
    assert given["PYTHONPATH"].split(os.pathsep) == [str(chain.ROOT), "theirs"]
    (settings,) = given["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    overrides = f"{settings}/labconfig/default_setting_overrides.json"
    with open(overrides, encoding="utf-8") as file:
        values = json.load(file)
    assert values["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert values["@jupyterlab/notebook-extension:tracker"]["codeCellConfig"]["lineWrap"] is True


@pytest.mark.parametrize("value", [r"C:\new\1.npz", "größer", r"\g<1>", 'a "b"', 3, 0.5])
def test_a_value_arrives_in_a_cell_of_parameters_as_it_is(value):
    source = 'dataset: str = "mnist"  # a path\nepochs: int = 3  # passes\n'
    names: dict = {}
    exec(with_values(source, {"dataset": value}), names)
    assert (names["dataset"], names["epochs"]) == (value, 3)
