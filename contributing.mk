# What contributors do, and a workshop's copies don't offer. The Makefile includes it.

.PHONY: lab-originals test test-all test-browser sizes outputs draw lock lint format

lab-originals: $(INSTALLED) ## open JupyterLab on the notebooks themselves, to change them
	@$(VENV_PYTHON) -m workshop lab --originals

test: $(INSTALLED) ## run the quick tests, the notebooks against their stored outputs included
	@$(VENV_PYTHON) -m pytest -n 2 --dist loadfile -m "not slow and not browser"

test-all: $(INSTALLED) ## run the slow tests too
	@$(VENV_PYTHON) -m pytest -n 2 --dist loadfile -m "not browser"

test-browser: $(INSTALLED) ## run the notebooks in JupyterLab in a headless Chromium, which has to be there
	@$(PIP_INSTALL) -e ".[browser]"
	@$(VENV_PYTHON) -m pytest -m browser

sizes: $(INSTALLED) ## count statements, lines of tests and scripts, words of the notebooks
	@$(VENV_PYTHON) tests/sizes.py

outputs: $(INSTALLED) ## refresh the outputs stored in the notebooks, with the profile classic
	@$(VENV_PYTHON) -m runner outputs

draw: $(INSTALLED) ## make docs/draw.html again, the page to draw on, from data/reader.keras
	@$(VENV_PYTHON) docs/make_page.py

lock: $(INSTALLED) ## make requirements.txt again from pyproject.toml
	@$(PIP_INSTALL) "uv>=0.9,<1"
	@$(VENV_PYTHON) -m uv pip compile --universal --python-version 3.11 --extra dev --no-emit-index-url \
		--custom-compile-command "make lock" -q pyproject.toml -o requirements.txt $(LOCK_OPTIONS)

lint: $(INSTALLED) ## check the style and the types
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy

format: $(INSTALLED) ## fix the style
	@$(VENV_PYTHON) -m ruff check --fix .
	@$(VENV_PYTHON) -m ruff format .
