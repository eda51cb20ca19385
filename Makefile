# make run    everything in one command: train, quantize, prove, export C, read a recording; see out/run/report.html
# make test   what the tests need, then the tests
# make help   the rest

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out/run
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet $$($(BIN)/python -c 'import sys; print("--constraint constraints.txt" * (sys.version_info[:2] == (3, 11)))')

# MNIST and the test photos, where they lie beside the checkout; without them MNIST is fetched and such tests skip.
ifndef EDGEDIGITS_DATA
ifneq ($(wildcard ../shared/data/mnist),)
export EDGEDIGITS_DATA := $(abspath ../shared/data)
endif
endif

# The models that other runtimes were measured on; without them the benchmark measures the built-in one alone.
ifndef EDGEDIGITS_BENCH
ifneq ($(wildcard ../shared/bench/dscnn_int8.tflite),)
export EDGEDIGITS_BENCH := $(abspath ../shared/bench)
endif
endif

# Whether programs that the tests lack may be installed with apt-get: yes, no, or ask (at a terminal; without one: no).
SYSTEM ?= ask
export SYSTEM

# Processes that run tests side by side.
WORKERS ?= 2

# Whether to train on NVIDIA's GPUs: yes installs CUDA's libraries too (2.8 GB, unpacked 5) and fails where there is no GPU.
GPU ?= no
TRAIN := $(BIN)/$(if $(filter yes,$(GPU)),.gpu,.train)
DEVICE := $(if $(filter yes,$(GPU)),--device gpu)

# What stands in the table of docs/benchmark.md: our networks with every recipe, and the reports' systems.
TABLE ?= out/table
MODELS := nano micro small
NETWORKS := nf264-cnn1 nf264-cnn2 vit-cnn vit-cnn-small inf283-nn inf283-cnn inf283-cnn-best fakebank-cnn endsley-park-cnn
AUGMENTED := endsley-park-cnn-strong endsley-park-cnn-weak
CLASSICAL := logistic-regression knn decision-tree decision-tree-chosen random-forest inf283-forest inf283-forest-digits \
	xgboost svm svm-chosen
BASELINES := $(CLASSICAL) $(NETWORKS) $(AUGMENTED)
FOLDED := knn nf264-cnn2
STUDIES := $(TABLE)/calibration/calibration.json $(MODELS:%=$(TABLE)/layers/%/layer_error.json) \
	$(TABLE)/search/separable/index.html $(TABLE)/search/inf283/index.html
COMPARED := $(MODELS:%=$(TABLE)/bench/%) $(NETWORKS:%=$(TABLE)/int8/%) $(BASELINES:%=$(TABLE)/baseline/%)

.PHONY: help run test test-all lint bench soak firmware-bench models-page test-pi test-pythons mutants table system-packages compilers clean

help:
	@echo "make run       train, quantize, prove, export, read a recording -> $(OUT)/report.html"
	@echo "make run GPU=yes  the same on an NVIDIA GPU, with CUDA's libraries (2.8 GB, unpacked 5)"
	@echo "make test      run the tests, about 25 minutes on two cores (WORKERS=2); SYSTEM=no installs nothing with apt-get"
	@echo "make test-all  the same with the tests that take minutes each"
	@echo "make test-pi   install a station on an emulated Raspberry Pi (Debian arm64), compare what it reads; needs root; SUITE=trixie"
	@echo "make test-pythons  the wheel on Python 3.11, 3.12 and 3.13, as far as they are found; PYTHONS=3.13, EXTRAS=edge"
	@echo "make mutants   change the code in one place after the other, name what no test sees; MODULES=core/digit.py (hours)"
	@echo "make lint      ruff"
	@echo "make bench     frames a second of the camera loop, seconds an epoch, start-up time"
	@echo "make soak      a sorting station at full rate for half an hour: memory, open files, every frame and piece; MINUTES=2"
	@echo "make firmware-bench  instructions and bytes of the exported C on emulated cores, beside other runtimes;"
	@echo "                     EDGEDIGITS_MODELS=FOLDER those of every .tflite file there, too"
	@echo "make models-page  measure the models that ship where their files are others since; renew docs/pretrained.md, README.md's"
	@echo "                  table, docs/front.png and docs/corruptions"
	@echo "make table     every recipe on our networks and every system of the reports, in one table -> $(TABLE)/all/index.html (hours)"
	@echo "make clean     remove the environment and everything that was made"

run: $(TRAIN)
	$(BIN)/edgedigits run $(DEVICE) --out $(OUT) --force

test: SAYS = make test: Python packages go into $(VENV) (2 minutes the first time), then the tests take about 25 minutes on two cores.
test: system-packages $(BIN)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-all: SAYS = make test-all: Python packages go into $(VENV) (2 minutes the first time), then all tests take more than an hour on two cores.
test-all: system-packages $(BIN)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m ""

