"""The house: imports go down only, and no two modules need each other."""

import ast
from graphlib import TopologicalSorter

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


def imports(name: str) -> set[str]:
    """The project's modules that a module imports, inside its functions too."""
    imported = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports by its own place; name the package"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= inside
            if not inside <= MODULES.keys():  # a name of the module itself
                imported.add(node.module)
    return imported & MODULES.keys() - {name}


def test_imports_go_down_only_and_no_two_modules_need_each_other():
    graph = {name: imports(name) for name in MODULES}
    for name, others in graph.items():
        for other in others:
            assert other.split(".")[0] in FLOORS[name.split(".")[0]], f"{name} imports {other}"
    TopologicalSorter(graph).prepare()  # raises CycleError, and names the circle


def test_every_package_is_one_of_the_house():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(FLOORS)
