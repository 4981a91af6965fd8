//! The table: every part of a plan, its keys, what they hold and what an editor says about them.

use super::shape::{ANY, Key, Object, Shape, list, may, must, object};
use crate::id::MAX_ID_BYTES;
use crate::money::Rounding;
use crate::reward::plan::{
    CapPer, Every, FillOrder, MAX_LEVELS, MAX_LISTED, MAX_NAME_BYTES, MAX_RULES, Over, PassTo, Period,
    Unqualified,
};
use crate::sale::MAX_STOPS;

/// An exact rate: `5%`, `30bp`, `0.05`, `1/20`.
const RATE: &str = "^([0-9]+(\\.[0-9]+)?(%|bp)?|[0-9]+/0*[1-9][0-9]*)$";
/// The same with a sign.
const SIGNED: &str = "^-?([0-9]+(\\.[0-9]+)?(%|bp)?|[0-9]+/0*[1-9][0-9]*)$";
/// The largest count.
const COUNT: i64 = 4_294_967_295;
/// Keys of the author's own.
const NAME: &str = "^.+$";

fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn id() -> Shape {
    Shape::Text(limit(MAX_ID_BYTES))
}

fn ids(most: i64) -> Shape {
    Shape::List(Box::new(id()), 0, most)
}

fn words<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Shape {
    Shape::Words(all.iter().map(|value| name(*value)).collect())
}

fn map(value: Shape) -> Shape {
    Shape::Map(NAME, Box::new(value), 1)
}

fn any_count() -> Shape {
    Shape::Int(0, COUNT)
}

/// Every part with its name.
pub(super) fn definitions() -> Vec<(&'static str, Shape)> {
    vec![
        ("plan", Shape::Object(plan())),
        ("rule", Shape::Object(rule())),
        ("condition", Shape::Object(condition())),
        ("test", test()),
        ("base", base()),
        ("stop", stop()),
        ("amount", amount()),
        ("pay", pay()),
        ("levels", levels()),
        ("round", round()),
        ("rule_cap", cap(&[CapPer::Payee, CapPer::Rule])),
        ("plan_cap", cap(&[CapPer::Payee, CapPer::Plan])),
        ("rank", Shape::Object(rank())),
        ("tree", Shape::Object(tree())),
    ]
}

fn plan() -> Object {
    let about_allow = "what check refuses and the author accepts: a reason by rule id, `plan` or `ranks`";
    Object {
        apart: Some(("ranks", "rank")),
        ..object(vec![
            must("schema", Shape::Just("fenrun.plan/1".into()), "the language this plan is written in"),
            must("name", Shape::Text(limit(MAX_NAME_BYTES)), "what people call the plan"),
            must("currency", Shape::Form("^[A-Z]{3}$"), "ISO 4217, such as CNY"),
            may("ranks", ids(255), "names of ranks, lowest first"),
            may("rank", list(Shape::Ref("rank"), 255), "ranks, lowest first, that are won and kept"),
            may("tree", Shape::Map(NAME, Box::new(Shape::Ref("tree")), 0), "trees beside `referral`"),
            may("utc_offset", Shape::Form("^[+-][0-9]{2}:[0-9]{2}$"), "when days start; +08:00 without it"),
            may("allow", Shape::Map(NAME, Box::new(Shape::Text(ANY)), 0), about_allow),
            may("cap", caps("plan_cap"), "the most all rules together pay"),
            must("rule", list(Shape::Ref("rule"), limit(MAX_RULES)), "the rules"),
        ])
    }
}

