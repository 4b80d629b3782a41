# make demo   a whole checkpoint on simulated hardware, with its hub
# make test   everything CI runs, with what the tests need installed first
# make fuzz   what takes bytes from outside is fed with altered ones, ten minutes each; MINUTES=1 TARGETS=note for less
.PHONY: demo test lint deny fuzz

demo:
	cargo run --release -- demo

test: tests/prepare
	tests/prepare
	cargo test

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Licences, sources and banned packages of everything that is linked, by deny.toml.
deny:
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny@0.20.2
	cargo deny check licenses bans sources

MINUTES ?= 10
TARGETS ?= segment batch note parcel receipt command said handed frame jpeg symbol margins others \
	pass hcert nzcp shc seal divoc texts trust certlogic
# Where it is built, and what was found goes on from.
FUZZED ?= $(CURDIR)/target/fuzz

# On the stable compiler: RUSTC_BOOTSTRAP lets it count what is covered, and no sanitizer is needed without unsafe code.
fuzz:
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	cp Cargo.lock tests/fuzz/Cargo.lock
	KAKOU_FUZZ_SEEDS=$(FUZZED)/corpus cargo test --test fuzzed every_seed
	for target in $(TARGETS); do \
		RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$(FUZZED) cargo fuzz run --fuzz-dir tests/fuzz \
			--sanitizer none $$target $(FUZZED)/corpus/$$target -- \
			-max_total_time=$$(($(MINUTES) * 60)) -rss_limit_mb=512 -timeout=20 -report_slow_units=1 -max_len=16384 || exit 1; \
	done
