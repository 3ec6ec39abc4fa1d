# Two commands on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo test test-slow lint clean

$(BIN)/sciencegen: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(BIN)/sciencegen
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[test]'
	touch $@

demo: $(BIN)/sciencegen
	$(PYTHON) -c "import shutil; shutil.rmtree('runs/demo', ignore_errors=True)"
	mkdir -p runs/demo
	$(BIN)/sciencegen generate molecules -n 1000 --where logp=2.5 --where qed=0.9 -o runs/demo/hits.csv --grid runs/demo/hits.svg
	head -5 runs/demo/hits.csv
	$(BIN)/sciencegen train densities/coupling --data datasets/wells.csv --ask temperature -o runs/demo/wells --threads 1
	$(BIN)/sciencegen generate runs/demo/wells -n 1000 --where temperature=0.3 -o runs/demo/cold.csv --picture runs/demo/cold.png
	$(BIN)/sciencegen evaluate runs/demo/wells --data datasets/wells.csv -n 1000

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -m "not slow and not gpu"

test-slow: $(VENV)/.test
	HYPOTHESIS_PROFILE=new $(BIN)/python -m pytest -m slow
	HYPOTHESIS_PROFILE=new $(BIN)/python -m pytest -m "not slow and not gpu" $(shell grep -rl "^from hypothesis" tests --include="test_*.py")

clean:
	rm -rf $(VENV) runs .mypy_cache .pytest_cache .ruff_cache
