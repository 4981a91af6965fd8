//! What goes to standard output and standard error, and the exit code.

use fenrun::doc::Node;
use fenrun::{Code, Error, Result};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing to report beyond the answer.
    Fine,
    /// The answer holds something that was looked for: a mismatch, a damaged store.
    Findings,
}

impl Ending {
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Fine => ExitCode::SUCCESS,
            Self::Findings => ExitCode::from(1),
        }
    }
}

/// Prints answers as text or as one JSON document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    json: bool,
}

impl Console {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the answer, in one of its two forms.
    pub(crate) fn answer(
        &self,
        document: impl FnOnce() -> Node,
        text: impl FnOnce() -> String,
    ) -> Result<()> {
        let shown = if self.json { document().to_json_pretty() } else { text() };
        print(shown.trim_end())
    }

    /// Prints text to standard error, where standard output holds what the command made.
    pub(crate) fn aside(text: &str) {
        eprintln!("{}", text.trim_end());
    }

    /// Whether a document was asked for.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints an error and gives its exit code.
    pub(crate) fn fail(&self, error: &Error) -> ExitCode {
        eprintln!("fenrun: {error}");
        if self.json {
            let parts = [
                ("code", Node::from(error.code().name())),
                ("number", i64::from(error.code().number()).into()),
                ("message", error.message().into()),
            ];
            let line = error.line().map(|line| ("line", count(line).into()));
            let fault = Node::map(parts.into_iter().chain(line));
            // Nothing is left to be done when even this cannot be printed.
            let _ = print(&Node::map([("error", fault)]).to_json_pretty());
        }
        ExitCode::from(match error.code() {
            Code::PaysTooMuch | Code::PaysRecruiting => 1,
            Code::File | Code::Database | Code::Inconsistent | Code::Panic => 3,
            _ => 2,
        })
    }
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        // A reader such as `head` has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::new(Code::File, format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Lines of two columns, the first padded: what people read.
pub(crate) fn pairs(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(String, String)| {
        let pad = " ".repeat(width - name.chars().count());
        format!("{name}{pad}  {value}\n")
    };
    rows.iter().map(line).collect()
}

/// A whole number with its thousands apart: `69,659`.
pub(crate) fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A whole number in larger units, with one decimal.
pub(crate) fn tenths(value: i64, unit: i64) -> String {
    let tenths = (value.saturating_mul(10) + unit / 2) / unit;
    format!("{}.{}", grouped(tenths / 10), tenths % 10)
}

/// A count as the integer of a document.
pub(crate) fn count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (-250_031_563, "-250,031,563")] {
            assert_eq!(grouped(value), text);
        }
    }

    #[test]
    fn columns_are_padded_by_characters() {
        let rows = [("订单".to_owned(), "1".to_owned()), ("pool".to_owned(), "2".to_owned())];
        assert_eq!(pairs(&rows), "订单    1\npool  2\n");
    }
}
