# Everything runs in .venv, which is made on first use and kept. With another interpreter: make test PYTHON=python3.13
# Options for JupyterLab, such as those that a container needs: make lab LAB="--allow-root --no-browser --ip=0.0.0.0"

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
JOBS ?= auto
LAB ?=
BENCH ?=
PYTEST := $(BIN)/python -m pytest

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test test-unit test-notebooks test-browser test-mindspore record-mindspore test-parity lab lint docs notebooks bench clean

help:
	@echo "make demo       compute, check and show the tutorial's gradients; writes demo/index.html"
	@echo "make lab        open the notebooks in JupyterLab"
	@echo "make test       all tests and notebooks (test-unit, test-notebooks: one half of them)"
	@echo "make test-browser   the notebooks in JupyterLab, driven in Chromium"
	@echo "make test-mindspore what MindSpore itself gives for the cells of tests/parity, against what is recorded"
	@echo "make lint       ruff and mypy"
	@echo "make docs       write docs/tour.md and docs/ops.md"
	@echo "make notebooks  run all notebooks and store their outputs"
	@echo "make bench      measure speed; writes docs/performance.md"
	@echo "make clean      remove .venv and everything that was made"

demo: $(VENV)/.made-run
	$(BIN)/python -m msgrad_ext.demo

# --nbval compares each notebook's outputs with a fresh run; nbval's own cache plugin is of no use here. What starts
# kernels runs one after another (tests/conftest.py), all else in parallel.
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg --nbval-cell-timeout 120
XDIST := -n $(JOBS) --maxprocesses 4 --dist worksteal -p no:cacheprovider

test: test-unit test-notebooks

test-unit: $(VENV)/.made-test
	$(PYTEST) $(XDIST) -m "not kernel and not browser and not peers" tests

test-notebooks: $(VENV)/.made-test
	$(PYTEST) -p no:cacheprovider $(NBVAL) -m kernel tests notebooks

test-browser: $(VENV)/.made-browser
	$(PYTEST) -p no:cacheprovider -m browser tests

# MindSpore has an environment of its own (2.5 GB, Python 3.11): nothing here needs it but these two.
test-mindspore: $(VENV)-mindspore/.made test-parity
	$(VENV)-mindspore/bin/python tests/parity/record.py --check

record-mindspore: $(VENV)-mindspore/.made
	$(VENV)-mindspore/bin/python tests/parity/record.py

test-parity: $(VENV)/.made-test
	$(PYTEST) $(XDIST) tests/parity

$(VENV)-mindspore/.made: pyproject.toml
	$(or $(PYTHON),python3.11) -m venv $(VENV)-mindspore
	$(VENV)-mindspore/bin/python -m pip install --quiet 'pip>=25.1'
	$(VENV)-mindspore/bin/python -m pip install --quiet --group mindspore
	@touch $@

lab: $(VENV)/.made-lab
	$(BIN)/python -m jupyter lab $(LAB) notebooks

lint: $(VENV)/.made-lint
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

docs: $(VENV)/.made-run
	$(BIN)/python docs/build_ops.py
	$(BIN)/python docs/build_tour.py

notebooks: $(VENV)/.made-test
	$(BIN)/python notebooks/execute.py

# Other frameworks beside ours: make bench BENCH="--peers torch,jax --python /path/to/python"
bench: $(VENV)/.made-run
	$(BIN)/python docs/build_performance.py $(BENCH)

clean:
	rm -rf $(VENV) $(VENV)-mindspore build dist demo .pytest_cache .ruff_cache .mypy_cache .hypothesis .ipynb_checkpoints
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. A stamp older than pyproject.toml is made again.

$(VENV)/.made-run: pyproject.toml
	@found=; \
	for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found="$$python"; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "msgrad_ext needs Python 3.11 or newer with its venv module (on Debian: apt install python3-venv);" >&2; \
	  echo "found none as $(or $(PYTHON),python3); name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; \
	fi; \
	if ! $(BIN)/python -c '' 2>/dev/null; then \
	  echo "$$found -m venv $(VENV)"; rm -rf $(VENV); "$$found" -m venv $(VENV); \
	fi
	$(BIN)/python -m pip install --quiet 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.made-%: $(VENV)/.made-run
	$(BIN)/python -m pip install --quiet --group $*
	@touch $@
