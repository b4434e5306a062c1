# Zhida. On a machine with Python >= 3.11 and make, `make demo` and `make test` do all the set-up themselves.
# Another Python: make setup PYTHON=/path/to/python3

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-done
SETUP_BENCH := $(VENV)/.setup-bench-done

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak bench lint format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' Makefile

setup: $(SETUP) ## only the set-up: an environment in .venv with all that is needed

$(SETUP): pyproject.toml constraints.txt tools/setup.sh
	@sh tools/setup.sh dev $(PYTHON)
	@touch $@

$(SETUP_BENCH): $(SETUP)
	@sh tools/setup.sh dev,bench $(PYTHON)
	@touch $@

demo: $(SETUP) ## departments' files of a synthetic city taken in, the rules over everybody, lists, a report
	@$(BIN)/zhida demo

test: $(SETUP) ## all tests; ARGS="tests/rules -k name" for some
	@$(BIN)/python -m pytest $(ARGS)

soak: $(SETUP) ## the long form of fuzz and crash tests: new examples each time, an hour or so; ARGS as for test
	@$(BIN)/python -m pytest --soak -m soak $(ARGS)

bench: $(SETUP_BENCH) ## speed against OpenFisca and against the floor; writes bench/results.json
	@$(BIN)/python bench/run.py $(ARGS)

lint: $(SETUP) ## style, types and floors
	@$(BIN)/ruff check --output-format=concise .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(SETUP) ## let ruff put the code in form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) build dist demo bench/results.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
