"""The gate itself: what it must catch, it catches."""

from collections.abc import Callable
from pathlib import Path

import gate
import nbformat
import pytest

FIGURE = """from IPython.display import HTML, display
display({"text/html": "<img alt='A curve that falls.'>", "text/plain": "[figure: A curve that falls.]"}, raw=True)"""
CELLS = [("parameters", "seed: int = 1", ""), ("", "print(seed + 1)", "2"), ("", FIGURE, "")]
EXERCISE = [
    ("exercise", "my_answer = ...", ""),
    (
        "check",
        'from helpers.exercises import check, TO_DO\ncheck("ex-gpus", my_answer)',
        "to be filled in",
    ),
    ("solution", "my_answer = 14", ""),
]


def write(path: Path, change: Callable[[list], object]) -> None:
    """Write a small notebook with its outputs, after `change` to its code cells."""
    cells = []
    for number, (tag, source, text) in enumerate([*CELLS, *EXERCISE], start=1):
        outputs = [gate.printed(text)] if text else []
        if source == FIGURE:
            data = {
                "text/html": '<img alt="A curve that falls.">',
                "text/plain": "[figure: A curve that falls.]",
            }
            outputs = [nbformat.v4.new_output("display_data", data=data)]
        if tag == "check":
            outputs = [gate.printed(gate.TO_DO)]
        metadata = {"tags": [tag]} if tag else {}
        cells.append(
            nbformat.v4.new_code_cell(
                source, execution_count=number, outputs=outputs, metadata=metadata, id=f"c{number}"
            )
        )
    change(cells)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def nothing(cells: list) -> None:
    pass


RUNNING = {
    "passes": (nothing, ""),
    "wrong_output": (lambda cells: cells[1].outputs[0].update(text="3\n"), "Cell outputs differ"),
    "wrong_solution": (lambda cells: cells[5].update(source="my_answer = 5"), "Not yet."),
    "starter_answers": (lambda cells: cells[3].update(source="my_answer = 14"), "To do"),
    "starter_stops": (lambda cells: cells[3].update(source="1 / 0"), "ZeroDivisionError"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What nbval says of a notebook for each fault, and of one without."""
    stored, folder = tmp_path_factory.mktemp("stored"), tmp_path_factory.mktemp("copies")
    for name, (change, _) in RUNNING.items():
        write(stored / f"{name}.ipynb", change)
        gate.copy_to_run(stored / f"{name}.ipynb", folder, {})
    return gate.run_nbval(folder, folder / "runs")


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNNING)
def test_what_only_a_run_can_show_is_caught(found: dict[str, list[str]], name: str) -> None:
    words = RUNNING[name][1]
    assert bool(found[name]) == bool(words)
    assert words in "".join(found[name])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (nothing, ""),
        (
            lambda cells: cells[1].update(execution_count=None, outputs=[]),
            "execution_count is None",
        ),
        (lambda cells: cells[1].outputs[0].update(text="/home/me/run\n"), "a path or an address"),
        (lambda cells: cells[1].outputs[0].update(name="stderr"), "standard error"),
        (
            lambda cells: cells[2].outputs[0].data.update({"text/html": '<img src="" alt="">'}),
            "without alt text",
        ),
        (lambda cells: cells[2].outputs[0].data.update({"image/png": "iVBO"}), "without alt text"),
        (lambda cells: cells[4].outputs[0].update(text="Right.\n"), "not that of its starter"),
    ],
)
def test_what_the_file_shows_is_caught(
    tmp_path: Path, change: Callable[[list], object], words: str
) -> None:
    write(tmp_path / "a.ipynb", change)
    problems = gate.file_problems(tmp_path / "a.ipynb")
    assert len(problems) == bool(words)
    assert words in "".join(problems)
