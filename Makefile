# make demo        69,659 real purchases from cart to commission to ledger, and a page about them
# make test        every test in every language
# make long-test   the properties with many more cases
# make fuzz        every fuzz target for FUZZ_SECONDS (20)
.PHONY: demo test long-test fuzz

demo:
	@cargo build --locked --release -p fenrun-cli
	@"$${CARGO_TARGET_DIR:-target}/release/fenrun" demo

test:
	@tools/setup.sh; setup=$$?; tools/test.sh && exit $$setup

long-test:
	@PROPTEST_CASES=100000 FENRUN_CASES=5000000 cargo test --locked --release --workspace

fuzz:
	@tools/fuzz.sh
