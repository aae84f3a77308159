# `make` alone lists what there is to do. Needed beforehand: make, and Python 3.10 or newer
# with venv. Everything else is installed into .venv, and again when the requirements change.

PYTHON ?= python3
PORT ?= 8000
SECONDS ?= 300
SEED ?=
CASES ?= 10000
SCALE ?= 1
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-postgresql schema client browser fuzz torture bench \
    lint format clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## Serve on http://127.0.0.1:8000/ with demo data (PORT=8001 for another port)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
	@echo
	@echo "  Swagger UI  http://127.0.0.1:$(PORT)/swagger/"
	@echo "  API         http://127.0.0.1:$(PORT)/api/"
	@echo "  Admin       http://127.0.0.1:$(PORT)/admin/"
	@echo
	@$(BIN)/python manage.py runserver 127.0.0.1:$(PORT)

test: .venv/installed-dev ## Run the tests on SQLite and on a PostgreSQL of their own, side by side
	@log=$$(mktemp); \
	    $(MAKE) --no-print-directory test-postgresql >$$log 2>&1 & postgresql=$$!; \
	    trap "kill $$postgresql; rm -f $$log" INT TERM; \
	    $(MAKE) --no-print-directory test-sqlite; sqlite=$$?; \
	    wait $$postgresql; postgresql=$$?; cat $$log; rm -f $$log; \
	    exit $$((sqlite || postgresql))

test-sqlite: .venv/installed-dev
	env -u DATABASE_URL $(BIN)/pytest -p no:cacheprovider

test-postgresql: .venv/installed-dev
	$(BIN)/python -m booking.tests.postgres $(BIN)/pytest -p no:cacheprovider

schema: .venv/installed ## Write docs/swagger.json anew
	$(BIN)/python manage.py generate_swagger docs/swagger.json --overwrite

client: .venv/installed-dev ## Generate clients in TypeScript and Python, and use them on a live server
	env -u DATABASE_URL $(BIN)/pytest docs/clients/test_clients.py

fuzz: SEED := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
fuzz: .venv/installed-dev ## Ask the API ten thousand odd questions, others each time (CASES=20000, SEED=7 for the same)
	env -u DATABASE_URL FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) $(BIN)/pytest booking/tests/security/test_fuzz.py
	FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) $(BIN)/python -m booking.tests.postgres $(BIN)/pytest booking/tests/security/test_fuzz.py

browser: .venv/installed-dev ## Try every operation out in Swagger UI, in a Chromium that is installed
	env -u DATABASE_URL $(BIN)/pytest -p no:cacheprovider booking/tests/browser/swagger_ui.py booking/tests/browser/redoc.py

torture: .venv/installed-dev ## Kill and restart all of it for five minutes, and judge every answer (SECONDS=60, SEED=7)
	$(BIN)/python -m booking.tests.torture --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m booking.tests.torture --database sqlite --seconds 60 \
	    --mutants no_idempotency,partial_reservations,stale_seat_map $(if $(SEED),--seed $(SEED))

bench: .venv/installed-dev ## Measure the speed, and write docs/benchmarks.md (SCALE=10 for a larger cinema, too)
	$(BIN)/python -m benchmarks --scale $(SCALE)

lint: .venv/installed-dev ## Check style and likely mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/installed-dev ## Mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and the development database
	rm -rf .venv db.sqlite3 db.sqlite3-wal db.sqlite3-shm
	cd docs/clients && rm -rf */generated */build */node_modules */.venv

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
	    "Python 3.10 or newer is needed. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
