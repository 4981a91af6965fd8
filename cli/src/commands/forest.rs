//! `fenrun forest`: import, look at, change and export who invited whom.

use crate::args::{ForestArgs, ForestExportArgs, ForestFormat, ForestImportArgs, ForestJob};
use crate::args::{ForestJoinArgs, ForestShowArgs};
use crate::files::fault;
use crate::output::{Console, Ending, count, grouped, pairs};
use crate::table::{Clock, Edges, Ids, Zone};
use crate::whole::{WholeFile, check_file};
use fenrun::doc::Node;
use fenrun::id::ExternalId;
use fenrun::reward::referral::{EdgeFaults, Forest, ForestChange, MemberIx, ReadIndex};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result, counted};
use fenrun_mem::ForestFile;
use std::io::Write;
use std::path::Path;

/// How many of an upline are shown; `--json` gives all.
const UPLINE_SHOWN: usize = 50;

pub(crate) fn run(args: &ForestArgs, console: &Console) -> Result<Ending> {
    match &args.job {
        ForestJob::Import(args) => import(args, console),
        ForestJob::Export(args) => export(args),
        ForestJob::Show(args) => show(args, console),
        ForestJob::Join(args) => join(args, console),
    }
}

fn import(args: &ForestImportArgs, console: &Console) -> Result<Ending> {
    let clock = Clock { unit: args.time_unit, zone: args.time_zone };
    if let Some(out) = &args.out {
        check_file(out, &[&args.file])?;
    }
    let edges = Edges::read(&args.file, &clock)?;
    let faults = edges.faults();
    // Built without a place for it too: the forest has the last word.
    let forest = if faults.is_empty() { Some(edges.forest()?) } else { None };
    let saved = match (&args.out, &forest) {
        (Some(out), Some(forest)) => Some(ForestFile::save(forest, out)?),
        _ => None,
    };
    let document = || {
        let file = args.out.as_ref().filter(|_| saved.is_some());
        let file = file.map(|out| Node::from(out.display().to_string()));
        let lines = |rows: &[usize]| Node::List(rows.iter().map(|row| line(&edges, *row)).collect());
        let seconds = faults.second_parents.iter().map(|second| {
            Node::map([
                ("line", line(&edges, second.row)),
                ("first", line(&edges, second.first)),
                ("same", second.same.into()),
            ])
        });
        Node::map([
            ("rows", Node::Int(count(edges.len()))),
            ("ids", edges.kind_of_ids().name().into()),
            ("stray_id", edges.kind_of_ids().stray().map(stray).into()),
            ("cycles", Node::List(faults.cycles.iter().map(|cycle| lines(cycle)).collect())),
            ("own_inviters", lines(&faults.own_inviters)),
            ("orphans", lines(&faults.orphans)),
            ("second_parents", Node::List(seconds.collect())),
            ("invalid", lines(&faults.invalid)),
            ("not_read", Node::List(edges.not_read().iter().map(|name| Node::from(name.as_str())).collect())),
            ("saved", file.into()),
        ])
    };
    console.answer(document, || {
        let saved = args.out.as_deref().zip(saved.as_ref());
        report(&edges, &faults, saved)
    })?;
    Ok(if faults.is_empty() { Ending::Fine } else { Ending::Findings })
}

fn line(edges: &Edges, row: usize) -> Node {
    Node::Int(i64::try_from(edges.line(row)).unwrap_or(i64::MAX))
}

/// An id that makes all of them texts.
fn stray((id, line): (&str, u64)) -> Node {
    Node::map([("id", Node::from(id)), ("line", Node::Int(i64::try_from(line).unwrap_or(i64::MAX)))])
}

/// What the ids of a file are, in words.
fn told_ids(ids: Ids<'_>) -> String {
    match (ids, ids.stray()) {
        (Ids::Texts { numbers, all, .. }, Some((first, line))) => {
            let (numbers, all) = (grouped(count(numbers)), counted(grouped(count(all)), "id"));
            format!(
                "ids are texts: {numbers} of {all} are whole numbers, but `{first}` in line {line} is not\n"
            )
        }
        _ => format!("ids are {}\n", ids.name()),
    }
}

