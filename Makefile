# The front door. It needs Python 3.11 or newer and make; everything else it brings into .venv and .tools.
PYTHON ?= python3
PORT ?= 8050
SERVE ?= 1
CORE ?= 0
JOBS ?= 2
BIN := .venv/bin
PACKAGES := ontology graph skillmix twin mcare dashboard cli
COMPILE := pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" --no-emit-index-url
.DEFAULT_GOAL := help
.PHONY: help env demo test lint fast docs lock wheel clean

help: ## what can be made (this list)
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 16

env: ## the environment .venv with locked versions (CORE=1: without embeddings and tools)
	@$(PYTHON) cli/bootstrap/environment.py $(if $(filter 1,$(CORE)),--core)

demo: env ## load the demo journeys, train the twin, file a case, serve the dashboard (PORT=8050, SERVE=0 ends when it has answered)
	@exec $(BIN)/cwm demo --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

lint: env ## formatting, lint, types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fast: env ## tests that need no database and no browser
	$(BIN)/pytest -q -m "not neo4j and not browser and not slow"

test: lint ## everything: lint, unit, property, on a real Neo4j, in a real Chromium, docs (JOBS=2 at once)
	@$(PYTHON) cli/bootstrap/chromium.py
	@$(BIN)/pytest -n $(JOBS) --dist loadfile --durations=20

docs: env ## write the generated reference pages anew
	$(BIN)/python -m cli.reference
	$(BIN)/python -m ontology.describe
	$(BIN)/python -m ontology.generate
	$(BIN)/python -m twin.pages

lock: ## choose and lock versions anew (requirements.lock, requirements-core.lock)
	@uv=$$($(PYTHON) cli/bootstrap/environment.py --uv) && \
	$$uv $(COMPILE) pyproject.toml --all-extras --group dev -o requirements.lock $(ARGS) && \
	$$uv $(COMPILE) pyproject.toml -c requirements.lock -o requirements-core.lock && \
	$$uv $(COMPILE) cli/bootstrap/uv.in -o cli/bootstrap/uv.txt $(ARGS)

wheel: ## a wheel in dist/
	@uv=$$($(PYTHON) cli/bootstrap/environment.py --uv) && $$uv build --quiet --wheel --out-dir dist . && ls dist/*.whl

clean: ## remove what was made here (.venv, .tools, dist, caches); what cwm keeps for you stays
	rm -rf .venv .tools dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +
