# Three commands matter: `make demo`, `make serve` and `make test`. Each sets up all that it needs.
# `make` alone lists the rest. The work is done by the small Python programs in scripts/.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help venv demo serve test firefox quick lint types format coverage bench bump release clean

help: ## List the targets, and the programs that have none.
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18
	@echo
	@echo 'With .venv activated (`. .venv/bin/activate`), from the top of the checkout:'
	@echo
	@sed -n 's/^#: \(.*\) # \(.*\)/  \1	\2/p' Makefile | expand -t 50
	@echo
	@echo 'Those with [OPTIONS] tell them when they are started with --help.'

#: libredb COMMAND [OPTIONS] # look into a database, take care of it
#: python -m libredb.cli.reference # the reference of the command line in docs/cli.md
#: python -m sim COMMAND [OPTIONS] # simulate: seeds, replay, shrink, soak, mutants
#: python -m scripts.benchmarks [OPTIONS] # what `make bench` runs
#: python -m scripts.browser.engines [NAME ...] # find Chromium and Firefox, or install them
#: python -m scripts.browser.jupyterlite FOLDER # a JupyterLite site with libredb in it
#: python -m scripts.browser.npm_package FOLDER # the npm package, for pages with a bundler
#: python -m scripts.browser.serve [FOLDER] # what `make serve` runs, or a folder as it is
#: python -m scripts.browser.static_site FOLDER # a folder that serves libredb in Pyodide
#: python -m scripts.browser.wheels # fetch Pyodide, and wheels for tests in it
#: python -m scripts.release [FOLDER] # what `make release` runs
#: python scripts/check.py [STAGE ...] # what `make test` runs, or some stages of it
#: python scripts/environment.py # what `make venv` runs
#: python -m tests.damage.table # the tables of damage in docs/log-format.md
#: python -m tests.faults.kill_loop [OPTIONS] # kill real writers, again and again
#: python -m tests.faults.soak_ext4 [OPTIONS] # cut the power of a real ext4 (root on Linux)
#: python -m tests.format.make_files # add the recorded files that are missing
#: python -m tests.interrupts [OPTIONS] # interrupt every place of every operation
#: python -m tests.support.dump # the dump of a file in docs/log-format.md
#: python -m tests.support.lens_dump # the dump of keys in docs/key-layouts.md
#: python docs/examples/contacts.py FILE # contacts with undo
#: python docs/examples/job_service.py FILE PORT # jobs over HTTP
#: python docs/examples/many_records.py FILE N # many records, and three ways to find some
#: python docs/research/format_model.py [OPTIONS] # the tables in docs/research/durability.md

venv: ## Create or renew .venv with the pinned development tools.
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'libredb needs Python 3.11 or newer: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) scripts/environment.py

demo: venv ## Show the database at work on real data, killed and recovered.
	@$(BIN)/python -m libredb demo

serve: venv ## Make the pages, and serve them at 127.0.0.1:8000; PORT=8001: there.
	@$(BIN)/python -m scripts.browser.serve $(if $(PORT),--port $(PORT))

test: venv ## Everything CI checks: lint, types, tests, coverage, other Pythons.
	@$(BIN)/python scripts/check.py

firefox: venv ## The whole suite inside of Firefox, and all tests that drive a browser.
	@$(BIN)/python scripts/check.py fetch firefox-suite firefox-browser

quick: venv ## In less than a minute: lint, types, and the tests of units and of the contract.
	@$(BIN)/python scripts/check.py lint types units kernel contract

lint: venv ## Check style and format, of Python and of JavaScript.
	@$(BIN)/python scripts/check.py lint javascript

types: venv ## Check types, and that the public interface is fully typed.
	@$(BIN)/python scripts/check.py types interface

format: venv ## Put the sources into the project's format, and mend what can be mended.
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

coverage: venv ## Run the tests that are measured; write htmlcov/index.html.
	@$(BIN)/python scripts/check.py suite; status=$$?; $(BIN)/coverage html --quiet; exit $$status

bench: venv ## Measure against other databases, in a quarter of an hour; QUICK=1: in seconds.
	@$(BIN)/python -m scripts.benchmarks --install $(if $(QUICK),--quick)

bump: venv ## Set the next version, gather the changelog, commit and tag.
	@PATH="$(CURDIR)/$(BIN):$$PATH" cz bump --yes

release: venv ## Make dist/site: Pyodide, the client, the wheel, and the npm package.
	@$(BIN)/python -m scripts.release

clean: ## Remove environments, caches and products.
	rm -rf .venv .venv-* .cache .pytest_cache .hypothesis .ruff_cache .coverage .coverage.* htmlcov build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
