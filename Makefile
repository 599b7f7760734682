# Targets for people and machines; "make help" lists them.
SHELL := /bin/sh
PYTHON := .venv/bin/python
VAR := $(or $(KLINIK_VAR),var)
JOBS ?= 3
ARGS ?=

# Servers of "make test-services"; each may be set in the environment.
test-services: export DATABASE_URL ?= postgresql://postgres@127.0.0.1:5432/test
test-services: export CELERY_BROKER_URL ?= redis://127.0.0.1:6379/1
test-services: export CACHE_URL ?= redis://127.0.0.1:6379/2

# The tests start some forty processes: each would compile all over again without bytecode.
test test-services: export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-services bench backup restore check format lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

demo:  ## Set up what is missing and serve the demo at http://127.0.0.1:$PORT/ (8000)
	@python=$$(scripts/setup.sh python) && \
		exec "$$python" -m clinic.management.supervisor --prepare --welcome $(VAR)/welcome.txt

test:  ## Run every test that needs no server; ARGS="-k scan" narrows
	@scripts/setup.sh dev
	@scripts/chromium.sh
	@exec $(PYTHON) -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

test-services:  ## Run the same tests on PostgreSQL and Redis
	@scripts/setup.sh dev
	@scripts/chromium.sh
	@$(PYTHON) scripts/services.py
	@exec $(PYTHON) -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

bench:  ## Measure pages, quizzes, memory and set-up beside a bare Django; ARGS="--only pages"
	@scripts/setup.sh
	@exec $(PYTHON) -m scripts.bench $(ARGS)

backup:  ## Write one archive of data and files under var/backups; ARGS="--to FOLDER"
	@scripts/setup.sh
	@exec $(PYTHON) manage.py backup $(ARGS)

restore:  ## Restore FILE=klinik-….tar into an empty installation and check it
	@test -n "$(FILE)" || { echo "Name the archive: make restore FILE=klinik-….tar"; exit 2; }
	@scripts/setup.sh
	@$(PYTHON) -m clinic.management.preparation --without-demo
	@exec $(PYTHON) manage.py restore "$(FILE)" $(ARGS)

check:  ## Formatters, linters, types, import contracts, missing migrations, production settings, the bank
	@scripts/setup.sh dev
	@.venv/bin/ruff format --check --quiet . || { echo 'Run "make format".'; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/lint-imports
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/djangofmt --quiet --check templates scripts || { echo 'Run "make format".'; exit 1; }
	@.venv/bin/djlint templates --lint --quiet
	@scripts/check_settings.sh
	@$(PYTHON) -m clinic.management.bank_figures
	@echo "All checks passed."

format:  ## Format the code and mend what the linter can mend
	@scripts/setup.sh dev
	@.venv/bin/ruff format .
	@.venv/bin/djangofmt --quiet templates scripts
	@.venv/bin/ruff check --fix .

lock:  ## Refresh the hashed locks (needs uv)
	@command -v uv >/dev/null || { echo "uv is missing: pip install uv"; exit 1; }
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		requirements.in -o requirements.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		requirements-dev.in -o requirements-dev.txt

clean:  ## Remove what set-up made; the data under var/ stays
	@rm -rf .venv .venv.before .pytest_cache .ruff_cache .import_linter_cache .mypy_cache .hypothesis .djlint_cache
	@find clinic courses quizzes attendance tests -name __pycache__ -prune -exec rm -rf {} +
	@find clinic/locale clinic/locale_editor -name '*.mo' -delete 2>/dev/null || :
	@echo "The data under $(VAR)/ is kept; remove it by hand if you mean to."
