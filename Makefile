# The whole vocabulary: demo test check bench soak docs protos clean.
# A bare Debian 12 with python3, python3-venv, make and gcc is enough.
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# The stamp carries the interpreter's name, so that changing PYTHON builds a new environment.
STAMP  := $(VENV)/.installed-$(notdir $(PYTHON))
# What makes gridworks/api has an environment of its own, because it wants an older protobuf.
TOOLS       := .venv-protos
TOOLS_STAMP := $(TOOLS)/.installed-$(notdir $(PYTHON))
# Modules that hold kernels: coverage sees into them only with the compiler off.
# The catalogue's functions are compiled at their first use and carry no decorator.
DECORATED = $(shell grep -rlE '^@(kernel|entry)\b' --include='*.py' domain risk engine indicators \
              backtest)
EMPTY    :=
COMMA    := ,
KERNELS   = $(subst $(EMPTY) ,$(COMMA),$(strip $(DECORATED) indicators/catalogue/*))

.PHONY: demo test check bench soak docs protos clean

demo: $(STAMP)
	$(BIN)/gridworks demo

test: $(STAMP) $(TOOLS_STAMP)
	GRIDWORKS_BOUNDSCHECK=1 $(BIN)/python -m pytest -n 2 --dist loadfile
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest -q -m "nojit and not soak"
	$(BIN)/python -m coverage report --include='$(KERNELS)'

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/gridworks bench

soak: $(STAMP)
	GRIDWORKS_BOUNDSCHECK=1 $(BIN)/python -m pytest -m soak --hypothesis-profile=soak

docs: $(STAMP)
	$(BIN)/python -m pytest --doctest-glob='*.md' README.md ARCHITECTURE.md docs

protos: $(TOOLS_STAMP)
	$(TOOLS)/bin/python protos/generate.py

clean:
	rm -rf $(VENV) $(TOOLS) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(TOOLS_STAMP): protos/requirements.txt
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --requirement protos/requirements.txt
	touch $@
