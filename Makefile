# What can be made:
#   make run      serve the gateway on 127.0.0.1:5000 and a simulated CloudStack on 127.0.0.1:8080
#   make test     every check that CI makes
#   make test-all what `make test` leaves out as well, before a piece of work is called done
#   make lint     the quick ones: ruff, mypy, the mapping files and the pages made from them
#   make quick    the tests that need no other program, some minutes of CPU
#   make pythons  those on the other versions of Python that are installed
#   make format   let ruff lay out the code
#   make coverage bring up to date what is made from the mapping files and from their grammar
#   make constraints  take the newest versions of all that gstack needs
#   make bench    the benchmarks
#   make bench-compare  the goals for reads, beside the revision REV
#   make fuzz     a long run of schemathesis over the OpenAPI document
#   make torture  gateways killed again and again under load, with figures (TORTURE=--help)
#   make real     an acceptance on the cloud that GSTACK_REAL_ENDPOINT and its keys name
#   make deb      a package for the release of Debian that this is, into dist/gstack.deb
#   make try-deb  install it in a fresh root of that release, as root, and see it work
#   make try-deployment  carry out docs/deployment.md in such a root, line by line
#   make image    an image for containers, with podman, buildah or docker
#   make docs     the documentation, into docs/_build/html
#   make clean    remove what was made
#
# GSTACK_PORT and GSTACK_SIMULATOR_PORT choose other ports for `make run`, WORKERS how many processes
# run tests, TESTS what else pytest is told.

# Debian's own Python comes first: it is the one that gstack's package runs on, and the tests take an
# eighth less CPU time with it than with one that was compiled without profiles, as pyenv does.
PYTHON ?= $(firstword $(foreach python,/usr/bin/python3 python3,$(shell $(python) -c \
  'import ensurepip, sys, venv; sys.version_info < (3, 11) or print("$(python)")' 2>/dev/null)) python3)
VENV := .venv
BIN := $(VENV)/bin
PACKAGING := setup.cfg setup.py pyproject.toml constraints.txt
# Some tests wait for other processes; each worker looks through all tests, though, which costs CPU
# time. On two cores five take nine tenths of the time that three take.
WORKERS ?= $(shell echo $$((3 + $$(nproc))))
# A file's tests stay with one worker, so that what they share starts once. tests/support/order.py
# says which files go first; xdist would begin with those of most tests and end with the longest.
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Rewritten anew for each worker, the tests alone would take a minute.
unexport PYTHONDONTWRITEBYTECODE
# pip says what it fetches, since that takes a while; its own advice is no news to who runs make.
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: run test test-all suite whole-suite lint quick pythons format coverage constraints bench \
  bench-compare fuzz torture real deb try-deb try-deployment image docs clean

run: $(VENV)/.run
	@$(BIN)/pserve development.ini

# All at once: the tests leave cores idle now and then.
test: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs 3 lint docs suite

test-all: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs 3 lint docs whole-suite

suite: $(VENV)/.dev
	$(PYTEST) -m "not matrix" $(TESTS)

whole-suite: $(VENV)/.dev
	GSTACK_THOROUGH=1 $(PYTEST) $(TESTS)

quick: $(VENV)/.dev
	$(PYTEST) -q tests/unit tests/test_cases.py $(TESTS)

pythons:
	@WORKERS='$(WORKERS)' TESTS='$(TESTS)' .ci/pythons

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/gstack lint
	$(BIN)/gstack coverage --check
	$(BIN)/gstack counterparts --check
	$(BIN)/gstack grammar --check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(VENV)/.dev
	$(BIN)/gstack coverage --write
	$(BIN)/gstack counterparts --write
	$(BIN)/gstack grammar --write

constraints: $(VENV)/.dev
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --upgrade --quiet \
	  --no-annotate --custom-compile-command "make constraints" --output-file constraints.txt

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

bench-compare: $(VENV)/.dev
	$(BIN)/python -m benchmarks.goals --against $(REV) $(BENCH)

fuzz: $(VENV)/.dev
	GSTACK_FUZZ_CASES=24000 $(BIN)/pytest tests/clients/test_schemathesis.py

torture: $(VENV)/.dev
	GSTACK_THOROUGH=1 $(BIN)/python -m tests.torture $(TORTURE)

real: $(VENV)/.dev
	GSTACK_REQUIRE_CLIENTS=1 GSTACK_REAL_REPORT=$${GSTACK_REAL_REPORT:-real-report} \
	  $(BIN)/pytest -v tests/real

deb:
	@packaging/deb/build

try-deb: deb
	@packaging/deb/try

try-deployment: deb
	@$(PYTHON) packaging/walk.py

image:
	@packaging/container-image

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -q -W -n --keep-going -b html docs docs/_build/html

clean:
	rm -rf $(VENV) .venv-3.* .clients build dist docs/_build *.egg-info .gstack \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment in two steps: what it takes to run, and on top of it what it takes to develop.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gstack needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.run: $(PACKAGING) | $(BIN)/python
	@echo "Installing gstack and what it needs into $(VENV): once, a minute or two; pip says what it does"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(PACKAGING) | $(BIN)/python
	@echo "Installing gstack and what it takes to develop it into $(VENV): a minute or less"
	@packaging/install-dev $(BIN)
	@touch $@ $(VENV)/.run
