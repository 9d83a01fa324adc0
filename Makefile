# Every target first makes a virtual environment with the hash-locked requirements. It needs only Python and make.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 3000
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SITE   := $(VENV)/.site
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
DAGSTER := $(abspath $(BIN))/dagster dev -w "$(CURDIR)/workspace.yaml" -h 127.0.0.1 -p $(PORT)
DOTENV := $(if $(wildcard .env),$(BIN)/dotenv -f .env run --no-override --)

.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE # else each of the many processes that tests start compiles the package anew
.PHONY: help demo test fast test-all test-lowest test-latest test-postgresql test-packages slow breadth suites lint ui ui-shop screenshots simulate deployment fuzz mutate changelog-check release-notes dist sbom audit bench scaling docs reference lock clean

help: ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(READY): requirements/dev.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) (once; about a minute)" >&2
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $(READY)

# What the documentation site needs: not there for `make demo`, because a newcomer should not wait for it.
$(SITE): $(READY) requirements/docs.txt
	$(PIP) --require-hashes -r requirements/docs.txt
	@touch $(SITE)

demo: $(READY) ## show a dry run and a repair on a pretend shop; needs no keys
	@$(BIN)/ordersync demo

test: $(READY) ## lint, types, layers and the fast tests, side by side
	@$(MAKE) --no-print-directory -j 2 lint fast

fast: $(READY) ## the fast tests alone
	$(BIN)/pytest

test-all: test slow ## everything: `test`, then the slow suites

slow: breadth suites ## `breadth`, then `suites`

breadth: $(READY) ## the fast tests that can try more, at their full size and on PostgreSQL too
	ORDERSYNC_TEST_PROFILE=full $(BIN)/pytest -m "breadth and not slow" -p no:randomly --timeout 900

# Four at a time on two cores: tests of the web UI wait for Dagster's daemon most of the time. A file stays together, and
# the longest files come first.
suites: $(SITE) ## only the slow suites: web UI, browser, faults, simulation, packaging
	ORDERSYNC_TEST_PROFILE=full $(BIN)/pytest -m slow -p no:randomly --timeout 900 -n 4 --dist loadfile --no-loadscope-reorder \
		$(addprefix ordersync_dagster_tests/,deployment orchestration deploy faults) ordersync_dagster_tests

test-lowest: $(READY) ## the fast tests with the oldest versions that setup.cfg allows
	$(call test_with,lowest-direct)

test-latest: $(READY) ## the fast tests with the newest versions that setup.cfg allows
	$(call test_with,highest)

# Old releases call deprecated functions of their own newer requirements. Our code does not, so the warning is ignored.
define test_with
@mkdir -p .state
$(BIN)/uv pip compile setup.cfg --extra postgres --extra metrics --extra alerts --resolution $(1) --no-emit-index-url --quiet --output-file .state/$(1).txt
$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-$(1)
$(BIN)/uv pip install --quiet --python .venv-$(1) --constraint .state/$(1).txt --editable '.[dev]'
.venv-$(1)/bin/pytest -W ignore::DeprecationWarning
endef

test-postgresql: $(READY) ## what databases do, on the server of ORDERSYNC_TEST_POSTGRES (its administrator's URL)
	ORDERSYNC_TEST_PROFILE=full $(BIN)/pytest ordersync_dagster_tests/adapters/database
	ORDERSYNC_TEST_PROFILE=full $(BIN)/pytest -m "databases and not slow" --ignore ordersync_dagster_tests/adapters/database

test-packages: $(READY) ## build both packages; run the wheel alone in an empty environment
	$(BIN)/pytest -m slow -n 0 --timeout 900 ordersync_dagster_tests/release/test_packaging.py

lint: $(READY) ## ruff, mypy, the layers, bandit, and zizmor on the workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r ordersync_dagster
	$(BIN)/zizmor --quiet --offline .github

# With this, Dagster records that an unexpected error happened, but not its text. Our own error messages stay.
ui ui-shop: export DAGSTER_REDACT_USER_CODE_ERRORS = 1

# `dagster dev` advises another command, which does not know workspace.yaml.
ui ui-shop: export PYTHONWARNINGS = ignore:Function

# Both UIs start in their own DAGSTER_HOME. `dagster dev` lets a .env in its start folder override the environment:
# started here, the sandbox's UI would write to the real shop.
ui: $(READY) ## web UI and daemon on the pretend shop, http://127.0.0.1:3000 (PORT=…)
	@mkdir -p .state/dagster && cp dagster.yaml .state/dagster/
	@echo "The pretend shop's UI: http://127.0.0.1:$(PORT) (Ctrl-C stops it)" >&2
	@bin="$(abspath $(BIN))" && cd .state/dagster && DAGSTER_HOME="$$PWD" \
		"$$bin/ordersync" sandbox --folder "$(CURDIR)/.state/sandbox" -- $(DAGSTER)

