//! `fenrun explain --close`: a line for each person and rule of a period, paid or not.

use crate::files::read_text;
use crate::output::{Console, Ending};
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::operations;
use fenrun::reward::commission::Language;
use fenrun::reward::plan::Plan;
use fenrun::{Code, Error, Result};
use std::path::Path;

pub(crate) fn run(
    path: &Path,
    plan: Option<&Plan>,
    member: Option<u64>,
    language: Language,
    console: &Console,
) -> Result<Ending> {
    let file = path.display().to_string();
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let node = doc::read_json(&text, MAX_DOCUMENT_BYTES).map_err(|error| error.within(&file))?;
    let Node::Map(mut input) = node else {
        return Err(Error::new(Code::InvalidValue, format!("{file}: a close is a map")));
    };
    input.insert("lang".into(), language.name().into());
    input.extend(member.map(|member| ("member".to_owned(), Node::from(member.to_string()))));
    let answer = operations::run("explain_close", plan, &Node::Map(input));
    let answer = answer.map_err(|error| error.within(&file))?;
    let lines = || match answer.get("lines") {
        Some(Node::List(lines)) => lines.iter().filter_map(Node::as_text).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    };
    console.answer(|| answer.clone(), lines)?;
    Ok(Ending::Fine)
}
