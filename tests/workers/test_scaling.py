"""Workers without TensorFlow: who takes part, what is refused, what the launcher shows."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from helpers import files
from helpers.errors import LessonError
from helpers.figures.scaling import draw_curves, draw_data_parallelism
from helpers.runs import RunFolder, open_run
from helpers.scaling import cluster, launcher
from helpers.scaling.cluster import Cluster, this_cluster
from helpers.scaling.command import worker
from helpers.scaling.practice import open_practice


def cluster_of(role: str, index: int, **hosts: int) -> Cluster:
    spec = {name: [f"{name}-{number}:2222" for number in range(count)] for name, count in hosts.items()}
    return this_cluster({"TF_CONFIG": json.dumps({"cluster": spec, "task": {"type": role, "index": index}})})


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}, {"TF_CONFIG": "{}"}])
def test_without_a_cluster_a_worker_is_alone_and_the_chief(environment: dict[str, str]) -> None:
    alone = this_cluster(environment)
    assert alone == Cluster(workers=1, number=0)
    assert alone.is_chief


def test_the_chief_is_first_and_counts_as_a_worker() -> None:
    assert cluster_of("chief", 0, chief=1, worker=2) == Cluster(3, 0)
    assert cluster_of("worker", 1, chief=1, worker=2) == Cluster(3, 2)


def test_without_a_chief_the_first_worker_is_it() -> None:
    assert cluster_of("worker", 0, worker=4).is_chief
    assert not cluster_of("worker", 3, worker=4).is_chief


def test_kubeflow_may_write_the_index_as_text_and_name_other_roles_beside() -> None:
    text = {"cluster": {"worker": ["a:1", "b:1"], "evaluator": ["c:1"]}, "task": {"type": "worker", "index": "1"}}
    assert this_cluster({"TF_CONFIG": json.dumps(text | {"environment": "cloud"})}) == Cluster(2, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "must be JSON"),
        ("[]", "must be JSON"),
        ('{"cluster": {"worker": ["a:1"]}}', "must be JSON with a cluster and a task"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}', "chief and worker"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "the cluster has 1"),
        ('{"cluster": {"chief": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}', "one chief only"),
    ],
)
def test_a_tf_config_that_cannot_be_used_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(LessonError, match=words):
        this_cluster({"TF_CONFIG": text})


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_the_launcher_writes_reads_back(count: int) -> None:
    addresses = cluster.free_addresses(count)
    assert len(set(addresses)) == count
    for number in range(count):
        config = cluster.tf_config(addresses, number)
        assert this_cluster({"TF_CONFIG": json.dumps(config)}) == Cluster(count, number)
        hosts = [host for role in config["cluster"].values() for host in role]
        assert hosts == addresses
        role = config["cluster"][config["task"]["type"]]
        assert role[config["task"]["index"]] == addresses[number]


def test_a_batch_is_shared_out_equally_or_refused() -> None:
    assert cluster.share_of(256, 4) == 64
    with pytest.raises(LessonError, match="multiple of 3"):
        cluster.share_of(256, 3)


def test_the_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert [launcher.threads_each(workers) for workers in (1, 2, 3, 8, 20)] == [8, 4, 2, 1, 1]


def start_scripts(monkeypatch: pytest.MonkeyPatch, *scripts: str) -> list[subprocess.Popen[str]]:
    """Let the launcher start these lines of Python instead of workers."""
    started = []

    def start(addresses: list[str], number: int, options: list[str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        code = [sys.executable, "-c", scripts[number]]
        started.append(subprocess.Popen(code, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8"))
        return started[-1]

    monkeypatch.setattr(launcher, "_start", start)
    return started


def test_each_line_says_who_said_it(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    start_scripts(monkeypatch, "print('loss 2.3')", "print('é'); print('I0000 00:00:1 port.cc:153] oneDNN')")
    assert launcher.run_local(2, []) == 0
    assert sorted(capfd.readouterr().out.splitlines()) == ["chief    | loss 2.3", "worker 0 | é"]


def test_a_lost_worker_ends_the_others_and_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher, "PATIENCE", 1)
    killed = "import os, time; time.sleep(0.5); os.kill(os.getpid(), 9)"
    started = start_scripts(monkeypatch, "import time; time.sleep(60)", killed)
    begin = time.monotonic()
    assert launcher.run_local(2, []) == launcher.LOST
    assert time.monotonic() - begin < 20
    assert all(process.poll() is not None for process in started)
    output = capfd.readouterr().out
    assert "worker 0 was killed (signal 9); the others stop too" in output
    assert "chief did not stop within 1 seconds" in output


@pytest.mark.parametrize(("own", "expected"), [(2, 2), (1, 1), (5, 5)])
def test_the_exit_code_is_that_of_the_first_that_did_not_end_well(
    own: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "PATIENCE", 0.5)
    start_scripts(monkeypatch, f"raise SystemExit({own})", "import time; time.sleep(60)")
    assert launcher.run_local(2, []) == expected


def test_what_a_worker_says_before_it_fails_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start_scripts(monkeypatch, "raise SystemExit('no such thing')", "raise SystemExit('no such thing')")
    assert launcher.run_local(2, []) == 1
    output = capfd.readouterr().out
    assert "chief    | no such thing" in output
    assert "chief ended with exit code 1; worker 0 ended with exit code 1" in output


def test_a_worker_ends_with_its_launcher() -> None:
    code = "import time; from helpers.scaling import launcher; launcher.stop_with_launcher(); time.sleep(60)"
    environment = {**os.environ, launcher.LAUNCHED: "1"}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    process.stdin.close()  # what the system does when the launcher dies, however it dies
    assert process.wait(timeout=30) == launcher.LOST


def leave_inputs(root: Path) -> None:
    folder = RunFolder("02_dataset", root / "mine", {})
    with folder.leave("dataset.npz") as path:
        np.savez(path, x_train=np.zeros(3), y_train=np.zeros(3), x_test=np.zeros(4))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "dataset.npz is missing: the notebook 02_dataset makes it"),
        (["--local", "2"], "dataset.npz is missing: the notebook 02_dataset makes it"),
        (["--epochs", "0"], "parameter epochs takes int from 1"),
        (["--learning-rate", "nan"], "parameter learning_rate takes"),
        (["--local", "3"], "take a batch size that is a multiple of 3"),
    ],
)
def test_what_can_be_mended_is_refused_before_anything_starts(options: list[str], words: str) -> None:
    result = CliRunner().invoke(worker, ["--name", "mine", *options])
    assert result.exit_code == 2
    assert words in result.output


def test_a_run_without_a_model_or_with_a_bad_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    leave_inputs(tmp_path)
    result = CliRunner().invoke(worker, ["--name", "mine"])
    assert (result.exit_code, "model.keras is missing" in result.output) == (2, True)
    result = CliRunner().invoke(worker, ["--name", "../mine"])
    assert (result.exit_code, "cannot be called" in result.output) == (2, True)


def test_practice_is_a_small_copy_beside_the_run_and_starts_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    with pytest.raises(LessonError, match=r"dataset\.npz is missing: the notebook 02_dataset makes it"):
        open_run("07_scaling_out", "mine")
    monkeypatch.setattr(files, "digest", lambda path: path.suffix)  # so that the model need not be a real one
    leave_inputs(tmp_path)
    with RunFolder("03_model", tmp_path / "mine", {}).leave("model.keras") as path:
        path.write_bytes(b"a model")
    before = sorted(path.name for path in (tmp_path / "mine").iterdir())
    (tmp_path / "mine-scaling" / "checkpoint-of-workers" / "epoch-0001").mkdir(parents=True)
    practice = open_practice(open_run("07_scaling_out", "mine"), 2)
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == before
    assert practice.need("model.keras").read_bytes() == b"a model"
    with np.load(practice.need("dataset.npz"), allow_pickle=False) as data:
        assert {name: data[name].shape for name in data.files} == {"x_train": (2,), "y_train": (2,), "x_test": (4,)}
    assert not (practice.path / "checkpoint-of-workers").exists()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_figure_shows_each_worker_with_its_share(workers: int) -> None:
    figure = draw_data_parallelism(workers, 64 * workers)
    texts = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert len(texts) == 2 + 2 * workers
    assert sum("64 images" in text for text in texts) == workers + (workers == 1)
    figure.canvas.draw()


def test_the_curves_have_title_labels_and_a_mark_at_each_place() -> None:
    figure = draw_curves("hours", "workers", "h", [8, 64, 512], {"cores": [9, 3, 1], "GPUs": [3, 2, 2]}, "log")
    axes = figure.axes[0]
    assert (figure.get_suptitle(), axes.get_xlabel(), axes.get_ylabel()) == ("hours", "workers", "h")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "64", "512"]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["cores", "GPUs"]


def test_the_command_answers_without_tensorflow() -> None:
    code = (
        "import sys, helpers.scaling.command; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