fn rule() -> Object {
    let conditions = Shape::List(Box::new(Shape::Ref("condition")), 1, ANY);
    let stops = list(Shape::Ref("stop"), limit(MAX_LISTED));
    let on = ["order"].into_iter().chain(Period::ALL.into_iter().map(Period::name)).collect();
    let modes = [
        Unqualified::Retain,
        Unqualified::Stop,
        Unqualified::Compress,
        Unqualified::CompressByLevel,
        Unqualified::RollUp,
    ];
    Object {
        needs: vec![("qualify", "unqualified"), ("unqualified", "qualify")],
        apart: Some(("on", "after")),
        ..object(vec![
            must("id", id(), "its name, unique in the plan"),
            may("on", Shape::Words(on), "what makes it run: each line of a sale, or the close of a period"),
            may("after", id(), "runs on what this rule paid"),
            may("when", Shape::Ref("condition"), "where it applies: facts of the line, the sale, the buyer"),
            may("of", Shape::Ref("base"), "what is shared; `paid` without it"),
            must("to", Shape::Either(vec![Shape::Ref("stop"), stops]), "who is walked"),
            may(
                "qualify",
                Shape::Either(vec![Shape::Ref("condition"), conditions]),
                "what a payee must meet",
            ),
            may("unqualified", words(&modes, Unqualified::name), "what becomes of those who do not"),
            must("pay", Shape::Ref("pay"), "how much each gets"),
            may(
                "round",
                Shape::Ref("round"),
                "how exact amounts become minor units; down per line without it",
            ),
            may("cap", caps("rule_cap"), "the most it pays"),
            may(
                "split",
                Shape::Map(NAME, Box::new(Shape::Form(RATE)), 1),
                "accounts and their shares, 100% in all",
            ),
            may("reverse", Shape::Words(vec!["recompute", "share_of_units"]), "how a refund takes back"),
            may(
                "change",
                Shape::Words(vec!["start", "split"]),
                "which version serves a period in which the plan changed",
            ),
            may("residual", Shape::Words(vec!["retain"]), "where what nobody gets stays"),
            may("hold_days", any_count(), "days between confirmed and payable"),
        ])
    }
}

fn condition() -> Object {
    Object {
        others: Some(Box::new(Shape::Ref("test"))),
        ..object(vec![
            may("any", list(Shape::Ref("condition"), ANY), "one of these holds"),
            may("not", Shape::Ref("condition"), "this does not hold"),
            may("sale", Shape::Ref("condition"), "this holds of the sale's own facts"),
        ])
    }
}

fn test() -> Shape {
    let end = || Shape::Either(vec![Shape::Int(i64::MIN, i64::MAX), Shape::Text(ANY)]);
    let among = || Shape::List(Box::new(Shape::Scalar), 0, ANY);
    let range = object(vec![
        may("min", end(), "at least; included"),
        may("max", end(), "at most; included"),
        may("in", among(), "one of these"),
    ]);
    Shape::Either(vec![Shape::Scalar, among(), Shape::Object(range)])
}

fn base() -> Shape {
    let sum = object(vec![
        must("base", id(), "the component it starts from"),
        may("plus", ids(ANY), "components added"),
        may("less", ids(ANY), "components taken off"),
        may("times", Shape::Form(RATE), "the share of it, rounded once"),
    ]);
    Shape::Either(vec![id(), Shape::Object(sum)])
}

fn stop() -> Shape {
    let when =
        || may("when", Shape::Ref("condition"), "where this stop is walked: facts of the sale and the buyer");
    let of = |keys: Vec<Key>| Shape::Object(object(keys.into_iter().chain([when()]).collect()));
    let names = || list(id(), limit(MAX_LISTED));
    Shape::Either(vec![
        Shape::Just("self".into()),
        of(vec![must("self", Shape::Just(true.into()), "whoever is the source: the buyer of a sale")]),
        of(vec![
            must("up", id(), "the upline in this tree, nearest first: `referral` or one the plan declares"),
            may("limit", Shape::Int(1, limit(MAX_STOPS)), "how many people at most; 64 without it"),
            may("rank", Shape::Just("same".into()), "only those of the source's own rank (平级)"),
            may("as", id(), "the label rate tables know them by"),
        ]),
        of(vec![must("roles", names(), "holders of these roles, in this order")]),
        of(vec![must("region", names(), "holders of the regions a sale goes to")]),
        of(vec![must("class", Shape::Ref("condition"), "every member who meets this when a period closes")]),
    ])
}

fn amount() -> Shape {
    let fact = object(vec![must("fact", Shape::Text(ANY), "the payee's own rate, a fact")]);
    Shape::Either(vec![Shape::Form(RATE), any_count(), Shape::Object(fact)])
}

fn levels() -> Shape {
    let by_level = || list(Shape::Ref("amount"), limit(MAX_LEVELS));
    let geometric = object(vec![
        must("first", Shape::Form(RATE), "the rate of the first"),
        must("ratio", Shape::Form(RATE), "each next has this share of the one before"),
    ]);
    Shape::Either(vec![by_level(), Shape::Object(geometric), map(by_level())])
}

