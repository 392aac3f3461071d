"""Whole runs on stand-ins for the notebooks, one kernel a notebook: what they leave, reuse, skip
and survive.
"""

import json
import shutil
import socket

import pytest
import standins
from jupyter_client.provisioning.local_provisioner import LocalPortCache
from standins import edit_cell, go, processes_in

from runner import execution, run
from runner.settings import read
from series import chain

# What a run records


def test_a_run_that_ends_well_is_recorded(done, fast):
    found = fast.record
    assert (found["status"], found["exit_code"]) == ("done", 0)
    assert list(found["notebooks"]) == [notebook.name for notebook in chain.NOTEBOOKS]
    for entry in found["notebooks"].values():
        assert entry["outcome"] == "ok"
        assert entry["seconds"] > 0
        assert 20 < entry["peak_memory_mb"] < 1000
    training, model = (found["notebooks"][name] for name in ("04_training", "03_model"))
    assert (training["images_per_second"], training["parameters"]["epochs"]) == (150, 1)
    assert model["parameters"] == {"filters": 64, "precision": "auto", "seed": 1}
    assert (found["metrics"]["accuracy"], found["metrics"]["as_expected"]) == (0.9, False)
    assert found["environment"]["tensorflow"].startswith("2.")
    assert len(found["environment"]["commit"] or 40 * " ") >= 40


def test_each_notebook_is_executed_whole_with_its_own_parameters_and_this_projects_packages(
    notebooks, fast, tmp_path, monkeypatch
):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "helpers").mkdir(parents=True)
    (elsewhere / "helpers" / "__init__.py").write_text("1 / 0")
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    monkeypatch.chdir(elsewhere)
    look = "import os, helpers\nprint(os.path.basename(os.getcwd()), helpers.__file__)\n"
    edit_cell(notebooks, "02_dataset", "work", look)
    assert go(last="02") == run.DONE
    cells = fast.cells("02_dataset").values()
    tagged = [cell for cell in cells if "injected-parameters" in cell["metadata"].get("tags", [])]
    given = [line.split(" = ")[0] for line in "".join(tagged[0]["source"]).splitlines()[1:]]
    assert set(given) == {"run", "normalization"}
    imported = chain.ROOT / "helpers" / "__init__.py"
    assert fast.printed("02_dataset", "work") == f"notebooks {imported}\n"
    assert fast.printed("02_dataset", "show") == "a demonstration\n"


def test_catching_up_skips_exercises_and_demonstrations(notebooks, fast):
    assert go(last="02", catch_up=True) == run.DONE
    assert "work" in fast.cells("02_dataset")
    assert not fast.cells("02_dataset").keys() & {"my-task", "my-solution", "show"}


# What a run reuses


def test_a_second_run_reuses_what_is_fresh_and_says_so(done, fast, capsys):
    before = fast.record["notebooks"]["04_training"]
    assert go() == run.DONE
    assert fast.ran == ["01_setup"]
    shown = capsys.readouterr().out
    assert "05_testing: up to date" in shown
    assert "04_training    ok, reused" in shown
    assert "Test accuracy 0.9000 (95% interval 0.8800 to 0.9200), BELOW" in shown
    assert str(fast.folder / "report.html") in shown.splitlines()[-1]
    assert fast.record["notebooks"]["04_training"] == before | {"reused": True}
    assert fast.record["metrics"]["accuracy"] == 0.9


def test_a_change_travels_as_far_as_it_changes_something(done, fast, capsys):
    edit_cell(done, "04_training", "title", "# Other words, which do not count")
    edit_cell(done, "03_model", "work", "print('a relabelled plot')")
    (fast.folder / "dataset.npz").unlink()
    assert go(last="04") == run.DONE
    assert fast.ran == ["01_setup", "02_dataset", "03_model"]
    shown = capsys.readouterr().out
    assert "02_dataset: its dataset.npz is missing" in shown
    assert "03_model: code cell work changed" in shown


def test_a_dry_run_changes_nothing(done, fast, capsys):
    before = {path: path.stat().st_mtime_ns for path in fast.folder.iterdir()}
    edit_cell(done, "04_training", "work", "print('other')")
    assert run.run(*read(pairs=[("expected_accuracy", "0.5")]), dry_run=True) == run.DONE
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "04_training run code cell work changed" in lines
    assert "06_inference maybe run if trained.keras changes" in lines
    assert any(line.startswith("05_testing run parameter expected_accuracy: ") for line in lines)
    assert {path: path.stat().st_mtime_ns for path in fast.folder.iterdir()} == before


