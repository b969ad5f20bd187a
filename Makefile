# `make demo` and `make test` do everything on a fresh Debian or Ubuntu machine.

PYTHON ?= /usr/bin/python3
VENV ?= .venv
PREFIX ?= /opt/rollout
BIN = $(VENV)/bin
RUNS = $(VENV)/.runs
READY = $(VENV)/.ready
DOCS = $(VENV)/.docs
PIP = $(BIN)/pip install --quiet --require-hashes
PYTEST = $(BIN)/pytest -n 4 --durations=15
# The random lives only want a processor, the real daemons mostly wait: one yields to the other.
LIVES_BESIDE = red=0; nice -n 19 $(BIN)/pytest -n 2 -m lives >$(VENV)/lives.log 2>&1 & lives=$$!; \
	trap 'kill $$lives; exit 130' INT TERM
COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --generate-hashes \
	--no-emit-index-url --no-emit-find-links --allow-unsafe --strip-extras

.PHONY: demo demo-page test quick everything docs bare sweep haproxy-3 mutants lint bench install requirements clean machine

demo: machine $(RUNS)
	$(BIN)/python -m examples.demo
	@requirements/debian services

# Plays the demo in tmux and writes what the manual shows of it: a transcript and pictures.
demo-page: machine $(RUNS)
	$(BIN)/python -m examples.demo_page

# Without a daemon an integration test is skipped on a laptop; here it fails.
test: export REQUIRE_DAEMONS = 1
test: machine lint
	@$(BIN)/python -m tests.support.newer_haproxy
	$(PYTEST) -m "not integration and not lives"
	@$(LIVES_BESIDE); $(PYTEST) -m integration || red=1; wait $$lives || red=1; \
		cat $(VENV)/lives.log; exit $$red

# For every change: no daemons, and a quarter of the random lives.
quick: export LIVES = 1000
quick: lint
	$(PYTEST) -m "not integration"

# All that can be checked here, one after another; takes a night.
everything: test docs sweep haproxy-3 mutants bench

# The manual: pages in build/docs/html, man pages in build/docs/man.  A link that leads nowhere is an
# error, and so is a page that would load something from another machine.
docs: SPHINX = $(BIN)/sphinx-build --quiet --fresh-env --nitpicky --fail-on-warning --keep-going
docs: $(DOCS)
	$(SPHINX) --builder html docs build/docs/html
	$(SPHINX) --builder man --tag man docs build/docs/man
	@echo "The manual is in build/docs/html/index.html; man -l build/docs/man/rollout.1"

# Builds bare systems and types in them what README and manual say; takes an hour or two, as root.
bare:
	$(PYTHON) -m tests.bare $(BARE)

# Kills a run at every event, types every advice, and lives ten times as many lives.
sweep: export REQUIRE_DAEMONS = 1
sweep: export SWEEP = full
sweep: export LIVES = 40000
sweep: machine $(READY)
	$(BIN)/pytest -n 2 --durations=5 tests/integration/crash/test_kill_sweep.py \
		tests/integration/crash/test_several_logins.py tests/integration/crash/test_advice.py \
		tests/scenarios/test_random_lives.py

# Every layout of a restart once more, on HAProxy 3.
haproxy-3: export REQUIRE_DAEMONS = 1
haproxy-3: machine $(READY)
	haproxy=$$($(BIN)/python -m tests.support.newer_haproxy) && [ "$$haproxy" != none ] && \
		FLEET_HAPROXY=$$haproxy $(BIN)/pytest -n 2 tests/integration/rolling tests/integration/haproxy

mutants: $(READY)
	$(BIN)/python -m tests.mutation

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.shell_lint

bench: machine $(READY)
	set -e; for file in benchmarks/*.py; do \
		case $$file in *__init__.py) continue ;; esac; echo "== $$file"; \
		$(BIN)/python -m benchmarks.$$(basename $$file .py); \
	done

# Tells before anything starts which of the services that were installed the next boot starts.
machine:
	@requirements/debian
	@requirements/debian services

# A virtual environment that works is kept, whoever made it: made again by another Python, it breaks.
# haproxyadmin comes as source only and needs pbr to be built; built without isolation, what it
# is built with is pinned and hashed like everything else.
$(RUNS): pyproject.toml requirements/build.txt requirements/rollout.txt | machine
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; say make PYTHON=/path/to/python3.11"; exit 1; }
	$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --only-binary :all: -r requirements/build.txt
	$(PIP) --no-build-isolation -r requirements/rollout.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(READY): requirements/dev.txt $(RUNS)
	$(PIP) --no-build-isolation -r requirements/dev.txt
	@touch $@

$(DOCS): requirements/docs.txt $(RUNS)
	$(PIP) --no-build-isolation -r requirements/docs.txt
	@touch $@

# Puts rollout and what it needs into PREFIX, all of it held against its hash; again to upgrade.
# PREFIX is emptied first, so that no module of an older version stays: it must be rollout's own.
install: INTO = $(PREFIX)/bin/pip install --quiet --require-hashes
install:
	@[ -e "$(PREFIX)/.rollout" ] || [ -e "$(PREFIX)/pyvenv.cfg" -a -e "$(PREFIX)/bin/rollout" ] || \
		[ -z "$$(ls -A "$(PREFIX)" 2>/dev/null)" ] || \
		{ echo "$(PREFIX) has other things in it, and would be emptied: say another PREFIX"; exit 1; }
	$(PYTHON) -m venv --clear $(PREFIX)
	@touch $(PREFIX)/.rollout
	$(INTO) --only-binary :all: -r requirements/build.txt
	$(INTO) --no-build-isolation -r requirements/rollout.txt
	$(PREFIX)/bin/pip install --quiet --no-deps --no-build-isolation .
	@for page in build/docs/man/rollout*.[15]; do [ ! -e "$$page" ] || \
		install -D -m 644 "$$page" "$(PREFIX)/share/man/man$${page##*.}/$${page##*/}"; done
	$(PREFIX)/bin/rollout --version

# Looks for newer versions of everything; needs pip-tools in $(VENV).
requirements:
	$(COMPILE) --upgrade --output-file requirements/build.txt requirements/build.in
	$(COMPILE) --upgrade --output-file requirements/rollout.txt pyproject.toml
	$(COMPILE) --upgrade --extra dev --constraint requirements/rollout.txt \
		--output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --upgrade --extra docs --constraint requirements/dev.txt \
		--output-file requirements/docs.txt pyproject.toml

clean:
	-python3 -m examples.fleet clean
	rm -rf $(VENV) .enabled-services build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
