# Short names for commands that anyone could type, in the folder of the project with the environment active.
# Paths are relative and commands go through `.venv/bin/python -m`, so that a folder with spaces works.

PYTHON ?= python3
PROFILE ?= fast
OUT ?= workshop-copies
VENV_PYTHON = .venv/bin/python
INSTALLED = .venv/installed-from-lock
PIP_INSTALL = $(VENV_PYTHON) -m pip install --disable-pip-version-check --progress-bar off -q

.DEFAULT_GOAL := help
.PHONY: help run run-scaling test test-all test-browser lab lab-originals workshop outputs draw lock lint format clean setup

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

setup: $(INSTALLED) ## make .venv and install the locked packages (the others do this first)

# The lock is installed again only when it, or what the project says of itself, has changed since.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) check_python.py
	@test -x $(VENV_PYTHON) || echo "Making .venv with $$($(PYTHON) --version)"
	@test -x $(VENV_PYTHON) || $(PYTHON) -m venv .venv
	@$(VENV_PYTHON) check_python.py
	@echo "Installing the locked packages into .venv (once; a few minutes)"
	@$(PIP_INSTALL) -r requirements.txt
	@$(PIP_INSTALL) --no-deps -e .
	@touch $(INSTALLED)

run: $(INSTALLED) ## run the six notebooks with PROFILE=fast (or classic, quick, smoke, doodles)
	@$(VENV_PYTHON) -m runner run --profile "$(PROFILE)"

run-scaling: $(INSTALLED) ## run 8. Scaling out, several workers, on the data and model of PROFILE
	@$(VENV_PYTHON) -m runner run --profile "$(PROFILE)" --name "$(PROFILE)-workers" --to 03_model
	@$(VENV_PYTHON) -m runner run --profile "$(PROFILE)" --name "$(PROFILE)-workers" --from 08_scaling_out

lab: $(INSTALLED) ## open JupyterLab on notebooks of your own
	@$(VENV_PYTHON) -m workshop lab

lab-originals: $(INSTALLED) ## open JupyterLab on the notebooks themselves, to change them
	@$(VENV_PYTHON) -m workshop lab --originals

test: $(INSTALLED) ## run the quick tests, the notebooks against their stored outputs included
	@$(VENV_PYTHON) -m pytest -n 2 --dist loadfile -m "not slow and not browser"

test-all: $(INSTALLED) ## run the slow tests too
	@$(VENV_PYTHON) -m pytest -m "not browser"

test-browser: $(INSTALLED) ## run the notebooks in JupyterLab in a headless Chromium, which has to be there
	@$(PIP_INSTALL) -e ".[browser]"
	@$(VENV_PYTHON) -m pytest -m browser

workshop: $(INSTALLED) ## write copies for learners and instructors, and a web page, into OUT=workshop-copies
	@$(VENV_PYTHON) -m workshop "$(OUT)"

outputs: $(INSTALLED) ## refresh the outputs stored in the notebooks, with the profile classic
	@$(VENV_PYTHON) -m runner outputs

draw: $(INSTALLED) ## make docs/draw.html again, the page to draw on, from data/reader.keras
	@$(VENV_PYTHON) -m helpers.canvas.page

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

# It installs nothing first: the disk may be full.
clean: ## delete all runs, and say how much that frees
	@$(VENV_PYTHON) -m runner clean
