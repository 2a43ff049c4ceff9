# Everything a person or a machine runs here. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help venv light check test bench demo demo-real lock debian arm64 web signing typescript clean

# A Python 3.11, under whichever name it goes by.
PYTHON ?= $(shell for name in python3.11 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
# The public version; a machine without a CUDA card sets PIP_INDEX_URL (or pip's find-links) to CPU builds.
TORCH ?= torch==2.13.0
UV ?= uv==0.13.9
PYTEST_FLAGS ?=
# Processes that `make test` runs its files in; each may start a converter of 1 to 4 GB.
TEST_WORKERS ?= 2
# chromium looks at pages; adb, ssh and what builds adbd are for tests on loopback; a JRE runs Kotlin; the rest runs and counts arm64.
DEBIAN_PACKAGES := chromium adb openssh-client clang lld dpkg-dev libcap-dev android-libbase-dev \
	android-libboringssl-dev android-libcutils-dev android-liblog-dev gcc libc6-dev g++-aarch64-linux-gnu \
	qemu-user valgrind default-jre-headless
# Real data and real models of others, for demo-real.
FIELDPACK_DATA ?= $(abspath ../shared/data)

PIP := bin/python -m pip --disable-pip-version-check -qq --no-input
# .venv has the frameworks, .venv-light has not; what needs no framework takes whichever is there.
ENV := $(shell cmp -s constraints.txt .venv/constraints.made && echo .venv || echo .venv-light)

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 18

venv: ## .venv with every extra, exactly as locked; made again only when constraints.txt changes
	@$(call need_python)
	if ! cmp -s constraints.txt .venv/constraints.made; then
		if [ -L .venv ]; then
			echo "venv: .venv is a link to $$(readlink .venv), made for other constraints; it would be emptied" >&2
			echo "  do: rm .venv, then make venv" >&2
			exit 2
		fi
		echo "venv: making .venv (about 4 minutes, 5 GB)"
		"$(PYTHON)" -m venv --clear .venv
		echo "venv: 1/3 $(TORCH)"
		.venv/$(PIP) install --no-deps "$(TORCH)"
		echo "venv: 2/3 the locked packages"
		.venv/$(PIP) install --require-hashes --no-deps -r constraints.txt
		cp constraints.txt .venv/constraints.made
	fi
	if ! cmp -s pyproject.toml .venv/pyproject.made; then
		echo "venv: 3/3 fieldpack itself, editable"
		.venv/$(PIP) install --no-deps --no-build-isolation --editable .
		.venv/bin/python -m pip --disable-pip-version-check check
		cp pyproject.toml .venv/pyproject.made
	fi

light: # .venv-light: the bare distribution and the dev extra, no frameworks
	@if [ "$(ENV)" = .venv ]; then exit 0; fi
	if cmp -s constraints.txt .venv-light/constraints.made && cmp -s pyproject.toml .venv-light/pyproject.made; then exit 0; fi
	$(call need_python)
	echo "light: making .venv-light (bare distribution and dev extra)"
	"$(PYTHON)" -m venv --clear .venv-light
	sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\).*/\1/p' constraints.txt > .venv-light/pins.txt
	.venv-light/$(PIP) install --constraint .venv-light/pins.txt --editable ".[dev]"
	cp constraints.txt .venv-light/constraints.made
	cp pyproject.toml .venv-light/pyproject.made

check: light ## lint, types and the tests that need no framework
	@$(call lint,$(ENV))
	echo "check: tests that need no framework"
	$(ENV)/bin/pytest -q -m "not full and not device" $(if $(findstring light,$(ENV)),--light) $(PYTEST_FLAGS)

test: venv ## lint, types and every test that needs no phone
	@$(call lint,.venv)
	echo "test: all layers"
	.venv/bin/pytest -q -m "not device" -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

bench: venv ## time the Python parts: prediction, preprocessing, opening bundles, Core ML engines
	@mkdir -p build
	.venv/bin/pytest -q -p no:xdist benchmarks/fieldpack_benchmarks/suite -o "python_files=*_benchmark.py" \
		--benchmark-only --benchmark-columns=min,median,iqr,rounds --benchmark-json=build/bench.json $(PYTEST_FLAGS)
	echo "bench: every value and the ratio to bare LiteRT stand in $(abspath build/bench.json)"

demo: venv ## build, gate and report the embedded picture model; hear, ask the range model, map the forest
	@rm -rf build/meadow-12 build/meadow-12.html build/dusk-12 build/dusk.* build/planet-12 build/bird.png
	@rm -rf build/forest-4 build/forest.tif build/canopy.tif
	set -x
	.venv/bin/fieldpack build reference_models/fieldpack_reference_models/vision/pack.toml --out build/meadow-12
	.venv/bin/fieldpack gate build/meadow-12
	.venv/bin/fieldpack report build/meadow-12 --out build/meadow-12.html
	.venv/bin/fieldpack build reference_models/fieldpack_reference_models/sound/pack.toml --out build/dusk-12
	.venv/bin/python -m fieldpack_reference_models.sound.evening --out build/dusk.wav
	.venv/bin/fieldpack predict build/dusk-12 build/dusk.wav --threshold 0.5 --plot build/dusk.png
	.venv/bin/fieldpack build reference_models/fieldpack_reference_models/planet/pack.toml --out build/planet-12
	.venv/bin/fieldpack predict build/planet-12 40.1,99.9 --flavour tflite-int8
	.venv/bin/fieldpack map build/planet-12 --taxon bird --resolution 2 --compare tflite-int8 --out build/bird.png
	.venv/bin/fieldpack build reference_models/fieldpack_reference_models/forest/pack.toml --out build/forest-4
	.venv/bin/python -m fieldpack_reference_models.forest.scene --out build/forest.tif
	.venv/bin/fieldpack predict build/forest-4 build/forest.tif --out build/canopy.tif --flavour tflite-int8
	{ set +x; } 2>/dev/null
	echo "demo: bundles in build/, the report $(abspath build/meadow-12.html), what was heard $(abspath build/dusk.png), a range $(abspath build/bird.png), the forest's height $(abspath build/canopy.tif)"

