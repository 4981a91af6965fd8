# What failed in the log of a step, in short: cargo's sections of failed tests, which may stand far from the end
# because a failure stops no test after it, and the end of the log.
{ last[NR % 60] = substr($0, 1, 300) }

/^failures:$/ { on = 1 }
on { if (kept < 200) said[++kept] = substr($0, 1, 300); else cut++ }
/^test result: FAILED/ { on = 0 }

END {
    for (at = 1; at <= kept; at++) print said[at]
    if (cut) print "(and " cut " more lines)"
    end = kept ? 5 : 60
    for (at = NR > end ? NR - end + 1 : 1; at <= NR; at++) print last[at % 60]
}
