//! Hints for words that are misspelt.

/// The known word that is most like this one, if any is like it at all: at most a third of its letters
/// and one more differ.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let measured = known.into_iter().map(|known| (distance(word, known), known));
    let close = measured.filter(|(apart, known)| *apart <= 1 + known.chars().count() / 3);
    close.min_by_key(|(apart, _)| *apart).map(|(_, known)| known)
}

/// `; did you mean …?` behind a sentence, or nothing where no known word is like it.
pub(crate) fn perhaps<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

/// `did you mean …?`, or all known words where none is like it.
pub(crate) fn did_you_mean<'k>(
    word: &str,
    all: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> String {
    nearest(word, known.clone()).map_or_else(
        || {
            let known: Vec<_> = known.into_iter().collect();
            if known.is_empty() { format!("{all}: none") } else { format!("{all}: {}", known.join(", ")) }
        },
        |known| format!("did you mean `{known}`?"),
    )
}

/// Whether one word is the other with a slip of the hand: one step apart, two in longer words.
pub(super) fn misspelt(written: &str, meant: &str) -> bool {
    let letters = meant.chars().count();
    letters > 3 && distance(written, meant) <= if letters > 5 { 2 } else { 1 }
}

/// Levenshtein distance with swapped neighbours as one step, over at most 64 letters.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut next = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                next = next.min(before[j - 1] + 1);
            }
            row.push(next);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, distance, misspelt, nearest, perhaps};

    #[test]
    fn swapped_missing_and_wrong_letters_are_one_step_each() {
        for (left, right, apart) in [
            ("levels", "levels", 0),
            ("levles", "levels", 1),
            ("level", "levels", 1),
            ("leveis", "levels", 1),
            ("evelss", "levels", 2),
            ("级差", "级别", 1),
            ("", "to", 2),
            ("to", "", 2),
        ] {
            assert_eq!(distance(left, right), apart, "{left} {right}");
        }
    }

    #[test]
    fn a_slip_is_no_other_word() {
        for (written, meant, slip) in
            [("nmae", "name", true), ("rate", "name", false), ("widht", "width", true), ("in", "id", false)]
        {
            assert_eq!(misspelt(written, meant), slip, "{written} {meant}");
        }
    }

    #[test]
    fn what_is_like_nothing_gets_the_list() {
        let known = ["retain", "stop", "roll_up"];
        assert_eq!(nearest("retian", known), Some("retain"));
        assert_eq!(nearest("rollup", known), Some("roll_up"));
        assert_eq!(nearest("compression", known), None);
        assert_eq!(did_you_mean("stpo", "one of", known), "did you mean `stop`?");
        assert_eq!(perhaps("stpo", known), "; did you mean `stop`?");
        assert_eq!(perhaps("what", known), "");
        assert_eq!(did_you_mean("what", "one of", known), "one of: retain, stop, roll_up");
        assert_eq!(did_you_mean("V1", "ranks", []), "ranks: none");
    }
}
