"""Who takes part in a training, and how it is done; no process is started."""

import json
import re
import socket
import zipfile
from dataclasses import replace

import pytest

from helpers.training import Recorder
from series.errors import LessonError
from workers import cli, cluster, engine
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
        '{"cluster": {"chief": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}',
        '{"cluster": {"worker": ["a:99999"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:-1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1e400}}',
        '{"cluster": {"worker": 5}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": ["worker"], "index": 0}}',
        "[" * 100_000,
    ],
)
def test_an_unfit_cluster_is_refused_in_a_sentence(text):
    with pytest.raises(LessonError, match="TF_CONFIG can't be used"):
        this_cluster({"TF_CONFIG": text})


def test_what_a_launcher_writes_a_worker_reads():
    addresses = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
    found = [
        this_cluster({"TF_CONFIG": json.dumps(cluster.tf_config(addresses, number))})
        for number in range(3)
    ]
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


def test_an_unexpected_error_in_a_cluster_ends_the_process_at_once(monkeypatch, capsys):
    class Ended(Exception):
        pass

    def end(code: int) -> None:
        raise Ended(code)

    def fail(*_: object) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setattr(cli, "_work", fail)
    monkeypatch.setattr(cli.os, "_exit", end)
    with pytest.raises(Ended, match="1"):
        cli.main(["--name", "mine"])
    assert "RuntimeError: unexpected" in capsys.readouterr().err


def test_a_checkpoint_of_another_training_stays_until_all_have_looked(tmp_path):
    def checkpoint(seed: int) -> engine.SharedCheckpoint:
        return engine.SharedCheckpoint(tmp_path / "kept", Recorder(10, 5), {"seed": seed})

    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "checkpoint.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("record.json", json.dumps({"recipe": {"seed": 1}, "history": {}}))
    other = checkpoint(2)
    model = object()
    assert other.resume(model) is model
    assert path.exists()
    other.all_have_looked = True
    other.delete()
    assert not path.exists()
