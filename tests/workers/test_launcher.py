"""The launcher, with processes that stand in for workers; the command, with real ones: killed,
stopped, started again.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import filelock
import keras
import numpy as np
import psutil
import pytest

from series import chain, files, runs
from series.runs import RunFolder
from workers import launcher
from workers.cluster import free_addresses, tf_config
from workers.launcher import EXIT_WORKER_LOST, start_workers, watch

SLEEP = "import time; time.sleep(60)"


def stand_ins(*scripts: str) -> list[subprocess.Popen[bytes]]:
    """Processes that run these scripts in place of the chief, of worker 0 and so on."""
    number = "json.loads(os.environ['TF_CONFIG'])['task']; number = task['index'] + (task['type'] == 'worker')"
    code = f"import json, os; task = {number}; exec({scripts}[number])"
    return start_workers([sys.executable, "-c", code], len(scripts))


def test_each_worker_gets_its_task_and_its_share_of_the_cores(capfd, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    words = "os.environ['TF_CONFIG'][-34:] + ' ' + os.environ['TF_NUM_INTRAOP_THREADS'] + chr(10)"
    script = f"import os; os.write(1, ({words}).encode())"  # in one piece, or lines would mix
    assert watch(stand_ins(script, script, script)) == 0
    lines = capfd.readouterr().out.splitlines()
    assert sorted(line[line.index('"type"') :] for line in lines) == [
        '"type": "chief", "index": 0}} 2',
        '"type": "worker", "index": 0}} 2',
        '"type": "worker", "index": 1}} 2',
    ]


@pytest.mark.posix
def test_a_killed_worker_ends_the_others_with_the_code_of_a_lost_one(monkeypatch, capfd):
    monkeypatch.setattr(launcher, "GRACE_SECONDS", 0.5)
    workers = stand_ins(SLEEP, "import os, time; time.sleep(0.5); os.kill(os.getpid(), 9)")
    assert watch(workers) == EXIT_WORKER_LOST
    assert all(worker.poll() is not None for worker in workers)
    assert "worker 0 | ended with exit code -9" in capfd.readouterr().out


@pytest.mark.parametrize(("codes", "expected"), [((2, 5), 2), ((5, 1), 1), ((5, 5), 5)])
def test_the_code_is_of_the_one_that_did_more_than_lose_another(codes, expected, capfd):
    assert watch(stand_ins(*(f"raise SystemExit({code})" for code in codes))) == expected
    assert f"chief    | ended with exit code {codes[0]}" in capfd.readouterr().out


def test_a_worker_ends_with_its_launcher():
    code = f"from workers import launcher; launcher.stop_with_launcher(); {SLEEP}"
    environment = {**os.environ, launcher.LAUNCHED: "1"}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=environment)
    # It closes the input, as the system does when the launcher dies, however it dies.
    process.communicate(timeout=30)
    assert process.returncode == EXIT_WORKER_LOST


def test_the_command_answers_without_tensorflow():
    code = "import sys, workers.cli; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )


@pytest.fixture
def mine() -> Path:
    """A run's folder with a small data set and a small network."""
    folder = RunFolder("03_model", chain.runs_folder() / "mine", {})
    images = np.random.default_rng(0).integers(0, 256, (1250, 12, 12), "uint8")
    with folder.save("dataset.npz") as path:
        np.savez(
            path, x_train=images, y_train=np.arange(1250) % 3, normalization=np.array("pixels")
        )
    output = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten(), output])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    with folder.save("model.keras") as path:
        model.save(path)
    return folder.path


