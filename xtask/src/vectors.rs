//! `vectors flatten` and `vectors compare`: golden vectors for languages without a JSON reader at hand.
//!
//! A flat file has one case a line, its fields separated by tabs: id, call, and what the call takes.
//! Canonical JSON holds neither tabs nor line ends, so nothing needs escaping. The answers come back as
//! `id`, `ok` or `error`, and the answer as JSON or the error's stable name.

mod columns;

use fenrun::doc::{Node, read_json};
use fenrun::operations::{Case, PlanSource, read_vectors};
use fenrun::reward::plan::Plan;
use fenrun::{Code, Error};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Longer than any answer.
const MAX_ANSWER: usize = 16 << 20;

/// Writes the flat file.
///
/// # Errors
/// One line: what cannot be read or written.
pub(crate) fn flatten(root: &Path, out: &str) -> Result<String, String> {
    let cases = cases(root)?;
    let lines: String = cases.iter().map(|case| fields(case).join("\t") + "\n").collect();
    fs::write(out, lines).map_err(|error| format!("{out}: {error}"))?;
    Ok(format!("vectors: {} cases in {out}", cases.len()))
}

/// Compares answers with the vectors.
///
/// # Errors
/// Every case that does not hold, and the counts.
pub(crate) fn compare(root: &Path, answers: &str) -> Result<String, String> {
    let text = fs::read_to_string(answers).map_err(|error| format!("{answers}: {error}"))?;
    let mut given = BTreeMap::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, '\t');
        if let (Some(id), Some(kind), Some(answer)) = (parts.next(), parts.next(), parts.next()) {
            given.insert(id, (kind, answer));
        }
    }
    let cases = cases(root)?;
    let check = |case: &Case| {
        let fault = match given.get(case.id.as_str()) {
            None => Some("no answer".to_owned()),
            Some((kind, answer)) => result(case, kind, answer).and_then(|result| case.compare(&result)).err(),
        };
        Some(format!("{}: {}", case.id, fault?))
    };
    let faults: Vec<String> = cases.iter().filter_map(check).collect();
    let counts = format!("{} passed, {} failed", cases.len() - faults.len(), faults.len());
    if faults.is_empty() { Ok(counts) } else { Err(format!("{}\n{counts}", faults.join("\n"))) }
}

/// Every case of every file, in the order of the file names.
fn cases(root: &Path) -> Result<Vec<Case>, String> {
    let folder = root.join("vectors");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| fault(&error))?;
        cases.extend(read_vectors(&text).map_err(|error| fault(&error))?);
    }
    Ok(cases)
}

/// The typed call a C user makes where there is one, else the general one.
fn fields(case: &Case) -> Vec<String> {
    let plan = match &case.plan {
        None => "-".to_owned(),
        Some(PlanSource::Preset(name)) => name.clone(),
        Some(PlanSource::Inline(node)) => node.to_json(),
    };
    let typed = match case.op.as_str() {
        "allocate" => columns::allocate(&case.input),
        "settle" => ranks(case).and_then(|ranks| columns::settle(&case.input, &ranks)),
        "parse_money" => columns::texts(&case.input, &["text", "currency"]),
        "settle_one" => case.input.get("sale").map(|sale| vec![sale.to_json()]),
        "reverse" => reversals(&case.input),
        "check" if case.plan.is_some() => Some(Vec::new()),
        _ => None,
    };
    let (call, rest) = match typed {
        Some(rest) => (case.op.as_str(), rest),
        None => ("run", vec![case.op.clone(), case.input.to_json()]),
    };
    [case.id.clone(), call.to_owned(), plan].into_iter().chain(rest).collect()
}

/// The ranks of the case's plan; none when the plan is refused.
fn ranks(case: &Case) -> Option<Vec<String>> {
    let plan = match case.plan.as_ref()? {
        PlanSource::Preset(name) => Plan::preset(name),
        PlanSource::Inline(node) => Plan::from_node(node),
    };
    Some(plan.ok()?.ranks().to_vec())
}

/// The sale, then what came before and the refund, for every refund.
fn reversals(input: &Node) -> Option<Vec<String>> {
    let Some(Node::List(refunds)) = input.get("refunds") else { return None };
    let mut fields = vec![input.get("sale")?.to_json()];
    let mut before = Vec::new();
    for refund in refunds {
        fields.push(Node::List(before.clone()).to_json());
        fields.push(refund.to_json());
        before.push(refund.clone());
    }
    // Without a refund there is no call to make.
    (fields.len() > 1).then_some(fields)
}

/// What a line of answers says.
fn result(case: &Case, kind: &str, answer: &str) -> Result<fenrun::Result<Node>, String> {
    if kind == "error" {
        let code = Code::ALL.iter().find(|code| code.name() == answer);
        let code = code.ok_or_else(|| format!("no error is called `{answer}`"))?;
        return Ok(Err(Error::new(*code, "as C gave it")));
    }
    let node = read_json(answer, MAX_ANSWER).map_err(|error| format!("{error} in {answer}"))?;
    Ok(Ok(match (case.op.as_str(), node) {
        ("reverse", Node::List(steps)) => {
            let part = |step: &Node, key| step.get(key).cloned().unwrap_or(Node::Null);
            let left = steps.last().map_or(Node::Null, |step| part(step, "left"));
            let steps = steps.iter().map(|step| part(step, "rows")).collect();
            Node::map([("steps", Node::List(steps)), ("left", left)])
        }
        (_, node) => node,
    }))
}
