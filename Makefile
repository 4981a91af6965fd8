# make demo    69,659 real purchases from cart to commission to ledger, and a page about them
# make test    every test in every language
.PHONY: demo test

demo:
	@cargo build --locked --release -p fenrun-cli
	@"$${CARGO_TARGET_DIR:-target}/release/fenrun" demo

test:
	@tools/setup.sh; setup=$$?; tools/test.sh && exit $$setup
