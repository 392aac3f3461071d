"""The notebooks in JupyterLab, as a learner works with them: run all, follow links, make mistakes."""

import re

import pytest

from helpers.exercises import TO_DO
from series.chain import ALL, BY_NAME, NOTEBOOKS
from workshop.own import FOLDER

pytestmark = pytest.mark.browser

ERROR = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"
SHOWN_TEXT = ".jp-RenderedText, .jp-RenderedHTMLCommon"  # what cells print, and prose
CELL_WITH_SCROLLING = """(selector) => [...document.querySelectorAll(`:is(${selector}, .cm-scroller)`)]
    .filter(part => part.scrollWidth > part.clientWidth + 1)
    .map(part => part.closest(".jp-Cell")).filter(cell => cell).map(cell => cell.innerText.slice(0, 80).replaceAll("\\n", " "))"""
TALL_FIGURES = """() => { const room = document.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect();
    return [...document.querySelectorAll(".jp-OutputArea-output img")]
        .map(image => [image.alt, image.getBoundingClientRect()])
        .filter(([_, box]) => box.height > room.height || box.right > room.right || box.width < 1)
        .map(([alt, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${alt}`); }"""


@pytest.fixture(scope="module")
def finished():
    return set()


@pytest.fixture
def run_notebook(lab, finished, smoke):
    """Runs a notebook with the profile smoke, after those before it that have not been run yet."""

    def run(name):
        for notebook in NOTEBOOKS:
            if notebook.name == name:
                break
            if notebook.saves and notebook.name not in finished:
                run(notebook.name)
        lab.open(name, run="browser", **smoke)
        lab.run()
        finished.add(name)
        return lab

    return run


@pytest.mark.parametrize("name", [notebook.name for notebook in ALL])
def test_a_notebook_runs_from_top_to_bottom_and_reads_well(run_notebook, name, violations):
    lab = run_notebook(name)
    problems = [
        f"{output['ename']}: {output['evalue']}"
        for output in lab.outputs()
        if output["output_type"] == "error"
    ]
    problems += [
        f"shown in red: {output['text']}"
        for output in lab.outputs()
        if output.get("name") == "stderr"
    ]
    problems += [f"too large: {figure}" for figure in lab.page.evaluate(TALL_FIGURES)]
    canvases = BY_NAME[name].path.read_text(encoding="utf-8").count("Canvas(")
    if canvases != lab.page.locator(".digit-canvas").count():
        problems.append("a canvas is missing, or one too many")
    problems += violations(lab.page, ".jp-OutputArea-output", ".jp-MarkdownOutput")
    scrolling = lab.page.evaluate(CELL_WITH_SCROLLING, SHOWN_TEXT)
    if len(scrolling) > lab.page.locator(".jp-Cell").count() / 20:
        problems += [f"scrolls: {cell}" for cell in scrolling]
    assert "\n".join(problems) == ""


def test_a_link_leads_to_the_next_notebook(lab):
    lab.open("03_model", run="links")
    lab.page.get_by_role("link", name=re.compile("4. Training")).first.click()
    lab.page.get_by_role("tab", name=re.compile("04_training.ipynb")).wait_for()


def test_a_reader_who_learns_alone_sees_no_answer_before_asking(lab):
    lab.visit(f"{FOLDER}/01_setup.ipynb")
    assert lab.outputs() == []
    lab.run()
    assert [output for output in lab.outputs() if output["output_type"] == "error"] == []
    said = [output["text"].strip() for output in lab.outputs() if TO_DO in output.get("text", "")]
    assert said == [TO_DO]  # the solution wasn't run
    fold = lab.page.locator("details", has_text="A solution")
    assert not fold.locator("pre").is_visible()
    fold.locator("summary").click()
    assert "my_shape = (28, 28)" in fold.locator("pre").inner_text()
    # The project's settings: long lines are wrapped, and no news covers the text.
    editors = lab.page.locator(".jp-CodeCell .cm-content")
    assert editors.count() == lab.page.locator(".jp-CodeCell .cm-lineWrapping").count() > 10
    assert "news" not in " ".join(lab.page.locator("[class*=toast i]").all_inner_texts())
    lab.page.get_by_role("link", name=re.compile("2. Dataset")).first.click()
    lab.page.get_by_role("tab", name=re.compile("02_dataset.ipynb")).wait_for()
    path = "jupyterapp.shell.currentWidget.context.path"
    assert lab.page.evaluate(path) == f"{FOLDER}/02_dataset.ipynb"


def test_notebook_5_first_says_all_that_is_missing_and_the_command_that_makes_it(lab):
    lab.open("05_testing", run="cold")
    lab.run()
    # On a busy machine JupyterLab sends some of Run All after the error: those cells miss a name.
    message, *later = lab.page.locator(ERROR).all_inner_texts()
    assert "Traceback" not in message and len(message.strip().splitlines()) <= 2
    assert [other for other in later if "NameError: name" not in other] == []
    assert "dataset.npz" in message and "trained.keras" in message
    assert "python -m runner run --name cold --to 04_training" in message


def test_training_that_was_interrupted_goes_on(run_notebook, lab, finished, smoke):
    if "03_model" not in finished:
        run_notebook("03_model")
    lab.open("04_training", run="browser", **smoke | {"epochs": 2, "train_images": 2000})
    fitted = "JSON.stringify(jupyterapp.shell.currentWidget.content.model.toJSON().cells.find(c => c.id === 'fit'))"
    lab.page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    lab.page.wait_for_function(f"{fitted}.includes('Epoch 2/2')", timeout=600_000)
    lab.page.evaluate("jupyterapp.commands.execute('kernelmenu:interrupt')")
    lab.page.locator(ERROR).wait_for()

    lab.run()
    again = "".join(output.get("text", "") for output in lab.outputs("fit"))
    assert "Epoch 2/2" in again and "Epoch 1/2" not in again
    assert [output for output in lab.outputs("fit") if output["output_type"] == "error"] == []
