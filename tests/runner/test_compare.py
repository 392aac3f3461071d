import copy
import json
import struct
from pathlib import Path

import pytest
from helpers.runner.compare import compare
from test_runner_report import RECORD

from helpers import chain, runs
from helpers.errors import LessonError

HISTORY = {"epochs": 2, "val_loss": [0.3, 0.2], "batches": {"images": [100, 200, 300, 400], "loss": [2.3, 1, 0.5, 0.4]}}


def make_run(name: str, seconds: float, **parameters) -> Path:
    content = copy.deepcopy(RECORD)
    for facts in content["notebooks"].values():
        facts["seconds"] = seconds
    content["notebooks"]["04_training"]["parameters"] = parameters
    folder = chain.runs_folder() / name
    runs.update_record(folder, lambda record: record.update(content))
    (folder / "history.json").write_text(json.dumps(HISTORY))
    return folder


def lines(capsys) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_two_runs_side_by_side(capsys):
    make_run("classic", 100, epochs=3, batch_size=64)
    make_run("fast", 25, epochs=1, batch_size=64)
    compare("classic", "fast")
    shown = lines(capsys)
    assert "epochs 3 1" in shown
    assert not [line for line in shown if line.startswith("batch_size")]
    assert "04_training 100.0 25.0 0.25" in shown
    assert "all 600.0 150.0 0.25" in shown
    assert "04_training 1,300.0 1,300.0 1.00" in shown
    assert "accuracy 0.9912 0.9912" in shown
    picture = chain.runs_folder() / "classic-and-fast.png"
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert width > height > 300


def test_a_run_with_itself_differs_in_nothing(capsys):
    make_run("fast", 25)
    compare("fast", "fast")
    assert "Parameters, versions and machine are the same." in lines(capsys)


def test_a_run_that_did_not_get_far_is_compared_as_far_as_it_got(capsys):
    make_run("classic", 100)
    folder = make_run("broken", 25)

    def change(record: dict) -> None:
        record["notebooks"] |= {
            name: {"outcome": "not reached"} for name in [notebook.name for notebook in chain.NOTEBOOKS][3:]
        }
        record.update(metrics=None, git=None)

    runs.update_record(folder, change)
    (folder / "history.json").unlink()
    compare("classic", "broken")
    shown = lines(capsys)
    assert "03_model 100.0 25.0 0.25" in shown
    assert "04_training 100.0 – –" in shown
    assert "all 600.0 – –" in shown
    assert any(line.startswith("No picture") for line in shown)


def test_what_a_later_run_left_alone_is_told_by_the_run_that_finished_it(capsys):
    folder = make_run("classic", 100)

    def change(record: dict) -> None:
        record["finished"]["04_training"] = record["notebooks"]["04_training"]
        record["notebooks"]["04_training"] = {"outcome": "not reached"}

    runs.update_record(folder, change)
    compare("classic", "classic")
    assert "04_training 100.0 100.0 1.00" in lines(capsys)


def test_the_picture_goes_where_it_is_wanted(tmp_path):
    make_run("a", 1)
    compare("a", "a", tmp_path / "new" / "own.png")
    assert (tmp_path / "new" / "own.png").stat().st_size > 5000


def test_a_run_that_is_not_there(capsys):
    make_run("classic", 1)
    with pytest.raises(LessonError, match="did you mean classic"):
        compare("clasic", "classic")


def test_a_run_made_by_hand_has_nothing_measured():
    make_run("classic", 1)
    runs.update_record(chain.runs_folder() / "interactive", lambda record: None)
    with pytest.raises(LessonError, match="by hand"):
        compare("classic", "interactive")