ui-shop: $(READY) ## web UI and daemon on YOUR shop: reads the environment, then .env
	@mkdir -p .state/dagster-shop && cp dagster.yaml .state/dagster-shop/
	@DAGSTER_HOME="$(CURDIR)/.state/dagster-shop" $(DOTENV) $(BIN)/ordersync doctor || echo "Runs will fail until this is corrected." >&2
	@echo "YOUR SHOP's UI: http://127.0.0.1:$(PORT) (Ctrl-C stops it)" >&2
	@$(DOTENV) sh -c 'cd .state/dagster-shop && DAGSTER_HOME="$$PWD" \
		ORDERSYNC_CONFIG="$${ORDERSYNC_CONFIG:-$(wildcard $(CURDIR)/ordersync.toml)}" exec $(DAGSTER)'

screenshots: $(READY) ## take the pictures of docs/ui.md, docs/shops.md and docs/report.md again; needs Chromium
	ORDERSYNC_SCREENSHOTS=1 ORDERSYNC_DEMAND_BROWSER=1 $(BIN)/pytest -m slow --timeout 900 -n 0 \
		ordersync_dagster_tests/orchestration/test_browser.py ordersync_dagster_tests/orchestration/test_shops_in_ui.py ordersync_dagster_tests/report/drift/test_in_browser.py

simulate: $(READY) ## 2,000 simulated shops, some minutes; ORDERSYNC_SEEDS=5000 or 300-400; ORDERSYNC_SEED=250 replays one
	@ORDERSYNC_SEEDS=$(ORDERSYNC_SEEDS) ORDERSYNC_SEED=$(ORDERSYNC_SEED) $(BIN)/python -m ordersync_dagster_tests.simulation

deployment: $(READY) ## three shops on PostgreSQL and six processes of Dagster, while runs, Stripe and a database fail; 10 minutes
	$(BIN)/python -W ignore -m ordersync_dagster_tests.deployment

fuzz: $(READY) ## a minute of coverage-guided fuzzing of the vendors' pages (SECONDS=…); Linux
	$(PIP) atheris==3.0.0
	@mkdir -p .state/corpus
	$(BIN)/python -W ignore -m ordersync_dagster_tests.fuzz .state/corpus -max_total_time=$(or $(SECONDS),60) -timeout=20

mutate: $(READY) ## break core/ line by line and count how often its tests notice (15 minutes)
	CI=1 ORDERSYNC_TEST_PROFILE=full PATH="$(abspath $(BIN)):$$PATH" nice -n 19 $(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

changelog-check: $(READY) ## a change of the product since BASE=origin/main has a line in CHANGELOG.md
	$(BIN)/python -m ordersync_dagster_tests.release.changelog since $(or $(BASE),origin/main)

release-notes: $(READY) ## dist/notes.md for TAG=v1.2.3, if tag, version and changelog are one
	@mkdir -p dist
	$(BIN)/python -m ordersync_dagster_tests.release.changelog notes "$(TAG)" > dist/notes.md

# The files' times are those of the last commit, so that everyone who builds it gets the same wheel.
dist: $(READY) ## dist/: the source distribution, and the wheel that is made from it
	rm -rf dist/*.whl dist/*.tar.gz *.egg-info
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist .

sbom: $(READY) ## dist/sbom.json: every package of an installation, as CycloneDX
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements/run.txt --of JSON -o dist/sbom.json

audit: $(READY) ## known vulnerabilities of every locked version (pip-audit); needs a network
	$(BIN)/uv tool run --quiet pip-audit==2.10.1 --strict --require-hashes --disable-pip --progress-spinner off -r requirements/run.txt -r requirements/dev.txt -r requirements/docs.txt \
		|| { echo 'make audit: not clean. Above is a known vulnerability, or what could not be asked: a package that is "not found on PyPI"' \
		'or an error of the network means that nothing was learned, so run it again where the vulnerability service answers.' >&2; exit 1; }

bench: $(READY) ## measure time and memory
	$(BIN)/python -m benchmarks

docs: $(SITE) ## the documentation site in build/site: open build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

reference: $(READY) ## write the pages of docs/ that come from the code: settings, commands, JSON, runbook
	$(BIN)/python -m docsite.reference

scaling: $(READY) ## simulate 1,000 shops against the vendors' limits, and write docs/scaling.md (two minutes)
	$(BIN)/python -m benchmarks --scaling

lock: $(READY) ## compile the locked requirements again from setup.cfg
	$(call compile,dev,dev)
	$(call compile,postgres --extra metrics --extra alerts,run)
	$(call compile,postgres --extra metrics --extra alerts --extra kubernetes --constraint requirements/run.txt,kubernetes)
	$(BIN)/uv pip compile requirements/docs.in --constraint requirements/dev.txt --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --quiet --output-file requirements/docs.txt

# --no-strip-extras: the pip of Python 3.11 refuses a hashed `gql` if `gql[requests]` is required
compile = $(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-strip-extras --quiet --extra $(1) --output-file requirements/$(2).txt

clean: ## delete the environment and everything that runs created
	rm -rf .venv .venv-* .state build dist mutants *.egg-info
