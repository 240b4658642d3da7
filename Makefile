# Everything here runs in .venv, which `make setup` makes and keeps up to date. Needs Python 3.11 or later, and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup tools demo test soak bench fmt lock clean

help:
	@echo "make setup   make .venv with the pinned packages and wattfork itself"
	@echo "make demo    solve quickstart and a real company (Cipher, 30 June 2025) into results/"
	@echo "make test    style, types, import rules and all tests but the long ones"
	@echo "make soak    the long tests"
	@echo "make bench   speed and size"
	@echo "make fmt     mend style and format"
	@echo "make lock    pin anew what pyproject.toml asks for (needs uv on the path)"
	@echo "make clean   remove what was made, .venv and results too"

# The two stamps say what .venv was made from; an older stamp than its sources means: install again.
setup: .venv/installed.stamp

.venv/packages.stamp: requirements.lock
	@test -n "$(PYTHON)" || { echo "wattfork needs Python 3.11 or later: none found" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit("wattfork needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	"$(PYTHON)" -m venv .venv
	$(PIP) install -q -r requirements.lock
	@touch $@

.venv/installed.stamp: .venv/packages.stamp pyproject.toml
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/wattfork solve cases/quickstart -o results/quickstart
	@echo
	@echo "And a real company, some minutes: Cipher Mining as it stood on 30 June 2025"
	$(BIN)/wattfork solve cases/cipher_2025q2 -o results/cipher_2025q2
	@echo
	@echo "The plans and their tables are in results/quickstart and results/cipher_2025q2"

tools:
	@sh tests/install_tools.sh

# pytest comes last: its summary is the last line.
test: setup tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -n 2 --dist loadfile

soak: setup tools
	$(BIN)/pytest -q -m soak

# PyPSA, against which the product is measured, gets an environment of its own.
.venv_bench/installed.stamp: requirements.lock pyproject.toml
	"$(PYTHON)" -m venv .venv_bench
	.venv_bench/bin/python -m pip --disable-pip-version-check install -q -r requirements.lock
	.venv_bench/bin/python -m pip --disable-pip-version-check install -q -e ".[bench]"
	@touch $@

bench: setup .venv_bench/installed.stamp
	$(BIN)/python -m benchmarks
	.venv_bench/bin/python -m benchmarks.site_year
	$(BIN)/python -m benchmarks.quarter_hours
	$(BIN)/python -m benchmarks.capital
	$(BIN)/python -m benchmarks.sweeps --case cipher --points 225 --gap 0.015 --fresh 30
	$(BIN)/python -m benchmarks.sweeps --case cipher --points 50 --gap 0.005 --fresh 20
	$(BIN)/python -m benchmarks.sweeps --growth --case quickstart
	$(BIN)/python -m benchmarks.dask_workers

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --no-header --no-annotate \
		pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .venv_bench build dist results *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find optimizer models tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
