//! What stands around plans: lines of errors, the schema of editors against the reader, presets.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

use fenrun::doc::Node;
use fenrun::reward::plan::{PRESETS, Plan};
use fenrun::reward::plan_schema;
use fenrun::{Code, Error};
use std::collections::BTreeSet;

const PLAN: &str = r#"schema = "fenrun.plan/1"
name = "n"
currency = "CNY"
ranks = ["V1", "V2"]

[tree.placement]
fill = { width = 2 }

[[rule]]
id = "upline"
to = [
  "self",
  { up = "referral" },
]
when = { category = "tea", any = [
  { rank = "V1" },
] }
pay = { differential = { V1 = "5%", V2 = "8%" } }

[[rule]]
id = "peer"
after = "upline"
of = "income"
to = { up = "referral", rank = "same" }
pay = { levels = [
  "2%",
  "1%",
] }
"#;

/// What is wrong, on which line, what the message must hold.
const WRONG: [(&str, &str, usize, &str); 65] = [
    ("name = \"n\"", "nmae = \"n\"", 2, "did you mean it by `nmae`?"),
    ("currency = \"CNY\"", "currency = \"CNY\"\ncurency = 1", 4, "did you mean `currency`?"),
    ("\"V1\", \"V2\"", "\"V1\", 2", 4, "`ranks`"),
    ("width", "widht", 7, "did you mean it by `widht`?"),
    ("id = \"upline\"", "id = 7", 10, "`id` must be text"),
    ("\"self\"", "\"slef\"", 12, "must be a map"),
    ("{ up = \"referral\" },", "{ up = \"referal\" },", 13, "did you mean `referral`?"),
    ("{ rank = \"V1\" }", "{ rank = \"V11\" }", 16, "did you mean `V1`?"),
    ("{ rank = \"V1\" }", "{ rank = [\"V1\", \"v2\"] }", 16, "did you mean `V2`?"),
    ("V2 = \"8%\"", "V3 = \"8%\"", 18, "did you mean `V1`?"),
    ("V2 = \"8%\"", "V2 = \"8 %\"", 18, "8 %"),
    ("after = \"upline\"", "after = \"uplin\"", 22, "did you mean `upline`?"),
    ("after = \"upline\"", "on = \"dya\"", 22, "did you mean `day`?"),
    ("id = \"peer\"", "id = \"upline\"", 21, "two rules have the id `upline`"),
    ("rank = \"same\"", "rank = \"sane\"", 24, "only `same`"),
    ("  \"1%\",", "  1.5,", 27, "the number `1.5`"),
    ("  \"2%\",", "  \"200%\",", 25, "at most 100%"),
    ("id = \"peer\"", "id = \"peer\"\nqualfy = 1", 22, "did you mean `qualify`?"),
    ("{ up = \"referral\" },", "{ upp = \"referral\", limit = 2 },", 13, "did you mean `up`?"),
    ("{ up = \"referral\" },", "{ up = \"referral\", roles = [] },", 13, "`roles` lists 0 names"),
    ("{ rank = \"V1\" }", "{ rank = { mn = \"V1\" } }", 16, "did you mean `min`?"),
    ("ranks = [\"V1\", \"V2\"]", "rank = []", 4, "`rank` lists no rank"),
    (
        "ranks = [\"V1\", \"V2\"]",
        "ranks = [\"V1\", \"V2\"]\nallow = []",
        5,
        "`allow` must be a map, not a list",
    ),
    ("[tree.placement]", "[tree]\nplacement = []\n[tree.other]", 7, "must be a map, not a list"),
    ("fill = { width = 2 }", "pass_up = []", 7, "must be a map, not a list"),
    (
        "of = \"income\"",
        "round = []",
        23,
        "must be a mode such as \"down\", or { mode, per, min, rate_decimals }",
    ),
    ("of = \"income\"", "when = []", 23, "`when` must be a map, not a list"),
    ("of = \"income\"", "of = []", 23, "`of` must be a map, not a list"),
    ("of = \"income\"", "cap = [[]]", 23, "`cap` must be a map, not a list"),
    ("of = \"income\"", "cap = { per = \"payee\", limit = \"50%\" }", 23, "takes minor units"),
    ("of = \"income\"", "round = { per = \"order\" }", 23, "each source is rounded alone"),
    ("of = \"income\"", "change = \"split\"", 23, "`change` is about periods"),
    ("{ up = \"referral\" },", "{ up = \"referral\", as = \"\" },", 13, "`as` is empty"),
    ("{ up = \"referral\" },", "{ up = \"referral\", as = \"any\" },", 13, "`as`: `any` is reserved"),
    ("V2 = \"8%\"", "V2 = { fact = \"\" }", 18, "`fact` is empty"),
    ("V2 = \"8%\"", "V2 = { fact = \"rank\" }", 18, "`fact` is `rank`; `id` and `rank` are no facts"),
    (
        "{ differential = { V1 = \"5%\", V2 = \"8%\" } }",
        "{ share = \"5%\", weights = { fact = \"\" } }",
        18,
        "`fact` is empty",
    ),
    (
        "{ differential = { V1 = \"5%\", V2 = \"8%\" } }",
        "{ ladder = [[0, \"5%\"]], by = \"\" }",
        18,
        "`by` is empty",
    ),
    ("of = \"income\"", "split = []", 23, "`split` must be a map, not a list"),
    ("id = \"peer\"", "id = \"peer \"", 21, "the name \"peer \" holds a blank (U+0020)"),
    ("[tree.placement]", "[tree.\"place\u{200b}ment\"]", 6, "a character that does not show (U+200B)"),
    (
        "id = \"upline\"",
        "id = \"upline\"\ncap = { per = \"payee\", limit = \"150%\" }",
        11,
        "`limit` is 150% of the base",
    ),
    ("name = \"n\"", "name = \"n\"\nname = \"m\"", 3, "duplicate key `name`"),
    ("name = \"n\"", "name = \"a\\u202eb\"", 2, "`a\\u{202e}b` holds U+202E"),
    ("name = \"n\"", "name = \"a\\u200eb\"", 2, "`a\\u{200e}b` holds U+200E"),
    ("of = \"income\"", "when = { \"a\\u202eb\" = true }", 23, "`a\\u{202e}b` holds U+202E"),
    ("currency = \"CNY\"", "currency = \"CNX\"", 3, "CNX"),
    ("currency = \"CNY\"", "currency = \"CNY\"\nutc_offset = \"+99:00\"", 4, "+99:00"),
    ("id = \"peer\"", "id = \"\"", 21, "`id` is empty"),
    ("of = \"income\"", "of = \"\"", 23, "`of`: the name `` has 0 bytes"),
    ("of = \"income\"", "round = { mode = \"downn\" }", 23, "downn"),
    ("of = \"income\"", "cap = { per = \"payee\", limit = \"x\" }", 23, "`x` is not a rate"),
    (
        "of = \"income\"",
        "split = { cash = \"90%\" }",
        23,
        "the shares of all accounts sum to 90%, not to 100%",
    ),
    (
        "of = \"income\"",
        "split = { cash = \"1/3\", shop = \"1/7\" }",
        23,
        "the shares of all accounts sum to 10/21, not to 100%",
    ),
    (
        "id = \"peer\"",
        "id = \"a-rule-that-has-a-name-which-is-longer-than-any-name-of-a-rule-can-be\"",
        21,
        "`id`: the name `a-rule-that-has-…` has 69 bytes; at most 64",
    ),
    ("of = \"income\"", "split = { cash = \"9O%\" }", 23, "`split`: `cash`: `9O%` is not a rate"),
    ("of = \"income\"", "split = { cash = \"9\\u200b0%\" }", 23, "`9\\u{200b}0%` is not a rate"),
    (
        "of = \"income\"",
        "of = { base = \"income\", times = \"zz\" }",
        23,
        "rule `peer`: `of`: `times`: `zz` is not a rate",
    ),
    ("of = \"income\"", "round = { rate_decimals = 99 }", 23, "`rate_decimals` is 99; at most 12"),
    (
        "of = \"income\"",
        "cap = [\n  { per = \"payee\", limit = 1 },\n  { per = \"rule\", limit = \"zz\" },\n]",
        25,
        "rule `peer`: `cap`: `limit`: `zz` is not a rate",
    ),
    (
        "of = \"income\"",
        "cap = [\n  { per = \"payee\", limit = 1 },\n  { per = \"payee\", limit = 2 },\n]",
        25,
        "two caps per payee every event",
    ),
    ("name = \"n\"", "name = \"n\"\nallow = { peer = 0 }", 3, "`allow.peer` must be a reason as text, not 0"),
    ("id = \"peer\"", "id = \"pe\\u202eer\"", 21, "rule `pe\\u{202e}er`: `id`"),
    (
        "{ rank = \"V1\" }",
        "{ points = { min = \"10\" } }",
        16,
        "`points`: `min` must be an integer (only ranks stand in an order by name), not \"10\"",
    ),
    (
        "id = \"upline\"",
        "id = \"upline\"\nafter = \"peer\"",
        11,
        "in a cycle: upline after peer after upline",
    ),
];

