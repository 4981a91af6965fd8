#!/usr/bin/env bash
# The counting of tools/tally.awk, on closing lines as each runner writes them, and what tools/failures.awk shows.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
good=0 bad=0

counts() { # WANTED TEXT…
    local wanted=$1 got
    shift
    got=$(printf '%s\n' "$@" | awk -f tools/tally.awk)
    if [ "$got" = "$wanted" ]; then
        good=$((good + 1))
    else
        bad=$((bad + 1))
        printf 'wanted %s, got %s, of: %s\n' "$wanted" "$got" "$*"
    fi
}

counts "0 0 0" "nothing was run" "3 passed the gate, 2 failed to" "12 files in 3.1s"
counts "5 0 1" "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s" \
    "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"
counts "1 2 0" "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out"
counts "12 0 1" "======= 12 passed, 1 skipped in 0.50s ======="
counts "10 3 0" "= 2 failed, 10 passed, 4 warnings, 1 error in 73.20s (0:01:13) ="
counts "7 0 0" "7 passed in 0.12s"
counts "1 0 0" "1 passed, 1 warning in 0.12s"
counts "12 0 0" "OK (12 tests, 34 assertions)"
counts "1 0 0" "OK (1 test, 1 assertion)"
counts "8 3 1" "Tests: 12, Assertions: 34, Errors: 1, Failures: 2, Skipped: 1."
counts "5 0 0" "[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in io.fenrun.T" \
    "[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0"
counts "1 3 1" "[ERROR] Tests run: 5, Failures: 2, Errors: 1, Skipped: 1"
counts "9 2 0" "9 of 11 vectors in 3 files hold"
counts "4 1 2" "4 passed, 1 failed, 2 skipped"
counts "4 0 0" $'\033[32m4 passed, 0 failed\033[0m'

shows() { # WANTED, of the log at standard input: its lines joined by commas
    local wanted=$1 got
    got=$(awk -f tools/failures.awk | paste -sd ,)
    if [ "$got" = "$wanted" ]; then
        good=$((good + 1))
    else
        bad=$((bad + 1))
        printf 'wanted %s, got %s\n' "$wanted" "$got"
    fi
}

early=(failures: "---- it ----" "panicked at" failures: "    it" "test result: FAILED. 1 passed; 1 failed")
shows "$(seq -s , 41 100)" < <(seq 100)
shows "$(printf '%s,' "${early[@]}")96,97,98,99,100" < <(printf '%s\n' "running 2 tests" "${early[@]}"; seq 100)
echo "$good passed, $bad failed"
[ "$bad" = 0 ]
