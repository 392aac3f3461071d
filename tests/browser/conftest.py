"""JupyterLab on a copy of the project, and a page of Chromium that shows it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from series.chain import BY_NAME, ROOT
from workshop.variants import with_values

PROJECTOR = {"width": 853, "height": 480}  # 1280 x 720 at 150 %
PAGE_SECONDS = 180  # what a page may take to answer on a busy machine
CELL_SECONDS = 900  # more than any notebook takes with the profile smoke on a busy machine
COPIED = [
    "series",
    "notebooks",
    "docs",
    "helpers",
    "runner",
    "workers",
    "workshop",
    "profiles",
    "data",
]
COPIED += ["README.md", "pyproject.toml", "requirements.txt"]
# All cells are on the page.
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CURRENT = "jupyterapp.shell.currentWidget"


@dataclass
class Lab:
    """A JupyterLab: where it listens, the folder that it shows, the page that looks at it."""

    url: str
    root: Path
    runs: Path
    page: Any = None

    def open(self, name: str, **values: object) -> None:
        """Open a fresh copy of a notebook with these values in its cell of parameters, and wait for
        its kernel.
        """
        notebook = json.loads(BY_NAME[name].path.read_text(encoding="utf-8"))
        (cell,) = (
            cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", ())
        )
        cell["source"] = with_values("".join(cell["source"]), values)
        self.show(f"notebooks/{name}.ipynb", notebook)

    def show_cells(self, **sources: str) -> None:
        """Open a notebook that has these cells, each by its id, and run it."""
        cells = [
            {"cell_type": "code", "id": name, "metadata": {}, "source": source}
            for name, source in sources.items()
        ]
        notebook = {"cells": cells, "metadata": {"kernelspec": KERNEL}}
        self.show("notebooks/own.ipynb", notebook | {"nbformat": 4, "nbformat_minor": 5})
        self.run()

    def show(self, path: str, notebook: dict[str, Any]) -> None:
        """Write a notebook into the folder and open it without stored outputs, with a kernel of its
        own.
        """
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        (self.root / path).write_text(json.dumps(notebook), encoding="utf-8")
        self.visit(path)

    def visit(self, path: str) -> None:
        """Open a notebook as it is, with a kernel of its own and no other."""
        self.stop()
        self.page.goto(f"{self.url}/lab/tree/{path}?reset&token=digits")
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        self.page.evaluate("jupyterapp.shell.collapseLeft()")  # as whoever shows it to a room does

    def run(self) -> None:
        """Run all cells, and wait until they are done."""
        self.page.evaluate(
            f"""Promise.race([jupyterapp.commands.execute("notebook:run-all-cells"),
            new Promise((_, reject) => setTimeout(() => reject(Error("too slow")), {CELL_SECONDS * 1000}))])"""
        )

    def outputs(self, cell_id: str | None = None) -> list[dict[str, Any]]:
        """What the notebook's cells, or one of them, show now."""
        model = self.page.evaluate(f"{CURRENT}.content.model.toJSON()")
        cells = [
            cell
            for cell in model["cells"]
            if cell["cell_type"] == "code" and cell_id in (None, cell["id"])
        ]
        return [output for cell in cells for output in cell["outputs"]]

    def stop(self) -> None:
        """Shut down all kernels."""
        if self.page.url.startswith(self.url):
            self.page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


@pytest.fixture(scope="session")
def lab_without_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as `make lab` starts it, on a copy of the project, so that no test changes a
    tracked file.
    """
    folder = tmp_path_factory.mktemp("lab")
    root = folder / "project"
    root.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy(source, root)
    for plugin, values in SETTINGS.items():
        path = folder / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", root, folder / "runs")
    environment = os.environ | {
        "DIGITS_RUNS": str(lab.runs),
        "PYTHONPATH": str(root),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    options = [f"--ServerApp.port={port}", "--IdentityProvider.token=digits"]
    options += ["--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True"]
    with (folder / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "workshop", "lab", *options],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(server, f"{lab.url}/api?token=digits", folder / "jupyterlab.log")
        yield lab
    finally:
        server.terminate()
        server.wait(PAGE_SECONDS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window. Where it is missing these tests fail: skipped, they would look as
    if they had passed.
    """
    from playwright.sync_api import sync_playwright  # only who runs these tests has it installed

    executable = shutil.which("chromium") or pytest.fail(
        "Chromium isn't installed (on Debian: apt-get install chromium)"
    )
    with sync_playwright() as started:
        # As root there is no sandbox, and in a container /dev/shm is small.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = started.chromium.launch(executable_path=executable, args=options)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page as small as a projector's."""
    page = browser.new_page(viewport=PROJECTOR)
    page.set_default_timeout(PAGE_SECONDS * 1000)
    yield page
    page.close()


@pytest.fixture
def lab(lab_without_page: Lab, page: Any) -> Iterator[Lab]:
    """JupyterLab with a page that looks at it."""
    lab_without_page.page = page
    yield lab_without_page
    lab_without_page.stop()


@pytest.fixture(scope="session")
def smoke() -> dict[str, Any]:
    """The values of the profile smoke."""
    return dict(yaml.safe_load((ROOT / "profiles/smoke.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def violations() -> Callable[..., list[str]]:
    """What axe-core finds wrong in the parts of a page that these selectors pick, or in all of it."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def find(page: Any, *selectors: str) -> list[str]:
        context = {"include": [[selector] for selector in selectors]} if selectors else None
        found = axe.run(page, context=context).response["violations"]
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]

    return find


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    late = time.monotonic() + PAGE_SECONDS
    while server.poll() is None and time.monotonic() < late:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
