# make demo   a whole checkpoint on simulated hardware, with its hub
# make test   everything CI runs, with what the tests need installed first
.PHONY: demo test lint deny

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
