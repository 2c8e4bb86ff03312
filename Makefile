# The commands of this project; CI runs the same ones. `make` alone lists them.

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR
SPIEGEL := $(CARGO_TARGET_DIR)/debug/spiegel
PYTHON := .venv/bin/python
OUT ?= out
TYPST_ROOT := $(HOME)/.spiegel-typst
TYPST := $(TYPST_ROOT)/bin/typst

KIBG_YEARS := 2023 2024 2025
BENCH_PROVIDERS ?= 1000
BENCH_YEARS ?= 1
BENCH_ROWS ?= 1000000,10000000
# The pinned rung of the policy needs about so many providers; see pipelines/kibg/release/README.md.
RELEASE_PROVIDERS ?= 1600
RELEASE_YEARS := 2024 2025
LADDER_PROVIDERS ?= 300 1000 2000

.DEFAULT_GOAL := help
.PHONY: help build run run-kibg run-nhs test check dist bench bench-release calibrate sample sample-release release-ladder spark handbook deps venv typst-cli clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

build: ## Build everything (the first time 22 minutes on two cores, for DataFusion and Typst)
	cargo build --workspace --locked

run: run-nhs run-kibg ## Make all reports of both pipelines and say where they are
	@echo
	@echo "Mirror reports (PDF):"
	@echo "  real data, NHS Talking Therapies 2024-25:   $(OUT)/nhs/reports/2024/"
	@echo "  fictional country, KiBG 2023, 2024, 2025:   $(OUT)/kibg/reports/"
	@echo "Who has a report, and who has none and why:   $(SPIEGEL) status --batch $(OUT)/kibg"

run-nhs: build ## Make the 147 reports on the real data
	$(SPIEGEL) year pipelines/nhs-talking-therapies/years/2024.toml --inbox sample-data/nhs-talking-therapies --batch $(OUT)/nhs

run-kibg: build ## Make the reports of the fictional country, year by year
	@for year in $(KIBG_YEARS); do \
		echo "$(SPIEGEL) year pipelines/kibg/years/$$year.toml --inbox sample-data/kibg/inbox --batch $(OUT)/kibg --key sample-data/kibg/sample.key"; \
		$(SPIEGEL) year pipelines/kibg/years/$$year.toml --inbox sample-data/kibg/inbox --batch $(OUT)/kibg --key sample-data/kibg/sample.key || exit $$?; \
	done

