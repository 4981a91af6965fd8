//! The shape of a CSV text, before anything is read from it.
//!
//! The reader of rows is lenient: after a quote that was never closed it takes the rest of the file for one
//! cell, and orders would be lost without a word.

use fenrun::{Code, Error, Result};

/// The most columns of a file.
const MAX_COLUMNS: usize = 4096;

/// Where in a cell the scan is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing so far.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between quotes; the line they were opened on.
    Quoted(u64),
    /// Behind a closing quote, or the first of two that stand for one.
    Closed(u64),
}

/// Checks that quotes enclose whole cells, that every one is closed on its line, that no cell holds a control
/// character, and that the header is not wider than any file of ours.
pub(super) fn check(text: &[u8], path: &str) -> Result<()> {
    let (mut at, mut line, mut columns) = (At::Start, 1_u64, 1_usize);
    for byte in text {
        let fault = |rule: &str| Err(Error::new(Code::Row, format!("{path}:{line}: {rule}")));
        at = match (at, *byte) {
            (At::Quoted(opened), b'\n' | b'\r') => return Err(unclosed(path, opened)),
            (At::Quoted(opened), b'"') => At::Closed(opened),
            (At::Closed(opened), b'"') => At::Quoted(opened),
            (At::Quoted(_) | At::Closed(_), b'\t') => at,
            (At::Start | At::Bare, b'\t') => At::Bare,
            (At::Start | At::Bare | At::Closed(_), b'\n' | b'\r') => At::Start,
            (_, 0..=31 | 127) => {
                return fault(&format!("a cell holds the control character \\u{{{byte:02x}}}"));
            }
            (At::Quoted(opened), _) => At::Quoted(opened),
            (_, b',') => At::Start,
            (At::Start, b'"') => At::Quoted(line),
            (At::Closed(_), b' ') => at,
            (At::Bare, b'"') => {
                return fault(
                    "a quote that does not begin its cell; put the cell in quotes and write it twice",
                );
            }
            (At::Closed(_), _) => return fault("text behind the closing quote of a cell"),
            (At::Start | At::Bare, _) => At::Bare,
        };
        if *byte == b'\n' {
            line += 1;
        }
        if line == 1 && *byte == b',' && at == At::Start {
            columns += 1;
            if columns > MAX_COLUMNS {
                let rule = format!("{path}: more than {MAX_COLUMNS} columns");
                return Err(Error::new(Code::Column, rule));
            }
        }
    }
    match at {
        At::Quoted(opened) => Err(unclosed(path, opened)),
        _ => Ok(()),
    }
}

fn unclosed(path: &str, line: u64) -> Error {
    Error::new(Code::Row, format!("{path}:{line}: a quote is not closed on its line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        check(text.as_bytes(), "o.csv").unwrap_err().message().to_owned()
    }

    #[test]
    fn whole_cells_are_quoted() {
        for text in [
            "",
            "a,b\n1,2",
            "a,b\r\n1,2\r\n",
            "a,\"b, c\"\n\"x\" ,\"\"\n",
            "a\n\"{\"\"upline\"\": [\"\"8%\"\"]}\"\n",
            "会员,\"上级\"\n\"甲\"\t,\t乙\n",
        ] {
            check(text.as_bytes(), "o.csv").unwrap();
        }
    }

    #[test]
    fn stray_quotes_are_named_with_their_line() {
        let unclosed = "o.csv:2: a quote is not closed on its line";
        assert_eq!(refused("a,b\n1,\"app\n2,app\n"), unclosed);
        assert_eq!(refused("a,b\n1,\"app\n2,app\"\n"), unclosed);
        assert_eq!(refused("a,b\n1,\"app"), unclosed);
        assert!(refused("a,b\n1,app\"\n").starts_with("o.csv:2: a quote that does not begin"));
        assert!(refused("a, \"b\"\n").starts_with("o.csv:1: a quote that does not begin"));
        assert!(refused("a,b\n1,2\n1,\"app\"x\n").starts_with("o.csv:3: text behind"));
        assert_eq!(refused("a,b\n1,x\0y\n"), "o.csv:2: a cell holds the control character \\u{00}");
    }

    #[test]
    fn a_header_has_its_width() {
        let header = |columns: usize| vec!["c"; columns].join(",");
        check(header(MAX_COLUMNS).as_bytes(), "o.csv").unwrap();
        assert_eq!(refused(&header(MAX_COLUMNS + 1)), "o.csv: more than 4096 columns");
        check(format!("\"{}\"", ",".repeat(MAX_COLUMNS)).as_bytes(), "o.csv").unwrap();
    }
}
