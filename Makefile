# Short names for commands that anyone could type, in the folder of the project with the environment active.
# Paths are relative and commands go through `.venv/bin/python -m`, so that a folder with spaces works.

PYTHON ?= python3
PROFILE ?= fast
VENV_PYTHON = .venv/bin/python
INSTALLED = .venv/installed-from-lock
PIP_INSTALL = $(VENV_PYTHON) -m pip install --disable-pip-version-check --progress-bar off -q

.DEFAULT_GOAL := help
.PHONY: help setup run run-scaling lab clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make .venv and install the locked packages (the others do this first)

# The lock is installed again only when it, or what the project says of itself, has changed since. The project is built
# with the setuptools of the lock: without a network, pip could get no other.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) check_python.py
	@test -x $(VENV_PYTHON) || echo "Making .venv with $$($(PYTHON) --version)"
	@test -x $(VENV_PYTHON) || $(PYTHON) -m venv .venv
	@$(VENV_PYTHON) check_python.py
	@echo "Installing the locked packages into .venv (once; a few minutes)"
	@$(PIP_INSTALL) -r requirements.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)

run: $(INSTALLED) ## run the six notebooks with PROFILE=fast (or classic, quick, smoke, doodles)
	@$(VENV_PYTHON) -m runner run --profile "$(PROFILE)"

run-scaling: $(INSTALLED) ## run 8. Scaling out, several workers, on the data and model of PROFILE
	@$(VENV_PYTHON) -m runner run --profile "$(PROFILE)" --name "$(PROFILE)-workers" --to 03_model
	@$(VENV_PYTHON) -m runner run --profile "$(PROFILE)" --name "$(PROFILE)-workers" --from 08_scaling_out

lab: $(INSTALLED) ## open JupyterLab on notebooks of your own
	@$(VENV_PYTHON) -m workshop lab

# It installs nothing first: the disk may be full.
clean: ## delete all runs, and say how much that frees
	@$(VENV_PYTHON) -m runner clean

# What a workshop's copy lacks: a learners' copy both, an instructor's copy the second.
-include workshop/instructor.mk contributing.mk
