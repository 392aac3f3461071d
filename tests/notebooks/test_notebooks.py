"""The notebooks: what is in the files, and what their cells print today against the stored outputs."""

import ast
import re
from pathlib import Path

import gate
import papermill
import pytest
import yaml

from series import chain
from series.parameters import PARAMETERS, parameter_problems

NAMES = [notebook.name for notebook in chain.ALL]
SERIES = [notebook.name for notebook in chain.NOTEBOOKS]
APART = {"exercise", "check", "solution", "demo"}  # cells that catching up skips


def cells(name: str) -> list[gate.Cell]:
    return gate.read_cells(chain.BY_NAME[name].path)


def code(name: str) -> list[gate.Cell]:
    return [cell for cell in cells(name) if cell.is_code]


def prose(name: str) -> str:
    return "\n".join(cell.source for cell in cells(name) if not cell.is_code)


def minutes(name: str) -> int:
    found = re.search(
        r"\*\*Time\*\*: (\d+) minutes to teach, of which \d+ for exercises; ", cells(name)[0].source
    )
    assert found, "the opening says how long it takes"
    return int(found[1])


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_whole(name):
    assert gate.file_problems(chain.BY_NAME[name].path) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_with_a_question_and_closes_with_key_points(name):
    title, last = cells(name)[0].source, cells(name)[-1].source
    assert title.startswith(f"# {int(name[:2])}. ")
    assert re.search(r"^\*\*.+\?\*\*$", title, re.MULTILINE), "a question"
    for words in ("**After this notebook you can**", "**You need**"):
        assert words in title
    assert "## Key points" in prose(name)
    assert "## Where next" in last
    # After Run All, JupyterLab shows the end of a notebook, though it stopped at its beginning.
    assert "he first red box from the top says w" in last


def test_the_minutes_add_up_to_what_a_workshop_of_three_hours_has():
    assert sum(minutes(name) for name in SERIES) == 150


def test_the_prose_of_the_series_is_short():
    """Without code on a page and without instructors' notes, which learners don't see."""
    words = 0
    for name in SERIES:
        read = [cell for cell in cells(name) if not cell.is_code and "instructor" not in cell.tags]
        text = "\n".join(cell.source for cell in read)
        words += len(re.sub(r"```.*?```", " ", text, flags=re.DOTALL).split())
    assert words <= 11_500


@pytest.mark.parametrize("name", NAMES)
def test_its_parameters_are_declared_typed_and_explained(name):
    declared = papermill.inspect_notebook(str(chain.BY_NAME[name].path))
    assert tuple(declared) == chain.BY_NAME[name].parameters
    for parameter, found in declared.items():
        assert found["inferred_type_name"] == PARAMETERS[parameter].type.__name__
        assert found["help"], parameter
        assert parameter_problems({parameter: ast.literal_eval(found["default"])}) == []


def test_a_parameter_means_the_same_in_every_notebook():
    found: dict[str, set[str]] = {}
    for name in NAMES:
        source = next(cell.source for cell in cells(name) if "parameters" in cell.tags)
        for line in source.splitlines()[1:]:
            found.setdefault(line.split(":")[0], set()).add(line)
    assert {parameter: lines for parameter, lines in found.items() if len(lines) > 1} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_rhythm_is_prose_then_a_short_cell(name):
    found = cells(name)
    assert max(cell.lines for cell in found if cell.is_code) <= 20
    kinds = "".join("e" if cell.role else "c" if cell.is_code else "m" for cell in found)
    assert kinds.count("cc") <= (name == "01_setup"), "its run is opened and explained at once"
    share = sum(cell.is_plumbing for cell in code(name)) / len(code(name))
    assert share <= 0.27, f"{share:.0%} plumbing"


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_a_starter_a_check_and_a_folded_solution(name):
    roles = [cell.role for cell in cells(name)]
    exercises = roles.count("exercise")
    assert (1 if name == "01_setup" else 2) <= exercises <= 5
    assert "".join(role[0] if role else " " for role in roles).count("ecs") == exercises
    for cell in cells(name):
        if cell.role == "solution":
            assert cell.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
        if cell.role in ("exercise", "solution"):
            assert [
                own for own in gate.top_level_names(cell.source) if not own.startswith("my_")
            ] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_check_names_its_exercise_and_a_folded_solution_says_how_to_see_it(name):
    for cell in code(name):
        if cell.role == "check" and name in SERIES:
            assert re.search(r'\bcheck\(\s*"ex-[a-z-]+"', cell.source)
        if cell.role == "solution":
            assert cell.source.startswith("# A solution: click the dots to see it\n")


