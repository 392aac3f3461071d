"""The gate itself: what it must catch, it catches, within a minute and without hanging."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gate
import numpy as np
import pytest

from helpers import chain, data
from helpers.runs import open_run

RUN = "gate"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run's folder with the data that 03_model needs, as 02_dataset leaves it."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_RUNS", str(folder))
        (x_train, y_train), (x_test, y_test) = data.load_mnist()
        with open_run("02_dataset", RUN).leave("dataset.npz") as path:
            names = np.array([str(digit) for digit in range(10)])
            np.savez(
                path,
                x_train=x_train,
                y_train=y_train,
                x_test=x_test,
                y_test=y_test,
                class_names=names,
                normalization="rows",
                source="mnist",
            )
    yield folder
    shutil.rmtree(folder)


def problems_after(change: Callable[[list[dict[str, Any]]], None], folder: Path, runs: Path) -> list[str]:
    """What the gate says of a copy of 03_model after `change` to its code cells; it must say it within a minute."""
    copy = gate.copy_with_parameters(chain.BY_NAME["03_model"].path, folder, RUN)
    notebook = json.loads(copy.read_text(encoding="utf-8"))
    # The laid-in cell of parameters is papermill's and no part of the stored notebook: fold its values into the other.
    laid_in = next(cell for cell in notebook["cells"] if "injected-parameters" in gate.tags(cell))
    notebook["cells"].remove(laid_in)
    own = next(cell for cell in notebook["cells"] if "parameters" in gate.tags(cell))
    own["source"] = gate.source(own) + "\n" + gate.source(laid_in)
    change(gate.code_cells(notebook))
    copy.write_text(json.dumps(notebook), encoding="utf-8")
    begin = time.monotonic()
    problems = gate.file_problems(copy) or gate.run_nbval(folder, runs, cell_timeout=55)["03_model"]
    assert time.monotonic() - begin < 60
    return problems


def compared(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A cell with printed output that nbval compares."""
    return next(
        cell
        for cell in cells
        if any("text" in output for output in cell["outputs"]) and "nbval-ignore-output" not in gate.tags(cell)
    )


@pytest.mark.slow
def test_an_untouched_copy_passes(tmp_path: Path, runs: Path) -> None:
    assert problems_after(lambda _: None, tmp_path, runs) == []


@pytest.mark.slow
def test_a_wrong_stored_output_is_caught(tmp_path: Path, runs: Path) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        compared(cells)["outputs"][0]["text"] = "something else\n"

    assert "Cell outputs differ" in problems_after(change, tmp_path, runs)[0]


@pytest.mark.slow
def test_a_missing_stored_output_is_caught(tmp_path: Path, runs: Path) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        compared(cells)["outputs"] = []

    assert "Cell outputs differ" in problems_after(change, tmp_path, runs)[0]


@pytest.mark.parametrize("with_outputs", [True, False])
def test_a_nulled_execution_count_is_caught(tmp_path: Path, runs: Path, with_outputs: bool) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        cell = compared(cells)
        cell["execution_count"] = None
        cell["outputs"] = cell["outputs"] if with_outputs else []

    assert "execution_count is None" in problems_after(change, tmp_path, runs)[0]


@pytest.mark.slow
def test_a_changed_layer_is_caught(tmp_path: Path, runs: Path) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        cell = next(cell for cell in cells if "def create_model" in gate.source(cell))
        assert "256" in gate.source(cell)
        cell["source"] = gate.source(cell).replace("256", "255")

    assert any("Cell outputs differ" in problem for problem in problems_after(change, tmp_path, runs))


@pytest.mark.slow
def test_a_kernel_that_dies_is_caught(tmp_path: Path, runs: Path) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        cells[-1]["source"] = "import os\nos._exit(1)"

    assert "the kernel died" in problems_after(change, tmp_path, runs)[-1]
