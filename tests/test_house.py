"""The house: imports go down only, and no two modules need each other."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from series.chain import ROOT

FLOORS = {
    "series": {"series"},
    "helpers": {"series", "helpers"},
    "runner": {"series", "helpers", "runner"},
    "workers": {"series", "helpers", "workers"},
    "workshop": {"series", "helpers", "workshop"},
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in FLOORS
    for path in (ROOT / package).rglob("*.py")
}


def imported_by(name: str, source: str) -> set[str]:
    """The project's modules that a module imports, inside its functions too. A package's own names
    stand for its `__init__`.
    """
    is_package = MODULES[name].name == "__init__.py" if name in MODULES else False
    here = name.split(".") if is_package else name.split(".")[:-1]
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            inside = {f"{base}.{alias.name}" for alias in node.names}
            submodules = inside & MODULES.keys()
            imported |= submodules
            if len(submodules) < len(inside):  # a name of the package itself
                imported.add(base)
    return imported & MODULES.keys()


def graph() -> dict[str, set[str]]:
    return {
        name: imported_by(name, path.read_text(encoding="utf-8")) - {name}
        for name, path in MODULES.items()
    }


def test_imports_go_down_only():
    upwards = [
        (name, other)
        for name, others in graph().items()
        for other in others
        if other.split(".")[0] not in FLOORS[name.split(".")[0]]
    ]
    assert upwards == []


def test_no_two_modules_need_each_other():
    TopologicalSorter(graph()).prepare()  # raises CycleError, and names the circle


def test_every_way_to_import_is_seen():
    source = (
        "import series.chain\nfrom series import files, runs\nfrom helpers import LessonError\n"
        "def later():\n    from runner.plan import plan\n"
    )
    seen = imported_by("workshop.x", source)
    assert seen == {"series.chain", "series.files", "series.runs", "helpers", "runner.plan"}
    assert imported_by("helpers.figures.x", "from . import show") == {"helpers.figures"}


def test_every_package_is_one_of_the_house():
    packages = {path.parent.name for path in Path(ROOT).glob("*/__init__.py")}
    assert packages == set(FLOORS)