lint: $(BIN)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(TRAIN)
	$(BIN)/python tests/benchmarks/bench_loop.py
	$(BIN)/python tests/benchmarks/bench_start.py
	$(BIN)/python tests/benchmarks/bench_epochs.py $(DEVICE)

MINUTES ?= 30
soak: SAYS = make soak: Python packages go into $(VENV) (2 minutes the first time), then a station works for $(MINUTES) minutes.
soak: system-packages $(BIN)/.test
	$(BIN)/python tests/benchmarks/soak_station.py --minutes $(MINUTES)

firmware-bench: SAYS = make firmware-bench: Python packages go into $(VENV) (2 minutes the first time), then emulated cores count for a few minutes.
firmware-bench: compilers $(BIN)/.train
	$(BIN)/python tests/benchmarks/bench_firmware.py
	$(BIN)/python tests/benchmarks/bench_foreign.py

models-page: SAYS = make models-page: Python packages go into $(VENV) (2 minutes the first time), then emulated cores count for minutes.
models-page: compilers $(BIN)/.train
	$(BIN)/python tests/benchmarks/models_page.py --measure

# Debian's release: bookworm (Python 3.11) or trixie (3.13). The root is kept in out/pi; without sudo it says what it needs.
SUITE ?= bookworm
test-pi:
	@$(PYTHON) tests/pi/emulated_pi.py --suite $(SUITE)

# Which Pythons, of those that pyproject.toml names, and which extras. The environments are kept in out/pythons.
PYTHONS ?= 3.11 3.12 3.13
EXTRAS ?= train,edge
test-pythons:
	@$(PYTHON) tests/pythons/on_pythons.py --extras $(EXTRAS) $(PYTHONS)

# Cosmic Ray over the modules whose tests must bite, minutes to an hour each: MODULES="core/digit.py core/statistics/metrics.py".
MODULES ?=
mutants: $(BIN)/.train $(BIN)/.test
	$(BIN)/python -m pip install --quiet "cosmic-ray>=8.4,<9"
	$(BIN)/python tests/mutants/run_mutants.py $(MODULES)

table: $(TABLE)/all/index.html $(TABLE)/reported.md $(STUDIES)

$(TABLE)/all/index.html: $(COMPARED:%=%/index.html)
	$(BIN)/edgedigits compare $(COMPARED) --out $(@D) --force

$(TABLE)/reported.md: $(BASELINES:%=$(TABLE)/baseline/%/index.html) $(FOLDED:%=$(TABLE)/folds/%/folds.json)
	$(BIN)/edgedigits reported $(^D) --out $@ --force

$(TABLE)/float/%/card.json: | $(BIN)/.train
	$(BIN)/edgedigits train --model $* --out $(@D) --force

$(TABLE)/bench/%/index.html: $(TABLE)/float/%/card.json | compilers
	$(BIN)/edgedigits benchmark $(<D)/model.keras --cores m0,m4,m55 --out $(@D) --force

$(TABLE)/baseline/%/index.html: | $(BIN)/.train
	$(BIN)/edgedigits baseline $* --out $(@D) --force

$(TABLE)/int8/%/index.html: $(TABLE)/baseline/%/index.html
	$(BIN)/edgedigits benchmark $(<D)/$*/model.keras --recipes float32,int8 --out $(@D) --force

$(TABLE)/folds/%/folds.json: | $(BIN)/.train
	$(BIN)/edgedigits baseline $* --folds 5 --out $(@D) --force

$(TABLE)/calibration/calibration.json: $(MODELS:%=$(TABLE)/float/%/card.json)
	$(BIN)/edgedigits calibration $(^D:%=%/model.keras) --out $(@D) --force

$(TABLE)/layers/%/layer_error.json: $(TABLE)/float/%/card.json
	$(BIN)/edgedigits layer-error $(<D)/model.keras --out $(@D) --force

$(TABLE)/search/%/index.html: | $(BIN)/.train
	$(BIN)/edgedigits search --preset $* --trials 16 --out $(@D) --force

.PRECIOUS: $(TABLE)/float/%/card.json $(foreach kind,bench baseline int8,$(TABLE)/$(kind)/%/index.html)

system-packages:
	@sh tests/system_packages.sh tests "$(SAYS)"

compilers:
	@sh tests/system_packages.sh firmware "$(SAYS)"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/.train: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Python packages go into $(VENV): 1 to 2 minutes"
	@$(PIP) --editable ".[train]"
	@touch $@

$(BIN)/.gpu: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Python packages go into $(VENV), CUDA's libraries too: 2.8 GB, unpacked 5"
	@$(PIP) --editable ".[gpu]"
	@touch $@ $(BIN)/.train

$(BIN)/.test: pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) --editable ".[train,test]"
	@touch $@ $(BIN)/.train

clean:
	rm -rf $(VENV) out build dist *.egg-info
