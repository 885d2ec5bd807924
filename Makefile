# JobFlow. `make dev` and `make test` need only git, make and Python >= 3.11; everything else is set up on first use.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9
READY := $(VENV)/.ready

.PHONY: help dev test check fix demo load bench openapi lock clean setup

help:  ## List the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(READY)  ## Make the virtual environment (the other commands do it when it is missing or stale)

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "JobFlow needs Python >= 3.11; found $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(PY) -m uv pip sync --quiet --python $(PY) requirements-dev.txt
	@touch $(READY)

dev: $(READY)  ## Run the whole platform on this machine (API_PORT, AWS_PORT, DASHBOARD_PORT, JOBFLOW_FAULT_RATE, JOBFLOW_BACKEND)
	@exec $(PY) -m infra.local

demo: $(READY)  ## Against a running `make dev`: an image, an e-mail, a report, a dead letter retried to success
	@$(PY) scripts/demo.py

load: $(READY)  ## Load test a running `make dev`: make load ARGS="--count 1000 --concurrency 10"
	@$(PY) scripts/load_test.py $(ARGS)

test: $(READY)  ## Run every test
	@$(PY) -m pytest -n 2 --dist worksteal -q $(ARGS)

check: $(READY)  ## Lint, types, import rules, lock file, advisories
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m scripts.openapi --check

fix: $(READY)  ## Format and mend what can be mended automatically
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

openapi: $(READY)  ## Write docs/openapi.json from the code
	@$(PY) -m scripts.openapi

lock: $(VENV)/bin/python  ## Pin the development set again from requirements-dev.in
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes requirements-dev.in -o requirements-dev.txt

clean:  ## Remove what the commands above made
	@rm -rf $(VENV) build .jobflow .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
