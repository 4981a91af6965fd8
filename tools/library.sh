#!/usr/bin/env bash
# Builds the release libfenrun.so for old systems (glibc 2.17, through zig) and prints its path.
# Where cargo-zigbuild is missing it builds for this machine's own glibc and says so.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=${FENRUN_VENV:-.venv}
build=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')

if [ -x "$venv/bin/cargo-zigbuild" ] && [[ $host == *-linux-gnu ]]; then
    # cargo finds the subcommand, and the subcommand finds zig's Python package, through PATH.
    PATH=$(cd "$venv/bin" && pwd):$PATH \
        cargo zigbuild -q --locked --release -p fenrun-ffi --target "$host.2.17" >&2
    echo "$build/$host/release/libfenrun.so"
else
    echo "library.sh: no cargo-zigbuild in $venv; the library will need the glibc of this machine" >&2
    cargo build -q --locked --release -p fenrun-ffi
    echo "$build/release/libfenrun.so"
fi
