"""How large the project is: `make sizes`. Only files that git knows count."""

import ast
import json
import re
import subprocess
from collections import Counter
from pathlib import Path

NAMES = subprocess.check_output(["git", "ls-files", "-z"], text=True).split("\0")
FILES = [Path(name) for name in NAMES if Path(name).is_file()]


def statements(path: Path) -> int:
    """Statements of a module, without docstrings."""
    nodes = [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.stmt)
    ]
    texts = [
        node
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    return len(nodes) - len(texts)


def lines(*patterns: str) -> int:
    matching = [path for path in FILES if any(path.match(pattern) for pattern in patterns)]
    return sum(len(path.read_text("utf-8").splitlines()) for path in matching)


def words(path: Path) -> tuple[int, int]:
    """Words of a notebook's Markdown for learners, without code: core, and cells tagged `more`."""
    counts = Counter[bool]()
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown" and "instructor" not in tags and "solution" not in tags:
            text = re.sub(r"```.*?```", "", "".join(cell["source"]), flags=re.DOTALL)
            counts["more" in tags] += len(text.split())
    return counts[False], counts[True]


by_package = Counter[str]()
for path in FILES:
    if path.suffix == ".py" and path.parts[0] != "tests" and "answers" not in path.parts:
        by_package[path.parts[0]] += statements(path)
print(f"statements without docstrings, answers left out: {by_package.total()}")
for package, count in sorted(by_package.items()):
    print(f"  {package} {count}")
print("lines of tests:", lines("tests/*.py", "tests/*/*.py"))
print("lines of JavaScript and CSS:", lines("*.js", "*.css"))
for path in FILES:
    if path.match("notebooks/*.ipynb"):
        core, more = words(path)
        print(f"{path.stem}: {core} words, and {more} in cells tagged more")
