# `make` lists the targets. Needed beforehand: make, and Python 3.11 or newer with venv.
# Everything else is installed into .venv, and again whenever the requirements change.

PYTHON ?= python3
PORT ?= 8000
SECONDS ?= 300
SEED ?=
CASES ?= 10000
SCALE ?= 1
THREADS ?= 1
VENV := .venv
BIN := $(VENV)/bin
TESTS ?=
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

CHECK_PYTHON = -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is \
    needed. Name one: make clean, then make PYTHON=python3.12 $(MAKECMDGOALS)")'

# The newest Python for `make test-next`, on PATH or installed by pyenv. Django 6 needs 3.12.
NEXT_PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 $$(ls -d \
    $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.1[2-9].*/bin/python 2>/dev/null | sort -rV) $(PYTHON); \
    do $$python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null \
    && echo $$python && break; done)

# The tests of code that runs differently without the fast paths.
STOCK_TESTS := booking/tests/api booking/tests/admin booking/tests/db booking/tests/models \
    booking/tests/concurrency

# The version of uv that writes the lock file.
UV := uv==0.13.9

# With a DATABASE_URL of PostgreSQL the application does not start without it.
export DEBUG ?= true

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-postgresql test-stock test-next schema client browser fuzz \
    screenshots proxy-test cluster-test cluster-troubles pooler-test torture mutants troubles bench \
    lint format lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## Serve on http://127.0.0.1:8000/ with demo data (PORT=8001 for another port)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
	@echo
	@echo "  Swagger UI  http://127.0.0.1:$(PORT)/swagger/"
	@echo "  ReDoc       http://127.0.0.1:$(PORT)/redoc/"
	@echo "  OpenAPI 3.1 http://127.0.0.1:$(PORT)/openapi.json"
	@echo "  API         http://127.0.0.1:$(PORT)/api/"
	@echo "  Admin       http://127.0.0.1:$(PORT)/admin/"
	@echo
	@case "$$EMAIL_URL" in \
	    "") echo "  Mails, such as those of the demo's bookings, are printed here. To open them with their"; \
	        echo "  tickets: make run EMAIL_URL=file:///tmp/mails" ;; \
	    file:*) echo "  Mails are written to $${EMAIL_URL#file://}" ;; \
	    *) echo "  Mails are sent by EMAIL_URL." ;; \
	esac
	@echo
	@export PASSWORD_RESET_URL=$${PASSWORD_RESET_URL:-http://127.0.0.1:$(PORT)/password-reset/}; \
	    export STAFF_PASSWORD_RESET_URL=$${STAFF_PASSWORD_RESET_URL:-http://127.0.0.1:$(PORT)/admin/reset/}; \
	    export EMAIL_VERIFICATION_URL=$${EMAIL_VERIFICATION_URL:-http://127.0.0.1:$(PORT)/verify-email/}; \
	    $(BIN)/python manage.py send_mail --watch & mail=$$!; \
	    trap "kill $$mail 2>/dev/null" EXIT INT TERM; \
	    $(BIN)/python manage.py runserver 127.0.0.1:$(PORT)

test: $(VENV)/installed-dev ## Run the tests on SQLite and on a temporary PostgreSQL server, in parallel
	@log=$$(mktemp); \
	    $(MAKE) --no-print-directory test-postgresql >$$log 2>&1 & postgresql=$$!; \
	    trap "kill $$postgresql; rm -f $$log" INT TERM; \
	    $(MAKE) --no-print-directory test-sqlite; sqlite=$$?; \
	    wait $$postgresql; postgresql=$$?; cat $$log; rm -f $$log; \
	    exit $$((sqlite || postgresql))

test-sqlite: $(VENV)/installed-dev ## Run the tests on SQLite only (TESTS=booking/tests/api for some of them)
	env -u DATABASE_URL $(BIN)/python -m pytest -p no:cacheprovider $(TESTS)

test-postgresql: $(VENV)/installed-dev ## Run the tests on PostgreSQL only
	$(BIN)/python -m booking.tests.postgres $(BIN)/python -m pytest -p no:cacheprovider $(TESTS)

test-stock: ## Run the tests of the API and the core with FAST_PATHS=off
	@FAST_PATHS=off $(MAKE) --no-print-directory test TESTS="$(or $(TESTS),$(STOCK_TESTS))"

test-next: .venv-next/installed-dev ## Run the tests with the newest Django and Python
	@.venv-next/bin/python -c 'import django, sys; \
	    print(f"Django {django.__version__} on Python {sys.version.split()[0]}")'
	@$(MAKE) --no-print-directory test VENV=.venv-next

schema: .venv/installed ## Write docs/swagger.json and docs/openapi.json
	$(BIN)/python manage.py generate_swagger docs/swagger.json --overwrite
	$(BIN)/python -m booking.api.schema.openapi3 <docs/swagger.json >docs/openapi.json

client: .venv/installed-dev ## Generate clients in TypeScript and Python and use them on a running server
	env -u DATABASE_URL $(BIN)/pytest -p no:cacheprovider docs/clients/test_clients.py

fuzz: SEED := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
fuzz: .venv/installed-dev ## Send ten thousand random requests to the API (CASES=20000; SEED=7 repeats a run)
	env -u DATABASE_URL FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) \
	    $(BIN)/pytest -p no:cacheprovider booking/tests/security/test_fuzz.py
	FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) $(BIN)/python -m booking.tests.postgres \
	    $(BIN)/pytest -p no:cacheprovider booking/tests/security/test_fuzz.py

browser: .venv/installed-dev ## Try Swagger UI and the staff's pages, with the installed Chromium
	env -u DATABASE_URL $(BIN)/pytest -p no:cacheprovider booking/tests/browser/swagger_ui.py \
	    booking/tests/browser/redoc.py booking/tests/browser/staff.py \
	    booking/tests/browser/door.py booking/tests/browser/accounts.py

screenshots: .venv/installed-dev ## Take the pictures of the staff's pages in docs/images/staff
	env -u DATABASE_URL $(BIN)/pytest -p no:cacheprovider booking/tests/browser/screenshots.py

proxy-test: .venv/installed-dev ## Test deploy/ with real nginx, HAProxy and Squid (as root, it installs them)
	env -u DATABASE_URL $(BIN)/python -m booking.tests.proxies

cluster-test: .venv/installed-dev ## Stop and freeze a replica; restart and fail over a cluster under load (SECONDS=60, SEED=7; as root, it installs them)
	env -u DATABASE_URL $(BIN)/python -m pytest -p no:cacheprovider booking/tests/replication/replica.py
	$(BIN)/python -m booking.tests.cluster --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

pooler-test: SECONDS = 60
pooler-test: .venv/installed-dev ## Run the torture test behind each pooler, and write docs/poolers.md (40 minutes; SECONDS=10 ONLY=Odyssey; as root, it installs them)
	$(BIN)/python -m booking.tests.poolers --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) \
	    $(if $(ONLY),--only "$(ONLY)",--write)

