//! `fenrun verify`: a whole store against itself.

use crate::args::VerifyArgs;
use crate::output::{Console, Ending, grouped, pairs};
use fenrun::Result;
use fenrun_store::{Check, Report, Store};

pub(crate) fn run(args: &VerifyArgs, console: &Console) -> Result<Ending> {
    let report = Store::open_to_read(&args.file)?.verify()?;
    console.answer(|| report.to_node(), || text(&report))?;
    Ok(if report.is_clean() { Ending::Fine } else { Ending::Findings })
}

fn text(report: &Report) -> String {
    let mut text = pairs(&checks(report));
    for notice in report.notices() {
        text.push_str(&format!("notice  {notice}\n"));
    }
    text.push_str(if report.is_clean() { "the store verifies" } else { "the store does NOT verify" });
    text
}

/// One line a check, for this command and for the demo.
pub(crate) fn checks(report: &Report) -> Vec<(String, String)> {
    let line = |check: &Check| {
        let count = |count| grouped(i64::try_from(count).unwrap_or(i64::MAX));
        let value = match check.faults() {
            0 => format!("ok  {} checked", count(check.checked())),
            faults => {
                let (faults, checked) = (count(faults), count(check.checked()));
                format!("{faults} FAULTS of {checked} checked: {}", check.examples().join("; "))
            }
        };
        (check.name().to_owned(), value)
    };
    report.checks().iter().map(line).collect()
}
