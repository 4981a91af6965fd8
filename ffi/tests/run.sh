#!/usr/bin/env bash
# The C interface, from the outside: layout and bad input, golden vectors, valgrind, C++, both libraries,
# pkg-config and CMake, and the oldest glibc. Ends with `N passed, N failed`.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
library=${FENRUN_LIBRARY:-$(tools/library.sh)} || exit 1
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
passed=0 failed=0 skipped=0

add() { passed=$((passed + $1)) failed=$((failed + $2)); }

# check NAME COMMAND…: one test; its output is shown when it fails.
check() {
    local name=$1 log=$stage/log
    shift
    if "$@" > "$log" 2>&1; then
        add 1 0
    else
        echo "FAILED: $name"
        sed 's/^/    /' "$log"
        add 0 1
    fi
}

# must_fail NAME TEXT COMMAND…: a control; the command fails and says the text.
must_fail() {
    local name=$1 text=$2
    shift 2
    check "$name" bash -c '! "${@:2}" > "$0.out" 2>&1 && grep -q -- "$1" "$0.out"' "$stage/control" "$text" "$@"
}

# Programs find the library by its own name.
mkdir -p "$stage/lib"
cp "$library" "$stage/lib/libfenrun.so.0" || exit 1
ln -s libfenrun.so.0 "$stage/lib/libfenrun.so"
warnings=(-Wall -Wextra -Wpedantic -Werror -g -O1)
linking=(-Iinclude "-L$stage/lib" -lfenrun "-Wl,-rpath,$stage/lib" -pthread)
memory=(valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible
    --errors-for-leak-kinds=definite,indirect,possible --suppressions=ffi/tests/valgrind.supp)

compile() { "${CC:-cc}" "${warnings[@]}" "-std=$1" "$2" "${linking[@]}" -o "$3"; }
check "compile two_levels.c as C99" compile c99 examples/c/two_levels.c "$stage/two_levels"
check "compile forest.c as C99" compile c99 examples/c/forest.c "$stage/forest"
check "compile one_order.c as C99" compile c99 examples/c/one_order.c "$stage/one_order"
check "compile vectors.c as C99" compile c99 ffi/tests/vectors.c "$stage/vectors"
check "compile abi.c as C11" compile c11 ffi/tests/abi.c "$stage/abi"
check "compile forests.c as C11" compile c11 ffi/tests/forests.c "$stage/forests"
check "compile header.cpp as C++17" \
    "${CXX:-c++}" "${warnings[@]}" -std=c++17 ffi/tests/header.cpp "${linking[@]}" -o "$stage/header"

# The contract, natively and under valgrind; the native run's counts are the ones that count.
for contract in abi forests; do
    "$stage/$contract" > "$stage/$contract.out" 2>&1
    tail -n 1 "$stage/$contract.out" > "$stage/counts"
    if read -r good _ bad _ < "$stage/counts" && [ "$good" -gt 0 ] 2> /dev/null; then
        add "$good" "$bad"
        [ "$bad" = 0 ] || cat "$stage/$contract.out"
    else
        check "$contract.c runs to its end" cat "$stage/$contract.out" /nonexistent
    fi
    check "$contract.c under valgrind" "${memory[@]}" "$stage/$contract"
done
check "two_levels.c under valgrind" "${memory[@]}" "$stage/two_levels"
check "header.cpp under valgrind" "${memory[@]}" "$stage/header"
forest_example() {
    "${memory[@]}" "$stage/forest" | diff - <(printf '%s\n' '20 gets 999' '10 gets 524' '2 below 10, 20 first' \
        '{"code":"AQEAAAAAHgCMIVVNJ8wSiITf","link":"https://shop.example/p/7?s=AQEAAAAAHgCMIVVNJ8wSiITf"}')
}
check "forest.c prints what it should, under valgrind" forest_example
check "two_levels.c: 60 lines at most" test "$(wc -l < examples/c/two_levels.c)" -le 60

# One order through twelve commands, the same bytes as every language.
transcript() { # FILE [ARGUMENT]
    "${memory[@]}" "$stage/one_order" "${@:2}" < examples/transcript/commands.jsonl |
        diff "examples/transcript/$1" -
}
check "one_order.c answers as the transcript" transcript answers.jsonl
check "one_order.c logs as the transcript" transcript events.jsonl log

# Golden vectors through the C calls, and a planted bug that must be seen.
xtask() { cargo run -q --locked -p xtask -- "$@"; }
check "flatten the vectors" xtask vectors flatten "$stage/flat"
check "answer the vectors under valgrind" \
    bash -c '"${@:2}" < "$0" > "$1"' "$stage/flat" "$stage/answers" "${memory[@]}" "$stage/vectors"
if xtask vectors compare "$stage/answers" > "$stage/compared" 2>&1; then :; else cat "$stage/compared"; fi
read -r good _ bad _ < <(tail -n 1 "$stage/compared")
add "${good:-0}" "${bad:-1}"
# In a case whose whole answer is compared; others expect a part of theirs and would not see it.
awk -F'\t' -v OFS='\t' '$1 == "alloc-cmp-02-largest_remainder" { sub(/"shares":\[/, "&1") } { print }' \
    "$stage/answers" > "$stage/planted"
