# What can be done with a checkout. Each target first makes .venv from requirements.lock, once.
#
#   make demo    one storm, one city, twice: the comparison table and the report, in about three
#                minutes on two cores; OUT=folder, ARGS=... for further options of `jialing run`
#   make test    everything a change must pass
#   make check   the same without the slow tests and without a simulator: about a minute
#   make bench   the figures we claim; NAME=... for one of them, ARGS=... for its options
#   make docs    the tables and pages that are made from results and from the commands' own help
#   make picture the README's picture, from a new run of the demo; needs Chromium
#   make format  rewrite the code in the agreed form
#   make lock    resolve the dependencies anew
#   make clean   remove what was made

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help venv demo test check static bench docs picture format lock clean

BIN := .venv/bin
CODE := src tests benchmarks scripts

# SWMM, BLAS and numba would each start a thread per core; on small machines that is slower.
export OMP_NUM_THREADS ?= 1
export OMP_THREAD_LIMIT ?= 1

help:
	@sed -n '2,$${/^#/!q;s/^# \{0,1\}//p}' Makefile

venv:
	@scripts/venv.sh

demo: venv
	@$(BIN)/jialing run chongqing --out $(or $(OUT),runs) $(ARGS)

static: venv
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/figures.py --check
	$(BIN)/python scripts/cli_reference.py --check
	$(BIN)/python scripts/station_reference.py --check
	$(BIN)/python scripts/city_reference.py --check

check: static
	$(BIN)/pytest -q -m "not slow and not swmm and not sumo and not browser and not bench"

test: static
	$(BIN)/pytest -q -m "not bench"

bench: venv
	$(BIN)/python benchmarks/run.py $(or $(NAME),all) $(ARGS)
	$(BIN)/python scripts/figures.py

docs: venv
	$(BIN)/python scripts/figures.py
	$(BIN)/python scripts/cli_reference.py
	$(BIN)/python scripts/station_reference.py
	$(BIN)/python scripts/city_reference.py

picture: venv
	rm -rf build/picture
	$(BIN)/jialing run chongqing --quiet --out build/picture
	scripts/picture.sh build/picture/chongqing-s0

format: venv
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lock:
	scripts/lock.sh

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