/// A line for every fault, and a sum.
fn report(edges: &Edges, faults: &EdgeFaults, saved: Option<(&Path, &ForestFile)>) -> String {
    let mut text = String::new();
    let mut say = |row: usize, rule: String| {
        text.push_str(&format!("line {}: {rule}\n", edges.line(row)));
    };
    for cycle in &faults.cycles {
        let path: Vec<&str> = cycle.iter().map(|row| edges.member(*row)).collect();
        let lines: Vec<String> = cycle.iter().map(|row| edges.line(*row).to_string()).collect();
        let (path, first, lines) = (path.join(" ← "), path[0], lines.join(", "));
        say(cycle[0], format!("a cycle: {path} ← {first} (lines {lines})"));
    }
    for row in &faults.own_inviters {
        say(*row, format!("member {} is named as their own inviter", edges.member(*row)));
    }
    for row in &faults.orphans {
        let (member, inviter) = (edges.member(*row), edges.inviter(*row));
        say(*row, format!("member {member} has the inviter {inviter}, who stands in no row"));
    }
    for second in &faults.second_parents {
        let (member, first) = (edges.member(second.row), edges.line(second.first));
        let rule = match second.same {
            true => format!("member {member} stands in line {first} already"),
            false => {
                let (one, other) = match (edges.inviter(second.first), edges.inviter(second.row)) {
                    ("", other) => ("no inviter".to_owned(), format!("the inviter `{other}`")),
                    (one, "") => (format!("the inviter `{one}`"), "none".to_owned()),
                    (one, other) => (format!("the inviter `{one}`"), format!("`{other}`")),
                };
                format!("member {member} has {one} in line {first} and {other} here")
            }
        };
        say(second.row, rule);
    }
    for row in &faults.invalid {
        say(*row, "the member is nobody".to_owned());
    }
    let rows = counted(grouped(count(edges.len())), "row");
    text.push_str(&match (faults.count(), saved) {
        (0, Some((out, file))) => format!("{rows} saved as {} ({})\n", out.display(), file.stamp()),
        (0, None) if edges.len() == 1 => format!("{rows} is a forest\n"),
        (0, None) => format!("{rows} are a forest\n"),
        (found, _) => format!("{rows}, {}; nothing was saved\n", counted(grouped(count(found)), "fault")),
    });
    text.push_str(&told_ids(edges.kind_of_ids()));
    if !edges.not_read().is_empty() {
        text.push_str(&format!("not read: {}\n", edges.not_read().join(", ")));
    }
    text
}

fn export(args: &ForestExportArgs) -> Result<Ending> {
    let (forest, _) = ForestFile::open(&args.file)?;
    let at = moment("at", args.at.as_deref(), args.time_zone)?;
    let forest = at.map_or_else(|| forest.clone(), |at| forest.as_of(at));
    let mut out = WholeFile::create(&args.out, &[&args.file])?;
    let written = match args.format {
        ForestFormat::Dot => out.write_all(forest.to_dot(|_| String::new()).as_bytes()),
        ForestFormat::Csv => write_csv(&forest, &mut out),
        ForestFormat::History => write_history(&forest, &mut out),
    };
    written.map_err(|error| fault(&args.out, &error))?;
    out.keep()?;
    Ok(Ending::Fine)
}

fn write_csv(forest: &Forest, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "member,inviter,rank,closed")?;
    for member in forest.members() {
        let rank = cell(forest.rank(member).unwrap_or(""));
        let closed = if forest.is_closed(member) { "1" } else { "" };
        let inviter = cell(&forest.name(forest.parent(member, None)));
        writeln!(out, "{},{inviter},{rank},{closed}", cell(&forest.name(member)))?;
    }
    Ok(())
}

/// What `import` reads back with `--time-unit ms`.
fn write_history(forest: &Forest, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "member,inviter,valid_from")?;
    for member in forest.members() {
        for (from, inviter) in forest.history(member) {
            let from = from.map_or_else(String::new, |from| from.ms().to_string());
            writeln!(out, "{},{},{from}", cell(&forest.name(member)), cell(&forest.name(inviter)))?;
        }
    }
    Ok(())
}

