//! Mistakes an evaluation without a trace might make, to show that the comparison with the other one sees them.

use super::alone::{Heard, difference, difference_of_left};
use super::{Engine, taken};
use crate::naive::edit::{Map, each_line, each_rule, edit_list, round_key, with};
use crate::naive::generate::Case;
use fenrun::doc::Node;
use fenrun::id::RefundId;
use fenrun::reward::commission::{self, Evaluator, Frozen, Left};

macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A mistake somebody might make.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) enum Mistake { $($(#[$doc])* $name,)+ }

        impl Mistake {
            /// Every one of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

mistakes! {
    /// What the sale before left in memory is handed over again.
    MemoryKept,
    /// The nearest person above is passed over.
    FirstPassedOver,
    /// Only the first line is seen.
    FirstLineOnly,
    /// Caps of rules and of the plan are not read.
    CapsForgotten,
    /// Accounts are not read.
    AccountsForgotten,
    /// `when` is not read.
    WhenForgotten,
    /// `qualify` is not read.
    QualifyForgotten,
    /// Whatever the mode, amounts are rounded up.
    RoundsUp,
    /// The least amount is not read.
    MinimumForgotten,
    /// Rates keep all their decimals.
    DecimalsKept,
    /// Lines have no rates of their own.
    OverridesForgotten,
    /// People have no ranks.
    RanksForgotten,
    /// What earlier sales used of caps is not read.
    UsedForgotten,
    /// Nobody is told whose amount a rule runs after.
    SourceForgotten,
    /// What is retained is one reason alone.
    ReasonsMixed,
    /// Of a line that is taken back in part all is left.
    AllIsLeft,
    /// Units stay when they are taken back.
    UnitsStay,
    /// Money stays when it is taken back.
    MoneyStays,
}

impl Mistake {
    /// Whether a case shows it.
    pub(crate) fn shows(self, case: &Case) -> bool {
        match self {
            Self::AllIsLeft => after_refunds(case, |left, all| *left = all),
            Self::UnitsStay => after_refunds(case, |left, all| left.units = all.units),
            Self::MoneyStays => after_refunds(case, |left, all| left.net = all.net),
            _ => self.shows_of_sale(case),
        }
    }

    fn shows_of_sale(self, case: &Case) -> bool {
        let Ok((plan, sale)) = Engine::read(&case.plan, &case.sale) else { return false };
        let expected = commission::evaluate(&plan, &sale);
        let (plan, sale) = self.spoilt(&case.plan, &case.sale);
        // A plan may be none without a key.
        let Ok((plan, sale)) = Engine::read(&plan, &sale) else { return false };
        let (mut evaluator, mut before) = (Evaluator::new(&plan), Vec::new());
        let settles = || {
            let mut heard = Heard::of(&mut evaluator, &plan, &sale)?;
            match self {
                Self::MemoryKept => {
                    before.append(&mut heard.parts);
                    heard.parts.clone_from(&before);
                }
                Self::SourceForgotten => heard.parts.iter_mut().for_each(|part| part.is_chained = false),
                Self::ReasonsMixed => {
                    let all = heard.retained.values().sum();
                    heard.retained.values_mut().for_each(|amount| *amount = all);
                }
                _ => {}
            }
            Ok(heard)
        };
        difference(settles, &expected).is_some()
    }

    /// The documents as the mistake reads them.
    fn spoilt(self, plan: &Node, sale: &Node) -> (Node, Node) {
        let without = |key: &'static str| {
            each_rule(plan, move |rule: &mut Map| {
                rule.remove(key);
                if key == "qualify" {
                    rule.remove("unqualified");
                }
            })
        };
        let round = |key: &'static str, value: Option<Node>| {
            each_rule(plan, move |rule: &mut Map| round_key(rule, key, value.clone()))
        };
        match self {
            Self::FirstPassedOver => (
                plan.clone(),
                edit_list(sale, "upline", |upline| drop((!upline.is_empty()).then(|| upline.remove(0)))),
            ),
            Self::FirstLineOnly => (plan.clone(), edit_list(sale, "lines", |lines| lines.truncate(1))),
            Self::CapsForgotten => {
                let plan = without("cap");
                (with(&plan, "cap", Vec::<Node>::new()), with(sale, "used", Vec::<Node>::new()))
            }
            Self::AccountsForgotten => (without("split"), sale.clone()),
            Self::WhenForgotten => (without("when"), sale.clone()),
            Self::QualifyForgotten => (without("qualify"), sale.clone()),
            Self::RoundsUp => (round("mode", Some("up".into())), sale.clone()),
            Self::MinimumForgotten => (round("min", None), sale.clone()),
            Self::DecimalsKept => (round("rate_decimals", None), sale.clone()),
            Self::OverridesForgotten => (plan.clone(), each_line(sale, |line| drop(line.remove("override")))),
            Self::RanksForgotten => {
                let rankless = |person: &mut Node| {
                    if let Node::Map(person) = person {
                        person.remove("rank");
                    }
                };
                (plan.clone(), edit_list(sale, "upline", |upline| upline.iter_mut().for_each(rankless)))
            }
            Self::UsedForgotten => (plan.clone(), with(sale, "used", Vec::<Node>::new())),
            _ => (plan.clone(), sale.clone()),
        }
    }
}

fn after_refunds(case: &Case, spoil: impl Fn(&mut Left, Left) + Copy) -> bool {
    let Ok((plan, sale)) = Engine::read(&case.plan, &case.sale) else { return false };
    let Ok(frozen) = Frozen::new(&plan, &sale) else { return false };
    let mut refunds = Vec::new();
    for (at, refund) in case.refunds.iter().enumerate() {
        let id = RefundId::new(&format!("r{at}")).expect("an id");
        let refund = commission::Refund { id, lines: taken(refund).expect("what is taken") };
        if commission::reverse(&frozen, &refunds, &refund, None).is_err() {
            return false;
        }
        refunds.push(refund);
        if difference_of_left(&frozen, &refunds, spoil).is_some() {
            return true;
        }
    }
    false
}
