#!/usr/bin/env bash
# Runs the tests of every language, step by step, and closes with one line of totals.
#
#   tools/test.sh              every step
#   tools/test.sh rust php     only these
#   tools/test.sh --list       their names
#
# A step prints one line; all it wrote is in target/test-logs/NAME.log. A failure stops no other step,
# and what failed in it is shown last (tools/failures.awk). A step that lacks a tool (target/missing-tools, written
# by tools/setup.sh) is skipped and says so; with CI=true it counts as failed.
#
# Each language brings its own script, LANGUAGE/tests/run.sh. It is started from the root of the tree,
# exits non-zero when anything failed, and ends with the closing lines of its test runner (cargo, pytest,
# PHPUnit, Maven) or with `N passed, N failed[, N skipped]`; tools/tally.awk counts them. It finds:
#   CARGO_TARGET_DIR   where cargo builds, absolute; share its dev profile, do not build a world of its own
#   FENRUN_LIBRARY     the release libfenrun.so, linked for glibc 2.17 where zig is at hand
#   FENRUN_CLI         the program `fenrun`
#   FENRUN_VENV        the Python environment, filled from tools/requirements.txt
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8 NO_COLOR=1 CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never PYTHONUNBUFFERED=1
command -v cargo > /dev/null || PATH=$PATH:$HOME/.cargo/bin
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
CARGO_TARGET_DIR=$(absolute "${CARGO_TARGET_DIR:-target}")
FENRUN_VENV=$(absolute "${FENRUN_VENV:-.venv}")
FENRUN_CLI=$CARGO_TARGET_DIR/debug/fenrun
export CARGO_TARGET_DIR FENRUN_VENV FENRUN_CLI
FENRUN_LIBRARY=$(tools/library.sh --path)
export FENRUN_LIBRARY
# One interpreter for cargo and for maturin, or PyO3 is built twice.
[ ! -x "$FENRUN_VENV/bin/python" ] || export PYO3_PYTHON=$FENRUN_VENV/bin/python

# Longer than any step takes on two slow cores: only a hang reaches it.
step_seconds=1200
logs=target/test-logs
wanted=" $* "
# What some steps cannot do without.
case $wanted in *" vectors "* | *" demo "* | *" blocks "*) wanted+="program " ;; esac
case $wanted in *" c "* | *" php "* | *" java "* | *" blocks "*) wanted+="library " ;; esac
passed=0 failed=0 skipped=0
failures=()
known=""
mkdir -p "$logs"

now() { local us=${EPOCHREALTIME/[.,]/}; echo "$us"; }

# Tools of a list that tools/setup.sh did not find.
missing_of() {
    local tool
    for tool in $1; do
        if grep -qx "$tool" target/missing-tools 2> /dev/null; then printf ' %s' "$tool"; fi
    done
}

# step NAME "TOOLS" COMMAND…
step() {
    local name=$1 tools=$2 log=$logs/$1.log missing began status tenths counts of_step
    shift 2
    known+=" $name "
    if [ "$wanted" = " --list " ]; then
        echo "$name"
        return
    fi
    if [ "$wanted" != "  " ] && [[ $wanted != *" $name "* ]]; then return; fi
    missing=$(missing_of "$tools")
    if [ -n "$missing" ] && [ "${CI:-}" != true ]; then
        printf 'SKIPPED           %-10s missing:%s\n' "$name" "$missing"
        skipped=$((skipped + 1))
        return
    fi
    began=$(now)
    if [ -n "$missing" ]; then
        echo "CI=true and this machine lacks:$missing" > "$log"
        status=1
    else
        timeout -k 10 "$step_seconds" "$@" > "$log" 2>&1 < /dev/null
        status=$?
    fi
    tenths=$((($(now) - began) / 100000))
    read -r -a counts < <(awk -f tools/tally.awk "$log")
    # A step without a test runner counts as one test.
    of_step=${counts[0]}
    if [ "$status" != 0 ] && [ "${counts[1]}" = 0 ]; then counts[1]=1; fi
    if [ "$status" = 0 ] && [ "$((counts[0] + counts[1]))" = 0 ]; then counts[0]=1; fi
    passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
    local state=ok notes=""
    [ "$of_step" = 0 ] || notes="$of_step passed"
    [ "${counts[2]}" = 0 ] || notes+=", ${counts[2]} skipped"
    if [ "${counts[1]}" != 0 ]; then
        state=FAILED
        notes+="${notes:+, }${counts[1]} failed; $log"
        failures+=("$name")
    fi
    printf '%-8s%5d.%ds  %-10s %s' "$state" $((tenths / 10)) $((tenths % 10)) "$name" "$notes" | sed 's/ *$//'
    echo
}

# What failed, how it failed, and the totals.
report() {
    local name
    [ "$wanted" != " --list " ] || exit 0
    for name in "$@"; do
        if [[ $known != *" $name "* ]]; then
            echo "no step is called $name; tools/test.sh --list names them all" >&2
            exit 2
        fi
    done
    for name in ${failures[@]+"${failures[@]}"}; do
        printf '\n==== FAILED: %s, of %s\n' "$name" "$logs/$name.log"
        awk -f tools/failures.awk "$logs/$name.log"
    done
    echo
    if [ "$skipped" = 0 ]; then
        echo "$passed passed, $failed failed"
    else
        echo "$passed passed, $failed failed, $skipped skipped"
    fi
    [ "$failed" = 0 ]
}

# In a function, which bash reads whole: this file may be edited while it runs.
main() {
    step tally "" bash tools/tally_test.sh
    step fmt "" cargo fmt --all --check
    step tidy "" cargo run -q --locked -p xtask -- tidy
    step clippy "" cargo clippy -q --locked --workspace --all-targets -- -D warnings
    step doc "" env RUSTDOCFLAGS="-D warnings" cargo doc -q --locked --workspace --no-deps
    step rust "" cargo test -q --locked --workspace --no-fail-fast
    step fuzz "" cargo test -q --locked --manifest-path fuzz/Cargo.toml --no-default-features --lib
    step program "" cargo build -q --locked --workspace --bin fenrun
    step vectors "" "$FENRUN_CLI" vectors vectors/*.json
    step demo "" "$FENRUN_CLI" demo --limit 3000 --out target/test-logs/demo
    step header "" cargo run -q --locked -p xtask -- generate --check
    step library "" tools/library.sh
    step c "valgrind g++ cmake pkg-config" bash ffi/tests/run.sh
    step php "php php-fpm cgi-fcgi composer phpunit" bash php/tests/run.sh
    step java "jdk mvn" bash java/tests/run.sh
    step python "python venv" bash python/tests/run.sh
    step blocks "python venv" "$FENRUN_VENV/bin/python" tools/blocks.py
    report "$@"
    exit
}

main "$@"