fn pay() -> Shape {
    let of = |keys| Shape::Object(object(keys));
    let step = Shape::Row(vec![Shape::Int(0, i64::MAX), Shape::Form(RATE)]);
    let polynomial = of(vec![must("polynomial", list(Shape::Form(SIGNED), 256), "c1·x + c2·x² …")]);
    let pairs = Shape::Map("^[0-9]+:[0-9]+$", Box::new(Shape::Form(RATE)), 1);
    let fact = of(vec![must("fact", Shape::Text(ANY), "the weight is this fact")]);
    let tree = || may("tree", id(), "which tree; `referral` without it");
    Shape::Either(vec![
        of(vec![
            must("levels", Shape::Ref("levels"), "a rate for each level"),
            may("block", Shape::Just("rank".into()), "infinity: each rank once, up to the next as high"),
        ]),
        of(vec![must(
            "differential",
            map(Shape::Ref("amount")),
            "级差: the difference to the highest rate below",
        )]),
        of(vec![
            must("ladder", Shape::Either(vec![list(step, 256), polynomial]), "the rate by volume"),
            may("by", Shape::Text(ANY), "the component it is read on"),
            may("span", Shape::Words(vec!["own", "team"]), "whose volume"),
            may("marginal", Shape::Flag, "each step pays its own part only"),
            tree(),
        ]),
        of(vec![
            must("pairing", pairs, "the rate of a pair, by ratio"),
            must("tree", id(), "the tree whose legs are paired"),
            must("unit", Shape::Int(1, i64::MAX), "volume of a pair's side"),
            must(
                "unmatched",
                Shape::Words(vec!["carry", "flush"]),
                "what becomes of the stronger leg's rest",
            ),
        ]),
        of(vec![
            must("share", Shape::Form(RATE), "a share of the volume over a class"),
            may("weights", Shape::Either(vec![fact, map(any_count())]), "equal without it"),
        ]),
    ])
}

fn round() -> Shape {
    let modes = || words(Rounding::ALL, Rounding::name);
    let full = object(vec![
        may("mode", modes(), "the mode; down without it"),
        may("per", Shape::Words(vec!["line", "unit", "order"]), "what is rounded at once"),
        may("min", any_count(), "amounts below it are retained"),
        may("rate_decimals", Shape::Int(0, 12), "rates are first rounded to so many decimals"),
    ]);
    Shape::Either(vec![modes(), Shape::Object(full)])
}

fn caps(name: &'static str) -> Shape {
    Shape::Either(vec![Shape::Ref(name), Shape::List(Box::new(Shape::Ref(name)), 0, 16)])
}

fn cap(per: &[CapPer]) -> Shape {
    let over = Over::ALL.into_iter().map(Over::name).chain(["truncate"]).collect();
    Shape::Object(object(vec![
        must("per", words(per, CapPer::name), "whose amounts are added"),
        may("every", words(&Every::ALL, Every::name), "over which time; one event without it"),
        must(
            "limit",
            Shape::Either(vec![Shape::Int(0, i64::MAX), Shape::Form(RATE)]),
            "minor units, or a share",
        ),
        may("over", Shape::Words(over), "what becomes of the rest"),
    ]))
}

fn rank() -> Object {
    Object {
        needs: vec![("kept", "won")],
        ..object(vec![
            must("id", id(), "its name"),
            may("won", Shape::Ref("condition"), "who gets it"),
            may("kept", Shape::Ref("condition"), "who keeps it"),
        ])
    }
}

fn tree() -> Object {
    let fill = object(vec![
        must("width", Shape::Int(1, COUNT), "how many legs a member has"),
        may("order", words(&FillOrder::ALL, FillOrder::name), "which free place is the first"),
    ]);
    let pass_up = object(vec![
        must("first", Shape::Int(1, COUNT), "how many recruits pass"),
        must("to", words(&PassTo::ALL, PassTo::name), "to whom"),
    ]);
    Object {
        apart: Some(("fill", "pass_up")),
        ..object(vec![
            may("fill", Shape::Object(fill), "each new member takes the first free place"),
            may("pass_up", Shape::Object(pass_up), "the first recruits pass to somebody above"),
        ])
    }
}
