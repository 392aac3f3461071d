"""Workers without TensorFlow: who takes part, what is refused, what the launcher says."""

import json
import os
import socket
import subprocess
import sys
import zipfile
from dataclasses import replace

import filelock
import numpy as np
import pytest

from helpers import chain, files
from helpers.errors import LessonError
from helpers.runs import RunFolder
from workers import cluster
from workers.cluster import Cluster, this_cluster
from workers.recipe import Recipe


def cluster_of(role: str, index: int, **hosts: int) -> Cluster:
    spec = {name: [f"{name}-{number}:2222" for number in range(count)] for name, count in hosts.items()}
    return this_cluster({"TF_CONFIG": json.dumps({"cluster": spec, "task": {"type": role, "index": index}})})


@pytest.fixture
def run_of_data() -> str:
    """A run with stand-ins for the data and the model."""
    folder = RunFolder("02_dataset", chain.runs_folder() / "mine", {})
    with folder.save("dataset.npz") as path:
        np.savez(path, x_train=np.zeros((1000, 8, 8), "uint8"))
    with zipfile.ZipFile(folder.path / "model.keras", "w") as parts:
        parts.writestr("config.json", "{}")
        parts.writestr("model.weights.h5", "")
    return "mine"


def command(*words: str, **environment: str) -> tuple[int, str]:
    found = subprocess.run(
        [sys.executable, "-m", "workers", *words],
        cwd=chain.ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return found.returncode, found.stdout + found.stderr


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}, {"TF_CONFIG": "{}"}])
def test_without_a_cluster_a_worker_is_alone_and_the_chief(environment):
    alone = this_cluster(environment)
    assert (alone.workers, alone.is_chief) == (1, True)


def test_the_chief_is_first_and_without_one_the_first_worker_is_it():
    chief = cluster_of("chief", 0, chief=1, worker=2)
    assert (chief.workers, chief.number) == (3, 0)
    assert cluster_of("worker", 1, chief=1, worker=2).number == 2
    assert cluster_of("worker", 0, worker=4).is_chief
    assert not cluster_of("worker", 3, worker=4).is_chief


def test_kubeflow_may_write_the_index_as_text_and_name_other_roles_beside():
    text = {"cluster": {"worker": ["a:1", "b:1"], "evaluator": ["c:1"]}, "task": {"type": "worker", "index": "1"}}
    assert this_cluster({"TF_CONFIG": json.dumps(text | {"environment": "cloud"})}).number == 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"chief": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}',
    ],
)
def test_an_unfit_cluster_is_refused_in_a_sentence(text):
    with pytest.raises(LessonError, match="TF_CONFIG can't be used"):
        this_cluster({"TF_CONFIG": text})


def test_what_a_launcher_writes_a_worker_reads():
    addresses = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
    found = [this_cluster({"TF_CONFIG": json.dumps(cluster.tf_config(addresses, number))}) for number in range(3)]
    assert [one.number for one in found] == [0, 1, 2]
    assert [one.name for one in found] == ["chief", "worker 0", "worker 1"]


def test_one_that_does_not_come_is_named_after_the_wait_and_a_taken_port_is_refused(capsys):
    own = ("127.0.0.1", int(cluster.free_addresses(1)[0].rpartition(":")[2]))
    with socket.create_server(("127.0.0.1", 0)) as there:
        addresses = (own, there.getsockname(), ("127.0.0.1", 1))
        assert not cluster.others_are_there(Cluster(addresses), 1)
        assert "no worker answered at 127.0.0.1:1 within 1 seconds" in capsys.readouterr().out
        assert cluster.others_are_there(Cluster(addresses[:2]), 5)
        with pytest.raises(LessonError, match=f"can't use its port {there.getsockname()[1]}"):
            cluster.others_are_there(Cluster(addresses[:2], number=1), 5)


def test_a_recipe_out_of_range_or_a_batch_that_cannot_be_divided_is_refused():
    fit = Recipe(epochs=1, batch_size=32, learning_rate=0.1, seed=1, practice=0)
    fit.check(2)
    for unfit in (replace(fit, epochs=0), replace(fit, batch_size=33), replace(fit, learning_rate=float("nan"))):
        with pytest.raises(LessonError):
            unfit.check(2)


def test_a_run_without_data_gets_the_notebooks_own_sentence():
    code, output = command("--name", "nothing", "--local", "2")
    assert code == 2
    assert "python -m runner run --name nothing --to" in output
    assert not (chain.runs_folder() / "nothing").exists()


@pytest.mark.parametrize("words", [("--epochs", "0"), ("--batch-size", "33"), ("--name", "CON")])
def test_what_cannot_work_is_refused_before_anything_starts(run_of_data, words):
    code, output = command("--name", run_of_data, "--local", "2", *words)
    assert code == 2, output
    assert "To fix it" in output


def test_a_run_that_another_command_holds_is_refused(run_of_data):
    with filelock.FileLock(chain.runs_folder() / run_of_data / ".run.lock"):
        code, output = command("--name", run_of_data)
    assert code == 2
    assert "another command is at work" in output


@pytest.mark.slow
def test_two_workers_train_as_one_does():
    import keras

    from helpers.lesson import create_model

    (x_train, y_train), (x_test, y_test) = ((np.random.default_rng(0).integers(0, 256, (count, 12, 12), "uint8"),
                                             np.arange(count) % 3) for count in (1000, 30))  # fmt: skip
    keras.utils.set_random_seed(1)
    model = create_model((12, 12, 1), 3, "adam", "sparse_categorical_crossentropy", ["accuracy"], filters=4)
    model.optimizer.build(model.trainable_variables)
    for name in ("alone", "together"):
        folder = RunFolder("02_dataset", chain.runs_folder() / name, {})
        with folder.save("dataset.npz") as path:
            np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test,
                     class_names=np.array(["a", "b", "c"]), normalization=np.array("pixels"), source=np.array("x"))  # fmt: skip
        with folder.save("model.keras") as path:
            model.save(path)
    options = ("--epochs", "2", "--batch-size", "50")
    code, output = command("--name", "alone", *options)
    assert code == 0, output
    code, output = command("--name", "together", "--local", "2", *options)
    assert code == 0, output
    alone, together = (files.read_json(chain.runs_folder() / name / "history.json") for name in ("alone", "together"))
    assert np.allclose(alone["loss"], together["loss"], rtol=1e-2)
    recorded = files.read_json(chain.runs_folder() / "together" / "run.json")["workers"][-1]
    assert recorded["workers"] == 2
