# make demo        69,659 real purchases from cart to commission to ledger, and a page about them
# make test        every test in every language
# make long-test   the same properties over many more cases; hours
# make fuzz        every fuzz target for FUZZ_SECONDS (20)
# make bench       batches against what people use today, in one run
.PHONY: demo test long-test fuzz bench

demo:
	@cargo build --locked --release -p fenrun-cli
	@"$${CARGO_TARGET_DIR:-target}/release/fenrun" demo

test:
	@tools/setup.sh; setup=$$?; tools/test.sh && exit $$setup

long-test:
	@PROPTEST_CASES=100000 FENRUN_CASES=100000 cargo test --locked --release --workspace
	@FENRUN_CASES=5000000 cargo test --locked --release -p fenrun --test second_opinion

fuzz:
	@tools/fuzz.sh

bench:
	@tools/setup.sh
	@tools/bench.sh
