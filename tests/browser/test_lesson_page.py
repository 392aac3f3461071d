"""The lesson in JupyterLab, as a learner sees it: all cells run, mistakes get one sentence, links lead on."""

import pytest

from helpers import chain

pytestmark = pytest.mark.browser

WIDER_THAN_THE_PAGE = """[...document.querySelectorAll('.jp-OutputArea-output img')]
    .filter(image => image.getBoundingClientRect().width > image.closest('.jp-OutputArea').clientWidth + 1)
    .map(image => image.alt)"""


def values_for(name, smoke, run="in the browser"):
    return {key: value for key, value in smoke.items() if key in chain.BY_NAME[name].parameters} | {"run": run}


def errors(lab, cell_id=None):
    return [output for output in lab.outputs(cell_id) if output["output_type"] == "error"]


def said(lab, cell_id):
    """What the red box below a cell says."""
    (error,) = errors(lab, cell_id)
    return "\n".join(error["traceback"])


@pytest.mark.parametrize("name", [notebook.name for notebook in chain.NOTEBOOKS])
def test_all_cells_run_without_anything_red(lab, smoke, violations, name):
    lab.open(name, **values_for(name, smoke))
    lab.run()
    assert errors(lab) == []
    assert [output["text"] for output in lab.outputs() if output.get("name") == "stderr"] == []
    assert lab.page.evaluate(WIDER_THAN_THE_PAGE) == [], "figures that a projector would have to scroll"
    pictures = [violation for violation in violations(lab.page, ".jp-OutputArea") if violation.startswith("image-alt")]
    assert pictures == []


def test_a_link_leads_to_the_next_notebook(lab, smoke):
    lab.open("01_setup", **values_for("01_setup", smoke))
    lab.page.locator(".jp-MarkdownOutput a", has_text="2. Dataset").first.click()
    lab.page.wait_for_function("jupyterapp.shell.currentWidget?.context?.path === 'notebooks/02_dataset.ipynb'")


def test_opening_a_notebook_does_not_change_it(lab):
    lab.open("03_model")
    assert not lab.page.evaluate("jupyterapp.shell.currentWidget.content.model.dirty")


def test_a_notebook_opened_too_early_names_what_is_missing_and_one_command(lab, smoke):
    lab.open("05_testing", **values_for("05_testing", smoke, "too early"))
    lab.run()
    text = said(lab, "open-run")
    assert "dataset.npz (made by 02_dataset) and trained.keras (made by 04_training)" in text
    assert "python -m runner run --name 'too early' --to 04_training" in text
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("epochs: int = 1", "epochs: int = 0", "epochs takes a whole number from 1 to 1000, not 0"),
        ("epochs: int = 1", "epoch: int = 1", "did you mean epochs?"),
        ("epochs: int = 1", 'epochs: int = "1"', "without quotation marks"),
    ],
)
def test_a_wrong_parameter_gets_one_sentence(lab, smoke, old, new, words):
    lab.open("04_training", **values_for("04_training", smoke))
    lab.write("parameters", old, new)
    lab.run_cell("parameters")
    lab.run_cell("open-run")
    text = said(lab, "open-run")
    assert words in text
    assert "Traceback" not in text


def test_an_interrupted_training_says_what_is_kept_and_continues(lab, smoke):
    lab.open("04_training", **values_for("04_training", smoke) | {"epochs": 50, "train_images": 600})
    lab.page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    lab.page.wait_for_function(
        """jupyterapp.shell.currentWidget.content.widgets.find(cell => cell.model.id === 'fit')
        .model.toJSON().outputs.some(output => (output.text || []).toString().includes('Epoch 3'))""",
        timeout=240_000,
    )
    lab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
    lab.page.wait_for_function(
        """jupyterapp.shell.currentWidget.content.widgets.find(cell => cell.model.id === 'fit')
        .model.toJSON().outputs.some(output => output.output_type === 'error')""",
        timeout=120_000,
    )
    text = said(lab, "fit")
    assert "Stopped." in text and "run this cell again to continue" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_handout_is_for_everybody(page, violations, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto((chain.ROOT / "workshop" / "handout.html").as_uri())
    assert violations(page) == []