demo-real: venv ## pack real server models of others; needs FIELDPACK_DATA
	@if [ ! -d "$(FIELDPACK_DATA)/models" ]; then
		echo "demo-real: no real models at $(FIELDPACK_DATA)/models" >&2
		echo "  do: make demo-real FIELDPACK_DATA=FOLDER, where FOLDER holds models/, vision/ and sound/" >&2
		exit 4
	fi
	mkdir -p build
	FIELDPACK_DATA="$(FIELDPACK_DATA)" .venv/bin/fieldpack study server-models --json build/server-models.json
	echo "demo-real: every figure stands in $(abspath build/server-models.json)"

lock: ## resolve constraints.txt anew; LOCK_FLAGS=--upgrade takes newer versions
	@$(call need_python)
	"$(PYTHON)" -m venv build/lock
	build/lock/$(PIP) install "$(UV)"
	build/lock/bin/uv pip compile pyproject.toml --quiet --extra all --extra dev --python-version 3.11 \
		--python-platform x86_64-unknown-linux-gnu --generate-hashes --no-emit-package torch \
		--no-header --no-annotate --output-file constraints.txt $(LOCK_FLAGS)
	build/lock/bin/uv pip compile device_tests/model_signing/requirements.in --quiet --python-version 3.11 \
		--python-platform x86_64-unknown-linux-gnu --generate-hashes --no-header --no-annotate \
		--output-file device_tests/model_signing/requirements.txt $(LOCK_FLAGS)
	echo "lock: $$(grep -c == constraints.txt) packages in constraints.txt"

debian: ## Debian packages (as root) for tests with real counterparts: a browser, adb, ssh, an emulated arm64
	@if ! dpkg -s $(DEBIAN_PACKAGES) > /dev/null 2>&1; then
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(DEBIAN_PACKAGES) > /dev/null
	fi
	getent passwd sshd > /dev/null || useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd

arm64: venv ## LiteRT for 64-bit ARM (14 MB), for what runs on an emulated processor
	@.venv/bin/python -m fieldpack_benchmarks.targets.sysroot

web: ## LiteRT.js, H3 cells and the TypeScript compiler from npm (70 MB), for exported pages and their tests
	@folder="$${XDG_CACHE_HOME:-$$HOME/.cache}/fieldpack/web"
	if cmp -s device_tests/web/package-lock.json "$$folder/package-lock.made"; then exit 0; fi
	if ! command -v npm > /dev/null; then
		echo "make: no npm found; install Node 20 or later with npm" >&2
		exit 4
	fi
	mkdir -p "$$folder"
	cp device_tests/web/package.json device_tests/web/package-lock.json "$$folder"
	echo "web: making $$folder"
	npm ci --prefix "$$folder" --ignore-scripts --no-audit --no-fund --silent
	cp device_tests/web/package-lock.json "$$folder/package-lock.made"

signing: ## the model-signing tool in an environment of its own (95 MB), which verifies our signatures in a test
	@folder=.cache/model-signing
	if cmp -s device_tests/model_signing/requirements.txt "$$folder/requirements.made"; then exit 0; fi
	$(call need_python)
	echo "signing: making $$folder"
	"$(PYTHON)" -m venv --clear "$$folder"
	"$$folder"/$(PIP) install --require-hashes --no-deps -r device_tests/model_signing/requirements.txt
	cp device_tests/model_signing/requirements.txt "$$folder/requirements.made"

typescript: web ## compile the TypeScript of exports anew
	@"$${XDG_CACHE_HOME:-$$HOME/.cache}/fieldpack/web/node_modules/.bin/tsc" --project sdk/fieldpack/exports/typescript

clean: ## what the other targets wrote, but not .venv
	@rm -rf build dist .venv-light .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks
	find sdk converters benchmarks reference_models device_tests -name __pycache__ -prune -exec rm -rf {} +

.ONESHELL:

define need_python
if [ -z "$(PYTHON)" ]; then
	echo "make: no Python 3.11 found; do: make PYTHON=/path/to/python3.11 $@" >&2
	exit 4
fi
endef

define lint
echo "lint: ruff"
$(1)/bin/ruff check --quiet .
$(1)/bin/ruff format --check --quiet . || { echo "lint: do: ruff format ." >&2; exit 1; }
echo "lint: mypy"
$(1)/bin/mypy
endef