torture: .venv/installed-dev ## Kill and restart every part for five minutes and check all responses (SECONDS=60, SEED=7)
	$(BIN)/python -m booking.tests.torture --seconds $(SECONDS) --threads 4 $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m booking.tests.torture --database sqlite --seconds 60 \
	    --mutants no_idempotency,partial_reservations,stale_seat_map $(if $(SEED),--seed $(SEED))

mutants: .venv/installed-dev ## Check that tests and torture refuse broken versions (ONLY=no_guards for some of them)
	$(BIN)/python -m booking.tests.mutants $(if $(ONLY),--only $(ONLY))

troubles: .venv/installed-dev ## Stop, freeze or fill the database while clients book, and write docs/troubles.md (ten minutes)
	$(BIN)/python -m booking.tests.troubles --write

cluster-troubles: .venv/installed-dev ## The same in a cluster of two hosts, for each of its parts; writes docs/cluster-troubles.md (ten minutes; as root, it installs them)
	$(BIN)/python -m booking.tests.cluster.troubles --write

bench: .venv/installed-dev ## Measure the speed and write docs/benchmarks.md (SCALE=10 adds a larger cinema, THREADS=4 rows with four threads)
	$(BIN)/python -m benchmarks --scale $(SCALE) --threads $(THREADS)

lint: .venv/installed-dev ## Check style, likely mistakes and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-dev ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/installed ## Write requirements-dev.lock; UPGRADE=1 takes the newest versions
	$(BIN)/python $(PIP_INSTALL) $(UV)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) \
	    --custom-compile-command 'make lock' \
	    --output-file requirements-dev.lock requirements-dev.txt

clean: ## Remove the virtual environments and the development database
	rm -rf .venv .venv-next db.sqlite3 db.sqlite3-wal db.sqlite3-shm
	cd docs/clients && rm -rf */generated */build */node_modules */.venv

.venv/bin/python:
	@$(PYTHON) $(CHECK_PYTHON)
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	@$(BIN)/python $(CHECK_PYTHON)
	$(BIN)/python $(PIP_INSTALL) -r $<
	@touch $@

# Exact versions with hashes, the same as in CI. They satisfy requirements.txt as well.
.venv/installed-dev: requirements-dev.lock | .venv/bin/python
	@$(BIN)/python $(CHECK_PYTHON)
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r $<
	@touch .venv/installed $@

# The newest versions, once: `make clean` before, to get newer ones.
.venv-next/installed-dev: requirements.txt requirements-dev.txt
	@test -n "$(NEXT_PYTHON)" || { echo "Django 6 needs Python 3.12 or newer."; exit 1; }
	rm -rf .venv-next
	$(NEXT_PYTHON) -m venv .venv-next
	sed 's/^Django~=.*/Django>=6/' requirements.txt >.venv-next/requirements.txt
	cp requirements-dev.txt .venv-next/
	.venv-next/bin/python $(PIP_INSTALL) -r .venv-next/requirements-dev.txt
	@touch $@
