# make demo   a whole checkpoint on simulated hardware, with its hub
# make test   everything CI runs, with what the tests need installed first
.PHONY: demo test lint

demo:
	cargo run --release -- demo

test: tests/prepare
	tests/prepare
	cargo test

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
