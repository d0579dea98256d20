# Between. `make` alone lists what there is. A Python of 3.11 or newer, make and git are all a machine needs.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
VENV := .venv
BIN := $(VENV)/bin
OUTSIDE := tests/outside
COMPILE = $(or $(UV),$(wildcard $(BIN)/uv),$(error make lock needs uv: pip install uv)) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --group build

.DEFAULT_GOAL := help
.PHONY: help demo test check lock clean
.DELETE_ON_ERROR:

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/ready ## See it: the bot, four phones and the weekly page in your browser. Asks nothing
	@$(BIN)/between demo $(ARGS)

test: $(VENV)/ready-dev $(VENV)/ready-outside ## Run the tests this machine can run; says what it could not (ARGS="-k name")
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(ARGS)  # many tests start processes; each would compile everything anew

check: $(VENV)/ready-dev ## Lint, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## Write the two locks anew from pyproject.toml (needs uv; UPGRADE=--upgrade for newer versions)
	$(COMPILE) $(UPGRADE) --extra dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) pyproject.toml -c requirements-dev.lock -o requirements.lock

clean: ## Remove what these commands made
	rm -rf $(VENV) $(OUTSIDE)/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Each stamp stands for "installed exactly what the lock says", so a second run starts at once.
# $(call install,LOCK): hashed packages first, then this project itself, from the tree and with nothing more to fetch.
define install
	@echo "Installing what $(1) names (a minute or so, only now) ..."
	@$(if $(UV),$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(1),$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1))
	@$(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install -qq --disable-pip-version-check) --no-deps --no-build-isolation -e .
	@touch $@
endef

$(VENV)/ready: $(VENV)/made requirements.lock pyproject.toml
	$(call install,requirements.lock)

$(VENV)/ready-dev: $(VENV)/made requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(VENV)/ready

$(VENV)/made:
	@command -v "$(PYTHON)" >/dev/null || { echo "No $(PYTHON) here. Install Python 3.11 or newer, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Between needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" -V 2>&1). Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@"$(PYTHON)" -m venv $(VENV) || { echo "$(PYTHON) could not make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 2; }
	@touch $@

# The Bot API server of others that the bot is tested against. Without Node the tests that need it say so themselves.
$(VENV)/ready-outside: $(VENV)/made $(OUTSIDE)/package.json $(OUTSIDE)/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix $(OUTSIDE) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && touch $@ \
			|| echo "npm could not install $(OUTSIDE)/package.json; the tests that need it will say so." >&2; fi
