//! Where `settle --out` may write, and what it leaves as it was. Nothing here names a node of `/dev`.

use crate::run::{Folder, Ran};

const MEMBERS: &str = "member,inviter,distributor,frozen\nA,,1,0\nB,A,1,0\n";
const ORDERS: &str = "order,buyer,paid\n1,B,100\n";
const HEADER: &str = "order,line,rule,level,payee,amount,amount_minor,currency,account,key\n";

fn folder() -> Folder {
    Folder::with(&[("m.csv", MEMBERS), ("o.csv", ORDERS)])
}

fn settle(folder: &Folder, out: &str) -> Ran {
    folder.run(&format!("settle --plan preset:two_level --members m.csv --orders o.csv --out {out}"))
}

/// The rows, as a new file has them.
fn rows() -> String {
    let folder = folder();
    settle(&folder, "rows.csv").ended(0);
    let rows = folder.read("rows.csv");
    assert!(rows.starts_with(HEADER) && rows.contains("A,5.00,500,CNY"), "{rows}");
    rows
}

#[test]
fn a_dash_is_standard_output() {
    let folder = folder();
    let ran = settle(&folder, "-");
    assert!(ran.err.contains("pool                7.50 CNY"), "{}", ran.err);
    assert_eq!(ran.ended(0), rows());
    assert_eq!(folder.names(), ["m.csv", "o.csv"]);
    folder.write("o.csv", format!("{ORDERS}2,X,1\n").as_bytes());
    let ran = settle(&folder, "-");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "rows of a file at fault were written");
    let message = settle(&folder, "- --json").document(2);
    let message = message.get("error").unwrap().get("message").unwrap().as_text().unwrap().to_owned();
    assert!(message.contains("`--out -` and `--json` both want standard output"), "{message}");
}

#[test]
fn inputs_are_not_written_over() {
    for out in ["o.csv", "m.csv", "./o.csv"] {
        let folder = folder();
        let message = settle(&folder, out).failed(2);
        assert!(message.starts_with(&format!("{out}: ")) && message.contains("is read by this"), "{message}");
        assert_eq!((folder.read("m.csv"), folder.read("o.csv")), (MEMBERS.into(), ORDERS.into()));
    }
    let folder = folder();
    folder.write("plan.toml", folder.run("plans two_level").ended(0).as_bytes());
    let plan = folder.read("plan.toml");
    let run = "settle --plan plan.toml --members m.csv --orders o.csv --out plan.toml";
    assert!(folder.run(run).failed(2).contains("is read by this"));
    assert_eq!(folder.read("plan.toml"), plan);
}

#[test]
fn a_folder_is_refused() {
    let folder = folder();
    std::fs::create_dir(folder.path("rows.csv")).unwrap();
    assert!(settle(&folder, "rows.csv").failed(3).contains("is a folder"));
    assert!(settle(&folder, "..").failed(3).contains("is a folder"));
    assert_eq!(folder.names(), ["m.csv", "o.csv", "rows.csv"]);
}

#[test]
fn the_longest_name_can_be_written() {
    let (folder, name) = (folder(), "r".repeat(255));
    settle(&folder, &name).ended(0);
    assert_eq!(folder.read(&name), rows());
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    fn mode(folder: &Folder, name: &str) -> u32 {
        fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_link_keeps_pointing_at_the_file_that_is_written() {
        let folder = folder();
        fs::create_dir(folder.path("far")).unwrap();
        folder.write("far/rows.csv", b"old");
        symlink("rows.csv", folder.path("far/near")).unwrap();
        symlink("far/near", folder.path("link")).unwrap();
        settle(&folder, "link").ended(0);
        assert!(fs::symlink_metadata(folder.path("link")).unwrap().is_symlink());
        assert!(fs::symlink_metadata(folder.path("far/near")).unwrap().is_symlink());
        assert_eq!(folder.read("far/rows.csv"), rows());
        symlink("far/new.csv", folder.path("dangling")).unwrap();
        settle(&folder, "dangling").ended(0);
        assert_eq!(folder.read("far/new.csv"), rows());
        assert_eq!(folder.names(), ["dangling", "far", "link", "m.csv", "o.csv"]);
        symlink("loop", folder.path("loop")).unwrap();
        assert!(settle(&folder, "loop").failed(3).starts_with("loop: "));
    }

    #[test]
    fn inputs_are_known_under_other_names() {
        let folder = folder();
        symlink("o.csv", folder.path("soft")).unwrap();
        fs::hard_link(folder.path("m.csv"), folder.path("hard")).unwrap();
        for (out, input) in [("soft", "o.csv"), ("hard", "m.csv")] {
            let message = settle(&folder, out).failed(2);
            assert_eq!(message, format!("{out}: {input} is read by this command and cannot be its output"));
        }
        assert_eq!((folder.read("m.csv"), folder.read("o.csv")), (MEMBERS.into(), ORDERS.into()));
    }

    #[test]
    fn a_file_keeps_its_mode() {
        let folder = folder();
        folder.write("plain", b"");
        settle(&folder, "new").ended(0);
        assert_eq!(mode(&folder, "new"), mode(&folder, "plain"));
        for kept in [0o600, 0o640, 0o666, 0o755] {
            folder.write("rows.csv", b"old");
            fs::set_permissions(folder.path("rows.csv"), Permissions::from_mode(kept)).unwrap();
            settle(&folder, "rows.csv").ended(0);
            assert_eq!(format!("{:o}", mode(&folder, "rows.csv")), format!("{kept:o}"));
        }
        assert_eq!(folder.read("rows.csv"), rows());
    }

    #[test]
    fn a_pipe_is_written_through() {
        let folder = folder();
        let pipe = folder.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let before = fs::metadata(&pipe).unwrap().ino();
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::read_to_string(pipe).unwrap())
        };
        let ran = settle(&folder, "pipe");
        let after = fs::symlink_metadata(&pipe).unwrap();
        // Were it replaced by a file, nobody would ever open it for the reader.
        assert!(after.file_type().is_fifo() && after.ino() == before, "the pipe was replaced");
        ran.ended(0);
        assert_eq!(reader.join().unwrap(), rows());
        assert_eq!(folder.names(), ["m.csv", "o.csv", "pipe"]);
    }

    #[test]
    fn a_socket_is_refused() {
        let folder = folder();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
        assert!(settle(&folder, "socket").failed(3).contains("neither a file nor a pipe"));
        assert!(fs::symlink_metadata(folder.path("socket")).unwrap().file_type().is_socket());
    }
}

/// What was there stays when the totals cannot be printed: they are part of the answer.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_could_not_answer_replaces_nothing() {
    let folder = folder();
    folder.write("rows.csv", b"before");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let arguments = "settle --plan preset:two_level --members m.csv --orders o.csv --out rows.csv";
    let code = folder.command(arguments).stdout(full).status().unwrap().code();
    assert_eq!((code, folder.read("rows.csv").as_str()), (Some(3), "before"));
    assert_eq!(folder.names(), ["m.csv", "o.csv", "rows.csv"]);
}
