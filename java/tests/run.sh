#!/usr/bin/env bash
# The Java tests, on the default JDK and again on the newest other one of 22 or later, where there is one.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${FENRUN_LIBRARY:-}" ]; then
    FENRUN_LIBRARY=$(cd .. && realpath "$(bash tools/library.sh --path)")
fi
export FENRUN_LIBRARY

run() {
    echo "== $("$1/bin/java" -version 2>&1 | head -1)"
    JAVA_HOME=$1 mvn -B -ntp -Dstyle.color=never clean test 2>&1 |
        grep -vE 'sun\.misc\.Unsafe|^WARNING: (Please|A terminally)' |
        grep -E '^\[(ERROR|WARNING)\]|^\[INFO\] Tests run:.*[0-9]$|BUILD FAILURE'
    return "${PIPESTATUS[0]}"
}

default=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
failed=0
run "$default" || failed=1
newest=""
for home in /usr/lib/jvm/*; do
    [ -x "$home/bin/javac" ] && [ ! -L "$home" ] || continue
    major=$("$home/bin/javac" -version 2>&1 | grep -oE '[0-9]+' | head -1)
    if [ "${major:-0}" -ge 22 ]; then newest=$home; fi
done
if [ -n "$newest" ] && [ "$(readlink -f "$newest")" != "$default" ]; then run "$newest" || failed=1; fi

# The ten-line program of the README, and one order that prints the same as in every language.
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
jars=$(find "${HOME}/.m2/repository/net/java/dev/jna/jna/5.19.1" \
    "${HOME}/.m2/repository/com/eclipsesource/minimal-json" -name '*.jar' | paste -sd:)
javac -d "$classes" -cp "target/classes:$jars" ../examples/java/*.java &&
    java -cp "$classes:target/classes:$jars" TwoLevels > "$classes/out" &&
    grep -q '^U1 gets 499 ' "$classes/out" || { echo "examples/java/TwoLevels.java failed"; failed=1; }
java -cp "$classes:target/classes:$jars" OneOrder < ../examples/transcript/commands.jsonl |
    diff ../examples/transcript/answers.jsonl - || { echo "examples/java/OneOrder.java failed"; failed=1; }
exit $failed
