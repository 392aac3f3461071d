"""The gate that notebooks pass: what is in the file, and what nbval sees when it runs a copy."""

import ast
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill.iorw
import papermill.parameterize
import yaml

from helpers.exercises import TO_DO
from series import chain

CELL_TIMEOUT = (
    150  # seconds; the longest cell of a smoke run, its training, takes about 30 on two cores
)
EXERCISE = ("exercise", "check", "solution")  # the cells of an exercise, in this order
ONE_MACHINE = re.compile(r"/home/|/root/|/Users/|/tmp/|/work/|[A-Z]:\\\\|\bat 0x[0-9a-f]+")


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook's file: its source as one text, and its tags."""

    id: str
    kind: str
    source: str
    tags: tuple[str, ...]
    metadata: dict[str, Any]
    count: int | None
    outputs: list[dict[str, Any]]

    @property
    def is_code(self) -> bool:
        return self.kind == "code"

    @property
    def role(self) -> str:
        """`exercise`, `check`, `solution`, or nothing."""
        return next((tag for tag in self.tags if tag in EXERCISE), "")

    @property
    def is_compared(self) -> bool:
        return "nbval-ignore-output" not in self.tags

    @property
    def lines(self) -> int:
        return len([line for line in self.source.splitlines() if line.strip()])

    @property
    def text(self) -> str:
        """What the cell printed, and the plain form of what it displayed, but for figures."""
        shown = [
            output.get("text") or output.get("data", {}).get("text/plain", "")
            for output in self.outputs
        ]
        return "\n".join(text for text in map("".join, shown) if not text.startswith("[figure: "))

    @property
    def is_plumbing(self) -> bool:
        """Whether it only declares parameters, opens the run, imports, loads from the run's folder
        or saves there.
        """
        if "parameters" in self.tags or re.search(
            r"\bopen_run\(|folder\.(need|save)\(", self.source
        ):
            return True
        return all(
            isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(self.source).body
        )


def read_cells(path: Path) -> list[Cell]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        Cell(
            cell["id"],
            cell["cell_type"],
            "".join(cell["source"]),
            tuple(cell["metadata"].get("tags", ())),
            cell["metadata"],
            cell.get("execution_count"),
            cell.get("outputs", []),
        )
        for cell in cells
    ]


NO_ALT_TEXT = "a picture without alt text"
# Plain Matplotlib, for readers to take home: the text beside it says what it shows.
PLAIN_PLOTS = ("history-plot",)


def file_problems(path: Path) -> list[str]:
    """What nbval does not look at, and would let pass: everything that can be seen without running
    the notebook.
    """
    problems = []
    for number, cell in enumerate((cell for cell in read_cells(path) if cell.is_code), start=1):
        found = [problem for output in cell.outputs for problem in output_problems(output)]
        if cell.id in PLAIN_PLOTS:
            found = [problem for problem in found if problem != NO_ALT_TEXT]
        if cell.count != number:
            found.append(f"execution_count is {cell.count}, so nbval may not compare it")
        if cell.role == "check" and cell.text.strip() != TO_DO:
            found.append("the stored output of a check is not that of its starter")
        problems += [f"code cell {number} ({cell.id}): {problem}" for problem in found]
    return problems


def output_problems(output: dict[str, Any]) -> Iterator[str]:
    data = output.get("data", {})
    page = "".join(data.get("text/html", ""))
    if output["output_type"] == "error" or output.get("name") == "stderr":
        yield "a stored error, or stored standard error"
    if ONE_MACHINE.search(
        json.dumps(output.get("text", "")) + json.dumps(data.get("text/plain", ""))
    ):
        yield "a path or an address of one machine in the stored output"
    if "image/png" in data or any(
        not re.search(r'\balt="[^"]{10,}"', tag) for tag in re.findall(r"<img[^>]*>", page)
    ):
        yield NO_ALT_TEXT


def top_level_names(code: str) -> set[str]:
    """The names that a cell binds, but for imports and for those inside functions."""
    found: set[str] = set()
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
            continue
        inside = {id(node) for part in ast.walk(statement) if isinstance(part, ast.comprehension | ast.Lambda)
                  for node in ast.walk(part)}  # fmt: skip
        stored = (
            node
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and id(node) not in inside
        )
        found |= {node.id for node in stored if isinstance(node.ctx, ast.Store)}
    return found


def used_names(code: str) -> set[str]:
    """The names that a cell reads and doesn't bind itself, be it as an argument."""
    nodes = list(ast.walk(ast.parse(code)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return {node.id for node in names} - bound


def bare_function(code: str, name: str) -> str:
    """The syntax tree of a function as text, without docstring, annotations and places in the file."""
    found = [
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert len(found) == 1, f"{name} is defined {len(found)} times"
    function = found[0]
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    for node in ast.walk(function):  # functions inside it, too
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(function)


def profile(name: str) -> dict[str, Any]:
    return (
        yaml.safe_load((chain.PROFILES_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")) or {}
    )


def copy_to_run(path: Path, folder: Path, values: Mapping[str, Any]) -> None:
    """Copy a notebook with other parameters, and with each check repeated after its solution: it
    must say "Right.".
    """
    node = papermill.iorw.load_notebook_node(str(path))
    if values:
        node = papermill.parameterize.parameterize_notebook(node, values)
    cells, check = [], None
    for cell in node.cells:
        cells.append(cell)
        tags = cell.metadata.get("tags", [])
        if "check" in tags:
            check = cell
            cell.execution_count, cell.outputs = 1, [printed(TO_DO)]
        if "solution" in tags and check is not None:
            again = copy.deepcopy(check)
            right = nbformat.v4.new_output("display_data", data={"text/plain": "Right."})
            again.id, again.outputs = f"{check.id}-again", [right]
            cells.append(again)
    node.cells = cells
    nbformat.write(node, folder / path.name)


def printed(line: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=line + "\n")


def run_nbval(folder: Path, runs: Path, cell_timeout: float = CELL_TIMEOUT) -> dict[str, list[str]]:
    """Run nbval over the notebooks in `folder`, in the order of their names.

    Returns:
        For each notebook's name, a message for each cell that failed: an empty list where all is as
        stored.
    """
    shutil.copy(Path(__file__).with_name("nbval_conftest.py"), folder / "conftest.py")
    # Without it pytest would look for settings in the folders above.
    (folder / "pytest.ini").write_text("[pytest]\n")
    report = folder / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout",
    ]
    command += [
        str(cell_timeout),
        "-p",
        "no:cacheprovider",
        "--color=no",
        f"--junitxml={report}",
        "-q",
        ".",
    ]
    environment = {**os.environ, "DIGITS_RUNS": str(runs)}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if not report.exists() or result.returncode not in (0, 1):
        raise RuntimeError(f"nbval did not run:\n{result.stdout[-4000:]}{result.stderr[-2000:]}")
    found: dict[str, list[str]] = {path.stem: [] for path in sorted(folder.glob("*.ipynb"))}
    seen = dict.fromkeys(found, 0)
    for case in ET.parse(report).iter("testcase"):
        name = next(stem for stem in found if stem in f"{case.get('classname')}.{case.get('file')}")
        seen[name] += 1
        for kind in ("failure", "error", "skipped"):
            found[name] += [f"{case.get('name')}: {kind}: {item.text}" for item in case.iter(kind)]
    for name, count in seen.items():
        expected = sum(cell.is_code for cell in read_cells(folder / f"{name}.ipynb"))
        if count != expected:
            found[name].append(f"nbval looked at {count} of {expected} code cells")
    return found
