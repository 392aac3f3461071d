"""What facts see of a run's folder and of the project."""

import os

import pytest
from standins import edit_cell

from runner import facts
from runner.settings import read
from series import chain


def inputs_of(name: str, **options) -> facts.Fingerprint:
    request, problems = read(profile="fast", **options)
    assert problems == []
    return facts.gather(request, [chain.BY_NAME[name]]).inputs[name]


def test_a_folder_that_a_parameter_names_counts_by_names_sizes_and_dates(notebooks, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    digests = []
    for name, date in (("one.png", 1), ("one.png", 2), ("two.png", 2)):
        (folder / name).write_bytes(b"one")
        os.utime(folder / name, (date, date))
        pairs = [("dataset", str(folder))]
        digests.append(inputs_of("02_dataset", pairs=pairs)["files"]["dataset"])
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("name", "path", "counts"),
    [
        ("05_testing", "helpers/lesson.py", True),
        ("05_testing", "series/files.py", True),
        ("05_testing", "helpers/figures/testing.py", False),
        ("05_testing", "helpers/exercises.py", False),
        ("05_testing", "helpers/canvas/reader.js", False),
        ("05_testing", "workers/engine.py", False),
        ("08_scaling_out", "workers/engine.py", True),
        ("02_dataset", "data/mnist.npz", True),
        ("06_inference", "data/drawings/0.jpg", True),
        ("06_inference", "data/mnist.npz", False),
    ],
)
def test_what_of_the_project_a_result_depends_on(
    notebooks, tmp_path, monkeypatch, name, path, counts
):
    monkeypatch.setattr(chain, "ROOT", tmp_path)
    (notebooks / "08_scaling_out.ipynb").write_text('{"cells": []}')
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(b"1")
    assert list(inputs_of(name)["project"]) == ([path] if counts else [])


def test_comments_and_docstrings_never_count_and_code_does(tmp_path):
    module = tmp_path / "module.py"
    digests = []
    for text in ("x = 1\n", '"""Words."""\n# a comment\nx = 1  # another\n', "x = 2\n"):
        module.write_text(text)
        digests.append(facts.digest_of(module))
    assert digests[0] == digests[1] != digests[2]


def test_an_expression_among_the_parameters(notebooks):
    source = "run: str = 'x'\nimage_size: int = 4 * 7  # a # sign\nseed: int = 1"
    edit_cell(notebooks, "02_dataset", "parameters", source)
    found = inputs_of("02_dataset")["parameters"]
    assert (found["image_size"], found["seed"]) == ("4 * 7", 1)


def test_a_notebook_without_ids_of_cells_can_be_read(notebooks):
    path = notebooks / "03_model.ipynb"
    path.write_text('{"cells": [{"cell_type": "code", "metadata": {}, "source": ["x = 1"]}]}')
    assert facts.code_cells(chain.BY_NAME["03_model"]) == [facts.Cell("0", "x = 1", ())]


def test_what_the_chain_declares_is_there():
    for notebook in chain.ALL:
        for name in notebook.made_from:
            assert (chain.ROOT / name).exists(), f"{notebook.name} declares {name}"
    for name in facts.SHOWN:
        assert (chain.ROOT / name).exists() or name == "helpers/answers", name
