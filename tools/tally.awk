# Sums what test runners say at their end, and prints: passed failed skipped.
function number(word,    pair) { # the number in front of a word, as in "3 failed"
    return match($0, "[0-9]+ " word) ? substr($0, RSTART, RLENGTH) + 0 : 0
}
function after(word) { # the number behind a word, as in "Failures: 3"
    return match($0, word "[: ]+[0-9]+") ? number_in(substr($0, RSTART, RLENGTH)) : 0
}
function number_in(text) { sub(/^[^0-9]*/, "", text); return text + 0 }
function add(good, bad, left) { passed += good; failed += bad; skipped += left }

{ gsub(/\033\[[0-9;]*m/, "") }

# cargo test
/^test result: / { add(number("passed"), number("failed"), number("ignored")); next }
# pytest, with and without its rule of equal signs
/ in [0-9.]+s( \([0-9:]+\))?( =+)?$/ && /[0-9] (passed|failed|errors?|skipped)/ {
    add(number("passed") + number("xfailed"), number("failed") + number("errors?"), number("skipped"))
    next
}
# PHPUnit
/^OK \([0-9]+ tests?, / { add(number_in($0), 0, 0); next }
/^Tests: [0-9]+, Assertions: / {
    bad = after("Errors") + after("Failures")
    left = after("Skipped") + after("Incomplete")
    add(after("Tests") - bad - left, bad, left)
    next
}
# Maven's total; the lines of single classes carry a time
/Tests run: [0-9]+, Failures: / && !/Time elapsed/ {
    bad = after("Errors") + after("Failures")
    left = after("Skipped")
    add(after("Tests run") - bad - left, bad, left)
    next
}
# fenrun vectors
/^[0-9]+ of [0-9]+ vectors / { add($1, $3 - $1, 0); next }
# our own
/^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { add(number("passed"), number("failed"), number("skipped")) }

END { print passed + 0, failed + 0, skipped + 0 }
