//! Crates import in one direction, and every dependency of every language has a line that says what it is for.

use super::Finding;
use super::tree::{File, Tree};
use toml::{Table, Value};

/// Our crates, and which of ours each may use. A crate that is not listed is a finding, so that the
/// direction is a decision.
const MAY_USE: &[(&str, &[&str])] = &[
    ("fenrun", &[]),
    ("fenrun-mem", &["fenrun"]),
    ("fenrun-qr", &["fenrun"]),
    ("fenrun-sim", &["fenrun", "fenrun-mem"]),
    ("fenrun-store", &["fenrun"]),
    ("fenrun-cli", &["fenrun", "fenrun-mem", "fenrun-qr", "fenrun-sim", "fenrun-store"]),
    ("fenrun-capi", &["fenrun", "fenrun-mem", "fenrun-qr", "fenrun-sim", "fenrun-store"]),
    ("fenrun-ffi", &["fenrun-capi", "fenrun", "fenrun-mem", "fenrun-sim", "fenrun-store"]),
    ("fenrun-python", &["fenrun-capi", "fenrun", "fenrun-mem", "fenrun-qr", "fenrun-sim", "fenrun-store"]),
    ("fenrun-benches", &["fenrun", "fenrun-mem", "fenrun-sim", "fenrun-store"]),
    ("fenrun-peer-stateset", &["fenrun"]),
    ("fenrun-fuzz", &["fenrun", "fenrun-capi", "fenrun-mem", "fenrun-store"]),
    ("xtask", &["fenrun"]),
];

/// Crates that would make the core impure.
const IMPURE: &[&str] = &[
    "rand",
    "rand_core",
    "rand_chacha",
    "getrandom",
    "fastrand",
    "rayon",
    "tokio",
    "num_cpus",
    "log",
    "tracing",
];

/// Where every dependency has a line.
const DOCUMENT: &str = "docs/dependencies.md";

/// A dependency of a manifest.
struct Dependency {
    /// The name of the package, also when the manifest renames it.
    package: String,
    /// Whether only tests use it.
    of_tests: bool,
}

pub(super) fn check_direction(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, manifest) in manifests(tree) {
        let Some(name) = manifest.get("package").and_then(|package| package.get("name")?.as_str()) else {
            continue;
        };
        let mut find = |text: String| findings.push(Finding::new(&file.path, 0, text));
        let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
            find(format!("the crate `{name}` is not listed in the directions of tidy"));
            continue;
        };
        for dependency in dependencies(&manifest) {
            let used = dependency.package.as_str();
            if is_ours(used) && used != name && !allowed.contains(&used) {
                find(format!("`{name}` must not depend on `{used}`"));
            }
            if name == "fenrun" && !dependency.of_tests && IMPURE.contains(&used) {
                find(format!("the core must not depend on `{used}`: it is pure"));
            }
        }
    }
    findings
}

pub(super) fn check_documented(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(DOCUMENT).unwrap_or_default();
    let lines = text.lines().enumerate();
    let documented: Vec<(usize, &str)> =
        lines.filter_map(|(at, line)| Some((at + 1, line.strip_prefix("| `")?.split_once('`')?.0))).collect();
    let mut findings = Vec::new();
    let mut used = Vec::new();
    for (file, package) in of_cargo(tree).chain(of_maven(tree)).chain(of_pip(tree)) {
        if !documented.iter().any(|(_, name)| *name == package) {
            let text = format!("`{package}` has no line in {DOCUMENT}");
            findings.push(Finding::new(&file.path, 0, text));
        }
        used.push(package);
    }
    for (line, name) in documented.iter().filter(|(_, name)| !used.iter().any(|used| used == name)) {
        findings.push(Finding::new(DOCUMENT, *line, format!("nothing depends on `{name}`")));
    }
    findings
}

fn of_cargo(tree: &Tree) -> impl Iterator<Item = (&File, String)> {
    manifests(tree).flat_map(|(file, manifest)| {
        let packages = dependencies(&manifest).into_iter().map(|dependency| dependency.package);
        packages.filter(|package| !is_ours(package)).map(move |package| (file, package))
    })
}

/// `group:artifact` of every dependency in a `pom.xml`.
fn of_maven(tree: &Tree) -> impl Iterator<Item = (&File, String)> {
    let poms = tree.files.iter().filter(|file| file.name() == "pom.xml");
    poms.flat_map(|file| {
        file.text.split("<dependency>").skip(1).filter_map(move |rest| {
            let within = |tag: &str| Some(rest.split_once(tag)?.1.split_once('<')?.0.trim());
            Some((file, format!("{}:{}", within("<groupId>")?, within("<artifactId>")?)))
        })
    })
}

