//! `share`: codes and images out, and in again.

use crate::run::Folder;
use chrono::DateTime;
use fenrun::doc::Node;
use std::time::SystemTime;

const KEYS: &str = "# the first signs\n2 ffeeddccbbaa99887766554433221100\n\
    1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

#[test]
fn a_code_is_made_and_read_again() {
    let folder = Folder::with(&[("keys.txt", KEYS)]);
    let made = folder.run(
        "share new --keys keys.txt --member 1001 --campaign 7 --until 2099-12-31 --page https://a.example/p?x=1 \
         --qr a.svg --qr a.png",
    );
    let link = made.ended(0).trim().to_owned();
    assert!(link.starts_with("https://a.example/p?x=1&s=AQI"), "{link}");
    assert_eq!(folder.names(), ["a.png", "a.svg", "keys.txt"]);
    assert!(folder.read("a.svg").contains("<svg"));
    let command = |at: &str| format!("share check --keys keys.txt {link} --at {at}");
    let text = folder.run(&command("2099-12-30")).ended(0);
    assert!(text.contains("1001") && text.contains("2099-12-31"), "{text}");
    let document = folder.run(&format!("{} --json", command("2099-12-30"))).document(0);
    assert_eq!(document.get("campaign"), Some(&Node::Int(7)));
    assert!(folder.run(&command("2099-12-31")).failed(2).contains("expired"));
    assert!(
        folder
            .run("share check --keys keys.txt https://a.example/p?x=1")
            .failed(2)
            .contains("the link holds no share code")
    );
    // One that is over already would be of no use to anybody.
    for until in ["2020-01-01", "1970-01-01"] {
        let line = folder.run(&format!("share new --keys keys.txt --member 1 --until {until} --qr b.svg"));
        assert!(line.failed(2).contains(&format!("--until {until}: that is over")));
    }
    let (until, line) = until_the_end_of_this_minute(&folder);
    assert!(line.contains(&format!("--until {until}: that is over")), "{line}");
    assert_eq!(folder.names(), ["a.png", "a.svg", "keys.txt"]);
    // The code of the facts, of the older key.
    let old = folder.run("share check --keys keys.txt AQEAAAAA6QcA0zgW44XUpsYF7A").ended(0);
    assert!(old.contains("1001") && old.contains("never"), "{old}");
    assert!(
        folder.run("share check --keys keys.txt AQEAAAAA6QcA0zgW44XUpsYF7B").failed(2).contains("not made")
    );
}

/// What is said of a code until the last second of the minute it is made in, and of when: codes expire at the start of
/// a minute.
fn until_the_end_of_this_minute(folder: &Folder) -> (String, String) {
    let minute = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 60;
    loop {
        let before = minute();
        let end = DateTime::from_timestamp_secs(i64::try_from(before * 60 + 59).unwrap()).unwrap();
        let until = end.format("%Y-%m-%dT%H:%M:%S").to_string();
        let made = folder
            .run(&format!("share new --keys keys.txt --member 1 --time-zone UTC --until {until} --qr b.svg"));
        if minute() == before {
            return (until, made.failed(2));
        }
    }
}

#[test]
fn no_message_repeats_a_key() {
    for keys in [
        "1 001122\n",
        "1 zz11223344556677889900112233445566\n",
        "x 00112233445566778899001122334455\n",
        "001122334455\n",
        "",
    ] {
        let folder = Folder::with(&[("keys.txt", keys)]);
        let line = folder.run("share new --keys keys.txt --member 1").failed(2);
        assert!(line.contains("keys.txt") && !line.contains("1122"), "{line}");
    }
    let folder = Folder::with(&[("keys.txt", KEYS)]);
    assert!(folder.run("share new --keys keys.txt --member 1 --qr a.gif").failed(2).contains(".svg or .png"));
    assert_eq!(folder.names(), ["keys.txt"]);
}
