//! Parts of a rule that make no sense together.

use crate::doc::Spot;
use crate::error::{Code, Error, Result};
use crate::money::Rounding;
use crate::reward::plan::Condition;
use crate::reward::plan::cap::{Cap, CapPer, Every, Limit, Over};
use crate::reward::plan::order::Clock;
use crate::reward::plan::rule::{Change, Per, Reverse, Rule, Trigger, Unqualified};
use crate::reward::plan::schedule::{Ladder, LadderShape, Schedule, Span};
use crate::reward::plan::stop::{Reach, Stop, StopSource};

/// Refuses a rule whose parts contradict each other; `clock` is what starts the chain it stands in.
pub(super) fn check(rule: &Rule, clock: Clock) -> Result<()> {
    // Each with the key it is told of, where the rule has it.
    let faults = [
        ("of", base(rule)),
        ("to", stops(rule, clock)),
        ("when", conditions(rule, clock)),
        ("pay", schedule(rule, clock)),
        ("round", rounding(rule)),
        ("reverse", reverse(rule, clock)),
        ("change", change(rule, clock)),
        ("cap", caps(rule, clock)),
    ];
    match faults.into_iter().find_map(|(key, fault)| Some((key, fault?))) {
        None => Ok(()),
        Some((key, fault)) => {
            let error = Error::new(Code::InvalidValue, format!("rule `{}`: {fault}", rule.id));
            Err(error.about(Spot::item_key("rule", &rule.id, key)))
        }
    }
}

/// Refuses caps of the whole plan that one of its rules cannot keep to.
pub(super) fn check_caps(caps: &[Cap], rule: &Rule, clock: Clock) -> Result<()> {
    match shorter(caps, clock) {
        None => Ok(()),
        Some(fault) => {
            Err(Error::new(Code::InvalidValue, format!("plan: `cap`: {fault}: rule `{}`", rule.id)))
        }
    }
}

/// A cap of a time shorter than the period that closes: nobody knows what of it fell on which day.
fn shorter(caps: &[Cap], clock: Clock) -> Fault {
    let period = clock?;
    let cap = caps.iter().find(|cap| matches!(cap.every, Every::Period(every) if every < period))?;
    let (every, period) = (cap.every.name(), period.name());
    Some(format!("a cap every {every} cannot hold what closes by the {period}"))
}

type Fault = Option<String>;

fn fault(wrong: bool, rule: &str) -> Fault {
    wrong.then(|| rule.to_owned())
}

fn base(rule: &Rule) -> Fault {
    let chained = matches!(rule.trigger, Trigger::After(_));
    fault(rule.of.reads_income() && !chained, "`income` is what another rule paid; it goes with `after`")
}

fn stops(rule: &Rule, clock: Clock) -> Fault {
    let sources = || rule.to.iter().map(|stop| &stop.source);
    let any = |is: fn(&StopSource) -> bool| sources().any(is);
    let of_sale = |source: &StopSource| matches!(source, StopSource::Roles(_) | StopSource::Region(_));
    let peers = |source: &StopSource| matches!(source, StopSource::Up { reach: Reach::SameRank, .. });
    fault(
        clock.is_none() && any(|source| matches!(source, StopSource::Class(_))),
        "a `class` is everybody of a period; it goes with `on = \"day\"`, `\"week\"` or `\"month\"`",
    )
    .or_else(|| {
        fault(
            any(|source| matches!(source, StopSource::Class(_))) && !matches!(rule.pay, Schedule::Share(_)),
            "a `class` divides a pool; it goes with `share`",
        )
    })
    .or_else(|| {
        fault(
            clock.is_some() && sources().any(of_sale),
            "`roles` and `region` are those of a sale; a period has none",
        )
    })
    .or_else(|| {
        fault(
            sources().any(peers) && rule.to.len() > 1,
            "`rank = \"same\"` walks alone; write a rule of its own",
        )
    })
    .or_else(|| {
        fault(
            sources().any(peers) && !matches!(rule.pay, Schedule::Levels(_)),
            "`rank = \"same\"` is paid by `levels`",
        )
    })
}

fn conditions(rule: &Rule, clock: Clock) -> Fault {
    fault(clock.is_some() && asks_sale(rule), "`{ sale = … }` asks a sale; a period has none").or_else(|| {
        // It would be a fact that nobody can state.
        fault(
            rule.qualify.iter().any(Condition::asks_sale),
            "`qualify` asks payees, of whom `{ sale = … }` says nothing; it goes into `when`",
        )
    })
}

/// Whether a condition of the rule asks the sale.
fn asks_sale(rule: &Rule) -> bool {
    let classes = rule.to.iter().filter_map(|stop| match &stop.source {
        StopSource::Class(class) => Some(class),
        _ => None,
    });
    let stops = rule.to.iter().filter_map(|stop| stop.when.as_ref());
    rule.when.iter().chain(&rule.qualify).chain(stops).chain(classes).any(Condition::asks_sale)
}