fn cell(text: &str) -> String {
    match text.contains([',', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn show(args: &ForestShowArgs, console: &Console) -> Result<Ending> {
    let (forest, file) = ForestFile::open(&args.file)?;
    let index = ReadIndex::of(&forest);
    let Some(id) = &args.member else {
        let generations = index.generations(MemberIx::NOBODY);
        let closed = forest.members().filter(|member| forest.is_closed(*member)).count();
        let ids = if forest.has_texts() { "texts" } else { "numbers" };
        let document = || {
            Node::map([
                ("members", Node::Int(count(forest.len()))),
                ("ids", ids.into()),
                ("closed", Node::Int(count(closed))),
                ("version", Node::Int(i64::try_from(forest.version()).unwrap_or(i64::MAX))),
                ("saved", file.stamp().to_string().into()),
                ("generations", counts(&generations)),
            ])
        };
        let rows = || {
            let mut rows = vec![
                ("members".to_owned(), grouped(count(forest.len()))),
                ("ids".to_owned(), ids.to_owned()),
                ("closed accounts".to_owned(), grouped(count(closed))),
                ("saved as".to_owned(), file.stamp().to_string()),
            ];
            rows.extend(steps(&generations, 0));
            pairs(&rows)
        };
        console.answer(document, rows)?;
        return Ok(Ending::Fine);
    };
    let member = forest.named(id)?;
    let names = |found: &mut dyn Iterator<Item = MemberIx>| -> Vec<String> {
        found.map(|ix| forest.name(ix)).collect()
    };
    let upline = names(&mut forest.upline(member, None));
    let page = names(&mut index.page(member, args.after, args.limit).iter().copied());
    let generations = index.generations(member);
    let document = || {
        let ids = |ids: &[String]| Node::List(ids.iter().map(|id| Node::from(id.as_str())).collect());
        Node::map([
            ("member", Node::from(forest.name(member))),
            ("closed", forest.is_closed(member).into()),
            ("upline", ids(&upline)),
            ("team", Node::Int(count(index.team_size(member)))),
            ("generations", counts(&generations)),
            ("page", ids(&page)),
        ])
    };
    let text = || {
        let mut rows = vec![
            ("member".to_owned(), forest.name(member)),
            ("upline".to_owned(), first_of(&upline)),
            ("team".to_owned(), grouped(count(index.team_size(member)))),
        ];
        rows.extend(steps(&generations, 1));
        rows.push((format!("from {}", args.after + 1), page.join(" ")));
        pairs(&rows)
    };
    console.answer(document, text)?;
    Ok(Ending::Fine)
}

fn join(args: &ForestJoinArgs, console: &Console) -> Result<Ending> {
    let from = moment("from", args.from.as_deref(), args.time_zone)?;
    let (mut forest, mut file) = ForestFile::open(&args.file)?;
    let inviter = args.inviter.as_deref().map(|inviter| forest.named(inviter)).transpose()?;
    let inviter = inviter.map(|ix| forest.id(ix));
    let change = match (forest.named(&args.member), inviter) {
        (Err(_), inviter) => newcomer(&forest, &args.member, inviter)?,
        (Ok(ix), Some(inviter)) => ForestChange::Rebind { member: forest.id(ix), inviter },
        (Ok(ix), None) => ForestChange::Unbind { member: forest.id(ix) },
    };
    file.append(&mut forest, &change, from)?;
    let document = || {
        Node::map([
            ("members", Node::Int(count(forest.len()))),
            ("version", Node::Int(i64::try_from(forest.version()).unwrap_or(i64::MAX))),
        ])
    };
    console.answer(document, || format!("{}\n", counted(grouped(count(forest.len())), "member")))?;
    Ok(Ending::Fine)
}

fn moment(option: &str, text: Option<&str>, zone: Zone) -> Result<Option<Timestamp>> {
    let clock = Clock { unit: None, zone };
    let rule = |rule: String| Error::new(Code::InvalidArgument, rule);
    text.map(|text| clock.bound(option, text).map_err(rule)).transpose()
}

/// Somebody new, under the kind of id the forest has.
fn newcomer(forest: &Forest, member: &str, inviter: Option<u64>) -> Result<ForestChange> {
    let text = ExternalId::new(member)?;
    match text.as_number() {
        Some(member) if !forest.has_texts() => Ok(ForestChange::Join { member, inviter }),
        _ => Ok(ForestChange::JoinText { text, inviter }),
    }
}

fn counts(people: &[u64]) -> Node {
    Node::List(people.iter().map(|people| Node::Int(i64::try_from(*people).unwrap_or(i64::MAX))).collect())
}

/// The nearest of an upline, and how many stand above them.
fn first_of(upline: &[String]) -> String {
    let (near, far) = upline.split_at(upline.len().min(UPLINE_SHOWN));
    let near = near.join(" ");
    if far.is_empty() { near } else { format!("{near} and {} more", grouped(count(far.len()))) }
}

/// A row for each generation, the first of which is so many steps below.
fn steps(people: &[u64], first: usize) -> Vec<(String, String)> {
    let row = |(at, people): (usize, &u64)| {
        let what = match first + at {
            0 => "without an inviter".to_owned(),
            steps => format!("{} below", counted(grouped(count(steps)), "step")),
        };
        (what, grouped(i64::try_from(*people).unwrap_or(i64::MAX)))
    };
    people.iter().enumerate().map(row).collect()
}
