"""The six notebooks: what stands in the files, and what their cells print today against the stored outputs."""

import json
from pathlib import Path

import gate
import papermill
import pytest

from helpers import chain

PATHS = [notebook.path for notebook in chain.NOTEBOOKS]
NAMES = [path.stem for path in PATHS]
BY_STEM = {notebook.name: notebook.path for notebook in chain.ALL}


def cells_of(name: str) -> list[dict]:
    return json.loads(BY_STEM[name].read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("name", BY_STEM)
def test_the_file_is_whole(name: str) -> None:
    assert gate.file_problems(BY_STEM[name]) == []


@pytest.mark.parametrize("name", BY_STEM)
def test_it_opens_with_its_title_and_closes_with_where_to_go(name: str) -> None:
    prose = [gate.source(cell) for cell in cells_of(name) if cell["cell_type"] == "markdown"]
    assert prose[0].startswith(f"# {int(name[:2])}. ")
    for words in ("**After this notebook you can**", "**You need**", "**Time**"):
        assert words in prose[0]
    everything = "\n".join(prose)
    for heading in ("## What you have now", "## Try it yourself", "## Where next"):
        assert heading in everything


@pytest.mark.parametrize("name", BY_STEM)
def test_its_parameters_are_those_of_the_table(name: str) -> None:
    declared = papermill.inspect_notebook(str(BY_STEM[name]))
    expected = [parameter for parameter in chain.PARAMETERS if name in parameter.notebooks]
    assert list(declared) == [parameter.name for parameter in expected]
    for parameter in expected:
        found = declared[parameter.name]
        assert found["inferred_type_name"] == parameter.type.__name__
        assert eval(found["default"]) == parameter.default
        assert found["help"] == parameter.meaning


@pytest.mark.parametrize("name", BY_STEM)
def test_prose_stands_between_code(name: str) -> None:
    kinds = "".join("c" if cell["cell_type"] == "code" else "m" for cell in cells_of(name))
    assert "ccc" not in kinds
    assert 25 <= len(kinds) <= 60
    lengths = [
        len([line for line in gate.source(cell).splitlines() if line.strip()])
        for cell in cells_of(name)
        if cell["cell_type"] == "code"
    ]
    assert max(lengths) <= 20


def test_the_profile_classic_is_the_notebooks_own_defaults() -> None:
    defaults = {parameter.name: parameter.default for parameter in chain.PARAMETERS if parameter.name != "run"}
    assert gate.profile("classic") == defaults


@pytest.mark.parametrize("name", ["fast", "classic", "smoke"])
def test_profiles_hold_parameters_that_exist_with_values_in_range(name: str) -> None:
    assert chain.parameter_problems(gate.profile(name)) == []
    assert "run" not in gate.profile(name)


def test_smoke_changes_nothing_that_02_03_and_06_print() -> None:
    changed = {name for name, value in gate.profile("smoke").items() if value != chain.PARAMETERS_BY_NAME[name].default}
    reaching = {notebook for name in changed for notebook in chain.PARAMETERS_BY_NAME[name].notebooks}
    assert reaching == {"04_training", "05_testing"}


def test_three_in_four_cells_with_output_are_compared() -> None:
    assert gate.compared_share(PATHS) >= 0.75
    assert gate.compared_share([chain.SCALING.path]) >= 2 / 3, "07 has the words of its workers beside"


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Run copies of all six under nbval, in a folder whose name a careless path would trip over."""
    folder = tmp_path_factory.mktemp("nbval") / "it's a {copy} – é"
    folder.mkdir()
    for path in PATHS:
        gate.copy_with_parameters(path, folder, "checked by nbval")
    return gate.run_nbval(folder, folder.parent / "runs")


@pytest.mark.parametrize("name", NAMES)
def test_the_cells_print_what_is_stored(smoke: dict[str, list[str]], name: str) -> None:
    assert smoke[name] == [], "\n\n".join(smoke[name])


@pytest.mark.slow
def test_the_cells_of_07_print_what_is_stored(tmp_path: Path) -> None:
    for name in ("02_dataset", "03_model", chain.SCALING.name):
        gate.copy_with_parameters(BY_STEM[name], tmp_path, "checked by nbval")
    found = gate.run_nbval(tmp_path, tmp_path / "runs")
    problems = [problem for name in found for problem in found[name]]
    assert problems == [], "\n\n".join(problems)


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_STEM)
def test_opened_cold_it_says_what_it_needs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path / "runs"))
    output = tmp_path / "out.ipynb"
    if not chain.BY_NAME[name].needs:
        papermill.execute_notebook(BY_STEM[name], output, {"run": "cold"}, progress_bar=False)
        for artefact in chain.BY_NAME[name].leaves:
            assert (tmp_path / "runs" / "cold" / artefact).is_file()
        return
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        papermill.execute_notebook(BY_STEM[name], output, {"run": "cold"}, progress_bar=False)
    assert caught.value.ename == "LessonError"
    assert "dataset.npz is missing: the notebook 02_dataset makes it" in caught.value.evalue
    assert "python -m helpers run --name cold --to 02_dataset" in caught.value.evalue
    assert caught.value.exec_count <= 4, "it is said before TensorFlow is imported"