fn schedule(rule: &Rule, clock: Clock) -> Fault {
    match &rule.pay {
        Schedule::Pairing(_) => {
            fault(clock.is_none(), "`pairing` closes a period; it goes with `on = \"day\"`, `\"week\"` or `\"month\"`")
                .or_else(|| to_self(rule, "`pairing` pays whose legs they are; write `to = \"self\"`"))
        }
        Schedule::Ladder(Ladder { span: Span::Team(_), shape, .. }) => fault(
            clock.is_none() || matches!(rule.trigger, Trigger::After(_)),
            "`span = \"team\"` reads the volume of a period; it goes with `on = \"day\"`, `\"week\"` or `\"month\"`",
        )
        .or_else(|| to_self(rule, "`span = \"team\"` pays whose team it is; write `to = \"self\"`"))
        .or_else(|| team(rule, shape)),
        Schedule::Ladder(_) if clock.is_some() => {
            to_self(rule, "a ladder of a period pays whose volume it is; write `to = \"self\"`")
        }
        Schedule::Share(_) => fault(
            !matches!(rule.unqualified, Unqualified::Retain | Unqualified::Compress),
            "`share` takes `unqualified = \"retain\"` or `\"compress\"`: nobody stands behind another",
        )
        .or_else(|| fault(rule.qualify.len() > 1, "`share` has no levels: one condition qualifies"))
        .or_else(|| {
            let class = matches!(rule.to.as_slice(), [stop] if matches!(stop.source, StopSource::Class(_)) && stop.when.is_none());
            fault(clock.is_some() && !class, "`share` of a period divides among a class; write `to = { class = … }`")
        }),
        Schedule::Geometric { .. } => fault(
            !matches!(rule.round.mode, Rounding::Down | Rounding::Floor),
            "{ first, ratio } rounds `down`, or its levels could be more than their sum",
        )
        .or_else(|| {
            fault(
                rule.round.rate_decimals.is_some(),
                "{ first, ratio } has no rates that could be rounded first; leave `rate_decimals` out",
            )
        }),
        Schedule::Levels(_) | Schedule::Infinity(_) | Schedule::Differential(_) | Schedule::Ladder(_) => None,
    }
}

fn to_self(rule: &Rule, text: &str) -> Fault {
    let itself = |stop: &Stop| stop.source == StopSource::Buyer && stop.when.is_none();
    fault(!matches!(rule.to.as_slice(), [stop] if itself(stop)), text)
}

/// What could give a part of a team less than nothing: rates that fall, and rounding that is not down, for
/// only floors of sums are never below sums of floors.
fn team(rule: &Rule, shape: &LadderShape) -> Fault {
    let falls = match shape {
        LadderShape::Whole(steps) | LadderShape::Marginal(steps) => {
            steps.windows(2).any(|pair| pair[0].rate > pair[1].rate)
        }
        LadderShape::Polynomial(_) => false,
    };
    fault(
        !matches!(rule.round.mode, Rounding::Down | Rounding::Floor),
        "`span = \"team\"` rounds `down`, or the parts of a team could be more than the team's",
    )
    .or_else(|| {
        fault(falls, "the rates of a team's ladder do not fall, or a team would earn less than its parts")
    })
}

fn rounding(rule: &Rule) -> Fault {
    let chained = matches!(rule.trigger, Trigger::After(_) | Trigger::Period(_));
    let plain = matches!(rule.pay, Schedule::Levels(_) | Schedule::Infinity(_) | Schedule::Differential(_));
    fault(
        chained && rule.round.per != Per::Line,
        "each source is rounded alone; `per` goes with `on = \"order\"`",
    )
    .or_else(|| {
        fault(!plain && rule.round.per == Per::Unit, "`per = \"unit\"` goes with `levels` and `differential`")
    })
}

fn reverse(rule: &Rule, clock: Clock) -> Fault {
    fault(
        clock.is_some() && rule.reverse == Reverse::ShareOfUnits,
        "`reverse = \"share_of_units\"` counts the units of a sale; a period has none",
    )
}

fn change(rule: &Rule, clock: Clock) -> Fault {
    fault(
        clock.is_none() && rule.change == Change::Split,
        "`change` is about periods; a sale has one version",
    )
    .or_else(|| {
        fault(
            matches!(rule.trigger, Trigger::After(_)) && rule.change == Change::Split,
            "a rule that runs after another changes with that one; leave `change` out",
        )
    })
}

fn caps(rule: &Rule, clock: Clock) -> Fault {
    let carries = |cap: &Cap| cap.over == Over::Carry;
    let shares = |cap: &Cap| matches!(cap.limit, Limit::Share(_));
    let pairs = matches!(rule.pay, Schedule::Pairing(_));
    fault(
        !pairs && rule.caps.iter().any(carries),
        "`over = \"carry\"` leaves volume of pairs for the next period; it goes with `pairing`",
    )
    .or_else(|| {
        let volume = |cap: &Cap| matches!(cap.over, Over::Carry | Over::Flush) && cap.per != CapPer::Payee;
        fault(
            pairs && rule.caps.iter().any(volume),
            "`over` of pairs keeps or burns the volume of a payee; it goes with `per = \"payee\"`",
        )
    })
    .or_else(|| shorter(&rule.caps, clock))
    .or_else(|| {
        fault(
            matches!(rule.trigger, Trigger::After(_)) && rule.caps.iter().any(shares),
            "a share as `limit` is one of a line's base; a rule that runs after another takes minor units",
        )
    })
}
