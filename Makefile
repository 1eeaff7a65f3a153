# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
USER_SETUP := .venv/.headroom
TEST_SETUP := .venv/.headroom-tests
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: preflight setup setup-tests demo test test-web lint bench bench-portfolio docs soak mutants audit clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo      run the demonstration under build/demo"
	@echo "make test      lint, types, import rules, tests"
	@echo "make test-web  the tests that need a real browser, Chromium"
	@echo "make soak      the heavy tests at their full counts, writing docs/soak.md"
	@echo "make mutants   change one operator at a time and see whether a test notices, writing docs/mutants.md"
	@echo "make audit     ask pip-audit whether a locked library has a known weakness"
	@echo "make bench     print the speed table"
	@echo "make bench-portfolio   run a Thursday of 1,000 deals, every notice drawn and signed"
	@echo "make docs      build the documentation under build/site"
	@echo "They install what they need. For system packages they need root, or HEADROOM_INSTALL=1 and sudo."

setup: preflight $(USER_SETUP)

setup-tests: preflight $(TEST_SETUP)

preflight:
	@$(PYTHON) tools/preflight.py

$(USER_SETUP): requirements.lock pyproject.toml | preflight
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@echo "installing from requirements.lock (once; about a minute)"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q engine covenants reports
	@touch $(USER_SETUP)

$(TEST_SETUP): $(USER_SETUP) requirements-dev.lock
	@echo "installing from requirements-dev.lock what the tests need (once; about a minute)"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $(TEST_SETUP)

demo: setup
	@$(BIN)/headroom demo --into build/demo

lint: setup-tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# Compiled once for all the processes that the tests start, whatever the environment says of bytecode.
test soak: export PYTHONPYCACHEPREFIX := $(CURDIR)/build/bytecode
test soak: export PYTHONDONTWRITEBYTECODE :=

test: lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-web: setup-tests
	@$(PYTHON) tools/preflight.py browser
	@$(BIN)/python -m pytest -n 2 -m browser

bench: setup-tests
	@$(BIN)/python -m tests.bench

bench-portfolio: setup-tests
	@$(BIN)/python -m tests.bench.portfolio_thursday

docs: setup-tests
	@$(BIN)/zensical build --clean

soak: setup-tests
	@HEADROOM_SOAK=1 $(BIN)/python -m tests.soak

mutants: setup-tests
	@$(BIN)/python -m tests.mutants

audit:
	@$(PYTHON) tools/audit_dependencies.py

clean:
	rm -rf build .venv