fn refused(text: &str) -> Error {
    Plan::parse(text).err().unwrap_or_else(|| panic!("accepted: {text}"))
}

#[test]
fn an_error_names_its_line_and_the_nearest_word() {
    Plan::from_toml(PLAN).unwrap();
    for (right, wrong, line, message) in WRONG {
        assert!(PLAN.contains(right), "{right}");
        let error = refused(&PLAN.replacen(right, wrong, 1));
        assert_eq!(error.line(), Some(line), "{wrong}: {error}");
        assert!(error.message().contains(message), "{wrong}: {error}");
        if error.code() != Code::Syntax {
            assert!(error.message().starts_with(&format!("line {line}: ")), "{error}");
        }
    }
}

/// A plan that is built and not read is no larger than one that can be read again.
#[test]
fn a_plan_can_be_read_from_what_is_written_of_it() {
    let plan = |reason: usize| {
        let mut node = Plan::from_toml(PLAN).unwrap().to_node();
        let Node::Map(map) = &mut node else { panic!("a plan is a table") };
        map.insert("allow".into(), Node::map([("peer", Node::from("x".repeat(reason)))]));
        Plan::from_node(&node)
    };
    let empty = plan(1).unwrap().canonical().len() - 1;
    let largest = plan((1 << 20) - empty).unwrap();
    assert_eq!(Plan::from_json(largest.canonical()).unwrap(), largest);
    let error = plan((1 << 20) - empty + 1).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
    assert!(error.message().contains("its canonical JSON has 1048577 bytes; at most 1048576"), "{error}");
}

