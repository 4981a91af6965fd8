#!/usr/bin/env bash
# Fuzzes each target for a while, on stable: cargo-fuzz wants flags of nightly, which RUSTC_BOOTSTRAP lends.
#
#   tools/fuzz.sh                       every target, FUZZ_SECONDS each (default 20)
#   tools/fuzz.sh plan_text sale_json   only these
#
# What is found stays in fuzz/corpus (not committed); an input that breaks a property is written to
# fuzz/artifacts. Mend the fault, then keep the input in fuzz/seeds, which every test run replays.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${FUZZ_SECONDS:-20}
version=0.13.2
if ! target/tools/bin/cargo-fuzz fuzz --version 2> /dev/null | grep -qF "$version"; then
    cargo install -q --locked --root target/tools --version "$version" cargo-fuzz
fi
PATH=$PWD/target/tools/bin:$PATH
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$PWD/fuzz/target

targets=("$@")
[ $# != 0 ] || mapfile -t targets < <(cargo fuzz list)
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    echo "== $target, $seconds s"
    cargo fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -max_len=16384 -print_final_stats=1
done