@pytest.mark.parametrize("name", NAMES)
def test_what_catching_up_skips_is_needed_by_nothing_else(name):
    kept = [cell.source for cell in code(name) if not APART & set(cell.tags)]
    skipped = [cell.source for cell in code(name) if APART & set(cell.tags)]
    own = set[str]().union(*map(gate.top_level_names, skipped)) - set[str]().union(
        *map(gate.top_level_names, kept)
    )
    assert own & set[str]().union(*map(gate.used_names, kept)) == set()


@pytest.mark.parametrize(
    ("name", "function", "file"),
    [
        ("02_dataset", "process_data", "helpers/lesson.py"),
        ("03_model", "create_model", "helpers/lesson.py"),
        ("04_training", "batches_of", "helpers/lesson.py"),
        ("07_improving", "create_reader", "data/make_reader.py"),
        ("07_improving", "rise_and_fall", "data/make_reader.py"),
    ],
)
def test_what_is_taught_is_what_runs(name, function, file):
    taught = next(cell.source for cell in code(name) if f"def {function}(" in cell.source)
    own = (chain.ROOT / file).read_text(encoding="utf-8")
    assert gate.bare_function(taught, function) == gate.bare_function(own, function)


def test_most_of_what_the_cells_print_is_compared():
    printing = [cell for name in SERIES for cell in code(name) if cell.text.strip()]
    assert sum(cell.is_compared for cell in printing) / len(printing) > 0.65


def test_profiles_hold_parameters_that_exist_with_values_in_range():
    for path in sorted(chain.PROFILES_FOLDER.glob("*.yaml")):
        assert parameter_problems(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) == []
    assert gate.profile("classic") == {}


def test_smoke_changes_nothing_that_02_03_and_06_print():
    changed = set(gate.profile("smoke"))
    assert {notebook.name for notebook in chain.ALL if changed & set(notebook.parameters)} == {
        "04_training",
        "05_testing",
        "07_improving",
        "09_your_own",
    }


def run_copies(folder: Path, runs: Path, names: list[str]) -> dict[str, list[str]]:
    """What nbval finds in copies of these notebooks, which go on with the same run."""
    folder.mkdir()
    for name in names:
        parameters = chain.BY_NAME[name].parameters
        smoke = {key: value for key, value in gate.profile("smoke").items() if key in parameters}
        gate.copy_to_run(chain.BY_NAME[name].path, folder, {**smoke, "run": "checked-by-nbval"})
    return gate.run_nbval(folder, runs)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """Where the six have run, and what nbval found in them, in a folder whose name a careless path
    would trip over.
    """
    folder = tmp_path_factory.mktemp("nbval") / "it's a {copy} – é"
    return folder.parent, run_copies(folder, folder.parent / "runs", SERIES)


@pytest.mark.parametrize("name", SERIES)
def test_the_cells_print_what_is_stored_and_each_solution_is_right(smoke, name):
    _, problems = smoke
    assert problems[name] == [], "\n\n".join(problems[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", [notebook.name for notebook in chain.EXTRAS])
def test_so_do_those_apart_in_the_same_run(smoke, name):
    folder, _ = smoke
    problems = run_copies(folder / name, folder / "runs", [name])
    assert problems[name] == [], "\n\n".join(problems[name])


def test_07_sees_no_test_image_before_its_last_decision():
    sources = [cell.source for cell in code("07_improving")]
    first = next(index for index, source in enumerate(sources) if "x_test" in source)
    choice = next(index for index, source in enumerate(sources) if "chosen = max(" in source)
    assert first > choice
    assert not any(word in "".join(sources[:first]) for word in ("y_test", "load_mnist"))


def test_07_trains_on_no_held_out_image():
    trees = [ast.parse(cell.source) for cell in code("07_improving")]
    calls = [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "").endswith(("batches_of", "batches"))
    ]
    used = {node.id for call in calls for node in ast.walk(call) if isinstance(node, ast.Name)}
    assert {"x_few", "x_learn", "y_few", "y_learn"} <= used
    judged = {"x_held", "y_held", "x_judge", "y_judge", "x_sample", "y_sample", "x_train", "x_test"}
    assert not used & judged
    fits = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert [node.attr for node in fits].count("fit") == 1, "only learn calls fit, with such batches"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["05_testing", "03_model"])
def test_opened_too_early_it_names_all_that_is_missing_and_one_command(name, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "runs"))
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        papermill.execute_notebook(
            chain.BY_NAME[name].path, tmp_path / "x.ipynb", {"run": "cold"}, progress_bar=False
        )
    assert caught.value.ename == "LessonError"
    for need in chain.BY_NAME[name].needs:
        assert f"{need} (made by {chain.MAKER[need]})" in caught.value.evalue
    last = max(chain.MAKER[need] for need in chain.BY_NAME[name].needs)
    assert f"python -m runner run --name cold --to {last}" in caught.value.evalue
    assert not (tmp_path / "runs" / "cold").exists()
