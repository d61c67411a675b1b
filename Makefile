# Everything a person or CI needs: `make demo`, `make check`, `make test`. Each sets up .venv by itself.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DOCS   := .venv-docs
EXAMPLES := .venv-examples
TOOLS  := .venv-tools
# A lock holds every package for every Python we support, and is installed as it stands: no resolver
# runs, so nothing released since can change or break it (tests/unit/docs/test_locks.py).
INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r
COMPILE := $(TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-sources \
  --no-emit-find-links --no-emit-index-url --custom-compile-command "make lock"

# Workers that tests are dealt out to. A hash seed of their own would let them collect different tests.
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
PYTEST := PYTHONHASHSEED=0 $(BIN)/$(if $(COVERAGE),coverage run -m,python -m) pytest

.PHONY: demo check test lint format bench faults soak lock docs examples airflow prefect wheel audit sbom clean help
.DEFAULT_GOAL := help

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check --disable-pip-version-check
	touch $(READY)

demo: $(READY)  ## the main job on the embedded sandbox, with a report
	$(BIN)/bulkcall demo

check: $(READY)  ## the unit tests: no sockets, under a minute
	$(PYTEST) -n $(JOBS) --dist loadgroup tests/unit

test: $(READY)  ## every test (COVERAGE=1: with branch coverage measured and gated, as CI does)
	$(if $(COVERAGE),$(BIN)/coverage erase)
	$(PYTEST) -n $(JOBS) --dist loadgroup -m "not slow and not alone"
	$(PYTEST) -m "alone and not slow"
	$(if $(COVERAGE),$(BIN)/coverage combine --quiet)
	$(if $(COVERAGE),$(BIN)/coverage report)

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

$(TOOLS)/.ready: requirements/tools.lock
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python $(INSTALL) requirements/tools.lock
	$(TOOLS)/bin/python -m pip check --disable-pip-version-check
	touch $@

lock: $(TOOLS)/.ready  ## write requirements/*.lock anew from pyproject.toml (LOCK=--upgrade: newest versions)
	$(COMPILE) $(LOCK) pyproject.toml --group dev --all-extras -o requirements/dev.lock
	$(COMPILE) pyproject.toml --extra postgresql -c requirements/dev.lock -o requirements/run.lock
	echo "hatchling" | $(COMPILE) - -c requirements/dev.lock -o requirements/build.lock
	$(COMPILE) $(LOCK) --group docs -o requirements/docs.lock
	$(COMPILE) $(LOCK) --group tools -o requirements/tools.lock
	for each in airflow prefect; do echo hatchling | \
	  $(COMPILE) $(LOCK) pyproject.toml - --group $$each -o requirements/$$each.lock || exit; done

audit: $(READY) $(TOOLS)/.ready  ## locked packages against known advisories (AUDIT=--required: fail if none can be had)
	$(BIN)/python -m scripts.audit $(TOOLS)/bin/pip-audit requirements/*.lock $(AUDIT)

sbom: $(READY)  ## what an installation consists of, as CycloneDX JSON, into dist/
	$(BIN)/python -m scripts.make_sbom

$(DOCS)/.ready: requirements/docs.lock
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python $(INSTALL) requirements/docs.lock
	$(DOCS)/bin/python -m pip check --disable-pip-version-check
	touch $@

docs: $(DOCS)/.ready  ## the documentation as pages, into site/; a broken link fails it
	NO_COLOR=1 $(DOCS)/bin/zensical build --clean --strict

examples: airflow prefect  ## import and run the Airflow and Prefect examples (installs both; takes minutes)

airflow prefect: requirements/airflow.lock requirements/prefect.lock
	$(PYTHON) -m venv $(EXAMPLES)/$@
	$(EXAMPLES)/$@/bin/python $(INSTALL) requirements/$@.lock
	$(EXAMPLES)/$@/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(EXAMPLES)/$@/bin/python examples/check.py $@

wheel: $(READY)  ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w dist .

clean:  ## remove what was built
	rm -rf $(VENV) $(DOCS) $(TOOLS) $(EXAMPLES) site build dist .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
