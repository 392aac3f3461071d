"""The notebooks on other people's machines: with papermill alone and no network, and with settings
of their own. The same seed gives the same numbers in each.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from offline import offline

from series import files
from series.chain import NOTEBOOKS, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.posix]

# A smaller network than smoke's: what is compared doesn't depend on its size.
FILTERS = ["-p", "filters", "8"]
IPYTHON_STARTUP = """
import numpy as np, matplotlib.pyplot as plt, keras
plt.style.use("dark_background")
np.set_printoptions(precision=1, suppress=True)
keras.config.set_floatx("float16")
keras.config.set_dtype_policy("mixed_bfloat16")
"""


def clone(folder: Path) -> Path:
    """The project as a fresh clone has it."""
    for name in ("series", "helpers", "notebooks", "profiles", "data"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "requirements.txt", folder)  # which 01 compares with what is installed
    return folder


def readme_lines() -> str:
    """The loop of the section *With papermill alone*."""
    text = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("**With papermill alone.**")[2]
    )
    return text.partition("```sh\n")[2].partition("```")[0]


def execute(folder: Path, lines: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DIGITS_RUNS"}
    environment |= {"PYTHONPATH": str(folder), "KERAS_HOME": str(folder / "no keras.json")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        offline(["bash", "-euc", lines]),
        cwd=folder, env=environment | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the lines of the README have run, with smoke's parameters."""
    folder = clone(tmp_path_factory.mktemp("a fresh clone") / "digits")
    lines = readme_lines()
    assert lines.count("profiles/fast.yaml") == 1
    lines = lines.replace("profiles/fast.yaml", " ".join(["profiles/smoke.yaml", *FILTERS]))
    ended = execute(folder, lines)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return folder


def history(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "runs" / "mine" / "history.json").read_text(encoding="utf-8"))


def printed(folder: Path, name: str) -> dict[str, str]:
    """What each cell of an executed notebook printed, but for those that tell of the machine."""
    content = json.loads((folder / "executed" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return {
        cell["id"]: "".join(
            "".join(output["text"]) for output in cell["outputs"] if output.get("name") == "stdout"
        )
        for cell in content["cells"]
        if cell["cell_type"] == "code"
        and "nbval-ignore-output" not in cell["metadata"]["tags"]
        and "injected-parameters" not in cell["metadata"]["tags"]
    }


def figures(folder: Path, name: str) -> list[str]:
    content = (folder / "executed" / f"{name}.ipynb").read_text(encoding="utf-8")
    return re.findall(r"data:image/png;base64,[^\\\"]+", content)


def test_papermill_alone_fills_a_run_without_a_network(plain: Path) -> None:
    saved = {artifact for notebook in NOTEBOOKS for artifact in notebook.saves}
    assert saved <= {path.name for path in (plain / "runs" / "mine").iterdir()}
    metrics = json.loads((plain / "runs" / "mine" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["accuracy"] > 0.5, "a small network after 2,000 images; guessing is 0.1"
    names = [f"{notebook.name}.ipynb" for notebook in NOTEBOOKS]
    assert sorted(path.name for path in (plain / "executed").iterdir()) == names


def test_another_seed_gives_another_network(plain: Path) -> None:
    command = "python -m papermill notebooks/03_model.ipynb executed/other.ipynb -p run other"
    (plain / "runs" / "other").mkdir()
    shutil.copy(plain / "runs" / "mine" / "dataset.npz", plain / "runs" / "other")
    ended = execute(plain, f"{command} -p seed 2 {' '.join(FILTERS)}")
    assert ended.returncode == 0, ended.stderr[-3000:]
    (plain / "executed" / "other.ipynb").unlink()
    mine, other = (plain / "runs" / name / "model.keras" for name in ("mine", "other"))
    assert files.digest(mine) != files.digest(other)


def test_a_machine_with_settings_of_its_own_gets_the_same_numbers(
    plain: Path, tmp_path: Path
) -> None:
    folder = clone(tmp_path / "digits")
    keras, ipython = tmp_path / "keras", tmp_path / "ipython"
    keras.mkdir()
    against_us = {
        "floatx": "float16", "epsilon": 0.01, "backend": "jax", "image_data_format": "channels_first",
    }  # fmt: skip
    (keras / "keras.json").write_text(json.dumps(against_us))
    (tmp_path / "matplotlibrc").write_text(
        "text.usetex: True\nfont.family: NoSuchFont\naxes.facecolor: black\ntext.color: white\n"
    )
    startup = ipython / "profile_default" / "startup"
    startup.mkdir(parents=True)
    # Keras can be imported there only with an engine that is installed, as on a reader's machine.
    code = f"import os\nos.environ['KERAS_BACKEND'] = 'tensorflow'\n{IPYTHON_STARTUP}"
    (startup / "00-mine.py").write_text(code + "os.environ['KERAS_BACKEND'] = 'jax'\n")
    (ipython / "profile_default" / "ipython_kernel_config.py").write_text(
        "get_config().InteractiveShell.ast_node_interactivity = 'all'\n"
    )
    lines = readme_lines().replace("0[1-6]", "0[1-4]")
    lines = lines.replace("profiles/fast.yaml", " ".join(["profiles/smoke.yaml", *FILTERS]))
    ended = execute(
        folder, lines,
        KERAS_HOME=str(keras), MATPLOTLIBRC=str(tmp_path), IPYTHONDIR=str(ipython),
        KERAS_BACKEND="jax", KERAS_MAX_EPOCHS="1", KERAS_MAX_STEPS_PER_EPOCH="1",
        TF_CPP_MIN_LOG_LEVEL="0", TF_USE_LEGACY_KERAS="1",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy", "batches"):
        assert history(folder)[name] == history(plain)[name]
    for artifact in ("model.keras", "trained.keras"):
        mine, theirs = (each / "runs" / "mine" / artifact for each in (plain, folder))
        assert files.digest(mine) == files.digest(theirs)
    for notebook in NOTEBOOKS[:4]:
        assert printed(folder, notebook.name) == printed(plain, notebook.name)
    assert figures(folder, "01_setup") == figures(plain, "01_setup")
    assert figures(folder, "02_dataset") == figures(plain, "02_dataset")
