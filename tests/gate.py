"""The gate that notebooks pass: what stands in the file, then what nbval sees when it runs a copy."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import papermill.iorw
import papermill.parameterize
import yaml

from helpers import chain

CELL_TIMEOUT = 240  # seconds; the longest cell of a smoke run, its training, takes about 30 on two cores


def source(cell: dict[str, Any]) -> str:
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def tags(cell: dict[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def shows_only_pictures(cell: dict[str, Any]) -> bool:
    return all("image/png" in output.get("data", {}) for output in cell["outputs"])


def file_problems(path: Path) -> list[str]:
    """What nbval does not look at, and would let pass: everything that can be seen without running the notebook."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    problems = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        where = f"code cell {number} ({cell['id']})"
        if cell["execution_count"] != number:
            problems.append(f"{where}: execution_count is {cell['execution_count']}, so nbval may not compare it")
        for output in cell["outputs"]:
            problems += [f"{where}: {problem}" for problem in output_problems(output, tags(cell))]
    if not any("parameters" in tags(cell) for cell in code_cells(notebook)):
        problems.append("no cell is tagged parameters")
    return problems


def output_problems(output: dict[str, Any], cell_tags: list[str]) -> list[str]:
    problems = []
    text = json.dumps(output.get("text", "")) + json.dumps(output.get("data", {}).get("text/plain", ""))
    if output["output_type"] == "error" and "raises-exception" not in cell_tags:
        problems.append("a stored error")
    if output.get("name") == "stderr":
        problems.append("stored standard error")
    if re.search(r"(/home/|/root/|/Users/|/tmp/|/work/|[A-Z]:\\\\|\bat 0x[0-9a-f]+)", text):
        problems.append("a path or an address of one machine in the stored output")
    if "image/png" in output.get("data", {}) and not output["metadata"].get("image/png", {}).get("alt"):
        problems.append("a picture without alt text")
    return problems


def compared_share(paths: list[Path]) -> float:
    """Of all cells with output that is not only a picture, the share whose output nbval compares."""
    cells = [
        cell
        for path in paths
        for cell in code_cells(json.loads(path.read_text(encoding="utf-8")))
        if cell["outputs"] and not shows_only_pictures(cell)
    ]
    return sum("nbval-ignore-output" not in tags(cell) for cell in cells) / len(cells)


def profile(name: str) -> dict[str, Any]:
    return yaml.safe_load((chain.PROFILES_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def copy_with_parameters(notebook: Path, folder: Path, run: str) -> Path:
    """Copy a notebook with the smoke profile's parameters and a run of its own laid in, as papermill does."""
    node = papermill.iorw.load_notebook_node(str(notebook))
    declared = [parameter.name for parameter in chain.PARAMETERS if notebook.stem in parameter.notebooks]
    values = {name: value for name, value in {**profile("smoke"), "run": run}.items() if name in declared}
    node = papermill.parameterize.parameterize_notebook(node, values)
    copy = folder / notebook.name
    papermill.iorw.write_ipynb(node, str(copy))
    return copy


def run_nbval(folder: Path, runs: Path, cell_timeout: float = CELL_TIMEOUT) -> dict[str, list[str]]:
    """Run nbval over the notebooks in `folder`, in the order of their names.

    Returns:
        For each notebook's name, a message for each cell that failed: an empty list where all is as stored.
    """
    shutil.copy(Path(__file__).with_name("nbval_conftest.py"), folder / "conftest.py")
    (folder / "pytest.ini").write_text("[pytest]\n")  # or pytest would look for settings in the folders above
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--nbval-cell-timeout"]
    command += [str(cell_timeout), "-p", "no:cacheprovider", "--color=no", f"--junitxml={report}", "-q", "."]
    result = subprocess.run(
        command, cwd=folder, env={**os.environ, "DIGITS_RUNS": str(runs)}, capture_output=True, text=True, check=False
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
        expected = len(code_cells(json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))))
        if count != expected:
            found[name].append(f"nbval looked at {count} of {expected} code cells")
    return found
