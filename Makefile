# opnilog: what a person types. Each target does its own set-up and is quick the second time.
# `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# A libtorch of your own instead of the pinned Python package (docs/libtorch.md).
LIBTORCH ?=
# For `make libtorch`: 1 for the build of libtorch that drives NVIDIA's GPUs, 0 for the one that does not.
CUDA ?=
# For `make bridge`: the torch folder to build against, and where the bridge goes.
TORCH ?=
OUT ?=

# For `make fuzz-mask` and `make fuzz-mask-sanitized`: how many lines, how many seconds.
LINES ?=
FOR ?=
# For `make bench-mask` and `make bench-train`: the folder with loghub/ and kubernetes/.
DATA ?= ../shared/data

.PHONY: bench-train bench-profile laws digests test-kills bench-dataset bench-plan bench-job bench-memory bench-memory-table bench-mask bench-score bench-scroll bench-scroll-memory bench-window test-faults fuzz-mask fuzz-mask-sanitized help setup setup-tests libtorch bridge gpu-bundle build demo test check format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the C libraries that the build needs (apt-get)
	@Scripts/setup.sh build

setup-tests: setup ## install what the tests need besides: Python packages, a Java
	@Scripts/setup.sh tests
	@Scripts/python.sh

libtorch: setup ## get libtorch (CUDA=1: for GPUs; LIBTORCH=DIR: use that one) and build the bridge over it
	@CUDA="$(CUDA)" Scripts/libtorch.sh "$(LIBTORCH)"

bridge: ## build the bridge alone: TORCH=DIR (a torch or libtorch folder) OUT=DIR
	@Scripts/bridge.sh "$(TORCH)" "$(OUT)"

gpu-bundle: setup ## what a GPU machine without Swift needs: program, libraries, bridge sources, tests (OUT=DIR)
	@Scripts/gpu-bundle.sh "$(OUT)"

build: setup ## build the release binary, .build/release/opnilog-train
	@swift build -c release --product opnilog-train

demo: build libtorch ## run the main job on generated Kubernetes logs from an embedded server
	@.build/release/opnilog-train demo --output .build/demo --overwrite

test: setup-tests libtorch ## run every test that this machine can run
	@Scripts/test.sh

bench-memory: build libtorch ## flat memory: simulated documents through collect and train in a memory cgroup (root; DOCUMENTS=10000000)
	@Benchmarks/memory.sh $(DOCUMENTS)

bench-memory-table: build ## 10^9 simulated documents with 10^7 templates in 512 MiB, in a memory cgroup (root; DOCUMENTS= MEMORY=)
	@Benchmarks/memory-table.sh $(or $(DOCUMENTS),1000000000) $(or $(MEMORY),512)

test-faults: setup ## go through 10,000 seeded fault schedules instead of 300 (some minutes)
	@OPNILOG_FAULT_SCHEDULES=$(or $(SCHEDULES),10000) Scripts/test.sh --filter "FaultTests"

bench-dataset: setup ## masked lines/s into a table, bytes a template, runs, merges and draws (TEMPLATES=1000000)
	@Benchmarks/dataset.sh $(TEMPLATES)

laws: setup ## whether draws keep their laws, on simulated streams of 100,000,000 lines (LINES=)
	@Benchmarks/laws.sh $(LINES)

digests: setup ## the digest of an epoch for every number of workers and ranks, page size, order, fault, memory
	@OPNILOG_DIGESTS=full Scripts/test.sh --filter "DigestMatrixTests" | tee /dev/stderr | \
		grep -E '^(workers|[0-9]+ )' > Benchmarks/results/digests.txt

test-kills: setup ## kill -9 at random instants in this many runs, each then resumed (ROUNDS=100)
	@OPNILOG_KILLS=$(or $(ROUNDS),100) Scripts/test.sh --filter "KillTests|TrainResumeTests"

bench-scroll: build setup-tests ## reading beside a bare libcurl loop and opensearch-py (ROUNDS=9)
	@Benchmarks/scroll.sh $(ROUNDS)

bench-scroll-memory: build ## flat memory over 100,000,000 simulated documents and 20 rounds (DOCUMENTS=)
	@Benchmarks/scroll-memory.sh $(DOCUMENTS)

bench-window: setup ## bytes that a sliding window of 30 days reads, beside runs from scratch (DOCUMENTS an hour)
	@Benchmarks/window.sh $(DOCUMENTS)

bench-train: build libtorch setup-tests ## training beside a loop like the original's, by turns (DATA=DIR, OPTIONS="…" of Benchmarks/train/bench.py)
	@Benchmarks/train.sh "$(DATA)" $(OPTIONS)

bench-profile: build libtorch ## where the time of a training goes, by perf (DATA=DIR, STEPS=300)
	@Benchmarks/train-profile.sh "$(DATA)" $(STEPS)

bench-plan: build ## what `plan` predicts beside what a reading takes, on generated logs (DOCUMENTS="5000 50000", ROUNDS=8)
	@Benchmarks/plan.sh $(DOCUMENTS)

bench-score: build libtorch setup-tests ## lines/s of scoring beside the original's way of it in plain PyTorch (DATA=DIR)
	@Benchmarks/score.sh "$(DATA)"

bench-job: build libtorch ## a million Kubernetes logs from a real node to an evaluated model: time a stage
	@Benchmarks/job.sh

bench-mask: setup ## masking beside plain Python re: lines/s, MB/s, instructions and allocations (DATA=DIR)
	@Benchmarks/mask.sh "$(DATA)"

fuzz-mask: setup ## the masker against the literal interpreter of its rules, 10,000,000 generated lines (LINES=N)
	@Scripts/fuzz-mask.sh differential $(LINES)

fuzz-mask-sanitized: setup ## the masker on any bytes under libFuzzer and the address sanitizer, 10 minutes (FOR=SECONDS)
	@Scripts/fuzz-mask.sh sanitized $(FOR)

check: setup ## format, lint, headers, import direction, file sizes, scripts, tidiness
	@Scripts/check.sh

format: ## format the Swift sources
	@Scripts/check.sh format

clean: ## remove what was built, but not libtorch
	@[ ! -d .build ] || find .build -mindepth 1 -maxdepth 1 ! -name libtorch ! -name bridge ! -name python -exec rm -rf {} +