/// The packages of PyPI that `tools/requirements*.txt` pin.
fn of_pip(tree: &Tree) -> impl Iterator<Item = (&File, String)> {
    let lists = tree.files.iter().filter(|file| file.path.starts_with("tools/requirements"));
    lists.flat_map(|file| {
        let pins = file.text.lines().filter_map(|line| line.split_once("=="));
        pins.map(move |(package, _)| (file, package.to_owned()))
    })
}

fn is_ours(package: &str) -> bool {
    MAY_USE.iter().any(|(known, _)| *known == package)
}

fn manifests(tree: &Tree) -> impl Iterator<Item = (&File, Table)> {
    let named = tree.files.iter().filter(|file| file.name() == "Cargo.toml");
    named.filter_map(|file| Some((file, file.text.parse::<Table>().ok()?)))
}

/// The dependencies of all kinds, of the workspace too.
fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let mut found = Vec::new();
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flatten().filter_map(|(_, target)| target.as_table());
    for table in std::iter::once(manifest).chain(workspace).chain(targets) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (key, value) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
                found.push(Dependency { package: package.to_owned(), of_tests: kind == "dev-dependencies" });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Finding, Tree, check_direction, check_documented};

    fn texts(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| finding.text).collect()
    }

    fn manifest(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"{name}\"\n{rest}")
    }

    #[test]
    fn arrows_between_crates_point_one_way() {
        let found = |name: &str, rest: &str| {
            texts(check_direction(&Tree::planted(&[("x/Cargo.toml", &manifest(name, rest))])))
        };
        assert_eq!(
            found("fenrun", "[dependencies]\nfenrun-sim = { path = \"../sim\" }"),
            ["`fenrun` must not depend on `fenrun-sim`"]
        );
        let renamed = "[dev-dependencies]\nbase = { package = \"fenrun-cli\", path = \"../cli\" }";
        assert_eq!(found("fenrun-store", renamed), ["`fenrun-store` must not depend on `fenrun-cli`"]);
        assert_eq!(
            found("fenrun-sim", "[target.'cfg(unix)'.dependencies]\nfenrun-store.workspace = true").len(),
            1
        );
        assert!(found("fenrun-cli", "[dependencies]\nfenrun.workspace = true\nclap = \"4\"").is_empty());
        assert_eq!(
            found("fenrun-new", ""),
            ["the crate `fenrun-new` is not listed in the directions of tidy"]
        );
    }

    #[test]
    fn the_core_draws_no_numbers_but_its_tests_may() {
        let found = |kind: &str| {
            let text = manifest("fenrun", &format!("[{kind}]\nrand = \"0.9\""));
            texts(check_direction(&Tree::planted(&[("core/Cargo.toml", &text)])))
        };
        assert_eq!(found("dependencies"), ["the core must not depend on `rand`: it is pure"]);
        assert!(found("dev-dependencies").is_empty());
    }

    #[test]
    fn each_dependency_has_a_line_and_each_line_a_dependency() {
        let root = "[workspace.dependencies]\nserde = \"1\"\nfenrun = { path = \"core\" }\n";
        let page =
            "# Dependencies\n\n| crate | why |\n|---|---|\n| `serde` | documents |\n| `clap` | options |\n";
        let found = |manifest: &str| {
            texts(check_documented(&Tree::planted(&[
                ("Cargo.toml", manifest),
                ("docs/dependencies.md", page),
            ])))
        };
        assert_eq!(found(root), ["nothing depends on `clap`"]);
        assert!(found(&format!("{root}[dev-dependencies]\nclap = \"4\"")).is_empty());
        let more = format!("{root}[build-dependencies]\nclap = \"4\"\ncc = \"1\"");
        assert_eq!(found(&more), ["`cc` has no line in docs/dependencies.md"]);
    }

    #[test]
    fn other_languages_are_held_to_the_same() {
        let pom = "<dependency>\n <groupId>org.a</groupId>\n <artifactId>b</artifactId>\n</dependency>";
        let files = [("java/pom.xml", pom), ("tools/requirements.txt", "# tests\nmypy==2.4\n-r other.txt\n")];
        let found = texts(check_documented(&Tree::planted(&files)));
        assert_eq!(
            found,
            ["`org.a:b` has no line in docs/dependencies.md", "`mypy` has no line in docs/dependencies.md"]
        );
        let page = "| `org.a:b` | x | y |\n| `mypy` | x | y |\n";
        assert!(
            check_documented(&Tree::planted(&[files[0], files[1], ("docs/dependencies.md", page)]))
                .is_empty()
        );
    }
}
