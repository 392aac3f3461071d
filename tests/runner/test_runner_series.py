"""Whole runs on the tiny series, one kernel a notebook, and the faults that a run has to survive."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import runner_series
from runner_series import edit_cell, outcomes, record_of

from helpers import chain, runs
from helpers.runner import record, series
from helpers.runner.execution import Execution
from helpers.runner.settings import settle


@pytest.fixture
def notebooks(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", runner_series.make_series(tmp_path / "notebooks"))
    return chain.NOTEBOOKS_FOLDER


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A series that ran well once: a folder with its `notebooks` and its `runs`."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_RUNS", str(folder / "runs"))
        patch.setattr(chain, "NOTEBOOKS_FOLDER", runner_series.make_series(folder / "notebooks"))
        assert go(profile="fast") == series.DONE
    return folder


@pytest.fixture
def done(finished, tmp_path, monkeypatch) -> Path:
    """A copy of that series, to go on with; its folder of notebooks."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", tmp_path / "notebooks")
    return chain.NOTEBOOKS_FOLDER


def go(**asked) -> int:
    settings, problems = settle(**asked)
    assert problems == []
    return series.run(settings, problems)


def ran(name: str = "fast") -> list[str]:
    """The notebooks that the last run did not reuse."""
    entries = record_of(name)["notebooks"]
    return [notebook for notebook, facts in entries.items() if facts.get("reused") is False]