must_fail "a planted bug in an answer is reported" ", 1 failed" \
    cargo run -q --locked -p xtask -- vectors compare "$stage/planted"

# What the loader sees: the name, nothing newer than glibc 2.17, and our symbols alone.
soname() { objdump -p "$library" | grep -q 'SONAME *libfenrun.so.0$'; }
old_glibc() {
    local newest
    newest=$(objdump -T "$library" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
    echo "newest: $newest"
    [ "$(printf '%s\n' GLIBC_2.17 "$newest" | sort -V | tail -n 1)" = GLIBC_2.17 ]
}
own_symbols() { ! nm -D --defined-only "$library" | awk '{ print $3 }' | grep -v '^fenrun_'; }
declared() {
    comm -3 <(nm -D --defined-only "$library" | awk '{ print $3 }' | sort) \
        <(grep -o '\bfenrun_[a-z_]*(' include/fenrun.h | tr -d '(' | sort -u) | tee /dev/stderr | wc -l | grep -qx 0
}
check "SONAME is libfenrun.so.0" soname
check "exports fenrun_ symbols alone" own_symbols
check "header and library name the same functions" declared
if [[ $library == */*-linux-gnu/release/* ]]; then
    check "loads with glibc 2.17" old_glibc
elif [ "${CI:-}" = true ]; then
    check "loads with glibc 2.17: needs cargo-zigbuild" false
else
    skipped=$((skipped + 1))
fi
must_fail "panic = abort does not compile" 'panic = \\"unwind\\"' \
    cargo rustc -q --locked -p fenrun-capi --lib -- -C panic=abort

# The header PHP reads, read by PHP.
if command -v php > /dev/null; then
    check "PHP reads its header" php -d ffi.enable=1 -r '
        $f = FFI::cdef(file_get_contents("php/include/fenrun.php.h"), $argv[1]);
        exit($f->fenrun_abi_version() === $f->FENRUN_ABI_VERSION && $f->FENRUN_OVERFLOW === 102 ? 0 : 1);' \
        "$stage/lib/libfenrun.so"
else
    skipped=$((skipped + 1))
fi

# The commands at the head of the C page, in the dev profile the tests share.
first_program() {
    local code
    code=$(awk '/^```$/ && on { exit } on { print } /^```sh$/ { on = 1 }' docs/reference/c-abi.md)
    code=${code//--release /}
    code=${code//target\/release/$CARGO_TARGET_DIR/debug}
    code=${code//\$PWD\/target\/c/$stage/first}
    code=${code//target\/c/$stage/first}
    echo "$code"
    bash -euo pipefail -c "$code" > "$stage/first.out" && diff <("$stage/two_levels") <(tail -n +2 "$stage/first.out")
}
check "the commands at the head of c-abi.md" first_program

# Installed: pkg-config and CMake find it, shared and static.
static=$CARGO_TARGET_DIR/debug/libfenrun.a
check "build the static library" \
    cargo rustc -q --locked -p fenrun-ffi --lib --crate-type staticlib --no-default-features
not_built() {
    cat > "$stage/without.c" << 'END'
#include "fenrun.h"
#include <string.h>
int main(void) {
    fenrun_buffer image = {0};
    return strstr(fenrun_features(), "qr") != NULL || fenrun_qr_draw("a", 1, NULL, 0, &image, NULL) != FENRUN_NOT_BUILT;
}
END
    "${CC:-cc}" -std=c99 -Iinclude "$stage/without.c" "$static" -lpthread -ldl -lm -o "$stage/without" && "$stage/without"
}
check "what is not built in says so" not_built
check "install" xtask install "$stage/prefix" "$library" "$static"
with_pkg_config() {
    export PKG_CONFIG_PATH=$stage/prefix/lib/pkgconfig
    # shellcheck disable=SC2046 # words on purpose
    "${CC:-cc}" -std=c99 examples/c/two_levels.c $(pkg-config --cflags --libs fenrun) -o "$stage/found" &&
        LD_LIBRARY_PATH=$stage/prefix/lib "$stage/found"
}
with_cmake() {
    cmake -S ffi/tests/cmake -B "$stage/cmake" -DCMAKE_PREFIX_PATH="$stage/prefix" &&
        cmake --build "$stage/cmake" && "$stage/cmake/shared" && "${memory[@]}" "$stage/cmake/static"
}
if command -v pkg-config > /dev/null; then check "pkg-config" with_pkg_config; else skipped=$((skipped + 1)); fi
if command -v cmake > /dev/null; then check "CMake" with_cmake; else skipped=$((skipped + 1)); fi

closing="$passed passed, $failed failed"
[ "$skipped" = 0 ] || closing+=", $skipped skipped"
echo "$closing"
[ "$failed" = 0 ]
