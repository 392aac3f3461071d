"""The lesson's settings hold, whatever the environment, the home folder or a startup file says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from series import settings
from series.chain import ROOT

# What an IPython startup file may have done before the first cell; what the lesson then sees.
STARTUP = """
import keras, matplotlib, numpy as np, tensorflow as tf
keras.config.set_dtype_policy("mixed_float16")
keras.config.set_epsilon(0.1)
np.set_printoptions(precision=1, suppress=True)
np.seterr(all="raise")
matplotlib.style.use("dark_background")
tf.get_logger().setLevel("DEBUG")
"""
LOOK = """
from helpers.runs import open_run
open_run("01_setup", {"run": "mine"})
import json, os, keras, matplotlib, numpy as np, tensorflow as tf
print(json.dumps([
    keras.config.backend(), keras.config.floatx(), keras.config.epsilon(),
    keras.config.image_data_format(), keras.config.dtype_policy().name,
    keras.config.max_epochs(), keras.config.max_steps_per_epoch(), str(np.array([1 / 3])), np.geterr(),
    [str(matplotlib.rcParams[name]) for name in ("text.usetex", "font.family", "text.color")],
    os.environ["TF_CPP_MIN_LOG_LEVEL"], tf.get_logger().getEffectiveLevel(),
    [os.environ.get(name) for name in
     ("TF_DETERMINISTIC_OPS", "TF_ENABLE_ONEDNN_OPTS", "PYTHONWARNINGS")],
]))
import warnings
warnings.warn("as a library does", UserWarning)  # an error would end the notebook
"""


def look(folder: Path, startup: str = "", **variables: str) -> list:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_HOME": str(folder), **variables}
    found = subprocess.run(
        [sys.executable, "-c", startup + LOOK],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.mark.slow
def test_a_machine_with_settings_of_its_own_gets_the_lesson_s(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    against_us = {
        "floatx": "float16", "epsilon": 0.01, "backend": "jax", "image_data_format": "channels_first",
    }  # fmt: skip
    (hostile / "keras.json").write_text(json.dumps(against_us))
    (hostile / "matplotlibrc").write_text(
        "text.usetex: True\nfont.family: NoSuchFont\ntext.color: white"
    )
    variables = {
        "KERAS_BACKEND": "jax", "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1",
        "TF_CPP_MIN_LOG_LEVEL": "0", "TF_USE_LEGACY_KERAS": "1", "PYTHONWARNINGS": "error",
        "TF_DETERMINISTIC_OPS": "1", "TF_ENABLE_ONEDNN_OPTS": "0",
        "MATPLOTLIBRC": str(hostile / "matplotlibrc"),
    }  # fmt: skip
    plain = look(tmp_path / "plain")
    assert plain[:5] == ["tensorflow", "float32", 1e-7, "channels_last", "float32"]
    assert look(hostile, **variables) == plain
    assert look(tmp_path / "plain", STARTUP) == plain


def test_keras_imported_before_with_another_engine_is_refused(monkeypatch) -> None:
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(settings.LessonError, match=r"the engine jax\n.*startup files"):
        settings.set_libraries()
