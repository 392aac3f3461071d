import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers.training import Checkpoint, Recorder

IMAGES = np.random.default_rng(0).random((50, 8, 8, 1)).astype("float32")
LABELS = np.arange(50, dtype="uint8") % 3
TRAINING, VALIDATION, BATCH = 40, 10, 16  # the last batch of an epoch holds 8 images
PARAMETERS = {"seed": 1, "epochs": 3, "learning_rate": 0.01}


def new_model(learning_rate: float = 0.01, metrics: tuple = ("accuracy",)) -> keras.Model:
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 1))
    outputs = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=list(metrics))
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with what the notebooks before 04 leave there."""
    np.savez(tmp_path / "dataset.npz", x_train=IMAGES)
    new_model().save(tmp_path / "model.keras")
    return tmp_path


class Stop(Exception):
    pass


def stop_in(epoch: int) -> keras.callbacks.Callback:
    """End the training in the middle of an epoch, counted from 1."""
    seen = {}

    def begin(index, logs=None):
        seen["epoch"] = index + 1

    def end(batch, logs=None):
        if seen["epoch"] == epoch and batch == 1:
            raise Stop

    return keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_train_batch_end=end)


def new_recorder(run: Path) -> Recorder:
    return Recorder(run, TRAINING, VALIDATION, BATCH)


def fit(
    model: keras.Model, *callbacks: keras.callbacks.Callback, first: int = 0, **settings
) -> keras.callbacks.History:
    settings = {"epochs": 3, "batch_size": BATCH, "validation_split": 0.2, "verbose": 0} | settings
    return model.fit(IMAGES, LABELS, initial_epoch=first, callbacks=list(callbacks), **settings)


def train(run: Path, *callbacks: keras.callbacks.Callback, **changes) -> tuple[keras.Model, Recorder, Checkpoint]:
    """What the cells of 04 do."""
    recorder = new_recorder(run)
    checkpoint = Checkpoint(run, recorder, **PARAMETERS | changes)
    model = checkpoint.resume(keras.models.load_model(run / "model.keras"))
    fit(model, recorder, checkpoint, *callbacks, first=recorder.history["epochs"])
    return model, recorder, checkpoint


# What is recorded


def test_each_batch_is_recorded_with_its_own_loss(run):
    model = new_model(learning_rate=0.0)
    recorder = new_recorder(run)
    fit(model, recorder, shuffle=False, epochs=2)
    parts = [slice(0, 16), slice(16, 32), slice(32, 40)]
    expected = [model.evaluate(IMAGES[part], LABELS[part], verbose=0)[0] for part in parts]
    batches = recorder.history["batches"]
    assert batches["images"] == [16, 32, 40, 56, 72, 80]
    assert batches["loss"] == pytest.approx(expected * 2, abs=1e-5)


def test_each_epoch_is_recorded_as_keras_does(run):
    recorder = new_recorder(run)
    kept = fit(new_model(), recorder).history
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert recorder.history[name] == pytest.approx(kept[name])
    assert recorder.history["epochs"] == 3
    assert recorder.history["resumed_at"] == 0
    assert json.loads(json.dumps(recorder.history)) == recorder.history


def test_the_speed_leaves_validation_out(run):
    recorder = new_recorder(run)
    slow = keras.callbacks.LambdaCallback()
    slow.on_test_end = lambda logs=None: time.sleep(0.5)
    fit(new_model(), slow, recorder)
    assert recorder.history["seconds"] > 1.5
    training_seconds = 120 / recorder.history["images_per_second"]
    assert training_seconds < recorder.history["seconds"] - 1.5


def test_other_metrics_and_no_validation_do_not_matter(run):
    recorder = new_recorder(run)
    model = new_model(metrics=(keras.metrics.SparseTopKCategoricalAccuracy(2, name="top"),))
    fit(model, recorder, validation_split=0.0, batch_size=50)
    assert len(recorder.history["top"]) == 3
    assert "accuracy" not in recorder.history
    assert "val_loss" not in recorder.history


def test_a_metric_of_several_numbers_is_recorded(run):
    recorder = new_recorder(run)
    model = new_model()
    model.compile(loss="categorical_crossentropy", metrics=[keras.metrics.F1Score(average=None)])
    model.fit(IMAGES, np.eye(3)[LABELS], batch_size=BATCH, validation_split=0.2, callbacks=[recorder], verbose=0)
    assert np.shape(recorder.history["f1_score"]) == (1, 3)
    json.dumps(recorder.history)


def test_a_split_that_the_recorder_was_not_told_of_does_not_stop_the_training(run):
    recorder = new_recorder(run)
    fit(new_model(), recorder, validation_split=0.1, batch_size=4)
    assert recorder.history["epochs"] == 3


def test_progress_is_told_in_both_phases_and_taken_away(run):
    told = []

    def read(batch, logs=None):
        if batch == 0:
            told.append(json.loads((run / "progress.json").read_text(encoding="utf-8")))

    reader = keras.callbacks.LambdaCallback(on_train_batch_end=read, on_test_batch_end=read)
    fit(new_model(), new_recorder(run), reader)
    assert [(now["epoch"], now["epochs"], now["phase"], now["images"], now["of"]) for now in told] == [
        (epoch, 3, phase, images, of)
        for epoch in (1, 2, 3)
        for phase, images, of in (("training", 16, 40), ("validation", 10, 10))
    ]
    assert all(now["images_per_second"] > 0 for now in told)
    assert not (run / "progress.json").exists()


def test_progress_is_written_once_a_second_at_most(run, monkeypatch):
    written = []
    monkeypatch.setattr("helpers.files.write_json", lambda path, content: written.append(content["phase"]))
    fit(new_model(), new_recorder(run), batch_size=1, epochs=1)
    assert len(written) <= 4  # the first batch of each phase, and one each for a machine that is very slow


def test_progress_that_someone_reads_on_windows_does_not_stop_the_training(run, monkeypatch):
    def deny(*_, **__):
        raise PermissionError(errno.EACCES, "in use")

    recorder = new_recorder(run)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", deny)
        fit(new_model(), recorder)
    assert recorder.history["epochs"] == 3


# Going on after a kill


def test_a_training_goes_on_after_its_last_finished_epoch_with_the_whole_history(run):
    with pytest.raises(Stop):
        train(run, stop_in(epoch=2))
    model, recorder, _ = train(run)
    history = recorder.history
    assert history["resumed_at"] == 2
    assert history["epochs"] == len(history["loss"]) == len(history["val_accuracy"]) == 3
    assert history["batches"]["images"] == [16, 32, 40, 56, 72, 80, 96, 112, 120]
    assert len(history["batches"]["loss"]) == 9
    assert int(model.optimizer.iterations) == 9
    assert history["seconds"] > 0
    assert 120 / history["images_per_second"] < history["seconds"]


def test_the_model_that_goes_on_is_that_of_the_last_finished_epoch(run):
    kept = {}

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept[epoch] = self.model.get_weights()

    recorder = new_recorder(run)
    checkpoint = Checkpoint(run, recorder)
    model = checkpoint.resume(keras.models.load_model(run / "model.keras"))
    with pytest.raises(Stop):
        fit(model, recorder, checkpoint, Keep(), stop_in(epoch=3))
    again = Checkpoint(run, recorder).resume(keras.models.load_model(run / "model.keras"))
    for now, then in zip(again.get_weights(), kept[1], strict=True):
        assert np.array_equal(now, then)


def test_the_same_objects_can_be_used_again_after_an_interrupt(run):
    recorder = new_recorder(run)
    checkpoint = Checkpoint(run, recorder, **PARAMETERS)
    model = checkpoint.resume(keras.models.load_model(run / "model.keras"))
    with pytest.raises(Stop):
        fit(model, recorder, checkpoint, stop_in(epoch=2))
    model = checkpoint.resume(keras.models.load_model(run / "model.keras"))
    fit(model, recorder, checkpoint, first=recorder.history["epochs"])
    assert recorder.history["batches"]["images"] == [16, 32, 40, 56, 72, 80, 96, 112, 120]


@pytest.mark.parametrize("change", ["parameter", "data", "model", "compile"])
def test_another_training_starts_afresh(run, change):
    with pytest.raises(Stop):
        train(run, stop_in(epoch=2))
    (run / "tensorboard").mkdir()
    if change == "data":
        np.savez(run / "dataset.npz", x_train=IMAGES + 1)
    if change == "model":
        model = new_model()
        model.set_weights([weights + 1 for weights in model.get_weights()])
        model.save(run / "model.keras")
    model = keras.models.load_model(run / "model.keras")
    if change == "compile":
        model.optimizer.learning_rate = 0.5
    recorder = new_recorder(run)
    parameters = PARAMETERS | ({"epochs": 4} if change == "parameter" else {})
    assert Checkpoint(run, recorder, **parameters).resume(model) is model
    assert recorder.history["epochs"] == recorder.history["resumed_at"] == 0
    assert not (run / "checkpoint").exists()
    assert not (run / "tensorboard").exists()


def test_a_training_that_has_left_its_result_starts_afresh(run):
    _, _, checkpoint = train(run)
    checkpoint.delete()
    checkpoint.delete()  # nothing is there: no error
    _, recorder, _ = train(run)
    assert recorder.history["resumed_at"] == 0
    assert len(recorder.history["loss"]) == 3


def test_a_training_killed_before_its_result_was_saved_has_nothing_left_to_do(run):
    trained, before, _ = train(run)
    model, recorder, _ = train(run)
    for now, then in zip(model.get_weights(), trained.get_weights(), strict=True):
        assert np.array_equal(now, then)
    assert recorder.history["loss"] == before.history["loss"]


def test_only_the_last_epoch_is_kept(run):
    train(run)
    assert [path.name for path in (run / "checkpoint").iterdir()] == ["epoch-0003"]


@pytest.mark.parametrize("finished", [0, 1])
def test_a_half_written_checkpoint_is_never_taken(run, finished):
    with pytest.raises(Stop):
        train(run, stop_in(epoch=finished + 1))
    half = run / "checkpoint" / f".123.partial.epoch-{finished + 1:04}"
    half.mkdir(parents=True, exist_ok=True)
    (half / "model.keras").write_bytes(b"PK")
    _, recorder, _ = train(run)
    assert recorder.history["resumed_at"] == (2 if finished else 0)
    assert recorder.history["epochs"] == 3
    assert not half.exists()


def test_a_kill_between_the_new_checkpoint_and_the_deletion_of_the_old_one(run, monkeypatch):
    def die(path):
        raise Stop

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr("helpers.training.shutil.rmtree", lambda path, **_: die(path) if "epoch" in str(path) else None)
        train(run)
    assert len(list((run / "checkpoint").iterdir())) == 2
    _, recorder, _ = train(run)
    assert recorder.history["resumed_at"] == 3


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_writes_a_checkpoint(run):
    script = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import keras, test_training
save = keras.Model.save
def die(model, path, *more):
    if "epoch-0002" not in str(path):
        return save(model, path, *more)
    Path(path).write_bytes(b"PK")
    os._exit(9)  # as a kill does: nothing is cleaned up
keras.Model.save = die
test_training.train(Path({str(run)!r}))
"""
    assert subprocess.run([sys.executable, "-c", script], env=os.environ, check=False).returncode == 9
    assert len(list((run / "checkpoint").iterdir())) == 2  # epoch 1, and the half-written epoch 2
    assert (run / "progress.json").exists()
    _, recorder, _ = train(run)
    assert recorder.history["resumed_at"] == 2
    assert len(recorder.history["loss"]) == 3
    assert not (run / "progress.json").exists()
