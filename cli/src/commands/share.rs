//! `fenrun share`: codes, links and QR images that say who shared.

use crate::args::{ShareArgs, ShareCheckArgs, ShareJob, ShareNewArgs};
use crate::files::{fault, read_text};
use crate::output::{Console, Ending, pairs};
use crate::table::Clock;
use crate::whole::WholeFile;
use fenrun::doc::Node;
use fenrun::reward::share::{MINUTE_MS, Share, ShareKeys, code_in_link, key_from_hex, link};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use fenrun_qr::{Format, Style, draw};
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

/// The longest file of keys.
const MAX_KEYS_BYTES: usize = 1 << 16;

pub(crate) fn run(args: &ShareArgs, console: &Console) -> Result<Ending> {
    match &args.job {
        ShareJob::New(args) => new(args, console),
        ShareJob::Check(args) => check(args, console),
    }
}

fn new(args: &ShareNewArgs, console: &Console) -> Result<Ending> {
    let keys = read_keys(&args.keys)?;
    let expires = moment("--until", args.until.as_deref(), args.time_zone)?;
    if let (Some(at), Some(text)) = (expires, &args.until)
        // A code expires at the start of a minute.
        && at.ms() / MINUTE_MS <= now().ms() / MINUTE_MS
    {
        let rule = format!("--until {text}: that is over, and nobody could use the code");
        return Err(Error::new(Code::InvalidArgument, rule));
    }
    let code = keys.sign(&Share { member: args.member, campaign: args.campaign, expires })?;
    let page = args.page.as_deref().map(|page| link(page, &code)).transpose()?;
    let said = page.as_deref().unwrap_or(&code);
    let images = args.qr.iter().map(|path| Ok((path, image(path, said)?))).collect::<Result<Vec<_>>>()?;
    for (path, image) in images {
        let mut out = WholeFile::create(path, &[&args.keys])?;
        out.write_all(&image).map_err(|error| fault(path, &error))?;
        out.keep()?;
    }
    let document = || {
        let files = args.qr.iter().map(|path| Node::from(path.display().to_string())).collect();
        Node::map([
            ("code", Node::from(code.as_str())),
            ("link", page.as_deref().map(Node::from).into()),
            ("qr", Node::List(files)),
        ])
    };
    console.answer(document, || format!("{said}\n"))?;
    Ok(Ending::Fine)
}

/// The image of a text in the format of a file's ending.
fn image(path: &Path, text: &str) -> Result<Vec<u8>> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let format = Format::ALL.into_iter().find(|format| Some(format.name()) == ending);
    let within = |error: Error| error.within(&path.display().to_string());
    let rule = || within(Error::new(Code::InvalidArgument, "a QR image is a file .svg or .png"));
    draw(text, &Style { format: format.ok_or_else(rule)?, ..Style::default() }).map_err(within)
}

fn check(args: &ShareCheckArgs, console: &Console) -> Result<Ending> {
    let keys = read_keys(&args.keys)?;
    let now = match moment("--at", args.at.as_deref(), args.time_zone)? {
        Some(at) => at,
        None => now(),
    };
    let code = match code_in_link(&args.code) {
        None if args.code.contains("://") => {
            return Err(Error::new(Code::InvalidShareCode, "the link holds no share code"));
        }
        code => code.unwrap_or(&args.code),
    };
    let share = keys.open(code, now)?;
    let document = || {
        Node::map([
            ("member", Node::from(share.member.to_string())),
            ("campaign", i64::from(share.campaign).into()),
            ("expires", share.expires.map(|at| Node::Int(at.ms())).into()),
        ])
    };
    let clock = Clock { unit: None, zone: args.time_zone };
    let text = || {
        pairs(&[
            ("member".to_owned(), share.member.to_string()),
            ("campaign".to_owned(), share.campaign.to_string()),
            ("expires".to_owned(), share.expires.map_or_else(|| "never".to_owned(), |at| clock.show(at))),
        ])
    };
    console.answer(document, text)?;
    Ok(Ending::Fine)
}

/// `ID HEX` a line; the first one signs.
fn read_keys(path: &Path) -> Result<ShareKeys> {
    let text = read_text(path, MAX_KEYS_BYTES)?;
    let mut keys = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line itself is never repeated: it holds a key.
        let place =
            |rule: &str| Error::new(Code::InvalidValue, format!("{}:{}: {rule}", path.display(), at + 1));
        let (id, key) =
            line.split_once(char::is_whitespace).ok_or_else(|| place("a key's id, a blank, the key"))?;
        let id: u8 = id.parse().map_err(|_| place("the id of a key is a number from 0 to 255"))?;
        keys.push((id, key_from_hex(key.trim()).map_err(|error| place(error.message()))?));
    }
    let signing = keys.first().map(|(id, _)| *id);
    let none = || Error::new(Code::InvalidValue, format!("{}: it holds no key", path.display()));
    ShareKeys::new(signing.ok_or_else(none)?, keys).map_err(|error| error.within(&path.display().to_string()))
}

fn moment(option: &str, text: Option<&str>, zone: crate::table::Zone) -> Result<Option<Timestamp>> {
    let clock = Clock { unit: None, zone };
    let rule = |rule: String| Error::new(Code::InvalidArgument, rule);
    text.map(|text| clock.bound(option, text).map_err(rule)).transpose()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_ms(since.ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0))
}
