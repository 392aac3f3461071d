"""What the chain declares for each notebook is what a run at smoke scale really uses."""

import os
import subprocess
import sys
from importlib.util import source_from_cache
from pathlib import Path

import pytest

from series import chain

pytestmark = pytest.mark.slow

# Python imports a module of this name at every start. It writes down which of the project's modules
# a kernel, or a worker that it started, imports, and which of its files it opens.
SITECUSTOMIZE = """
import os, sys

ROOT = {root!r} + os.sep
LOG = os.open(os.environ["USED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def note(event, arguments):
    if event == "import" and arguments[0].split(".")[0] in ("helpers", "workers", "workshop"):
        os.write(LOG, f"module {{arguments[0]}}\\n".encode())
    if event == "open" and isinstance(arguments[0], str) and "r" in (arguments[1] or "r"):
        path = os.path.abspath(arguments[0])
        if path.startswith(ROOT):
            os.write(LOG, f"file {{path.removeprefix(ROOT)}}\\n".encode())

if {{"ipykernel_launcher", "workers"}} & set(sys.orig_argv):
    sys.addaudithook(note)
"""


def run_alone(name: str, folder: Path) -> set[str]:
    """Run one notebook; the paths of the project's files that it used."""
    used = folder / f"{name}.used"
    command = [sys.executable, "-m", "runner", "run", "--profile", "smoke", "--name", "used"]
    variables = {
        "PYTHONPATH": os.pathsep.join([str(chain.ROOT), str(folder / "hook")]),
        "DIGITS_RUNS": str(folder / "runs"),
        "USED": str(used),
    }
    ran = subprocess.run(
        [*command, "--from", name, "--to", name],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = used.read_text(encoding="utf-8").splitlines()
    return {path for line in lines if (path := project_file(*line.split(" ", 1)))}


def project_file(kind: str, what: str) -> str | None:
    """The file that a line of the log is about, if it is one that could be declared."""
    if kind == "module":
        places = (f"{what.replace('.', '/')}.py", f"{what.replace('.', '/')}/__init__.py")
        return next((path for path in places if (chain.ROOT / path).is_file()), None)
    if what.endswith(".pyc"):  # of __main__, which is run and not imported
        what = source_from_cache(what)
    path = Path(what)
    if path.parts[0] not in ("data", "helpers", "workers") or path.suffix in (".ipynb", ".md"):
        return None
    return path.as_posix()


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    folder = tmp_path_factory.mktemp("used")
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(SITECUSTOMIZE.format(root=str(chain.ROOT)))
    return {notebook.name: run_alone(notebook.name, folder) for notebook in chain.ALL}


@pytest.mark.parametrize("name", chain.BY_NAME)
def test_what_it_uses_is_declared_and_what_is_declared_it_uses(used, name):
    notebook = chain.BY_NAME[name]
    declared = {*notebook.modules, *notebook.shows, *notebook.data}
    files = {path for path in used[name] if not path.startswith(chain.PLUMBING)}

    def is_in(path: str, places: set[str]) -> bool:
        return any(path == place or path.startswith(f"{place}/") for place in places)

    assert {path for path in files if not is_in(path, declared)} == set(), "not declared"
    unused = {place for place in declared if not any(is_in(path, {place}) for path in files)}
    assert unused == set(), "declared in vain"
