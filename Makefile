# One word for each thing that is done with this repository. Every one of them works on a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run test lint bench docs web clean

run: setup            ## train a small network on real images and look at it live
	$(BIN)/onionskin train mnist --view

test: setup web       ## every check and every test, in a real browser too
	$(BIN)/python -m tests.browser --install
	$(MAKE) lint
	$(BIN)/python hatch_build.py run check
	$(BIN)/python hatch_build.py run test
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal

lint: setup           ## format, lint, types, and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup web      ## measure what recording costs, how fast levels and page are, beside their peers
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m tests.browser --install
	$(BIN)/python -m bench.overhead --write bench/results/$$(date +%F).md
	$(BIN)/python -m bench.peel --write bench/results/$$(date +%F)-peel.md
	$(BIN)/python -m bench.page --write bench/results/$$(date +%F)-page.md

docs: setup           ## make the pictures of the documentation anew
	$(BIN)/python -m tests.browser --install
	$(BIN)/python -m docs.pictures

web: setup            ## build the page
	$(BIN)/python hatch_build.py

setup: $(READY)

$(READY): pyproject.toml constraints.txt hatch_build.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=24'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[torch,data,learn,lab,ray,test]'
	touch $(READY)

clean:                ## remove what was built and installed here; runs stay
	rm -rf $(VENV) build dist *.egg-info onionskin/view/page web/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
