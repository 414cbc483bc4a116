# Everything a fresh machine needs is Python 3.11 or later and make.
# Each target first brings .venv in step with the hashed locks it uses, and is quick when it already is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SUPPORTED := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c '$(SUPPORTED)' 2>/dev/null; then echo $$p; break; fi; done)

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install -qq
SCENARIOS ?= ../shared/scenarios
WORKERS ?= 2
BENCH_OUT := bench/out

# Compiled kernels are kept between runs, out of everybody's home.
export NUMBA_CACHE_DIR ?= $(CURDIR)/.cache/numba
# No progress bars, no pager, no bytecode of another user: the same output everywhere.
export PYTHONUTF8 := 1

PYTEST := $(BIN)/python -m pytest -q
COVERAGE := --cov --cov-report=term --cov-report=xml

.PHONY: help demo live test test-slow test-long e2e-venue e2e-kill e2e-halt oracle oracle-venue check fmt bench scenarios docs changelog lock clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# -- what people run ---------------------------------------------------------------------------------------------

demo: $(STAMPS)/project ## a paper session of a dozen bots on a generated market (HEADLESS=1, MINUTES=0.5)
	@$(BIN)/tradewind demo $(if $(HEADLESS),--headless) $(if $(MINUTES),--minutes $(MINUTES))

live: $(STAMPS)/project $(STAMPS)/live ## what sessions on a venue and the local exchange need besides, into .venv

test: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/test ## the tests, with branch coverage, on both cores
	@HYPOTHESIS_PROFILE=ci $(PYTEST) tests -n $(WORKERS) --dist worksteal -m "not slow and not e2e and not oracle" $(COVERAGE)

test-slow: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/test ## the tests that take more than five seconds each
	@HYPOTHESIS_PROFILE=ci $(PYTEST) tests -n $(WORKERS) --dist worksteal -m "(slow or e2e) and not oracle" --timeout 1200

test-long: $(STAMPS)/project $(STAMPS)/test ## the property suites with 10,000 examples each
	@HYPOTHESIS_PROFILE=long $(PYTEST) tests/property -n $(WORKERS) --dist worksteal --timeout 0

oracle: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/test $(STAMPS)/oracle ## our numbers against other libraries
	@HYPOTHESIS_PROFILE=ci $(PYTEST) tests -n $(WORKERS) --dist worksteal -m oracle

oracle-venue: $(STAMPS)/project $(STAMPS)/live .venv-oracle-sdk/.stamp .venv-oracle-ccxt/.stamp ## the official SDK and ccxt against the local exchange
	@.venv-oracle-sdk/bin/python tests/oracle/venue/sdk_suite.py
	@.venv-oracle-ccxt/bin/python tests/oracle/venue/ccxt_suite.py
	@PYTHONPATH=src .venv-oracle-ccxt/bin/python tests/oracle/venue/adapter_suite.py

e2e-venue: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/test ## our bot on a local exchange in halves of faults and health (ARGS="--minutes 2 --half 20")
	@$(BIN)/python -m tests.e2e.venue_faults $(ARGS)

e2e-kill: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/test ## kill -9 of the bot at random moments (ARGS="--kills 5")
	@$(BIN)/python -m tests.e2e.venue_kill $(ARGS)

e2e-halt: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/test ## the kill switch by every way in, under every fault, and with the bot dead (TRIPS=200)
	@$(BIN)/python -m tests.e2e.venue_halt --trips $(or $(TRIPS),200) $(ARGS)

scenarios: $(STAMPS)/project ## every written scenario (SCENARIOS=folder)
	@$(BIN)/tradewind scenarios run $(SCENARIOS)

bench: $(STAMPS)/project $(STAMPS)/live ## speed and memory, as ratios measured in one run, beside the figures in the repository
	@$(BIN)/python -m bench.compare

check: $(STAMPS)/project $(STAMPS)/live $(STAMPS)/lint ## format, lint, types, import contracts, dead code, dependencies
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/vulture
	@$(BIN)/deptry --no-ansi src >$(STAMPS)/deptry.log 2>&1 || { cat $(STAMPS)/deptry.log; exit 1; }

fmt: $(STAMPS)/lint ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(STAMPS)/docs ## the documentation, in site/
	@$(BIN)/mkdocs --quiet build --strict
	@echo "site/index.html"

changelog: $(STAMPS)/lint ## gather newsfragments into CHANGELOG.md (VERSION=1.2.3)
	@$(BIN)/towncrier build --yes --version "$${VERSION:?say VERSION=1.2.3}"

lock: $(STAMPS)/lint ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1 for newer versions)
	@scripts/lock.sh $(BIN)/uv $(if $(UPGRADE),--upgrade)

clean: ## remove what targets made, the environment included
	@rm -rf $(VENV) .venv-oracle-* .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* coverage.xml \
		site build dist $(BENCH_OUT)

# -- the environment ---------------------------------------------------------------------------------------------

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "tradewind needs Python 3.11 or later: install it, or say make PYTHON=/path/to/python"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "this Python cannot make environments: install its venv module (Debian: python3-venv)"; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

# One stamp per lock: installed anew when the lock is newer than its stamp.
$(STAMPS)/core: requirements/build.txt requirements/core.txt | $(STAMPS)/venv
	@echo "installing the locked packages (the first time takes about a minute)"
	@$(INSTALL) --require-hashes -r requirements/build.txt -r requirements/core.txt
	@touch $@

$(STAMPS)/project: pyproject.toml $(STAMPS)/core
	@$(INSTALL) --no-deps --no-build-isolation --no-index -e .
	@touch $@

# Environments of their own, for clients whose pins fight with ours.
.venv-oracle-sdk/.stamp: requirements/oracle-sdk.txt
.venv-oracle-ccxt/.stamp: requirements/venues.txt
.venv-oracle-sdk/.stamp .venv-oracle-ccxt/.stamp: | $(STAMPS)/venv
	@echo "installing $< into $(@D)"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check install -qq --require-hashes -r $<
	@touch $@

$(STAMPS)/%: requirements/%.txt | $(STAMPS)/venv
	@echo "installing requirements/$*.txt"
	@$(INSTALL) --require-hashes -r $<
	@touch $@
