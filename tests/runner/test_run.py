"""Whole runs on stand-ins for the notebooks, one kernel a notebook: what they leave, reuse, skip and survive."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import standins
from standins import edit_cell, executed, processes_in, record_of

from helpers import chain
from runner import execution, series
from runner.settings import resolve


def go(**asked) -> int:
    settings, problems = resolve(**asked)
    assert problems == []
    return series.run(settings, problems)


def outcomes(name: str = "fast") -> list[str]:
    return [entry["outcome"] for entry in record_of(name)["notebooks"].values()]


def ran(name: str = "fast") -> list[str]:
    """The notebooks that the last run did not reuse."""
    entries = record_of(name)["notebooks"]
    return [notebook for notebook, entry in entries.items() if entry["outcome"] == "ok" and not entry["reused"]]


def printed(notebook: str, cell_id: str, name: str = "fast") -> str:
    """What a cell printed."""
    cell = next(cell for cell in executed(notebook, name) if cell["id"] == cell_id)
    return "".join(line for output in cell["outputs"] for line in output.get("text", []))


# What a run records


def test_a_run_that_ends_well_is_recorded(done):
    found = record_of()
    assert (found["status"], found["exit_code"]) == ("done", 0)
    assert list(found["notebooks"]) == [notebook.name for notebook in chain.NOTEBOOKS]
    for entry in found["notebooks"].values():
        assert entry["outcome"] == "ok"
        assert entry["seconds"] > 0
        assert 20 < entry["peak_memory_mb"] < 1000
    assert found["notebooks"]["04_training"]["images_per_second"] == 150
    assert found["notebooks"]["04_training"]["parameters"]["epochs"] == 1
    assert found["notebooks"]["03_model"]["parameters"] == {"filters": 64, "precision": "float32", "seed": 1} | (
        (found["asked"]["parameters"].get("precision") and {"precision": found["asked"]["parameters"]["precision"]})
        or {}
    )
    assert found["metrics"]["accuracy"] == 0.9
    assert found["as_expected"] is False
    assert found["versions"]["tensorflow"].startswith("2.")
    assert found["git"] is None or len(found["git"]["commit"]) == 40


def test_each_notebook_is_executed_whole_with_its_own_parameters(done):
    cells = executed("05_testing")
    injected = next(cell for cell in cells if "injected-parameters" in cell["metadata"]["tags"])
    given = [line.split(" = ")[0] for line in "".join(injected["source"]).splitlines()[1:]]
    assert set(given) == {"run", "expected_accuracy"}
    assert printed("05_testing", "work") == "working\n"
    assert printed("05_testing", "show") == "a demonstration\n"
    assert not [cell for cell in cells if cell["cell_type"] == "code" and cell["execution_count"] is None]


def test_catching_up_skips_exercises_and_demonstrations_until_a_whole_run(notebooks, capsys):
    assert go(last="02", catch_up=True) == series.DONE
    ids = {cell["id"] for cell in executed("02_dataset")}
    assert "work" in ids
    assert not ids & {"my-task", "my-check", "my-solution", "show"}
    assert record_of()["asked"]["catch_up"] is True
    assert record_of()["notebooks"]["02_dataset"]["catch_up"] is True
    assert go(last="02") == series.DONE
    assert "02_dataset: its exercises were skipped" in capsys.readouterr().out
    assert "show" in {cell["id"] for cell in executed("02_dataset")}


# What a run reuses


def test_a_second_run_reuses_what_is_fresh_and_says_so(done, capsys):
    before = record_of()["notebooks"]["04_training"]
    assert go() == series.DONE
    assert ran() == ["01_setup"]
    shown = capsys.readouterr().out
    assert "05_testing: up to date" in shown
    assert "04_training    ok, reused" in shown
    assert "Test accuracy 0.9000 (95 % interval 0.8800 to 0.9200), BELOW what was expected: at least" in shown
    assert str(chain.runs_folder() / "fast" / "report.html") in shown.splitlines()[-1]
    assert record_of()["notebooks"]["04_training"] == before | {"reused": True}
    assert record_of()["metrics"]["accuracy"] == 0.9


def test_a_change_travels_as_far_as_it_changes_something(done, capsys):
    edit_cell(done, "03_model", "work", "print('a relabelled plot')")
    assert go(last="04") == series.DONE
    assert ran() == ["01_setup", "03_model"]
    assert "03_model: code cell work changed" in capsys.readouterr().out


@pytest.mark.slow
def test_another_parameter_is_named_kept_and_redoes_what_depends_on_it(done, capsys):
    assert go(pairs=[("epochs", "2")], first="04", last="04") == series.DONE
    assert go(last="05") == series.DONE, "the run keeps epochs 2 without being told again"
    assert ran() == ["01_setup", "05_testing"]
    assert "05_testing: trained.keras changed" in capsys.readouterr().out
    assert record_of()["notebooks"]["04_training"]["parameters"]["epochs"] == 2


@pytest.mark.slow
def test_from_redoes_and_leaves_what_is_before(done):
    assert go(first="05") == series.DONE
    assert ran() == ["05_testing", "06_inference"]
    assert outcomes()[:4] == ["not reached"] * 4


def test_a_truncated_executed_notebook_is_made_again(done):
    path = chain.runs_folder() / "fast" / "02_dataset.ipynb"
    path.write_text(path.read_text()[:500])
    assert go(last="02") == series.DONE
    assert ran() == ["01_setup", "02_dataset"]
    assert printed("02_dataset", "work") == "working\n"


def test_a_dry_run_says_what_would_run_and_why_and_changes_nothing(done, capsys):
    before = record_of()
    edit_cell(done, "04_training", "work", "print('other')")
    assert series.dry_run(*resolve(pairs=[("expected_accuracy", "0.5")])) == series.DONE
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "03_model reuse up to date" in lines
    assert "04_training run code cell work changed" in lines
    assert any(line.startswith("05_testing run parameter expected_accuracy: ") for line in lines)
    assert "06_inference maybe run if trained.keras changes" in lines
    assert record_of() == before


# Faults in a notebook

# A child in a session of its own, and one whose parent is gone: neither may outlive the kernel.
CHILDREN = """\
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
subprocess.run("sleep 600 &", shell=True)"""


def test_a_cell_that_fails_is_named_with_its_own_last_lines(notebooks, capsys):
    edit_cell(notebooks, "02_dataset", "work", "# divide\nraise ValueError('first line\\nthe last line')")
    assert go() == series.FAILED
    entry = record_of()["notebooks"]["02_dataset"]
    assert (entry["outcome"], entry["where"]) == ("cell error", "in cell In [5] (work): # divide")
    assert entry["error"] == ["ValueError: first line", "the last line"]
    assert outcomes() == ["ok", "cell error", *["not reached"] * 4]
    assert (record_of()["status"], record_of()["exit_code"], record_of()["metrics"]) == ("failed", 1, None)
    shown = capsys.readouterr().out
    assert "02_dataset: cell error in cell In [5] (work): # divide" in shown
    assert "the last line" in shown
    assert f"Open: {chain.runs_folder() / 'fast' / '02_dataset.ipynb'}" in shown
    assert "python -m runner run --name fast --to 06_inference" in shown.splitlines()[-1]
    edit_cell(notebooks, "02_dataset", "work", "print('working')")
    assert go(last="02") == series.DONE


@pytest.mark.slow
def test_exit_in_a_cell_is_a_failure(notebooks):
    edit_cell(notebooks, "01_setup", "work", "import sys\nsys.exit(0)")
    assert go() == series.FAILED
    assert outcomes()[0] == "cell error"


def test_an_error_that_a_tag_allows_is_none(notebooks):
    edit_cell(notebooks, "01_setup", "work", "1 / 0", tags=("raises-exception",))
    assert go(last="01") == series.DONE
    assert "papermill-error-cell-tag" not in str(executed("01_setup"))


def test_a_cell_that_takes_too_long(notebooks):
    edit_cell(notebooks, "01_setup", "work", f"{CHILDREN}\nimport time\ntime.sleep(100)")
    assert go(timeout=1) == series.TIMED_OUT
    entry = record_of()["notebooks"]["01_setup"]
    assert (entry["outcome"], entry["error"]) == ("timeout", ["the cell took longer than 1 s (--timeout)"])
    assert processes_in(notebooks) == []


def test_a_kernel_that_is_killed_says_its_last_words_without_tensorflows_notes(notebooks, capsys):
    words = "2026-01-01 00:00:00.1: I external/x.cc:1] note\\nWARNING: All log messages before\\nE0000 00:0 x] y\\nlast word\\n"
    edit_cell(notebooks, "01_setup", "work", f"import os\nos.write(2, b'{words}')\nos.kill(os.getpid(), 9)")
    assert go() == series.KERNEL_DIED
    entry = record_of()["notebooks"]["01_setup"]
    assert entry["outcome"] == "kernel died"
    assert entry["error"][-1] == "the kernel was killed (signal 9, as when memory runs out)"
    assert "note" not in str(entry["error"])
    assert "01_setup: kernel died in cell In [5] (work): import os" in capsys.readouterr().out


@pytest.mark.slow
def test_a_kernel_that_never_starts(notebooks, monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", "")
    monkeypatch.setattr(execution, "START_TIMEOUT", 20)
    monkeypatch.setattr(series.preflight, "problems", lambda _: [])
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    assert go() == series.KERNEL_DIED
    entry = record_of()["notebooks"]["01_setup"]
    assert (entry["outcome"], entry["where"]) == ("kernel died", "before its first cell")


def test_no_space_left_while_an_artifact_is_saved(done):
    before = (chain.runs_folder() / "fast" / "model.keras").read_bytes()
    full = "import errno\nwith folder.save('model.keras') as path:\n    path.write_bytes(b'half')\n"
    edit_cell(done, "03_model", "save-model", full + "    raise OSError(errno.ENOSPC, 'No space left on device')")
    assert go() == series.FAILED
    assert "no space is left" in record_of()["notebooks"]["03_model"]["error"][0]
    assert (chain.runs_folder() / "fast" / "model.keras").read_bytes() == before
    assert not list((chain.runs_folder() / "fast").glob(".*partial*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("path.unlink()", "has no dataset.npz (made by 02_dataset) yet"),
        ("path.write_bytes(path.read_bytes()[:100])", "dataset.npz is not the file that 02_dataset saved"),
        ("np.savez(path, x=np.zeros(3))", "dataset.npz is not the file that 02_dataset saved"),
    ],
)
def test_an_artifact_deleted_truncated_or_swapped_between_two_notebooks(notebooks, damage, message):
    edit_cell(notebooks, "03_model", "show", f"path = folder.path / 'dataset.npz'\n{damage}")
    assert go() == series.FAILED
    assert message in "\n".join(record_of()["notebooks"]["03_model"]["error"])
    edit_cell(notebooks, "03_model", "show", "print('ok')")
    assert go() == series.DONE
    assert "02_dataset" in ran()


# Faults and oddities around a run


def test_paths_with_spaces_braces_unicode_and_an_apostrophe(tmp_path, monkeypatch):
    name = "it's {run} Käse 数字 100 %"
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / name / "runs"))
    monkeypatch.setattr(chain, "NOTEBOOKS_FOLDER", standins.make_notebooks(tmp_path / name / "notebooks"))
    assert go(profile="fast", name=name, last="01") == series.DONE
    assert outcomes(name)[0] == "ok"
    assert (chain.runs_folder() / name / "report.html").is_file()


@pytest.mark.slow
def test_the_working_folder_does_not_matter(notebooks, tmp_path, monkeypatch):
    edit_cell(notebooks, "01_setup", "work", "import os\nprint(os.path.basename(os.getcwd()))")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert go(last="01") == series.DONE
    assert printed("01_setup", "work") == "notebooks\n"
    assert Path.cwd() == tmp_path / "elsewhere"


@pytest.mark.slow
def test_many_prints_become_one_output(notebooks):
    edit_cell(notebooks, "01_setup", "work", "for i in range(300):\n    print('\\r', i, end='', flush=True)")
    assert go(last="01") == series.DONE
    cell = next(cell for cell in executed("01_setup") if cell["id"] == "work")
    assert len(cell["outputs"]) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="takes the network away as root of Linux can")
def test_no_network(project):
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, "-m", "runner"]
    variables = {**os.environ, "PYTHONPATH": str(project.folder), "DIGITS_RUNS": str(project.runs)}
    found = subprocess.run(
        [*command, "run", "--to", "02"], cwd=project.folder, env=variables, capture_output=True, text=True
    )
    if "unshare" in found.stderr or "ip:" in found.stderr:
        pytest.skip(found.stderr)
    assert found.returncode == series.DONE, found.stdout + found.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps the highest memory of a process")
def test_the_peak_of_memory_is_known_after_it_was_given_back(notebooks):
    edit_cell(notebooks, "01_setup", "work", "x = bytearray(3 * 10**8)\ndel x")
    assert go(last="01") == series.DONE
    assert 300 < record_of()["notebooks"]["01_setup"]["peak_memory_mb"] < 600


def test_a_missing_artifact_of_the_interactive_run_is_made_without_undoing_what_is_there(done):
    shutil.copytree(chain.runs_folder() / "fast", chain.runs_folder() / "interactive")
    folder = chain.runs_folder() / "interactive"
    content = json.loads((folder / "run.json").read_text())
    record = {"schema": content["schema"], "name": "interactive", "artifacts": content["artifacts"]}
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "model.keras").unlink()
    edit_cell(done, "02_dataset", "work", "print('changed')")
    assert go(name="interactive", last="03") == series.DONE
    assert ran("interactive") == ["01_setup", "03_model"]