ifdef CASE
test: build ## Run every test, the lints and the checks of the definitions; with CASE=NAME the cases of one indicator only
	$(SPIEGEL) pipeline check $(patsubst %/indicators/$(CASE),%,$(firstword $(wildcard pipelines/*/indicators/$(CASE)) pipelines/kibg)) --indicator $(CASE)
else
test: deps venv build
	cargo test --workspace --locked --no-fail-fast
	$(MAKE) check
endif

check: ## Lints, the definitions of both pipelines with their cases, and the licences of dependencies
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(SPIEGEL) pipeline check pipelines/kibg
	$(SPIEGEL) pipeline check pipelines/nhs-talking-therapies
	python3 packaging/dependencies.py check

dist: build ## Make the archive that runs without Rust: dist/spiegel-<version>-<target>.tar.gz
	python3 packaging/dist.py --program $(SPIEGEL) --out dist

bench: build venv ## Time ingest, query and render on a generated country, each beside a peer
	cargo build --workspace --locked --example selects
	$(PYTHON) tests/bench.py --spiegel $(SPIEGEL) --selects $(CARGO_TARGET_DIR)/debug/examples/selects --providers $(BENCH_PROVIDERS) --years $(BENCH_YEARS)
	$(MAKE) bench-release

bench-release: build venv ## Time the release of a million and of ten million trajectories, beside DuckDB
	cargo build --workspace --locked --example speed
	$(PYTHON) tests/bench-release.py --spiegel $(SPIEGEL) --speed $(CARGO_TARGET_DIR)/debug/examples/speed --rows $(BENCH_ROWS)

calibrate: ## Simulate countries in which nobody stands out, and count who each rule flags
	cargo run -p spiegel-stats --locked --example calibrate

sample: build ## Write the fictional country in sample-data/kibg again
	rm -rf sample-data/kibg/inbox sample-data/kibg/keurmerk sample-data/kibg/register.csv sample-data/kibg/truth.csv
	$(SPIEGEL) sample --providers 72 --years 3 --first-year 2023 --seed 1 --out sample-data/kibg

sample-release: build ## Release the research lake of a large fictional country into out/release, and verify it
	@test -e $(OUT)/release || rm -rf $(OUT)/release-country $(OUT)/release-batch
	@mkdir -p $(OUT)
	@test -d $(OUT)/release-country || $(SPIEGEL) sample --providers $(RELEASE_PROVIDERS) --years 2 --first-year 2024 --seed 1 --out $(OUT)/release-country
	@test -f $(OUT)/release.key || $(SPIEGEL) key --out $(OUT)/release.key
	@test -f $(OUT)/release-private.toml || (umask 077; printf 'p_percent = %s\nhmac_key = "%s"\n' \
		$$(( 8 + $$(od -An -N1 -tu1 /dev/urandom) % 13 )) $$(od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n') > $(OUT)/release-private.toml)
	@for year in $(RELEASE_YEARS); do \
		$(SPIEGEL) ingest pipelines/kibg/years/$$year.toml --inbox $(OUT)/release-country/inbox --batch $(OUT)/release-batch --key $(OUT)/release.key --no-feedback && \
		$(SPIEGEL) benchmark pipelines/kibg/years/$$year.toml --batch $(OUT)/release-batch || exit $$?; \
	done
	$(SPIEGEL) release pipelines/kibg/years/2025.toml --batch $(OUT)/release-batch --release-dir $(OUT)/release --private-policy $(OUT)/release-private.toml
	$(SPIEGEL) verify $(OUT)/release --batch $(OUT)/release-batch --private-policy $(OUT)/release-private.toml

release-ladder: build ## Print how three sizes of country do on every rung of the ladder, and what is left to study there
	@mkdir -p $(OUT)
	@test -f $(OUT)/release.key || $(SPIEGEL) key --out $(OUT)/release.key
	@for providers in $(LADDER_PROVIDERS); do \
		country=$(OUT)/ladder-$$providers; rm -rf $$country; \
		$(SPIEGEL) sample --providers $$providers --years 2 --first-year 2024 --seed 1 --out $$country || exit $$?; \
		for year in $(RELEASE_YEARS); do \
			$(SPIEGEL) ingest pipelines/kibg/years/$$year.toml --inbox $$country/inbox --batch $$country/batch --key $(OUT)/release.key --no-feedback || exit $$?; \
		done; \
		echo; echo "$$providers providers:"; echo; \
		$(SPIEGEL) release pipelines/kibg/years/2025.toml --batch $$country/batch --ladder $(RELEASE_YEARS:%=--year %) || exit $$?; \
		rm -rf $$country; \
	done

spark: venv ## Install Spark (PySpark, half a gigabyte; needs Java 17), so that the tests read a release with it too
	.venv/bin/pip install --quiet --disable-pip-version-check pyspark

handbook: build ## Write the handbook of all codes of kibg
	mkdir -p $(OUT)
	$(SPIEGEL) explain --handbook $(OUT)/regels.md

deps: ## Install the Debian packages that the tests use (poppler-utils, qpdf, python3-venv, chromium, binutils)
	@command -v pdfinfo >/dev/null && command -v qpdf >/dev/null && command -v chromium >/dev/null && command -v strip >/dev/null && python3 -c 'import ensurepip' 2>/dev/null || \
		{ sudo=$$(command -v sudo || true); $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends poppler-utils qpdf python3-venv chromium binutils; }

venv: .venv/.complete ## Make the Python environment of the tests (the Typst compiler and DuckDB as peers)

.venv/.complete: tests/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

typst-cli: $(TYPST) ## Install the typst command 0.15.1 under your home, once; tests then compare its pages with ours

$(TYPST):
	CARGO_TARGET_DIR=$(TYPST_ROOT)/target cargo install typst-cli --version 0.15.1 --locked --root $(TYPST_ROOT)
	rm -rf $(TYPST_ROOT)/target

clean: ## Remove what `make run` wrote
	rm -rf $(OUT)
