//! Wrong command lines and refused plans: one line on standard error, a document with `--json`, exit codes.

use crate::run::Folder;

const GREEDY: &str = r#"
schema = "fenrun.plan/1"
name = "too much"
currency = "CNY"
[[rule]]
id = "up"
to = { up = "referral" }
pay = { levels = ["101%"] }
"#;

#[test]
fn a_wrong_command_line_is_one_line() {
    for (arguments, message) in [
        ("", "a command is missing; `fenrun --help` lists them"),
        ("nope", "unrecognized subcommand 'nope'"),
        ("chek x", "unrecognized subcommand 'chek'; tip: a similar subcommand exists: 'check'"),
        ("check", "the following required arguments were not provided: <PLAN>"),
        ("settle", "the following required arguments were not provided: --plan <PLAN>"),
        ("explain --lang fr", "invalid value 'fr' for '--lang <LANG>'; [possible values: en, zh]"),
        ("settle --time-zone +8", "`+8` is no time zone; write UTC, +08:00 or a name"),
        ("settle --plan preset:two_level", "name the orders with --orders"),
        ("check a\nb c", "unexpected argument 'c' found"),
    ] {
        let folder = Folder::new();
        assert!(
            folder.run(arguments).failed(2).contains(message),
            "{arguments}: {}",
            folder.run(arguments).err
        );
        let ran = folder.run(&format!("{arguments} --json"));
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        let line = ran.err.trim_end().strip_prefix("fenrun: ").unwrap().to_owned();
        let document = ran.document(2);
        let error = document.get("error").unwrap();
        assert_eq!(error.get("message"), Some(&line.into()), "{arguments}");
        assert_eq!(error.get("code"), Some(&"invalid_argument".into()));
    }
}

#[test]
fn what_stands_behind_two_dashes_is_no_option() {
    let ran = Folder::new().run("check a b -- --json");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, text) in
        [("--help", "Usage: fenrun"), ("settle -h", "--orders"), ("--version", "fenrun 0")]
    {
        let ran = Folder::new().run(arguments);
        assert_eq!(ran.err, "");
        assert!(ran.ended(0).contains(text), "{arguments}");
    }
}

#[test]
fn a_refused_plan_is_1_in_every_command() {
    let sale = r#"{"id": 1, "buyer": "B", "lines": [{"paid": 99}]}"#;
    let orders = "order,buyer,paid,upline_1\n1,B,1,A\n";
    let folder = Folder::with(&[("plan.toml", GREEDY), ("sale.json", sale), ("o.csv", orders)]);
    for arguments in [
        "check plan.toml",
        "settle --plan plan.toml --orders o.csv --out rows.csv",
        "explain --plan plan.toml --sale sale.json",
        "explain --plan plan.toml --orders o.csv --order 1",
    ] {
        let message = folder.run(arguments).failed(1);
        assert!(message.starts_with("plan.toml: line 8: rule `up` may pay 101% of its base"), "{message}");
        let document = folder.run(&format!("{arguments} --json")).document(1);
        let error = document.get("error").unwrap();
        assert_eq!(error.get("code"), Some(&"pays_too_much".into()), "{arguments}");
        assert_eq!(error.get("message"), Some(&message.into()), "{arguments}");
    }
    assert_eq!(folder.names(), ["o.csv", "plan.toml", "sale.json"]);
    let recruiting = GREEDY.replace("101%", "5%").replace("pay =", "when = { purpose = \"joining\" }\npay =");
    folder.write("plan.toml", recruiting.as_bytes());
    let document = folder.run("check plan.toml --json").document(1);
    assert_eq!(document.get("error").unwrap().get("code"), Some(&"pays_recruiting".into()));
}
