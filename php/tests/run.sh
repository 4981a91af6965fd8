#!/usr/bin/env bash
# The tests of the PHP package. FENRUN_LIBRARY names the release libfenrun.so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${FENRUN_LIBRARY:?names libfenrun.so, such as target/release/libfenrun.so}"
export FENRUN_LIBRARY
exec phpunit --no-configuration --do-not-cache-result --colors=never --fail-on-warning --fail-on-risky \
    --bootstrap php/tests/bootstrap.php php/tests
