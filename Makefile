# Every target works on a machine that has only Python 3.11+, make and git.
PYTHON ?= python3
UV := .venv/bin/uv
RUN := .venv/bin/python
JUDGES := tests/browser/node_modules
SYNC := $(UV) sync --quiet --locked --inexact --system-certs --python .venv/bin/python

.PHONY: install demo test lint docs pictures map bench simulate faults fuzz clean

# The program alone: what `make demo` and a secretariat need.
.venv/.program: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fednet needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	@test -x $(UV) || { $(PYTHON) -m venv .venv && .venv/bin/pip install --quiet uv; }
	@$(SYNC) --no-dev
	@touch $@

# And what its tests and checks need.
.venv/.synced: .venv/.program
	@$(SYNC)
	@touch $@

install: .venv/.program
	@echo "installed: .venv/bin/fednet"

demo: .venv/.program
	@$(RUN) nodes/demo.py $(if $(ONCE),--once)

test: .venv/.synced $(JUDGES)/.synced
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# What the browser tests judge pages with; without npm they are skipped, and say so.
$(JUDGES)/.synced: tests/browser/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix tests/browser && touch $@; fi

lint: .venv/.synced
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

docs: .venv/.synced
	@$(RUN) -m fednet.cli.reference > docs/cli.md
	@$(RUN) -m fednet.listing.schema protocol/schemas
	@$(RUN) -m fednet.formats.hsds_profile protocol/hsds/profile

# The shapes of countries, from the npm package world-atlas; needed again only when that changes.
map: .venv/.synced
	@npm ci --silent --prefix tests/browser
	@$(RUN) -m fednet.web.public.worldmap tests/browser/node_modules/world-atlas/countries-50m.json > fednet/web/static/world.new
	@mv fednet/web/static/world.new fednet/web/static/world.svg

# The pictures of docs/secretariats.md, of a first week that goes by in chromium.
pictures: .venv/.synced
	@$(RUN) -m tests.browser.illustrations

bench: .venv/.synced
	@$(SYNC) --group bench
	@$(RUN) -m tests.bench

# Longer runs of what the suite samples: worlds from seeds, kill points and canaries, mutated answers.
simulate: .venv/.synced
	@$(RUN) -m tests.simulation $(or $(COUNT),10000)

faults: .venv/.synced
	@$(RUN) -m tests.faults.points
	@$(RUN) -m tests.faults.canary 200 1
	@$(RUN) -m tests.faults.schedules 2000 1

fuzz: .venv/.synced
	@FEDNET_FUZZ=$(or $(COUNT),50000) $(RUN) -m pytest -q -n 2 tests/fuzz

clean:
	rm -rf .venv .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
