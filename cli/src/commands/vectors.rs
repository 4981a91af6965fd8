//! `fenrun vectors`: golden facts against this build.

use crate::args::VectorsArgs;
use crate::files::read_text;
use crate::output::{Console, Ending, count};
use crate::progress::Progress;
use fenrun::doc::{MAX_DOCUMENT_BYTES, Node};
use fenrun::operations::{Case, read_vectors};
use fenrun::{Code, Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// The cases of one file.
struct VectorFile {
    path: String,
    cases: Vec<Case>,
}

/// A case that did not give what it must.
struct Mismatch<'a> {
    path: &'a str,
    case: &'a Case,
    fault: String,
}

pub(crate) fn run(args: &VectorsArgs, console: &Console) -> Result<Ending> {
    let files = args.files.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    check_ids(&files)?;
    let mut progress = Progress::new("vectors", total(&files));
    let mut mismatches = Vec::new();
    for VectorFile { path, cases } in &files {
        for case in cases {
            mismatches.extend(case.verify().err().map(|fault| Mismatch { path, case, fault }));
            progress.advance(1);
        }
    }
    drop(progress);
    console.answer(|| document(&files, &mismatches), || text(&files, &mismatches))?;
    Ok(if mismatches.is_empty() { Ending::Fine } else { Ending::Findings })
}

fn read(path: &Path) -> Result<VectorFile> {
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let path = path.display().to_string();
    let cases = read_vectors(&text).map_err(|error| error.within(&path))?;
    Ok(VectorFile { path, cases })
}

fn check_ids(files: &[VectorFile]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for VectorFile { path, cases } in files {
        for case in cases {
            if let Some(first) = seen.insert(&case.id, path) {
                let rule =
                    format!("{path}: case {} stands in {first} too; ids are unique over all files", case.id);
                return Err(Error::new(Code::InvalidValue, rule));
            }
        }
    }
    Ok(())
}

fn total(files: &[VectorFile]) -> usize {
    files.iter().map(|file| file.cases.len()).sum()
}

fn document(files: &[VectorFile], mismatches: &[Mismatch<'_>]) -> Node {
    let entry = |mismatch: &Mismatch<'_>| {
        Node::map([
            ("file", Node::from(mismatch.path)),
            ("id", mismatch.case.id.as_str().into()),
            ("op", mismatch.case.op.as_str().into()),
            ("fault", mismatch.fault.as_str().into()),
        ])
    };
    let counts = files.iter().map(|file| (file.path.as_str(), Node::Int(count(file.cases.len()))));
    Node::map([
        ("cases", Node::Int(count(total(files)))),
        ("files", Node::map(counts)),
        ("mismatches", Node::List(mismatches.iter().map(entry).collect())),
    ])
}

fn text(files: &[VectorFile], mismatches: &[Mismatch<'_>]) -> String {
    let line = |Mismatch { path, case, fault }: &Mismatch<'_>| {
        format!("{path}: {} ({}): {fault}\n", case.id, case.op)
    };
    let faults: String = mismatches.iter().map(line).collect();
    let all = total(files);
    format!("{faults}{} of {all} vectors in {} files hold", all - mismatches.len(), files.len())
}
