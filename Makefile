# `make report` and `make test` do all their own set-up; they need Python 3.11 or newer, make, and
# the network for the first installation.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What trains and reports, without what tests need.
TRAINS := $(VENV)/.trains
PIP_INSTALL := $(BIN)/pip install --disable-pip-version-check --constraint constraints.txt --editable

NATIVE := src/paribus/engines/native
CPP := $(wildcard $(NATIVE)/*.cpp $(NATIVE)/kernels/*.cpp $(NATIVE)/kernels/*.h \
	tests/engines/native/*.cpp benchmarks/*.cpp)

# What `make quick` runs: what changes most often and takes least, and a small study by two engines.
QUICK := $(wildcard tests/spec tests/stats tests/store tests/measure tests/questions tests/data \
	tests/campaign tests/test_end_to_end.py tests/test_layers.py tests/test_tests.py)

.PHONY: install kernels report check check-pages format quick test calibrate assignments docs study study-times \
	screenshots robustness wheel release site clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) '.[torch,dev]' --quiet
	touch $(INSTALLED) $(TRAINS)

$(TRAINS): pyproject.toml constraints.txt
	@echo "Installing Paribus with PyTorch into $(VENV): 35 packages, 1.2 GB with PyTorch's CPU build."
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) '.[torch,figures]'
	touch $(TRAINS)

# Compiles the native engine's kernels where they have changed since.
kernels: $(INSTALLED)
	$(BIN)/python -m paribus.engines.native.build --optional

report: $(TRAINS)
	$(BIN)/python -m paribus.engines.native.build --optional
	$(BIN)/paribus run mnist --preview

check: $(INSTALLED) check-pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror $(CPP)
	$(BIN)/mypy

# Scripts and styles of the pages; the one thing that needs npm.
check-pages:
	@if command -v npm >/dev/null; then $(MAKE) --silent node_modules/.installed && \
		npm run --silent lint; else \
		echo "npm is not installed: the pages' scripts and styles are not checked."; fi

node_modules/.installed: package.json package-lock.json
	npm ci --silent
	touch $@

# Writes Python and C++ as `make check` wants them to be.
format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP)

# For while one works; `make test` decides.
quick: kernels
	$(BIN)/pytest --numprocesses 2 --quiet -m "not slow" $(QUICK)

test: kernels
	$(BIN)/pytest --numprocesses 2 --dist worksteal --quiet

# Ten times as many simulated studies as `make test`, every error rate printed; 13 CPU minutes.
calibrate: kernels
	PARIBUS_CALIBRATION=10 PARIBUS_THOROUGH=1 $(BIN)/pytest -s --quiet tests/calibration

# Trains the previews of all assignments, whose pages must show what they answer.
assignments: kernels
	PARIBUS_ASSIGNMENTS=1 PARIBUS_THOROUGH=1 $(BIN)/pytest --quiet tests/test_assignments.py

# Broken inputs by the thousand: each ends in a message, within 5 s and 1 GB; about 25 minutes. Then
# 30 kills of processes of a Ray cluster, about 3 minutes.
robustness: kernels
	PYTHONPATH=. $(BIN)/python tests/robustness/study_files.py --count 12000 \
		--folder build/robustness/studies
	PYTHONPATH=. $(BIN)/python tests/robustness/data_files.py --count 1500 \
		--folder build/robustness/data
	PYTHONPATH=. $(BIN)/python tests/robustness/packs.py --count 1000 \
		--folder build/robustness/packs
	PYTHONPATH=. $(BIN)/python tests/robustness/stores.py --count 400 \
		--folder build/robustness/stores
	PYTHONPATH=. $(BIN)/python tests/robustness/requests.py --count 6000 \
		--folder build/robustness/requests
	PYTHONPATH=. $(BIN)/python tests/robustness/kills.py --count 100 \
		--folder build/robustness/kills
	PYTHONPATH=. $(BIN)/python tests/robustness/ray_kills.py --count 30 \
		--folder build/robustness/ray

# Writes what is made in docs/ anew: the reference of study files, the notebook's outputs.
docs: kernels
	$(BIN)/python -m docs.make_study_files
	$(BIN)/python docs/run_example.py

# Makes the pages, tables and figures of docs/study, and what README says of it, of the packed runs.
study: kernels
	$(BIN)/python -m docs.make_study

# The same, once the step times that are missing in the pack are measured: 3 min on a quiet machine.
study-times: kernels
	$(BIN)/python -m docs.make_study --time

# Takes the pictures of docs/gallery.md anew; needs chromium and its driver, and some minutes.
screenshots: kernels
	$(BIN)/python docs/make_screenshots.py

# Builds the wheel and tries it in an environment with nothing else, and on emulated processors.
wheel:
	PYTHON=$(PYTHON) .ci/wheel

# Builds and checks what is published, into dist/; publishes nothing.
release:
	PYTHON=$(PYTHON) .ci/release

# Builds the documentation site into build/site; a broken link or reference is an error.
site: .venv-site/.installed
	NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --quiet

.venv-site/.installed: docs/requirements.txt
	$(PYTHON) -m venv .venv-site
	.venv-site/bin/pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-site build dist node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
