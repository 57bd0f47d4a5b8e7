# What can be made:
#   make run      serve the gateway on 127.0.0.1:5000 and a simulated CloudStack on 127.0.0.1:8080
#   make test     every check that CI makes
#   make lint     the quick ones: ruff, mypy, the mapping files and the pages made from them
#   make format   let ruff lay out the code
#   make coverage bring the pages made from the mapping files up to date
#   make bench    the benchmarks
#   make fuzz     a long run of schemathesis over the OpenAPI document
#   make torture  gateways killed again and again under load, with figures (TORTURE=--help)
#   make docs     the documentation, into docs/_build/html
#   make clean    remove what was made
#
# GSTACK_PORT and GSTACK_SIMULATOR_PORT choose other ports for `make run`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGING := setup.cfg setup.py pyproject.toml
# pip's own advice is no news to who runs make.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: run test lint format coverage bench fuzz torture docs clean

run: $(VENV)/.run
	@$(BIN)/pserve development.ini

test: lint docs
	$(BIN)/pytest -n 2 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/gstack lint
	$(BIN)/gstack coverage --check
	$(BIN)/gstack counterparts --check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(VENV)/.dev
	$(BIN)/gstack coverage --write
	$(BIN)/gstack counterparts --write

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.dev
	GSTACK_FUZZ_CASES=24000 $(BIN)/pytest tests/clients/test_schemathesis.py

torture: $(VENV)/.dev
	$(BIN)/python -m tests.torture $(TORTURE)

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -q -W -n --keep-going -b html docs docs/_build/html

clean:
	rm -rf $(VENV) build dist docs/_build *.egg-info .gstack \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment in two steps: what it takes to run, and on top of it what it takes to develop.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gstack needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.run: $(PACKAGING) | $(BIN)/python
	@echo "Installing gstack into $(VENV)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: $(PACKAGING) | $(BIN)/python
	@echo "Installing gstack and what it takes to develop it into $(VENV)"
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.run
