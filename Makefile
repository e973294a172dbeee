# One target a habit; each sets up what it needs in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint bench docs kernels accuracy clean

demo: $(VENV)/.base
	$(BIN)/likely fit examples/data/bikeshare.csv --target bikers --out bikeshare.likely
	$(BIN)/likely predict bikeshare.likely examples/data/bikeshare.csv --out bikeshare-predictions.csv
	$(BIN)/likely explain negativebinomial
	$(BIN)/likely fit examples/data/bikeshare.csv --target bikers --predictor trees --out bikeshare-trees.likely

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

accuracy: $(VENV)/.dev
	$(BIN)/python tools/accuracy.py --torch-peer

kernels: $(VENV)/.dev
	$(BIN)/python tools/generate_kernels.py

docs: $(VENV)/.dev
	$(BIN)/python tools/build_docs.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev,torch,jax]'
	touch $@ $(VENV)/.base

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis site
