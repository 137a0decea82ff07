# `make help` lists what there is to do.

PYTHON ?= python3
# More arguments for pip. On Linux, pip installs the CUDA build of torch, which is large; the CPU build
# is enough for everything here. To get that one, name the index that has it (see "Get started" on
# the site of PyTorch): make setup PIP_ARGS="..."
PIP_ARGS ?=

ASSIGNMENT := day2
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Where Python is told to keep no compiled modules, each of the many processes that tests start would
# compile this project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(INSTALLED)  ## Install everything, with pinned versions, into .venv

# pip runs again only when the packages that are to be installed have changed.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is not: $$($(PYTHON) -V 2>&1 || true)." >&2; \
	  echo "Name another one, for example: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; \
	  exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "No virtual environment could be made: is Python's venv module there" \
	    "(on Debian and Ubuntu, the package python3-venv)?" >&2; \
	  exit 1; }
	@# The pip that comes with Python may take twice as long. Where no other can be had, it is used.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt --upgrade pip || true
	$(BIN)/python tools/quiet_pip.py install --disable-pip-version-check --no-compile $(PIP_ARGS) \
	  -c constraints.txt -e '.[book,instructor,test]'
	@# In a sandbox nothing compiled is kept, so it is done here: on all cores, which pip does not use.
	@# Some packages have files that are no Python on purpose, and tests that nobody imports.
	@PYTHONWARNINGS=ignore $(BIN)/python -m compileall -qq -j 0 -x '/(tests|_inductor)/' \
	  $(VENV)/lib lxmls_nb lxmls_grading || true
	@touch $@

.PHONY: demo
demo: $(INSTALLED)  ## Release the assignment, grade a small class, show the results
	$(BIN)/python tools/demo.py

# More at a time than there are cores: some tests wait for time limits. The files run in the order
# that tests/conftest.py gives them.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
.PHONY: test
test: lint  ## Run all checks
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=10

# Not a part of `make test`, which would take longer: child processes are measured, too.
# What a kernel does to itself once it is in its sandbox is tested, but not seen here, since nothing
# can be written from there: set_limits(), drop_privileges() and deny_system_calls() count as missed.
.PHONY: coverage
coverage: $(INSTALLED)  ## Print which lines and branches of checks and sandbox are tested
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS) --dist loadfile \
	  tests/lxmls_nb/checks tests/answers tests/lxmls_grading/sandbox
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

# tests/conftest.py sees to it that none of these starts another Python.
.PHONY: test-fast
test-fast: $(INSTALLED)  ## Run what needs no kernel, class run or site (a minute)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

# The days of a student and of an instructor in a real JupyterLab, side by side. Each step leaves a
# picture in build/screenshots.
.PHONY: test-browser
test-browser: $(INSTALLED)  ## Play the course in a browser (needs Chromium)
	$(BIN)/python -m pytest tests/browser -n $(WORKERS) --dist loadfile --durations=5

# With accounts on this machine, so as root, in an environment of its own; all of it is removed again.
.PHONY: test-hub
test-hub: $(INSTALLED)  ## Play the course on a JupyterHub (as root; needs Chromium and npm)
	$(BIN)/python -m pytest tests/hub --durations=5

.PHONY: screenshots
screenshots: test-browser  ## Make the pictures of README and docs from those of the browser
	$(BIN)/python tools/screenshots.py build/screenshots docs/images

# What students get. Where anything secret is found in it, none is made.
.PHONY: kit
kit: $(INSTALLED)  ## Make the student kit: build/kit, and build/lxmls_nb-kit.zip
	$(BIN)/python tools/make_kit.py

# The kit's chapters and exercises, to write in: what is there is never overwritten. JupyterLab starts
# in that folder, so that nbgrader_config.py, which is about grading, is not read.
.PHONY: lab
lab: $(INSTALLED)  ## Open JupyterLab on what students get (a copy in work/)
	$(BIN)/python tools/make_kit.py --work work
	cd work && ../$(BIN)/jupyter lab

.PHONY: release
release: $(INSTALLED)  ## Make the student notebooks in release/ from source/
	$(BIN)/nbgrader generate_assignment $(ASSIGNMENT) --force --no-db

# From scratch: an earlier site is removed, and Sphinx's cache is ignored.
.PHONY: book
book: $(INSTALLED)  ## Build the site of chapters, exercises and API pages, build/book/index.html
	rm -rf build/book
	$(BIN)/python -m sphinx -E -W --keep-going -q -c docs -d build/doctrees . build/book
	$(BIN)/python tools/check_site.py build/book

.PHONY: bench
bench: $(INSTALLED)  ## Measure loading, tests, grading beside stock nbgrader, feedback (20 minutes)
	$(BIN)/python benchmarks/load_corpus.py
	$(BIN)/python benchmarks/checks.py
	$(BIN)/python benchmarks/class.py
	$(BIN)/python benchmarks/watch.py

# The catalogue of known answers: which are caught, which accepted, and with what message.
.PHONY: answers
answers: $(INSTALLED)  ## Show what the tests say of each known right and wrong answer
	$(BIN)/python -m tests.answers $(ASSIGNMENT)

# Hundreds of small changes of the reference answers. `make test` runs all of them, too, which takes
# less than a minute of the processor's time, but prints no table. To see the messages of those whose
# mistake isn't named: .venv/bin/python -m tests.answers.mutants day2 --unnamed
.PHONY: mutants
mutants: $(INSTALLED)  ## Change the reference answers in hundreds of ways, show what is caught
	$(BIN)/python -m tests.answers.mutants $(ASSIGNMENT)

# Hostile submissions, graded here and by nbgrader alone: what each of them achieves.
.PHONY: attacks
attacks: $(INSTALLED)  ## Show what hostile submissions achieve, here and with nbgrader alone
	$(BIN)/python -m tests.attacks

# Everything that decodes bytes of students, with what no honest one sends. What finds something is kept
# in tests/attacks/fuzz_corpus. The seed is printed; to have a run again: make fuzz FUZZ_SEED=1
FUZZ_SECONDS ?= 60
FUZZ_SEED ?=
.PHONY: fuzz
fuzz: $(INSTALLED)  ## Send the judge and the readers hostile bytes (FUZZ_SECONDS=60)
	$(BIN)/python -m tests.attacks.fuzz --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

# The corpus of test cells as other courses have them: what they give here and with nbgrader alone.
.PHONY: ordinary
ordinary: $(INSTALLED)  ## Compare ordinary test cells here and with nbgrader alone (minutes)
	$(BIN)/python -m tests.ordinary

.PHONY: lint
lint: $(INSTALLED)  ## Check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

.PHONY: format
format: $(INSTALLED)  ## Bring the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: clean
clean:  ## Remove .venv, caches and the demo; work/, submissions and gradebook stay
	rm -rf $(VENV) build dist demo *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
