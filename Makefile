# Two commands matter: `make demo` and `make test`. Each sets up all that it needs, in .venv.
# `make` alone lists the rest. The work is done by the small Python programs in scripts/.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types format coverage bump release clean

help: ## List the targets.
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

venv: ## Create or renew .venv with the pinned development tools.
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'libredb needs Python 3.11 or newer: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) scripts/environment.py

demo: venv ## Show the database at work on real data, killed and recovered.
	@$(BIN)/python -m libredb demo

test: venv ## Everything CI checks: lint, types, tests, coverage, other Pythons.
	@$(BIN)/python scripts/check.py

lint: venv ## Check style and format, of Python and of JavaScript.
	@$(BIN)/python scripts/check.py lint javascript

types: venv ## Check types, and that the public interface is fully typed.
	@$(BIN)/python scripts/check.py types

format: venv ## Put the sources into the project's format, and mend what can be mended.
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

coverage: venv ## Run the tests that are measured; write htmlcov/index.html.
	@$(BIN)/python scripts/check.py suite; status=$$?; $(BIN)/coverage html --quiet; exit $$status

bump: venv ## Set the next version, gather the changelog, commit and tag; nothing is published.
	@PATH="$(CURDIR)/$(BIN):$$PATH" cz bump --yes

release: venv ## Make dist/site: Pyodide and the wheel, to be loaded by name (Python 3.12 or newer).
	@$(BIN)/python -m scripts.release

clean: ## Remove environments, caches and products.
	rm -rf .venv .venv-* .cache .pytest_cache .hypothesis .ruff_cache .coverage .coverage.* htmlcov build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
