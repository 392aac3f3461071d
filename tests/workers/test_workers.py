"""Who takes part in a training, and how it is done; no process is started."""

import json
import re
import socket
from dataclasses import replace

import keras
import numpy as np
import pytest

from series.errors import LessonError
from workers import cluster, engine
from workers.checkpoint import Checkpoint
from workers.cluster import Cluster, this_cluster
from workers.recipe import Recipe


def cluster_of(role: str, index: int, **hosts: int) -> Cluster:
    spec = {
        name: [f"{name}-{number}:2222" for number in range(count)] for name, count in hosts.items()
    }
    return this_cluster(
        {"TF_CONFIG": json.dumps({"cluster": spec, "task": {"type": role, "index": index}})}
    )


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
    text = {
        "cluster": {"worker": ["a:1", "b:1"], "evaluator": ["c:1"]},
        "task": {"type": "worker", "index": "1"},
    }
    assert this_cluster({"TF_CONFIG": json.dumps(text | {"environment": "cloud"})}).number == 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": 5}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_an_unfit_cluster_is_refused_in_a_sentence(text):
    with pytest.raises(LessonError, match="TF_CONFIG can't be used"):
        this_cluster({"TF_CONFIG": text})


def test_what_a_launcher_writes_a_worker_reads():
    addresses = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
    for number, name in enumerate(["chief", "worker 0", "worker 1"]):
        text = json.dumps(cluster.tf_config(addresses, number))
        worker = this_cluster({"TF_CONFIG": text})
        assert (worker.number, worker.name) == (number, name)


def test_one_that_does_not_come_is_named_after_the_wait(capsys):
    own = ("127.0.0.1", int(cluster.free_addresses(1)[0].rpartition(":")[2]))
    with socket.create_server(("127.0.0.1", 0)) as there:
        addresses = (own, there.getsockname(), ("127.0.0.1", 1))
        assert not cluster.others_are_there(Cluster(addresses), 1)
        assert "no worker answered at 127.0.0.1:1 within 1 seconds" in capsys.readouterr().out
        assert cluster.others_are_there(Cluster(addresses[:2]), 5)


def test_a_recipe_out_of_range_or_a_batch_that_cannot_be_divided_is_refused():
    fit = Recipe(epochs=1, batch_size=32, learning_rate=0.1, seed=1, practice=0)
    fit.check(2)
    for unfit in (
        replace(fit, epochs=0),
        replace(fit, batch_size=33),
        replace(fit, learning_rate=float("nan")),
    ):
        with pytest.raises(LessonError):
            unfit.check(2)


@pytest.mark.parametrize(("count", "shares"), [(0, 1), (1, 1), (2, 2), (9, 3), (10, 3)])
def test_images_that_leave_a_worker_without_any_are_refused(count, shares):
    with pytest.raises(LessonError, match=f"{count} images.* {shares} workers") as refused:
        engine.split(count, shares)
    least = int(re.search(r"at least (\d+) images", refused.value.fix)[1])
    assert [len(part) >= shares for part in engine.split(least, shares)] == [True, True]


def test_every_worker_gets_equally_many_images_and_the_last_fifth_is_held_out():
    learned, held_out = engine.split(101, 2)
    assert (learned.tolist(), held_out.tolist()) == (list(range(80)), list(range(80, 100)))
    assert all(
        len(part) % shares == 0 and len(part)
        for shares in range(1, 9)
        for part in engine.split(5 * shares, shares)
    )


def test_a_checkpoint_continues_only_the_same_training_and_a_damaged_one_is_named(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    history = {"epochs": 1}
    path = tmp_path / "kept" / "checkpoint.keras"
    same, other = (Checkpoint(path.parent, {"seed": seed}) for seed in (1, 2))
    assert same.load() is None
    same.save(model, history)
    kept_model, kept_history = same.load()
    assert np.array_equal(kept_model.get_weights()[0], model.get_weights()[0])
    assert kept_history == history
    assert other.load() is None and path.exists()  # another worker may be reading it
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(LessonError, match=r"checkpoint\.keras is damaged"):
        same.load()
    (path.parent / "notes.txt").write_text("mine")
    same.delete()
    assert [each.name for each in path.parent.iterdir()] == ["notes.txt"]
