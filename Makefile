# From a clean clone with Python 3.11+ and pip:
#   make demo    set up, then generate, fine-tune, test and report on the mini benchmark
#   make test    set up, then run the tests
#   make docs    set up, then build the documentation into docs/_build/html
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2

BIN := $(VENV)/bin
STAMP := $(VENV)/.actionclip_mm_installed

.PHONY: setup demo test docs coverage lint format clean

setup: $(STAMP)

$(STAMP): setup.py pyproject.toml requirements/constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else "the pinned versions need Python 3.11 or newer, but $(PYTHON) is %d.%d: make PYTHON=python3.11" % v[:2])'
	@echo 'Installing into $(VENV): 2 to 4 minutes and 7 GB, once'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e '.[dev]' -c requirements/constraints.txt
	@touch $@

demo: $(STAMP)
	$(BIN)/actionclip demo

# one thread per worker: the models are tiny, and more threads only compete
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

# any warning, a broken link or anchor included, is an error
docs: $(STAMP)
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo 'Open docs/_build/html/index.html'

coverage: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term-missing:skip-covered

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache actionclip_mm.egg-info docs/_build