def start(*words: str) -> subprocess.Popen[str]:
    code = [sys.executable, "-m", "workers", "--name=mine", "--batch-size=100", *words]
    return subprocess.Popen(code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(*words: str) -> tuple[int, str]:
    """The exit code of a command, and all that it said."""
    process = start(*words)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


@contextlib.contextmanager
def started_until(
    words: str, *options: str
) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A launcher that has said these words, and its workers; none is left when the block ends."""
    process = start(*options)
    assert process.stdout is not None
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    workers = psutil.Process(process.pid).children()
    try:
        yield process, workers
    finally:
        process.kill()
        process.communicate(timeout=60)
        psutil.wait_procs(workers, timeout=30)
        assert not any(worker.is_running() for worker in workers), "a worker is left"


def test_a_run_without_data_gets_the_notebooks_own_sentence():
    code, said = finish("--local=2")
    assert code == 2
    assert "python -m runner run --name mine --to" in said
    assert not (chain.runs_folder() / "mine").exists()


@pytest.mark.parametrize("words", ["--epochs=0", "--batch-size=33", "--name=a b"])
def test_what_cannot_work_is_refused_before_anything_starts(mine, words):
    code, said = finish("--local=2", words)
    assert code == 2, said
    assert said.count("To fix it") == 1


def test_a_folder_practice_that_is_no_run_is_left_as_it_is(mine):
    (mine / "practice").mkdir()
    (mine / "practice" / "trained.keras").write_text("mine")
    code, said = finish("--practice=1000")
    assert (code, "is not a run" in said) == (2, True)
    assert [path.name for path in (mine / "practice").iterdir()] == ["trained.keras"]


def test_a_run_that_another_command_holds_is_refused(mine):
    with filelock.FileLock(mine / ".run.lock"):
        code, said = finish()
    assert code == 2
    assert "another command is at work" in said


@pytest.mark.slow
def test_two_workers_train_as_one_does(mine):
    losses = []
    for where in ((), ("--local=2",)):
        code, said = finish("--epochs=2", *where)
        assert code == 0, said
        losses.append(files.read_json(mine / "history.json")["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)
    assert [entry["workers"] for entry in runs.read_record(mine)["workers"]] == [1, 2]


@pytest.mark.slow
def test_a_killed_worker_is_noticed_and_the_same_command_continues(mine):
    options = ("--local=2", "--epochs=200")
    with started_until("epoch 2 of 200", *options) as (process, workers):
        workers[-1].kill()
        said, _ = process.communicate(timeout=90)
        assert process.returncode == EXIT_WORKER_LOST, said
        assert "another worker was lost" in said
    parts = dict(files.unzip(mine / "checkpoint-of-workers" / "checkpoint.keras"))
    epochs = json.loads(parts["record.json"])["history"]["epochs"]
    assert not (mine / "trained.keras").exists()
    with started_until(
        f"training continues after epoch {epochs}, from the last checkpoint", *options
    ):
        pass  # and here the launcher is killed: its workers end with it


@pytest.mark.slow
def test_practice_keeps_the_runs_own_files_and_another_recipe_starts_afresh(mine):
    before = {path.name: path.read_bytes() for path in mine.iterdir()}
    with started_until("epoch 2 of 200", "--local=1", "--epochs=200", "--practice=1000"):
        pass
    code, said = finish("--epochs=1", "--practice=1000")
    assert code == 0, said
    assert "training begins; workers: 1" in said
    assert {path.name: path.read_bytes() for path in mine.iterdir() if path.is_file()} == before
    practice = mine / "practice"
    assert runs.read_record(practice)["artifacts"].keys() == {"trained.keras", "history.json"}
    assert runs.read_record(practice)["workers"][-1]["images_per_second"] > 0
    assert files.read_json(practice / "history.json")["epochs"] == 1
    assert not (practice / "checkpoint-of-workers").exists()


@pytest.mark.slow
def test_a_worker_does_not_wait_for_ever_for_one_that_never_starts(mine, monkeypatch):
    addresses = free_addresses(2)
    monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config(addresses, 0)))
    code, said = finish("--wait=5")
    assert code == 1
    assert f"no worker answered at {addresses[1]} within 5 seconds" in said


@pytest.mark.slow
def test_workers_with_different_options_do_not_agree(mine, monkeypatch):
    addresses, processes = free_addresses(2), []
    for number in range(2):
        monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config(addresses, number)))
        processes.append(start(f"--seed={number}"))
    for process in processes:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 2, said
        assert "the workers do not agree" in said