def executed(notebook: str, name: str = "fast") -> dict:
    found = json.loads((chain.runs_folder() / name / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def kernels_below(folder: Path) -> list[int]:
    """The kernels that work in a folder of notebooks."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            pass
    return found


# What a run leaves


def test_a_run_that_ends_well_is_recorded(done):
    found = record_of()
    assert (found["schema"], found["status"], found["exit_code"]) == (1, "done", 0)
    assert list(found["notebooks"]) == [notebook.name for notebook in chain.NOTEBOOKS]
    for facts in found["notebooks"].values():
        assert facts["outcome"] == "ok"
        assert facts["seconds"] > 0
        assert 20 < facts["peak_memory_mb"] < 1000
    assert found["notebooks"]["04_training"]["images_per_second"] == 150
    assert found["notebooks"]["03_model"]["images_per_second"] is None
    assert found["notebooks"]["04_training"]["parameters"]["epochs"] == 1
    assert found["metrics"]["accuracy"] == 0.9
    assert found["as_expected"] is False
    assert found["versions"]["tensorflow"].startswith("2.")
    assert found["machine"]["cores"] == os.cpu_count()
    assert found["git"] is None or len(found["git"]["commit"]) == 40


def test_each_notebook_only_gets_its_own_parameters_and_keeps_its_outputs(done):
    cells = executed("03_model")["cells"]
    injected = next(cell for cell in cells if "injected-parameters" in cell["metadata"]["tags"])
    assert "".join(injected["source"]).splitlines()[1:] == ['run = "fast"']
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert {"name": "stdout", "output_type": "stream", "text": ["working\n"]} in outputs


def test_nothing_half_written_is_left(done):
    names = {path.name for path in (chain.runs_folder() / "fast").iterdir()}
    assert not [name for name in names if "partial" in name]
    assert {f"{name}.ipynb" for name in (notebook.name for notebook in chain.NOTEBOOKS)} <= names


def test_the_last_screen_of_success(done, capsys):
    assert go(profile="fast") == series.DONE
    shown = capsys.readouterr().out
    assert "04_training    ok, reused" in shown
    assert "Test accuracy 0.9000 (95 % interval 0.8800 to 0.9200), BELOW what was expected: at least 0.987" in shown
    assert str(chain.runs_folder() / "fast" / "report.html") in shown.splitlines()[-1]


# Resuming


def test_a_second_run_reuses_what_is_fresh_and_says_so(done, capsys):
    before = record_of()["notebooks"]["04_training"]
    assert go(profile="fast") == series.DONE
    assert ran() == ["01_setup"]
    shown = capsys.readouterr().out
    assert "05_testing: up to date" in shown
    after = record_of()["notebooks"]["04_training"]
    assert after == before | {"reused": True}
    assert record_of()["metrics"]["accuracy"] == 0.9


def test_a_change_travels_as_far_as_it_changes_something(done, capsys):
    edit_cell(done, "03_model", "work", "print('a relabelled plot')")
    assert go(profile="fast") == series.DONE
    assert ran() == ["01_setup", "03_model"]
    assert "03_model: code cell work changed" in capsys.readouterr().out


@pytest.mark.slow
def test_another_parameter_is_named_and_redoes_what_depends_on_it(done, capsys):
    assert go(profile="fast", pairs=[("epochs", "2")]) == series.DONE
    assert ran() == ["01_setup", "04_training", "05_testing", "06_inference"]
    shown = capsys.readouterr().out
    assert "04_training: parameter epochs: 1 → 2" in shown
    assert "05_testing: trained.keras changed" in shown


@pytest.mark.slow
def test_from_redoes_and_leaves_what_is_before(done):
    assert go(profile="fast", first="05") == series.DONE
    assert ran() == ["05_testing", "06_inference"]
    assert outcomes()["01_setup"] == "not reached"
    assert go(profile="fast") == series.DONE
    assert ran() == ["01_setup"]


@pytest.mark.slow
def test_fresh_reuses_nothing_and_removes_what_training_kept(done):
    checkpoint = chain.runs_folder() / "fast" / "checkpoint" / "state.json"
    checkpoint.parent.mkdir()
    checkpoint.write_text("{}")
    assert go(profile="fast", fresh=True, last="02") == series.DONE
    assert ran() == ["01_setup", "02_dataset"]
    assert not checkpoint.exists()
    assert not (chain.runs_folder() / "fast" / "trained.keras").exists()


def test_a_dry_run_says_what_would_run_and_why(done, capsys):
    before = record_of()
    edit_cell(done, "04_training", "work", "print('other')")
    settings, problems = settle(profile="fast", pairs=[("expected_accuracy", "0.5")])
    assert series.dry_run(settings, problems) == series.DONE
    plan = {name: (action, why) for name, action, why in series.plan(settings)}
    assert plan["03_model"] == ("reuse", "up to date")
    assert plan["04_training"] == ("run", "code cell work changed")
    assert plan["05_testing"] == ("run", "parameter expected_accuracy: 0.987 → 0.5")
    assert plan["06_inference"] == ("maybe run", "if trained.keras changes")
    assert "code cell work changed" in capsys.readouterr().out
    assert record_of() == before


@pytest.mark.slow
def test_a_missing_artefact_of_the_interactive_run_is_made_without_undoing_what_is_there(notebooks):
    folder = runs.open_run("02_dataset", "interactive", dataset="mine.npz", normalization="rows")
    with folder.leave("dataset.npz") as path:
        shutil.copy(chain.DATA_FOLDER / "mnist.npz", path)
    assert go(name="interactive", last="03") == series.DONE
    assert ran("interactive") == ["01_setup", "03_model"]
    assert go(name="interactive", last="03") == series.DONE
    assert ran("interactive") == ["01_setup"]


# Faults in a notebook

# A child in a session of its own, and one whose parent is gone: neither may outlive the kernel.
CHILDREN = """\
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
subprocess.run("sleep 600 &", shell=True)"""


def test_a_cell_that_fails_is_named_with_its_own_last_lines(notebooks, capsys):
    edit_cell(notebooks, "02_dataset", "work", "# divide\nraise ValueError('first line\\nthe last line')")
    assert go(profile="fast") == series.FAILED
    facts = record_of()["notebooks"]["02_dataset"]
    assert facts["outcome"] == "cell error"
    assert facts["cell"] == {"id": "work", "number": 5, "first_line": "# divide"}
    assert facts["error"] == ["ValueError: first line", "the last line"]
    assert list(outcomes().values()) == ["ok", "cell error", *["not reached"] * 4]
    assert record_of()["exit_code"] == 1
    failed = [cell for cell in executed("02_dataset")["cells"] if cell["id"] == "work"]
    assert failed[0]["execution_count"] == 5
    shown = capsys.readouterr().out
    assert "02_dataset: cell error in cell In [5] (work): # divide" in shown
    assert "the last line" in shown
    assert f"Open: {chain.runs_folder() / 'fast' / '02_dataset.ipynb'}" in shown
    assert "python -m helpers run --profile fast --name fast" in shown.splitlines()[-1]
    assert record_of()["metrics"] is None


@pytest.mark.slow
def test_what_a_failed_run_finished_is_not_lost(done):
    edit_cell(done, "05_testing", "work", "import os\nassert os.path.exists('flag')")
    assert go(profile="fast") == series.FAILED
    assert record_of()["metrics"] is None
    (done / "flag").touch()
    assert go(profile="fast") == series.DONE
    assert ran() == ["01_setup", "05_testing"]


@pytest.mark.slow
def test_exit_in_a_cell_is_a_failure(notebooks):
    edit_cell(notebooks, "01_setup", "work", "import sys\nsys.exit(0)")
    assert go(profile="fast") == series.FAILED
    assert outcomes()["01_setup"] == "cell error"


def test_an_error_that_a_tag_allows_is_none(notebooks):
    path = notebooks / "01_setup.ipynb"
    whole = json.loads(path.read_text())
    cell = next(cell for cell in whole["cells"] if cell["id"] == "work")
    cell["metadata"]["tags"] = ["raises-exception"]
    cell["source"] = ["1 / 0"]
    path.write_text(json.dumps(whole))
    assert go(profile="fast", last="01") == series.DONE
    assert not [cell for cell in executed("01_setup")["cells"] if "papermill-error-cell-tag" in str(cell["metadata"])]


def test_a_cell_that_takes_too_long(notebooks):
    edit_cell(notebooks, "01_setup", "work", f"{CHILDREN}\nimport time\ntime.sleep(100)")
    began = time.monotonic()
    assert go(profile="fast", timeout=2) == series.TIMED_OUT
    assert time.monotonic() - began < 30
    facts = record_of()["notebooks"]["01_setup"]
    assert (facts["outcome"], facts["cell"]["id"]) == ("timeout", "work")
    assert kernels_below(notebooks) == []


def test_a_kernel_that_is_killed(notebooks, capsys):
    edit_cell(notebooks, "01_setup", "work", "import os\nos.kill(os.getpid(), 9)")
    assert go(profile="fast") == series.KERNEL_DIED
    facts = record_of()["notebooks"]["01_setup"]
    assert (facts["outcome"], facts["cell"]["id"]) == ("kernel died", "work")
    assert "SIGKILL" in facts["error"][-1]
    assert executed("01_setup")["cells"]
    assert "01_setup: kernel died in cell In [5] (work): import os" in capsys.readouterr().out


@pytest.mark.slow
def test_a_kernel_that_never_starts(notebooks, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setattr(series.preflight, "_check_helpers", lambda: None)
    assert go(profile="fast") == series.KERNEL_DIED
    facts = record_of()["notebooks"]["01_setup"]
    assert (facts["outcome"], facts["cell"]) == ("kernel died", None)


def test_no_space_left_while_an_artefact_is_saved(done):
    before = (chain.runs_folder() / "fast" / "model.keras").read_bytes()
    full = "import errno\nwith folder.leave('model.keras') as path:\n    path.write_bytes(b'half')\n"
    edit_cell(done, "03_model", "leave-model", full + "    raise OSError(errno.ENOSPC, 'No space left on device')")
    assert go(profile="fast") == series.FAILED
    facts = record_of()["notebooks"]["03_model"]
    assert "no space is left" in facts["error"][0]
    assert (chain.runs_folder() / "fast" / "model.keras").read_bytes() == before
    assert not list((chain.runs_folder() / "fast").glob(".*partial*"))


FIND = "import os, pathlib\nfrom helpers.chain import runs_folder\npath = runs_folder() / run / 'dataset.npz'\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("path.unlink()", "dataset.npz is missing: the notebook 02_dataset makes it"),
        ("path.write_bytes(path.read_bytes()[:100])", "dataset.npz is damaged"),
        ("np.savez(path, x=np.zeros(3))", "dataset.npz is not the file that 02_dataset left there"),
    ],
)
def test_an_artefact_deleted_truncated_or_swapped_between_two_notebooks(notebooks, damage, message):
    damaging = "with folder.leave('model.keras') as model:\n    save_model(model, seed)\n" + FIND + damage
    edit_cell(notebooks, "03_model", "leave-model", damaging)
    assert go(profile="fast") == series.FAILED
    facts = record_of()["notebooks"]["04_training"]
    assert facts["outcome"] == "cell error"
    assert message in "\n".join(facts["error"])
    edit_cell(notebooks, "03_model", "leave-model", damaging.replace(damage, "print('ok')"))
    assert go(profile="fast") == series.DONE
    assert "02_dataset" in ran()


# Faults around a run


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_stops_within_five_seconds_and_leaves_a_valid_record_and_no_kernel(notebooks, tmp_path, number):
    sleep = f"{CHILDREN}\nopen({str(tmp_path / 'now')!r}, 'w').close()\nimport time\ntime.sleep(600)"
    edit_cell(notebooks, "02_dataset", "work", sleep)
    process = runner_series.start(notebooks, "run")
    runner_series.wait_for(tmp_path / "now")
    assert record_of()["status"] == "running"
    began = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == series.INTERRUPTED
    assert list(outcomes().values()) == ["ok", "interrupted", *["not reached"] * 4]
    found = record_of()
    assert (found["status"], found["exit_code"]) == ("interrupted", 130)
    assert found["notebooks"]["02_dataset"]["cell"]["id"] == "work"
    assert kernels_below(notebooks) == []
    assert executed("02_dataset")["cells"]
    assert "python -m helpers run --profile fast" in output.splitlines()[-1]


@pytest.mark.slow
def test_a_signal_before_the_first_notebook_stops_too(notebooks):
    process = runner_series.start(notebooks, "run")
    runner_series.wait_for(chain.runs_folder() / "fast" / "run.json")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == series.INTERRUPTED
    assert set(outcomes().values()) <= {"interrupted", "not reached"}
    assert kernels_below(notebooks) == []


@pytest.mark.slow
def test_a_runner_that_is_killed_leaves_no_kernel_and_the_next_run_goes_on(notebooks, tmp_path):
    sleep = f"open({str(tmp_path / 'now')!r}, 'w').close()\nimport time\ntime.sleep(600)"
    edit_cell(notebooks, "02_dataset", "work", sleep)
    process = runner_series.start(notebooks, "run")
    runner_series.wait_for(tmp_path / "now")
    process.kill()
    process.communicate()
    assert outcomes()["02_dataset"] == "running"
    end = time.monotonic() + 10
    while kernels_below(notebooks) and time.monotonic() < end:
        time.sleep(0.2)
    assert kernels_below(notebooks) == []
    assert go(profile="fast", last="01") == series.DONE
    assert executed("02_dataset")["cells"], "what was executed is kept"
    edit_cell(notebooks, "02_dataset", "work", "print('working')")
    assert go(profile="fast", last="02") == series.DONE


@pytest.mark.slow
def test_two_runs_at_once_with_one_name(notebooks, tmp_path):
    sleep = f"open({str(tmp_path / 'now')!r}, 'w').close()\nimport time\ntime.sleep(6)"
    edit_cell(notebooks, "01_setup", "work", sleep)
    first = runner_series.start(notebooks, "run", "--to", "01")
    runner_series.wait_for(tmp_path / "now")
    code, output = runner_series.run(notebooks, "run", "--to", "01")
    assert code == series.REFUSED
    assert f"another run holds {chain.runs_folder() / 'fast'} (process {first.pid}" in output
    first.communicate(timeout=60)
    assert first.returncode == series.DONE
    assert outcomes()["01_setup"] == "ok"


@pytest.mark.slow
def test_a_reader_that_goes_away_does_not_stop_the_run(notebooks):
    process = runner_series.start(notebooks, "run", "--to", "02", stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("01_setup")
    process.stdout.close()
    assert process.wait(timeout=60) == series.DONE
    assert outcomes()["02_dataset"] == "ok"
    assert record_of()["status"] == "done"


def test_paths_with_spaces_braces_unicode_and_an_apostrophe(tmp_path, monkeypatch):
    name = "it's {run} Käse 数字 100 %"
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / name / "runs"))
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", runner_series.make_series(tmp_path / name / "notebooks"))
    assert go(profile="fast", name=name, last="01") == series.DONE
    assert outcomes(name)["01_setup"] == "ok"
    assert (chain.runs_folder() / name / "01_setup.ipynb").is_file()
    assert (chain.runs_folder() / name / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="takes the network away as root of Linux can")
def test_no_network(notebooks):
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable]
    words = [*command, "-c", runner_series.DRIVER, str(notebooks), "run", "--to", "02"]
    found = subprocess.run(words, capture_output=True, text=True)
    if "unshare" in found.stderr or "ip:" in found.stderr:
        pytest.skip(found.stderr)
    assert found.returncode == series.DONE, found.stdout + found.stderr


def test_the_working_folder_does_not_matter(notebooks, tmp_path, monkeypatch):
    edit_cell(notebooks, "01_setup", "work", "import os\nprint(os.path.basename(os.getcwd()))")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert go(profile="fast", last="01") == series.DONE
    assert '"notebooks\\n"' in json.dumps(executed("01_setup"))
    assert Path.cwd() == tmp_path / "elsewhere"


@pytest.mark.slow
def test_a_relative_folder_of_runs_is_the_same_for_runner_and_kernels(notebooks, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_RUNS", os.path.relpath(tmp_path / "my runs", chain.ROOT))  # seen from the project
    process = runner_series.start(notebooks, "run", "--to", "01", cwd=tmp_path)
    assert process.wait(timeout=60) == series.DONE
    assert (tmp_path / "my runs" / "fast" / "environment.json").is_file()


@pytest.mark.slow
def test_progress_is_shown_at_least_every_ten_seconds_with_epoch_and_images(notebooks):
    writing = "import json, time\nfor i in range(12):\n    (folder.path / 'progress.json').write_text(json.dumps("
    writing += (
        "{'epoch': 1, 'epochs': 3, 'phase': 'training', 'images': i * 1000, 'of': 48000, 'images_per_second': 160}))"
    )
    edit_cell(notebooks, "01_setup", "work", writing + "\n    time.sleep(1)")
    code, output = runner_series.run(notebooks, "run", "--to", "01")
    assert code == series.DONE
    assert "epoch 1 of 3, training: " in output
    assert "of 48,000 images, 160 a second" in output


@pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps the highest memory of a process")
def test_the_peak_of_memory_is_known_after_it_was_given_back(tmp_path):
    code = "x = bytearray(10**8); del x; print('ready', flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        execution = Execution(chain.NOTEBOOKS[0], {}, tmp_path, None)
        execution.kernel = psutil.Process(process.pid)
        execution.look_at_memory()
        process.communicate("")
    assert 100e6 < execution.peak_memory < 200e6


def test_many_prints_become_one_output(notebooks):
    edit_cell(notebooks, "01_setup", "work", "for i in range(300):\n    print('\\r', i, end='', flush=True)")
    assert go(profile="fast", last="01") == series.DONE
    cell = next(cell for cell in executed("01_setup")["cells"] if cell["id"] == "work")
    assert len(cell["outputs"]) == 1


def test_an_execution_stopped_before_its_kernel_starts_none(notebooks, tmp_path):
    execution = Execution(chain.NOTEBOOKS[0], {}, tmp_path, None)
    execution.stop()
    execution.run()
    assert execution.kernel is None
    assert execution.ending().outcome == "interrupted"


def test_a_half_written_notebook_is_not_taken_for_an_executed_one(tmp_path):
    (tmp_path / "01_setup.ipynb").write_text("{}")
    record.partial_notebook(tmp_path, "01_setup").write_text('{"cells": [')
    assert record.keep_notebook(tmp_path, "01_setup") is False
    assert (tmp_path / "01_setup.ipynb").read_text() == "{}"
    assert [path.name for path in tmp_path.iterdir()] == ["01_setup.ipynb"]


def test_a_record_that_a_killed_runner_left_is_put_right():
    folder = chain.runs_folder() / "fast"
    entries = {"01_setup": {"outcome": "ok"}, "02_dataset": {"outcome": "running"}}
    finished: dict[str, dict] = {"01_setup": {}, "02_dataset": {}}
    runs.update_record(folder, lambda found: found.update(status="running", notebooks=entries, finished=finished))
    record.recover(folder)
    found = record_of()
    assert found["notebooks"]["02_dataset"]["outcome"] == "interrupted"
    assert (found["status"], list(found["finished"])) == ("interrupted", ["01_setup"])
