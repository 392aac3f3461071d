"""What facts see of a run's folder and of the project."""

import json
import os
import zipfile

import pytest
from standins import edit_cell

from runner import facts
from runner.settings import read
from series import chain
from series.errors import LessonError


def inputs_of(name: str, **options) -> facts.Inputs:
    request, problems = read(profile="fast", **options)
    assert problems == []
    return facts.gather(request, [chain.BY_NAME[name]]).inputs[name]


def test_a_folder_that_a_parameter_names_counts_by_names_sizes_and_dates(notebooks, tmp_path):
    folder = tmp_path / "pictures"

    def seen() -> str:
        request = read(pairs=[("dataset", str(folder))])[0]
        return facts.gather(request, [chain.BY_NAME["02_dataset"]]).inputs["02_dataset"]["files"][
            "dataset"
        ]

    folder.mkdir()
    (folder / "one.png").write_bytes(b"one")
    os.utime(folder / "one.png", (1, 1))
    digests = [seen()]
    os.utime(folder / "one.png", (2, 2))
    digests.append(seen())
    (folder / "two.png").touch()
    digests.append(seen())
    assert len(set(digests)) == 3


def test_a_picture_of_the_project_that_changed_is_seen_by_06(notebooks, tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "ROOT", tmp_path)
    (tmp_path / "data" / "drawings").mkdir(parents=True)
    (tmp_path / "data" / "drawings" / "0.png").write_bytes(b"zero")
    before = inputs_of("06_inference")["data"]
    (tmp_path / "data" / "drawings" / "0.png").write_bytes(b"another")
    assert inputs_of("06_inference")["data"] != before


def test_comments_and_prose_never_count_and_code_does(tmp_path):
    module = tmp_path / "module.py"
    digests = []
    for text in ("x = 1\n", "# a comment\nx = 1  # another\n", "x = 2\n"):
        module.write_text(text)
        digests.append(facts.digest_of(module))
    assert digests[0] == digests[1] != digests[2]


def test_an_expression_among_the_parameters(notebooks):
    source = "run: str = 'x'\nimage_size: int = 4 * 7  # a # sign\nseed: int = 1"
    edit_cell(notebooks, "02_dataset", "parameters", source)
    found = inputs_of("02_dataset")["parameters"]
    assert (found["image_size"], found["seed"]) == ("4 * 7", 1)


@pytest.mark.parametrize(
    "source", ["a: int = (5\n%3)\nb: int = 1", "%matplotlib inline\nb: int = 1", "!ls\nb: int = 1"]
)
def test_a_line_that_begins_with_a_percent_sign_hides_no_other(source):
    cell = facts.Cell("x", source, ("parameters",))
    assert facts.declared_parameters([cell])["b"] == 1


def test_a_training_that_was_cut_short_is_seen(notebooks):
    request = read(profile="fast")[0]
    folder = request.folder / chain.CHECKPOINT_FOLDER
    folder.mkdir(parents=True)
    recipe = {"parameters": {"epochs": 3}, "made_from": {"dataset.npz": "x"}}
    with zipfile.ZipFile(folder / "checkpoint.keras", "w") as archive:
        archive.writestr("record.json", json.dumps({"recipe": recipe, "history": {"epochs": 2}}))
    training = [chain.BY_NAME["04_training"]]
    found = facts.gather(request, training).checkpoints
    assert found == {"04_training": facts.Checkpoint(2, recipe)}
    (folder / "checkpoint.keras").write_bytes(b"damaged")
    assert facts.gather(request, training).checkpoints == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": 5}', '{"cells": [{}]}', "[" * 100_000])
def test_a_notebook_that_cannot_be_read_is_never_advised_to_be_deleted(notebooks, content):
    (notebooks / "03_model.ipynb").write_text(content)
    with pytest.raises(LessonError, match="missing or damaged") as caught:
        facts.code_cells(chain.BY_NAME["03_model"])
    assert "git checkout" in caught.value.fix
    assert "delete" not in str(caught.value)


def test_what_the_chain_declares_is_there():
    for notebook in chain.ALL:
        for name in (*notebook.modules, *notebook.shows, *notebook.data):
            assert (chain.ROOT / name).exists(), f"{notebook.name} declares {name}"
