# The whole vocabulary: demo test check bench soak docs protos clean.
# A bare Debian 12 with python3, python3-venv, make and gcc is enough.
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
# How long `make soak` draws fresh seeds; the rest of it takes another quarter of an hour.
MINUTES ?= 60
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
              backtest server)
# The test files that the uncompiled run looks into; to import the others would take it longer.
UNCOMPILED = $(sort $(shell grep -rl --include='test_*.py' nojit tests))
EMPTY    :=
COMMA    := ,
KERNELS   = $(subst $(EMPTY) ,$(COMMA),$(strip $(DECORATED) indicators/scan.py indicators/catalogue/*))

# Of the statements, and of the branches, percent.
COVERED := 95
define ENOUGH
import json, sys
total = json.load(open('.coverage.json'))['totals']
lines, branches = total['percent_statements_covered'], total['percent_branches_covered']
print(f'{lines:.2f} % of the lines and {branches:.2f} % of the branches in kernels are covered, '
      '$(COVERED) % is the least; `coverage report` has the rest')
sys.exit(min(lines, branches) < $(COVERED))
endef
export ENOUGH

# Every process finds what another made of a module, whatever the caller's environment says.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.bytecode

# The two environments are made side by side.
MAKEFLAGS += --jobs=2

.PHONY: demo test check bench soak docs protos clean

demo: $(STAMP)
	$(BIN)/gridworks demo

# The uncompiled run goes on beside the compiled one; what it says is shown when both are done.
test: $(STAMP) $(TOOLS_STAMP)
	@NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest -q -p no:cacheprovider \
	    -m "nojit and not compiled and not soak" $(UNCOMPILED) > .uncompiled.log 2>&1 & \
	uncompiled=$$!; \
	GRIDWORKS_BOUNDSCHECK=1 $(BIN)/python -m pytest -n 2; compiled=$$?; \
	wait $$uncompiled; uncompiled=$$?; cat .uncompiled.log; \
	exit $$((compiled | uncompiled))
	@$(BIN)/python -m coverage json -q --include='$(KERNELS)' -o .coverage.json
	@$(BIN)/python -c "$$ENOUGH"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

# The other engines are optional: without them the benchmark says which are missing.
bench: $(STAMP)
	-$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	$(BIN)/gridworks bench --peers --starts --json benches/results/exchange

soak: $(STAMP)
	SOAK_MINUTES=$(MINUTES) GRIDWORKS_BOUNDSCHECK=1 $(BIN)/python -m pytest -v -n 2 \
	    -m "soak or hypothesis" --hypothesis-profile=soak

docs: $(STAMP)
	$(BIN)/python -m pytest --doctest-glob='*.md' README.md ARCHITECTURE.md docs

protos: $(TOOLS_STAMP)
	$(TOOLS)/bin/python protos/generate.py

clean:
	rm -rf $(VENV) $(TOOLS) .bytecode .coverage .coverage.json .uncompiled.log .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[dev]'
	touch $@

$(TOOLS_STAMP): protos/requirements.txt
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --no-compile --requirement protos/requirements.txt
	touch $@
