# What an instructor does, and a learners' copy doesn't offer. The Makefile includes it.

OUT ?= workshop-copies

.PHONY: workshop

workshop: $(INSTALLED) ## write copies for learners and instructors, and a web page, into OUT=workshop-copies
	@$(VENV_PYTHON) -m workshop "$(OUT)"
