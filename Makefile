# Everything a person or CI needs: `make demo`, `make test`. Both set up .venv by themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DOCS   := .venv-docs
EXAMPLES := .venv-examples
LOCKED := --universal --python-version 3.11 --generate-hashes --no-emit-find-links --no-emit-index-url \
  --custom-compile-command "make lock" --quiet

.PHONY: demo test lint format bench faults soak lock docs examples airflow prefect wheel clean help
.DEFAULT_GOAL := help

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

demo: $(READY)  ## the main job on the embedded sandbox, with a report
	$(BIN)/bulkcall demo

test: $(READY)  ## every test, with branch coverage gated
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(READY)  ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## let the formatter have its way
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench:  ## measure against named peers (BENCH=--full: the long form; docs/benchmarks.md)
	$(PYTHON) benchmarks/run_all.py $(BENCH)

faults: $(READY)  ## the long form of the kill and weather tests
	$(BIN)/python -m pytest -m slow tests/faults

soak: $(READY)  ## a simulated month of nights over a drop folder (docs/soak.md)
	$(BIN)/python -m tests.soak

lock: $(READY)  ## write requirements/*.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --extra postgresql --extra otel --universal --python-version 3.11 \
	  --generate-hashes --no-emit-find-links --no-emit-index-url --custom-compile-command "make lock" \
	  --quiet -o requirements/dev.lock
	$(BIN)/uv pip compile pyproject.toml --extra postgresql -c requirements/dev.lock $(LOCKED) -o requirements/run.lock
	echo "hatchling" | $(BIN)/uv pip compile - -c requirements/dev.lock $(LOCKED) -o requirements/build.lock
	$(BIN)/uv pip compile --group docs $(LOCKED) -o requirements/docs.lock

docs: requirements/docs.lock  ## the documentation as pages, into site/; a broken link fails it
	test -x $(DOCS)/bin/zensical || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.lock
	NO_COLOR=1 $(DOCS)/bin/zensical build --clean --strict

examples: airflow prefect  ## import and run the Airflow and Prefect examples (installs both; takes minutes)

airflow prefect:
	test -x $(EXAMPLES)/$@/bin/python || $(PYTHON) -m venv $(EXAMPLES)/$@
	$(EXAMPLES)/$@/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(EXAMPLES)/$@/bin/python -m pip install --quiet --disable-pip-version-check -e . --group $@
	$(EXAMPLES)/$@/bin/python examples/check.py $@

wheel: $(READY)  ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w dist .

clean:  ## remove what was built
	rm -rf $(VENV) $(DOCS) $(EXAMPLES) site build dist .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
