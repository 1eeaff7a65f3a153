# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.headroom

.PHONY: setup demo test lint bench docs soak clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo   run the demonstration under build/demo"
	@echo "make test   lint, types, import rules, tests"
	@echo "make bench  print the speed table"
	@echo "make docs   build the documentation under build/site"
	@echo "make soak   the heavy tests at their full counts, writing docs/soak.md"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml tools/preflight.py
	@$(PYTHON) tools/preflight.py
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing from requirements.lock (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q engine covenants reports
	@touch $(STAMP)

demo: setup
	@$(BIN)/headroom demo --into build/demo

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test: lint
	@$(BIN)/python -m pytest -n 2

bench: setup
	@$(BIN)/python -m tests.bench

docs: setup
	@$(BIN)/zensical build --clean

soak: setup
	@HEADROOM_SOAK=1 $(BIN)/python -m tests.soak

clean:
	rm -rf build .venv
