# `make` alone lists the targets. PYTHON=… chooses the interpreter that .venv is made with.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help ask test eval lint types lock clean

PYTHON ?=
export PYTHON

# A question reaches the shell through its environment and unexpanded, so that quotes, $ and the
# like survive. Not CITEWIRE_…, which would be taken for a setting.
Q ?= How much is Huawei's smart car unit worth?
unexport Q
export QUESTION := $(value Q)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

# The data folder is named here, so that a .env that names another can't have that one indexed anew.
ask: ## Set everything up and answer a question: make ask Q="…"
	@sh requirements/install.sh export
	@export CITEWIRE_DATA="$${CITEWIRE_DATA:-data}" && \
	if ! test -e "$$CITEWIRE_DATA/CURRENT"; then .venv/bin/citewire index; fi && \
	.venv/bin/citewire ask -- "$$QUESTION"

test: ## Set everything up and run the tests
	@sh requirements/install.sh dev
	.venv/bin/pytest

eval: ## Ask the fixed questions; fails where answers got worse than evals/baseline.json
	@sh requirements/install.sh dev
	.venv/bin/citewire eval --baseline evals/baseline.json

lint: ## Check style: Python, shell scripts, Dockerfile
	@sh requirements/install.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	@if test -x .venv/bin/shellcheck; then set -x; .venv/bin/shellcheck .ci/run requirements/*.sh; \
	else echo "shellcheck: no build for this machine, left out"; fi
	.venv/bin/hadolint Dockerfile

types: ## Check types
	@sh requirements/install.sh dev
	.venv/bin/mypy

lock: ## Write requirements/*.txt from pyproject.toml (UPGRADE=1: newest versions)
	@sh requirements/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## Remove .venv and what tools left behind; data/ stays
	rm -rf .venv build dist ./*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
