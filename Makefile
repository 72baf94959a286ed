# make test        everything that can be checked by running it
# make reproduce   every figure, and the table of the paper's claims
# make results     the same, kept for the documentation: its gallery and its table of claims; with GATEDNET_DATA naming
#                  the folder of MNIST and Fashion-MNIST, or their figures are left out
# make quick       every figure with few seeds, from nothing
# make few         the same for a few of them
# make check       lint, format, types, layers, documentation
#
# Each makes the environment that it needs in .venv, and again when what it depends on has changed.

PYTHON ?= $(shell for each in python3 python3.11 python3.12 python3.13; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := gatednet sweeps figures explore tests benchmarks docs

.DELETE_ON_ERROR:
.PHONY: test reproduce quick few results check lint format types layers docs clean

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest --numprocesses auto --dist loadscope

reproduce: $(VENV)/run.stamp
	$(BIN)/gatednet reproduce

quick: $(VENV)/run.stamp
	$(BIN)/gatednet reproduce --quick

# Runs beside the checks, whose environment it has: none is installed while another is in use.
few: $(VENV)/dev.stamp
	$(BIN)/gatednet reproduce --quick fig4 fig5 figa3

results: $(VENV)/run.stamp
	$(BIN)/gatednet reproduce --out docs/results --format png

check: lint format types layers docs

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check $(SOURCES)

format: $(VENV)/dev.stamp
	$(BIN)/ruff format --check $(SOURCES)

types: $(VENV)/dev.stamp
	$(BIN)/basedpyright --pythonpath $(BIN)/python

layers: $(VENV)/dev.stamp
	$(BIN)/lint-imports

docs: $(VENV)/dev.stamp
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --fresh-env --builder html docs docs/_build/html

$(VENV)/run.stamp: EXTRAS := [fast,vision]
$(VENV)/test.stamp: EXTRAS := [test]
$(VENV)/dev.stamp: EXTRAS := [dev]

# Half of an installation would be the compilation of modules that nobody imports.
$(VENV)/%.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.$(EXTRAS)'
	touch $@

$(BIN)/python:
	$(or $(PYTHON),$(error Python 3.11 or later is needed)) -m venv $(VENV)

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build docs/_gallery docs/api