def test_what_the_interactive_run_lacks_is_made_and_what_was_made_by_hand_stays(done, fast):
    made = standins.Run(fast.folder.with_name("interactive"))
    shutil.copytree(fast.folder, made.folder)
    content = made.record
    # Of another making than the one that the last headless run made, as its digest says.
    content["last_success"]["04_training"]["saved"]["trained.keras"] = "another"
    (made.folder / "run.json").write_text(json.dumps(content))
    (made.folder / "metrics.json").unlink()
    edit_cell(done, "02_dataset", "work", "print('changed')")
    given = [("epochs", "3"), ("filters", "8")]
    assert go(name="interactive", profile="fast", pairs=given, last="05") == run.DONE
    assert made.ran == ["01_setup", "05_testing"]
    assert made.record["notebooks"]["04_training"]["seconds"] is None
    assert "04_training" not in made.record["last_success"], "which compare would show"


# Faults in a notebook

# A child in a session of its own, and one whose parent is gone: neither may outlive the kernel.
CHILDREN = """\
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
subprocess.run("sleep 600 &", shell=True)"""


def test_a_cell_that_fails_is_named_with_its_own_last_lines(notebooks, fast, capsys):
    edit_cell(notebooks, "02_dataset", "work", "raise ValueError('first line\\nthe last line')")
    assert go() == run.FAILED
    entry = fast.record["notebooks"]["02_dataset"]
    assert (entry["outcome"], entry["where"]) == ("cell error", "in cell In [5] (work)")
    assert entry["error"] == ["ValueError: first line", "the last line"]
    assert fast.outcomes == ["ok", "cell error", *["not reached"] * 4]
    ended = [fast.record[part] for part in ("status", "exit_code", "metrics")]
    assert ended == ["failed", 1, {}]
    shown = capsys.readouterr().out
    assert "02_dataset: cell error in cell In [5] (work)" in shown
    assert "the last line" in shown
    assert f"Open: {fast.folder / '02_dataset.ipynb'}" in shown
    command = "python -m runner run --name fast --to 06_inference --profile fast"
    assert command in shown.splitlines()[-1]
    edit_cell(notebooks, "02_dataset", "work", "print('working')")
    assert go(last="02") == run.DONE


@pytest.mark.slow
def test_exit_in_a_cell_is_a_failure(notebooks, fast):
    edit_cell(notebooks, "01_setup", "work", "import sys\nsys.exit(0)")
    assert go() == run.FAILED
    assert fast.outcomes[0] == "cell error"


@pytest.mark.posix
def test_a_port_that_was_free_and_is_taken_meanwhile_does_not_matter(notebooks, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(LocalPortCache, "find_available_port", lambda *_: port)
        assert go(last="01") == run.DONE


@pytest.mark.posix
def test_a_cell_that_takes_too_long(notebooks, fast):
    edit_cell(notebooks, "01_setup", "work", f"{CHILDREN}\nimport time\ntime.sleep(100)")
    assert go(timeout=1) == run.TIMED_OUT
    entry = fast.record["notebooks"]["01_setup"]
    assert entry["outcome"] == "timeout"
    assert entry["error"] == ["the cell took longer than 1 s (--timeout)"]
    assert processes_in(notebooks) == []


def test_a_kernel_that_is_killed_says_its_last_words_without_tensorflows_notes(
    notebooks, fast, capsys
):
    words = "2026-01-01 00:00:00.1: I external/x.cc:1] note\\nWARNING: All log messages before\\nE0000 00:0 x] y\\nlast word\\n"
    killing = f"import os\nos.write(2, b'{words}')\nos.kill(os.getpid(), 9)"
    edit_cell(notebooks, "01_setup", "work", killing)
    assert go() == run.KERNEL_DIED
    entry = fast.record["notebooks"]["01_setup"]
    killed = "the kernel ended with status -9 (it was killed, as when memory runs out)"
    assert (entry["outcome"], entry["error"][0]) == ("kernel died", "last word")
    assert entry["error"][1].startswith(killed)
    assert entry["error"][1].endswith(" GB: lower batch_size, or filters, or train_images")
    assert "01_setup: kernel died in cell In [5] (work)" in capsys.readouterr().out


@pytest.mark.slow
def test_a_kernel_that_never_starts(notebooks, fast, monkeypatch):
    monkeypatch.setattr(execution, "START_TIMEOUT", 20)
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    assert go() == run.KERNEL_DIED
    entry = fast.record["notebooks"]["01_setup"]
    assert (entry["outcome"], entry["where"]) == ("kernel died", "before its first cell")


def test_a_run_after_one_that_was_killed_says_so(done, fast, capsys):
    content = fast.record
    content["status"] = content["notebooks"]["04_training"]["outcome"] = "running"
    del content["last_success"]["04_training"]
    (fast.folder / "run.json").write_text(json.dumps(content))
    assert go(last="04") == run.DONE
    assert "The last run of this name was killed" in capsys.readouterr().out
    assert fast.ran == ["01_setup", "04_training"]
