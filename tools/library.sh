#!/usr/bin/env bash
# Builds the release libfenrun.so for old systems (glibc 2.17, through zig) and prints its path.
# Where cargo-zigbuild is missing it builds for this machine's own glibc and says so.
#
#   tools/library.sh --path   only prints the path
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=${FENRUN_VENV:-.venv}
build=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')

if [ -x "$venv/bin/cargo-zigbuild" ] && [[ $host == *-linux-gnu ]]; then
    library=$build/$host/release/libfenrun.so
    # cargo finds the subcommand, and the subcommand finds zig's Python package, through PATH.
    PATH=$(cd "$venv/bin" && pwd):$PATH
    command=(cargo zigbuild --target "$host.2.17")
else
    library=$build/release/libfenrun.so
    command=(cargo build)
    [ "${1:-}" = --path ] ||
        echo "library.sh: no cargo-zigbuild in $venv; the library will need the glibc of this machine" >&2
fi
[ "${1:-}" = --path ] || "${command[@]}" -q --locked --release -p fenrun-ffi >&2
echo "$library"
