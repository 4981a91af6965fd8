//! The header as PHP's FFI can read it: no preprocessor, no C++, constants as an enum.

use std::fmt::Write as _;

/// The text of `php/include/fenrun.php.h`, derived from the C header.
pub(super) fn text(header: &str) -> String {
    let mut constants = String::new();
    let mut body = String::new();
    let mut lines = without_comments(header).into_iter();
    while let Some(line) = lines.next() {
        if line.trim() == "#ifdef __cplusplus" {
            // Both branches of the header hold one line; neither is C.
            for skipped in lines.by_ref() {
                if skipped.starts_with("#endif") {
                    break;
                }
            }
        } else if let Some(constant) = line.strip_prefix("#define ") {
            if let Some((name, value)) = constant.split_once(' ').filter(|(_, value)| is_number(value)) {
                let _ = writeln!(constants, "  {name} = {value},");
            }
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            body.push_str(&line);
            body.push('\n');
        }
    }
    format!(
        "/* Generated from include/fenrun.h by `cargo run -p xtask -- generate`; do not edit. */\n\
         enum {{\n{constants}}};\n{body}"
    )
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The lines without block comments; comments of the header start and end on lines of their own or stand
/// behind code.
fn without_comments(header: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = header;
    while let Some((code, comment)) = rest.split_once("/*") {
        text.push_str(code);
        rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn keeps_declarations_and_numbers_alone() {
        let header = "/* top */\n#ifndef A\n#define A\n#include <stdint.h>\n/** one */\n#define ONE 1\n\
            #define INIT { 0 }\n#ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n\
            /* two\n lines */\nint32_t f(int x /* a */,\n  int y);\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
        let wanted = "enum {\n  ONE = 1,\n};\nint32_t f(int x ,\n  int y);\n";
        assert!(text(header).ends_with(wanted), "{}", text(header));
    }
}