/// Whatever somebody writes, what is wrong with it is told in a line that can be read.
#[test]
fn an_error_is_short_however_long_the_text_is() {
    let long = "k".repeat(200_000);
    let many: String = (0..200)
        .map(|at| {
            let after = (at + 1) % 200;
            format!("[[rule]]\nid = \"r{at}\"\nafter = \"r{after}\"\nto = \"self\"\npay = {{ levels = [\"1%\"] }}\n")
        })
        .collect();
    let deep = format!("not = {}active = true{}", "{ not = ".repeat(5_000), " }".repeat(5_000));
    for (right, wrong) in [
        ("name = \"n\"", format!("{long} = 1")),
        ("name = \"n\"", format!("name = \"{long}\"")),
        ("\"V1\", \"V2\"", format!("\"V1\", \"{long}\"")),
        ("id = \"peer\"", format!("id = \"{long}\"")),
        ("after = \"upline\"", format!("after = \"{long}\"")),
        ("of = \"income\"", format!("of = \"{long}\"")),
        ("  \"2%\",", format!("  \"{}%\",", "9".repeat(100_000))),
        ("  \"2%\",", format!("  \"0.{}1%\",", "0".repeat(100_000))),
        ("category = \"tea\"", deep),
        ("[[rule]]\nid = \"peer\"", format!("{many}[[rule]]\nid = \"peer\"")),
    ] {
        let error = refused(&PLAN.replacen(right, &wrong, 1));
        let message = error.message();
        assert!(message.len() < 1_100 && message.lines().count() == 1, "{message}");
    }
}

