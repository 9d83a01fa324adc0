# Every target does its own set-up: a virtual environment in .venv with the hash-locked requirements.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint ui ui-shop lock clean

help: ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(READY): requirements/dev.txt setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## watch the whole job on a pretend shop; needs no keys
	@$(BIN)/ordersync demo

test: $(READY) lint ## lint, types, layers and the fast tests
	$(BIN)/pytest

test-all: $(READY) lint ## everything, the slow suites too
	$(BIN)/pytest -m "slow or not slow" --timeout 600

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(READY) ## compile the locked requirements anew from setup.cfg
	$(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --extra dev --output-file requirements/dev.txt
	$(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --extra postgres --output-file requirements/run.txt

clean: ## remove the environment and what runs left behind
	rm -rf $(VENV) .state build dist *.egg-info
