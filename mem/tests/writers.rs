//! Processes that write into one saved forest at a time, and processes that are killed while they do. The
//! program is its own child: `writers join PATH FIRST COUNT` appends joins and says each one it was told is on
//! disk.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

use fenrun::reward::referral::{Forest, ForestChange};
use fenrun_mem::ForestFile;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, what, path, first, count] = arguments.as_slice()
        && what == "join"
    {
        return join(Path::new(path), first.parse().unwrap(), count.parse().unwrap());
    }
    let folder = std::env::temp_dir().join(format!("fenrun-writers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    several_processes_write(&folder.join("several.forest"));
    killed_processes_lose_nothing(&folder.join("killed.forest"));
    nothing_is_lost_where_the_lock_is_deleted(&folder.join("unlocked.forest"));
    std::fs::remove_dir_all(&folder).unwrap();
    println!("writers: 3 passed");
}

/// The child.
fn join(path: &Path, first: u64, count: u64) {
    let (mut forest, mut file) = ForestFile::open(path).unwrap();
    for member in first..first + count {
        file.append(&mut forest, &ForestChange::Join { member, inviter: Some(1) }, None).unwrap();
        println!("{member}");
    }
}

fn child(path: &Path, first: u64, count: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("join").arg(path).arg(first.to_string()).arg(count.to_string());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn shop(path: &Path) -> PathBuf {
    ForestFile::save(&Forest::from_edges(&[1], &[0]).unwrap(), path).unwrap();
    path.to_owned()
}

/// Three processes at once: every join of each is there, and each process has seen those of the others.
fn several_processes_write(path: &Path) {
    let path = shop(path);
    let children: Vec<Child> = [1000, 2000, 3000].map(|first| child(&path, first, 40)).into();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 40);
    }
    let (forest, _) = ForestFile::open(&path).unwrap();
    assert_eq!(forest.len(), 121);
    for first in [1000, 2000, 3000] {
        assert!((first..first + 40).all(|member| forest.find(member).is_some()));
    }
}

/// A tidy program deletes the lock all the while: nobody does so who reads the page, and nothing is lost if they do.
#[cfg(unix)]
fn nothing_is_lost_where_the_lock_is_deleted(path: &Path) {
    let path = shop(path);
    let lock = PathBuf::from(format!("{}.lock", path.display()));
    let mut children: Vec<Child> = [1000, 2000, 3000].map(|first| child(&path, first, 150)).into();
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        let _there = std::fs::remove_file(&lock);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let (forest, _) = ForestFile::open(&path).unwrap();
    assert_eq!(forest.len(), 451);
}

/// What is open is not deleted elsewhere.
#[cfg(not(unix))]
fn nothing_is_lost_where_the_lock_is_deleted(_path: &Path) {}

/// Killed after so many answers, at whatever it was doing: what was acknowledged is there, at most one more is,
/// and the lock went with the process.
fn killed_processes_lose_nothing(path: &Path) {
    let path = shop(path);
    let mut acknowledged = Vec::new();
    for round in 0..12_u64 {
        let mut child = child(&path, 100_000 * (round + 1), 50_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for _ in 0..=3 * round {
            acknowledged.push(lines.next().unwrap().unwrap().parse::<u64>().unwrap());
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        // What it said before it died.
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| line.parse::<u64>().ok()));
        let (mut forest, mut file) = ForestFile::open(&path).unwrap();
        let missing = acknowledged.iter().find(|member| forest.find(**member).is_none());
        assert_eq!(missing, None, "round {round}");
        let unanswered = forest.len() - 1 - acknowledged.len();
        assert!(unanswered <= 1, "round {round}: {unanswered} that nobody was told of");
        if unanswered == 1 {
            acknowledged.push(forest.id(forest.members().last().unwrap()));
        }
        let member = 7 + round;
        file.append(&mut forest, &ForestChange::Join { member, inviter: Some(1) }, None).unwrap();
        acknowledged.push(member);
    }
    std::io::stdout().flush().unwrap();
}