/// The same faults in JSON, one value a line.
#[test]
fn json_has_lines_too() {
    let json = Plan::from_toml(PLAN).unwrap().to_node().to_json_pretty();
    for (right, wrong, message) in [
        ("\"differential\"", "\"diferential\"", "did you mean `differential`?"),
        ("\"after\": \"upline\"", "\"after\": \"uplin\"", "did you mean `upline`?"),
        ("\"rank\": \"same\"", "\"rank\": \"sane\"", "only `same`"),
        ("\"V2\": \"8%\"", "\"V2\": \"8\u{ff05}\"", "8\u{ff05}"),
    ] {
        let at = json.find(right).unwrap_or_else(|| panic!("{right}: {json}"));
        let error = refused(&json.replacen(right, wrong, 1));
        let line = json[..at].matches('\n').count() + 1;
        assert_eq!(error.line(), Some(line), "{wrong}: {error}");
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn a_plan_that_is_no_text_has_no_line() {
    let mut node = Plan::preset("two_level").unwrap().to_node();
    let Node::Map(map) = &mut node else { panic!("{node:?}") };
    map.insert("nmae".into(), "x".into());
    let error = Plan::from_node(&node).unwrap_err();
    assert_eq!((error.line(), error.code()), (None, Code::UnknownKey));
    assert_eq!(error.message(), "plan: unknown key `nmae`; did you mean `name`?");
}

#[test]
fn a_preset_is_suggested() {
    let error = Plan::preset("crmbe").unwrap_err();
    assert_eq!(error.message(), "no preset is called `crmbe`; did you mean `crmeb`?");
    let error = Plan::preset("shareholders of the world").unwrap_err();
    assert_eq!(error.message(), "no preset is called `shareholders of the world`; `presets` lists them");
}

/// A word that is like no other, so that the reader lists all it knows.
const UNLIKE: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

/// A part of the schema by its keys, and a rule or plan in which `@` stands where one more entry fits.
const PARTS: [(&str, &str); 24] = [
    ("plan", "PLAN"),
    ("rule", r#"{"id":"r","to":"self","pay":{"levels":["1%"]},@}"#),
    ("base.anyOf.1", r#"{"id":"r","to":"self","of":{"base":"paid",@},"pay":{"levels":["1%"]}}"#),
    ("test.anyOf.2", r#"{"id":"r","to":"self","when":{"n":{"min":1,@}},"pay":{"levels":["1%"]}}"#),
    ("stop.anyOf.*", r#"{"id":"r","to":{"up":"referral",@},"pay":{"levels":["1%"]}}"#),
    ("amount.anyOf.2", r#"{"id":"r","to":"self","pay":{"levels":[{"fact":"f",@}]}}"#),
    ("pay.anyOf.*", r#"{"id":"r","to":"self","pay":{"levels":["1%"],@}}"#),
    ("levels.anyOf.1", r#"{"id":"r","to":"self","pay":{"levels":{"first":"1%","ratio":"50%",@}}}"#),
    ("round.anyOf.1", r#"{"id":"r","to":"self","round":{"min":1,@},"pay":{"levels":["1%"]}}"#),
    ("rule_cap", r#"{"id":"r","to":"self","cap":{"per":"rule","limit":1,@},"pay":{"levels":["1%"]}}"#),
    ("plan_cap", r#"PLAN "cap":{"per":"plan","limit":1,@}"#),
    ("rank", r#"PLAN "rank":[{"id":"V",@}]"#),
    ("tree", r#"PLAN "tree":{"t":{@}}"#),
    ("tree.properties.fill", r#"PLAN "tree":{"t":{"fill":{"width":1,@}}}"#),
    ("tree.properties.pass_up", r#"PLAN "tree":{"t":{"pass_up":{"first":1,"to":"sponsor",@}}}"#),
    (
        "pay.anyOf.2.properties.ladder.anyOf.1",
        r#"{"id":"r","on":"day","to":"self","pay":{"span":"team","ladder":{"polynomial":["1"],@}}}"#,
    ),
    (
        "pay.anyOf.4.properties.weights.anyOf.0",
        r#"{"id":"r","on":"day","to":"self","pay":{"share":"1%","weights":{"fact":"f",@}}}"#,
    ),
    // Parts whose keys are those of another one.
    ("stop.anyOf.1", ""),
    ("stop.anyOf.2", ""),
    ("stop.anyOf.3", ""),
    ("stop.anyOf.4", ""),
    ("stop.anyOf.5", ""),
    ("condition", ""),
    ("pay.anyOf.0", ""),
];

fn at<'a>(schema: &'a Node, path: &str) -> &'a Node {
    path.split('.').fold(schema.get("$defs").unwrap(), |node, step| match node {
        Node::List(items) => &items[step.parse::<usize>().unwrap()],
        map => map.get(step).unwrap_or_else(|| panic!("{path}: no {step}")),
    })
}

fn properties(node: &Node) -> BTreeSet<String> {
    match node.get("properties") {
        Some(Node::Map(map)) => map.keys().cloned().collect(),
        _ => BTreeSet::new(),
    }
}

/// The keys of a part; those of all its forms where it ends with `*`.
fn keys(schema: &Node, path: &str) -> BTreeSet<String> {
    let Some(path) = path.strip_suffix(".*") else { return properties(at(schema, path)) };
    let Node::List(forms) = at(schema, path) else { panic!("{path} is no list") };
    forms.iter().flat_map(properties).collect()
}

fn probe(text: &str, entry: &str) -> Error {
    let (more, rule) = match text.strip_prefix("PLAN") {
        Some("") => (format!(",{entry}"), r#"{"id":"r","to":"self","pay":{"levels":["1%"]}}"#.to_owned()),
        Some(more) => (
            format!(",{}", more.replace('@', entry)),
            r#"{"id":"r","to":"self","pay":{"levels":["1%"]}}"#.to_owned(),
        ),
        None => (String::new(), text.replace('@', entry)),
    };
    let text = format!(r#"{{"schema":"fenrun.plan/1","name":"n","currency":"CNY","rule":[{rule}]{more}}}"#);
    refused(&text.replace("{,", "{"))
}

/// Every object of the schema has exactly the keys the reader takes there.
#[test]
fn editors_and_the_reader_know_the_same_keys() {
    let schema = plan_schema::document();
    for (path, text) in PARTS.into_iter().filter(|(_, text)| !text.is_empty()) {
        let error = probe(text, &format!("\"{UNLIKE}\":1"));
        assert_eq!(error.code(), Code::UnknownKey, "{path}: {error}");
        let known = error.message().split("known keys: ").nth(1).unwrap_or_else(|| panic!("{error}"));
        let known: BTreeSet<String> = known.split(", ").map(str::to_owned).collect();
        assert_eq!(keys(&schema, path), known, "{path}");
    }
}

/// Every object of the schema is among those that are compared.
#[test]
fn no_part_is_left_out() {
    let schema = plan_schema::document();
    let (mut objects, mut open) = (0, vec![&schema]);
    while let Some(node) = open.pop() {
        objects += usize::from(node.get("properties").is_some_and(|keys| keys.get("type").is_none()));
        match node {
            Node::Map(map) => open.extend(map.values()),
            Node::List(items) => open.extend(items),
            _ => {}
        }
    }
    let listed = PARTS.iter().filter(|(path, _)| !path.ends_with('*')).count();
    // The other forms of `pay` are compared together.
    assert_eq!(objects, listed + 4, "a part was added: list it in PARTS");
}

/// Every list of words is the reader's.
#[test]
fn editors_and_the_reader_know_the_same_words() {
    let schema = plan_schema::document();
    let rule = |key: &str| format!(r#"{{"id":"r","to":"self",@,{key}"pay":{{"levels":["1%"]}}}}"#);
    let qualify = rule(r#""qualify":{"a":1},"#);
    let plain = rule("");
    for (path, key, text) in [
        ("rule.properties.on", "on", plain.as_str()),
        ("rule.properties.unqualified", "unqualified", qualify.as_str()),
        ("rule.properties.reverse", "reverse", plain.as_str()),
        ("rule.properties.change", "change", plain.as_str()),
        ("rule.properties.residual", "residual", plain.as_str()),
        ("round.anyOf.0", "round", plain.as_str()),
        ("round.anyOf.1.properties.mode", "mode", PARTS[8].1),
        ("round.anyOf.1.properties.per", "per", PARTS[8].1),
        ("rule_cap.properties.every", "every", PARTS[9].1),
        ("rule_cap.properties.over", "over", PARTS[9].1),
        ("tree.properties.fill.properties.order", "order", PARTS[13].1),
        ("pay.anyOf.2.properties.span", "span", r#"{"id":"r","to":"self","pay":{"ladder":[[1,"1%"]],@}}"#),
    ] {
        let Some(Node::List(words)) = at(&schema, path).get("enum") else { panic!("{path}: no words") };
        let words: BTreeSet<&str> = words.iter().filter_map(Node::as_text).collect();
        let error = probe(text, &format!("\"{key}\":\"{UNLIKE}\""));
        assert_eq!(error.code(), Code::UnknownWord, "{path}: {error}");
        let known = error.message().rsplit("one of").next().unwrap();
        let known: BTreeSet<&str> = known.trim_start_matches([':', ' ']).split(", ").collect();
        assert_eq!(words, known, "{path}");
    }
}

#[test]
fn every_preset_says_what_it_is() {
    for (name, text) in PRESETS {
        let comment: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(comment.len() >= 2, "{name}: a preset starts with what it is and where it is from");
        let total = Plan::preset(name).unwrap().check().unwrap().total;
        let costs = total.map_or("No bound".to_owned(), |rate| format!("At most {rate} of"));
        let told = comment.iter().any(|line| line.starts_with(&format!("# {costs}")));
        assert!(told, "{name}: its comment says what it costs: {costs}");
    }
}

/// Full matrices: everybody invited by the root, each at the highest free place, and what a place pays.
mod matrices {
    use fenrun::doc::Node;
    use fenrun::operations;
    use fenrun::reward::plan::Plan;
    use std::collections::BTreeMap;

    /// A cent a unit to everybody on so many levels above.
    fn plan(width: u64, depth: usize) -> Plan {
        let rates = vec!["100"; depth].join(", ");
        let text = format!(
            r#"{{"schema": "fenrun.plan/1", "name": "matrix", "currency": "USD", "rule": [
                {{"id": "matrix", "on": "month", "of": "quantity", "to": {{"up": "placement"}}, "pay": {{"levels": [{rates}]}}}}],
                "tree": {{"placement": {{"fill": {{"width": {width}}}}}}}}}"#
        );
        Plan::parse(&text).unwrap()
    }

    /// The places of a tree that so many members join: member, parent, leg.
    fn placed(plan: &Plan, members: u64) -> Vec<(u64, u64, i64)> {
        let join = |member: u64| {
            let inviter = if member == 1 { Node::Null } else { Node::Int(1) };
            Node::List(vec![Node::from(member.to_string()), inviter])
        };
        let joins: Vec<Node> = (1..=members).map(join).collect();
        let input = Node::map([("tree", Node::from("placement")), ("joins", joins.into())]);
        let answer = operations::run("place", Some(plan), &input).unwrap();
        let of = |key: &str, member: u64| answer.get(key).unwrap().get(&member.to_string()).unwrap().clone();
        let place = |member: u64| match (of("parents", member), of("legs", member)) {
            (Node::Text(parent), Node::Int(leg)) => (member, parent.parse().unwrap(), leg),
            (Node::Null, Node::Int(leg)) => (member, 0, leg),
            other => panic!("{other:?}"),
        };
        (1..=members).map(place).collect()
    }

    /// How many stand on each level below the root.
    fn levels(places: &[(u64, u64, i64)]) -> BTreeMap<u64, u64> {
        let mut depths = BTreeMap::from([(1, 0)]);
        let mut levels = BTreeMap::new();
        for (member, parent, _) in &places[1..] {
            let depth = depths[parent] + 1;
            depths.insert(*member, depth);
            *levels.entry(depth).or_default() += 1;
        }
        levels
    }

    /// `matrix-counts`: the positions of full matrices.
    #[test]
    fn a_full_matrix_has_its_places() {
        for (width, depth, positions) in
            [(3, 7, 3_279), (2, 12, 8_190), (3, 9, 29_523), (4, 7, 21_844), (5, 7, 97_655)]
        {
            let levels = levels(&placed(&plan(width, 1), positions + 1));
            let full: BTreeMap<u64, u64> =
                (1..=depth).map(|level| (u64::from(level), width.pow(level))).collect();
            assert_eq!(levels, full, "{width} wide, {depth} deep");
        }
    }

    /// `matrix-globalstar`: 1.00 for each of 1022 places on nine levels.
    #[test]
    fn a_full_matrix_of_two_pays_each_place() {
        let plan = plan(2, 9);
        let places = placed(&plan, 1_023);
        let members = places.iter().map(|(member, ..)| {
            let inviter = if *member == 1 { 0 } else { 1 };
            Node::map([("id", Node::from(member.to_string())), ("inviter", Node::Int(inviter))])
        });
        let seats = places[1..].iter().map(|(member, parent, leg)| {
            Node::List(vec![member.to_string().into(), parent.to_string().into(), Node::Int(*leg)])
        });
        let volumes = places[1..].iter().map(|(member, ..)| {
            Node::map([("member", Node::from(member.to_string())), ("quantity", Node::Int(1))])
        });
        let input = Node::map([
            ("period", Node::from("month/2026-11-01")),
            ("members", Node::List(members.collect())),
            ("trees", Node::map([("placement", Node::List(seats.collect()))])),
            ("volumes", Node::List(volumes.collect())),
        ]);
        let answer = operations::run("close", Some(&plan), &input).unwrap();
        let Some(Node::List(outcomes)) = answer.get("outcomes") else { panic!("{answer:?}") };
        let Some(Node::List(rows)) = outcomes[0].get("rows") else { panic!("{answer:?}") };
        let of_root = rows.iter().filter(|row| row.get("payee") == Some(&Node::from("1")));
        let amounts = of_root.map(|row| match row.get("amount") {
            Some(Node::Int(amount)) => *amount,
            other => panic!("{other:?}"),
        });
        assert_eq!(amounts.sum::<i64>(), 102_200);
    }
}

/// The guide: each plan of it is read, and each sale under it comes to what stands there.
mod guide {
    use fenrun::doc::{Node, read_json};
    use fenrun::reward::commission::evaluate;
    use fenrun::reward::plan::Plan;
    use fenrun::sale::Sale;
    use std::collections::BTreeMap;

    const GUIDE: &str = include_str!("../../docs/plans.md");
    const HEAD: &str = "schema = \"fenrun.plan/1\"\nname = \"guide\"\ncurrency = \"CNY\"\n";

    /// The fenced blocks with their language.
    fn blocks() -> Vec<(&'static str, &'static str)> {
        let fenced = GUIDE.split("```").skip(1).step_by(2);
        fenced.filter_map(|block| block.split_once('\n')).collect()
    }

    fn minor(text: &str) -> i64 {
        let (whole, cents) = text.split_once('.').unwrap_or_else(|| panic!("{text}"));
        assert_eq!(cents.len(), 2, "{text}");
        format!("{whole}{cents}").parse().unwrap()
    }

    /// `a[V1]` or `b[active=false]`; who says nothing is active.
    fn person(text: &str, ranked: bool) -> Node {
        let (id, more) = text.trim_end_matches(']').split_once('[').unwrap_or((text, ""));
        let mut map = BTreeMap::from([("id".to_owned(), Node::from(id)), ("active".to_owned(), true.into())]);
        for part in more.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((fact, value)) => map.insert(fact.to_owned(), Node::Bool(value == "true")),
                None => map.insert("rank".to_owned(), part.into()),
            };
        }
        assert!(ranked || !map.contains_key("rank"), "{text}");
        Node::Map(map)
    }

    /// `100.00 cost=60.00 staff=s category=tea: u ← a[V1] ← b`.
    fn sale(text: &str, plan: &Plan) -> Sale {
        let (head, path) = text.split_once(": ").unwrap_or_else(|| panic!("{text}"));
        let mut head = head.split(' ');
        let mut line = BTreeMap::from([("paid".to_owned(), Node::Int(minor(head.next().unwrap())))]);
        let (mut roles, mut facts) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in head.map(|part| part.split_once('=').unwrap()) {
            match (value.contains('.'), plan.names().contains(key)) {
                (true, _) => line.insert(key.to_owned(), Node::Int(minor(value))),
                (false, true) => facts.insert(key.to_owned(), Node::from(value)),
                (false, false) => roles.insert(key.to_owned(), Node::from(value)),
            };
        }
        let ranked = !plan.ranks().is_empty();
        let mut people = path.split(" ← ").map(|text| person(text, ranked));
        let node = Node::map([
            ("id", Node::from("O1")),
            ("buyer", people.next().unwrap()),
            ("upline", Node::List(people.collect())),
            ("roles", Node::Map(roles)),
            ("facts", Node::Map(facts)),
            ("lines", Node::List(vec![Node::Map(line)])),
        ]);
        Sale::from_node(&read_json(&node.to_json(), 10_000).unwrap(), plan.currency()).unwrap()
    }

    fn comes_to(plan: &Plan, text: &str, wanted: &str) {
        let outcome = evaluate(plan, &sale(text, plan)).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut amounts = BTreeMap::<String, i64>::new();
        for row in outcome.rows() {
            *amounts.entry(row.payee.to_string()).or_default() += row.amount;
        }
        let kept: i64 = outcome.retained().iter().map(|entry| entry.amount).sum();
        if kept != 0 {
            amounts.insert("shop".into(), kept);
        }
        let wanted = wanted.split(", ").filter(|part| !part.is_empty()).map(|part| {
            let (who, amount) = part.split_once(' ').unwrap_or_else(|| panic!("{part}"));
            (who.to_owned(), minor(amount))
        });
        assert_eq!(amounts, wanted.collect(), "{text}");
    }

    #[test]
    fn the_guide_names_every_preset() {
        for (name, _) in fenrun::reward::plan::PRESETS {
            assert!(GUIDE.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn every_plan_of_the_guide_comes_to_what_it_says() {
        let (mut plan, mut sales) = (None, 0);
        for (language, text) in blocks() {
            match language {
                "toml" => {
                    let text =
                        if text.starts_with("schema") { text.to_owned() } else { format!("{HEAD}{text}") };
                    Plan::from_toml(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
                    plan = Some(text);
                }
                "sale" => {
                    let text_of_plan = plan.as_ref().unwrap();
                    let mut lines = text.lines();
                    let told = lines.next().unwrap();
                    let wanted: Vec<&str> = lines.collect();
                    for line in if wanted.is_empty() { &[""][..] } else { wanted.as_slice() } {
                        let (mode, amounts) = line.split_once(": ").unwrap_or(("retain", line));
                        let plan = text_of_plan.replace("\"retain\"", &format!("\"{mode}\""));
                        comes_to(&Plan::from_toml(&plan).unwrap(), told, amounts);
                        sales += 1;
                    }
                }
                _ => {}
            }
        }
        assert_eq!(sales, 12);
    }
}

/// The closes of the pages: each comes to the sentences, or the answer, that stand under it.
mod closes {
    use fenrun::doc::{Node, read_json};
    use fenrun::operations::{matches, run};
    use fenrun::reward::plan::Plan;

    const PAGES: [&str; 2] =
        [include_str!("../../docs/plans.md"), include_str!("../../docs/reference/period.md")];
    const HEAD: &str = "schema = \"fenrun.plan/1\"\nname = \"guide\"\ncurrency = \"CNY\"\n";

    /// What goes in, and what stands under it.
    fn halves(text: &str) -> (Node, &str) {
        let (input, wanted) = text.split_once("\n\n").unwrap_or_else(|| panic!("{text}"));
        (read_json(input, 10_000).unwrap(), wanted)
    }

    #[test]
    fn every_close_comes_to_what_stands_under_it() {
        let (mut plan, mut closes, mut sets) = (None, 0, 0);
        for block in PAGES.iter().flat_map(|page| page.split("```").skip(1).step_by(2)) {
            let Some((language, text)) = block.split_once('\n') else { continue };
            match language {
                "toml" if text.contains("[[rule]]") && !text.starts_with("schema") => {
                    plan = Some(Plan::from_toml(&format!("{HEAD}{text}")).unwrap());
                }
                "close" => {
                    let (input, wanted) = halves(text);
                    let answer = run("explain_close", plan.as_ref(), &input).unwrap();
                    let lines = wanted.lines().map(Node::from).collect();
                    assert_eq!(answer, Node::map([("lines", Node::List(lines))]), "{answer:?}");
                    closes += 1;
                }
                "close_set" => {
                    let (input, wanted) = halves(text);
                    let answer = run("close_set", None, &input).unwrap();
                    matches(&read_json(wanted, 10_000).unwrap(), &answer).unwrap();
                    sets += 1;
                }
                _ => {}
            }
        }
        assert_eq!((closes, sets), (2, 1));
    }
}
