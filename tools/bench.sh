#!/usr/bin/env bash
# Builds fenrun, its C library and its Python package as users get them, measures them against the peers and
# writes the tables of docs/performance.md anew.
#
#   FENRUN_VENV        the environment, which gets tools/requirements-bench.txt; .venv by default
#   CARGO_TARGET_DIR   where cargo builds; target by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$(cd "${FENRUN_VENV:-.venv}" && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export PATH=$venv/bin:$PATH VIRTUAL_ENV=$venv PYO3_PYTHON=$venv/bin/python
wheels=$CARGO_TARGET_DIR/bench-wheels

pip install -q --disable-pip-version-check -r tools/requirements-bench.txt
cargo build -q --locked --release -p fenrun-benches -p fenrun-ffi
rm -rf "$wheels"
maturin build -q --release --locked -m python/Cargo.toml -o "$wheels" --compatibility linux
pip install -q --disable-pip-version-check --no-deps --force-reinstall "$wheels"/fenrun-*.whl
python benches/batch.py --page docs/performance.md "$@"
python benches/forest.py --page docs/performance.md
ln -sf libfenrun.so "$CARGO_TARGET_DIR/release/libfenrun.so.0"
cc -O2 -Iinclude benches/calls.c "-L$CARGO_TARGET_DIR/release" "-Wl,-rpath,$CARGO_TARGET_DIR/release" -lfenrun \
    -o "$CARGO_TARGET_DIR/release/bench-calls"
python benches/calls.py "$CARGO_TARGET_DIR/release/bench-calls" --page docs/performance.md
"$CARGO_TARGET_DIR/release/fenrun-bench" figures docs/performance.md
"$CARGO_TARGET_DIR/release/fenrun-bench" growth docs/performance.md
cargo run -q --locked --release --manifest-path benches/peers/stateset/Cargo.toml -- docs/performance.md
