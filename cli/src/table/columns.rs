//! Columns by name.

use fenrun::{Code, Error, Result};

/// The header of a file. Every column must be asked for; [`Columns::finish`] refuses the rest.
pub(super) struct Columns {
    path: String,
    names: Vec<String>,
    known: Vec<String>,
}

impl Columns {
    pub(super) fn new(path: String, names: Vec<String>) -> Result<Self> {
        let columns = Self { path, names, known: Vec::new() };
        if columns.names.is_empty() {
            return Err(columns.fault("the file is empty; its first row names the columns".into()));
        }
        for (at, name) in columns.names.iter().enumerate() {
            if columns.names[..at].contains(name) {
                return Err(columns.fault(format!("the column `{name}` stands twice")));
            }
        }
        Ok(columns)
    }

    /// The place of a column, if the file has it.
    pub(super) fn take(&mut self, name: &str) -> Option<usize> {
        self.known.push(name.to_owned());
        self.names.iter().position(|known| known == name)
    }

    /// The place of a column the file must have.
    pub(super) fn need(&mut self, name: &str) -> Result<usize> {
        self.take(name).ok_or_else(|| self.missing(&format!("`{name}`"), name))
    }

    /// The error of a column the file must have; `what` names it in words.
    pub(super) fn missing(&self, what: &str, name: &str) -> Error {
        let near = nearest(name, self.names.iter().filter(|column| !self.known.contains(column)));
        let hint = near.map_or_else(
            || format!("the columns are {}", self.names.join(", ")),
            |near| format!("is `{near}` meant for it?"),
        );
        self.fault(format!("the column {what} is missing; {hint}"))
    }

    /// Ends the header of a file that may have other columns too: their places and names.
    pub(super) fn rest(self) -> Vec<(usize, String)> {
        let Self { names, known, .. } = self;
        names.into_iter().enumerate().filter(|(_, name)| !known.contains(name)).collect()
    }

    /// Ends the header: columns nobody asked for are refused, with the nearest known name.
    pub(super) fn finish(self) -> Result<()> {
        let Some(unknown) = self.names.iter().find(|name| !self.known.contains(name)) else { return Ok(()) };
        let hint = nearest(unknown, self.known.iter()).map_or_else(
            || format!("known columns: {}", self.known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Err(self.fault(format!("unknown column `{unknown}`; {hint}")))
    }

    /// An error of the header.
    pub(super) fn fault(&self, rule: String) -> Error {
        Error::new(Code::Column, format!("{}: {rule}", self.path))
    }
}

/// The nearest name, where one is near.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let distance = |other: &String| strsim::damerau_levenshtein(name, other);
    known.min_by_key(|other| distance(other)).filter(|near| distance(near) <= 1 + near.chars().count() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Columns {
        Columns::new("o.csv".into(), names.iter().map(|name| (*name).to_owned()).collect()).unwrap()
    }

    #[test]
    fn faults_name_the_nearest_column() {
        let mut unknown = columns(&["order", "buyr"]);
        assert_eq!(unknown.take("order"), Some(0));
        let missing = unknown.need("buyer").unwrap_err();
        assert_eq!(missing.message(), "o.csv: the column `buyer` is missing; is `buyr` meant for it?");
        assert_eq!(unknown.take("buyer"), None);
        assert_eq!(
            unknown.finish().unwrap_err().message(),
            "o.csv: unknown column `buyr`; did you mean `buyer`?"
        );
        let far = columns(&["x"]).need("placed_at").unwrap_err();
        assert_eq!(far.message(), "o.csv: the column `placed_at` is missing; the columns are x");
        assert!(Columns::new("o.csv".into(), vec!["a".into(), "a".into()]).is_err());
    }
}
