//! Planted mistakes. A law that none of these breaks proves nothing.
//!
//! Those that are mistakes of reading spoil the documents on the way in, those of writing spoil the outcome
//! on the way out; the rest are planted where the interpreter computes.

use super::edit::{Map, each_line, each_rule, edit_list, round_key};
use super::outcome::{Outcome, Row, hash, key_parts};
use super::reverse::{Posting, Refund};
use super::sale::Sale;
use super::{Naive, big};
use fenrun::doc::Node;
use num_bigint::BigInt;

macro_rules! mutations {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A mistake somebody might make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Mutation { $($(#[$doc])* $name,)+ }

        impl Mutation {
            /// Every one of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

mutations! {
    // Reading the plan.
    /// Amounts are rounded up whatever the plan says.
    CeilForFloor,
    /// Rates lose what is behind the whole per cent.
    RateTruncated,
    /// `rate_decimals` is not read.
    DecimalsIgnored,
    /// `per` is not read.
    PerIgnored,
    /// `min` is not read.
    MinIgnored,
    /// `plus` and `less` are confused.
    PlusLessSwapped,
    /// Commission is taken of the list price.
    ListForPaid,
    /// `when` is not read.
    WhenIgnored,
    /// `qualify` is not read.
    UnqualifiedPaid,
    /// Who qualifies and who does not are confused.
    QualifyInverted,

    // Reading the sale.
    /// A line's own rates are not read.
    OverrideIgnored,
    /// The rates of the first line serve every line.
    FirstOverrideForAll,
    /// A joining fee earns like goods.
    PurposeIgnored,
    /// Whatever was sold counts as one unit.
    UnitsForgotten,
    /// The last digit of a line is added to the line that comes after it.
    DigitsCarried,
    /// The walk starts at the inviter's inviter.
    LevelOffByOne,
    /// The upline is walked from the far end.
    ChainReversed,

    // Computing.
    /// Floor and one more, exact amounts too.
    OneTooMuch,
    /// Fixed amounts of an order are added after its shares are rounded.
    FixedAmountsApart,
    /// Amounts are rounded to tens.
    WholeTens,
    /// Bases are held in 32-bit floats: 24 bits of them count.
    SinglePrecision,
    /// Bases are held in 32 bits and wrap.
    Wraps32,
    /// The first thousand minor units of a base earn nothing.
    FirstThousandFree,
    /// No row is above a limit nobody wrote.
    HiddenCap,
    /// A base below zero counts with its magnitude.
    AbsoluteBase,
    /// The margin is cost less price.
    MarginReversed,
    /// The last slot of a line takes what the others left of the sum.
    LastTakesRest,
    /// A person whom two stops find is paid at both.
    SeenTwice,
    /// `limit` is not read.
    LimitIgnored,
    /// The buyer's facts decide whether the payee qualifies.
    QualifyReadsBuyer,
    /// `min` of a condition is left out of the range.
    MinimumExcluded,
    /// `stop` ends after the first, qualified or not.
    StopAfterFirst,
    /// `compress` removes somebody who qualifies.
    CompressDropsOne,
    /// `compress_by_level` seats nobody at level 1.
    LevelsFromTwo,
    /// `roll_up` passes everybody's amount on.
    RollsAlways,
    /// The last slot of `retain` and `roll_up` is not looked at.
    SlotLost,
    /// h is the rate of whoever came last.
    MaximumReset,
    /// h does not rise for somebody who is retained.
    HeightNotRaised,
    /// Everybody who raises h takes their whole rate.
    RateWithoutDifference,
    /// Parts are rounded one by one.
    PartRoundedAlone,
    /// A region that nobody holds gives its place to the next.
    VacancySkipped,
    /// A rule that runs after an amount walks up from the buyer.
    WalksFromBuyer,
    /// A higher rank does not end a walk of peers.
    HigherPassedOver,
    /// Lower ranks are peers too.
    LowerArePeers,
    /// `income` is what was paid for the goods.
    IncomeIsPaid,
    /// Somebody of equal rank does not block a walk without end.
    EqualDoesNotBlock,
    /// What a series leaves disappears.
    TailDropped,
    /// A step of a ladder is reached above its volume, not at it.
    StepExcluded,
    /// A pool goes to whoever stands first.
    PoolToFirst,
    /// `cap` is not read.
    CapIgnored,
    /// A cap lets one minor unit more pass.
    CapPlusOne,
    /// Each amount is held against the cap by itself.
    CapOnEach,
    /// What earlier sales used is not read.
    HeadroomIgnored,
    /// A limit that is a share is rounded up.
    CapShareRoundedUp,
    /// `split` is not read.
    SplitIgnored,
    /// Accounts and their shares are confused.
    SplitReversed,
    /// Parts are rounded down, and what is left disappears.
    SplitFloors,
    /// Parts are rounded one by one.
    SplitEachRounded,
    /// The last account takes what the others left.
    SplitRestToLast,
    /// The nearest takes the table's best rate.
    TableMaximum,
    /// h is kept from one line to the next.
    HeightKept,

    // Writing the outcome.
    /// What is retained is not written down.
    RetainedForgotten,
    /// The pool is the sum of the rows.
    PoolFromRows,
    /// What is left of a differential pool disappears.
    RemainderDropped,
    /// What is below the minimum disappears.
    MinDropped,
    /// What a stop blocks disappears.
    BlockedDropped,
    /// The payee is part of the key.
    KeyWithPayee,
    /// The amount is part of the key.
    KeyWithAmount,
    /// The level is not part of the key.
    KeyWithoutLevel,
    /// The line is not part of the key.
    KeyWithoutLine,
    /// The rule is not part of the key.
    KeyWithoutRule,
    /// The amount a rule runs after is not part of the key.
    KeyWithoutSource,
    /// The account is not part of the key.
    KeyWithoutAccount,
    /// The version of the sale is not part of the key.
    KeyWithoutVersion,
    /// The tenant is not part of the key.
    KeyWithoutTenant,
    /// Texts are hashed without their lengths.
    KeyWithoutLengths,

    // Reversing.
    /// Only `paid` shrinks, other components stay as sold.
    ComponentsKept,
    /// What is left of a component is rounded up.
    ComponentsRoundedUp,
    /// Units that came back still count.
    UnitsKept,
    /// Each refund is reversed as if it were the first.
    AgainstOriginal,
    /// Only the latest refund is counted as taken back.
    EarlierForgotten,
    /// A rounded share of what stood at first is taken back.
    ShareOfRows,
    /// A refund that leaves nothing posts nothing.
    LastNotPosted,
    /// What nobody got stands after its goods came back.
    RetainedStays,
    /// Nothing is ever taken from anybody beyond what the refund itself was.
    CappedByRefund,

    // A batch over a forest.
    /// Facts are read from the next member.
    NeighboursFacts,
    /// The walk goes to the member before the inviter.
    InviterOffByOne,
    /// A root hangs below the member who joined last.
    RootsBelowLast,
    /// Somebody without a rank has the best rank anybody has.
    BestRankOfAll,
    /// Everybody has the facts of the last member.
    LastMembersFacts,
    /// The upline is that of now, whenever the order was placed.
    DatesIgnored,
    /// Who has no invitees of their own is passed over.
    LeavesPassedOver,
    /// Buyers of equal depth share the chain of the first of them.
    ChainsByDepth,
}

impl Naive {
    /// The documents as this interpreter reads them.
    pub(crate) fn documents(self, plan: &Node, sale: &Node) -> (Node, Node) {
        use Mutation as M;
        let Some(planted) = self.planted else { return (plan.clone(), sale.clone()) };
        let plan = match planted {
            M::CeilForFloor => each_rule(plan, |rule| round_key(rule, "mode", Some("ceil".into()))),
            M::PerIgnored => each_rule(plan, |rule| round_key(rule, "per", None)),
            M::MinIgnored => each_rule(plan, |rule| round_key(rule, "min", None)),
            M::DecimalsIgnored => each_rule(plan, |rule| round_key(rule, "rate_decimals", None)),
            M::RateTruncated => each_rule(plan, |rule| {
                round_key(rule, "rate_decimals", Some(Node::Int(2)));
                round_key(rule, "mode", Some("down".into()));
            }),
            M::PlusLessSwapped => each_rule(plan, |rule| {
                if let Some(Node::Map(of)) = rule.get_mut("of") {
                    let (plus, less) = (of.remove("plus"), of.remove("less"));
                    of.extend(less.map(|less| ("plus".into(), less)));
                    of.extend(plus.map(|plus| ("less".into(), plus)));
                }
            }),
            M::ListForPaid => each_rule(plan, |rule| drop(rule.insert("of".into(), "list".into()))),
            M::WhenIgnored => each_rule(plan, |rule| drop(rule.remove("when"))),
            M::UnqualifiedPaid => each_rule(plan, |rule| {
                rule.remove("qualify");
                rule.remove("unqualified");
            }),
            M::QualifyInverted => each_rule(plan, |rule| match rule.get_mut("qualify") {
                Some(Node::List(conditions)) => conditions.iter_mut().for_each(invert),
                Some(condition) => invert(condition),
                None => {}
            }),
            _ => plan.clone(),
        };
        (plan, spoiled_sale(planted, sale))
    }

    /// The outcome as this interpreter writes it.
    pub(crate) fn spoil(self, mut outcome: Outcome, sale: &Sale) -> Outcome {
        use Mutation as M;
        let Some(planted) = self.planted else { return outcome };
        let drop_reasons = |outcome: &mut Outcome, reasons: &[&str]| {
            outcome.retained.retain(|(reason, _)| !reasons.contains(&reason.as_str()));
        };
        match planted {
            M::HiddenCap => {
                for row in &mut outcome.rows {
                    row.amount = row.amount.clone().min(big(100_000));
                }
            }
            M::RetainedForgotten => outcome.retained.clear(),
            M::PoolFromRows => outcome.pool = outcome.rows.iter().map(|row| &row.amount).sum(),
            M::RemainderDropped => drop_reasons(&mut outcome, &["unreached_rank"]),
            M::MinDropped => drop_reasons(&mut outcome, &["below_minimum"]),
            M::BlockedDropped => drop_reasons(&mut outcome, &["blocked"]),
            _ => {
                for row in &mut outcome.rows {
                    row.key = spoiled_key(planted, sale, row);
                }
            }
        }
        outcome
    }

    /// The refunds this interpreter still knows of when the last of them is reversed.
    pub(crate) fn counted(self, refunds: &[Refund]) -> &[Refund] {
        match refunds {
            [.., _] if self.planted(Mutation::EarlierForgotten) => &refunds[refunds.len() - 1..],
            all => all,
        }
    }

    /// What a reversal posts, when the honest posting is known.
    pub(crate) fn spoil_posting(
        self,
        honest: Posting,
        original: &Posting,
        after: &Posting,
        refunded: (BigInt, BigInt),
    ) -> Posting {
        use Mutation as M;
        let (amount, paid) = refunded;
        let share = |stood: &BigInt| {
            if paid == big(0) { big(0) } else { -((stood * &amount + &paid / big(2)) / &paid) }
        };
        match self.planted {
            Some(M::AgainstOriginal) => difference(original, after),
            Some(M::ShareOfRows) => original.iter().map(|(who, stood)| (who.clone(), share(stood))).collect(),
            Some(M::LastNotPosted) if after.is_empty() => Posting::new(),
            Some(M::CappedByRefund) => {
                honest.into_iter().map(|(who, posted)| (who, posted.max(-&amount / big(8)))).collect()
            }
            _ => honest,
        }
    }
}

/// What turns one standing into another.
pub(crate) fn difference(before: &Posting, after: &Posting) -> Posting {
    let mut posting = after.clone();
    for (who, stood) in before {
        *posting.entry(who.clone()).or_default() -= stood;
    }
    posting.retain(|_, amount| *amount != big(0));
    posting
}

fn spoiled_sale(planted: Mutation, sale: &Node) -> Node {
    use Mutation as M;
    let mut first = None;
    let mut carried = 0;
    let lines = |edit: &mut dyn FnMut(&mut Map)| each_line(sale, edit);
    let upline = |edit: &dyn Fn(&mut Vec<Node>)| edit_list(sale, "upline", edit);
    match planted {
        M::OverrideIgnored => lines(&mut |line| drop(line.remove("override"))),
        M::FirstOverrideForAll => lines(&mut |line| {
            let own = line.remove("override");
            let first: &Option<Node> = first.get_or_insert(own);
            line.extend(first.clone().map(|table| ("override".into(), table)));
        }),
        M::PurposeIgnored => lines(&mut |line| drop(line.remove("purpose"))),
        M::DigitsCarried => lines(&mut |line| {
            if let Some(Node::Int(paid)) = line.get_mut("paid") {
                let whole = *paid + carried;
                carried = whole % 10;
                *paid = whole - carried;
            }
        }),
        M::UnitsForgotten => lines(&mut |line| drop(line.remove("units"))),
        M::LevelOffByOne => upline(&|stops| drop(stops.drain(..stops.len().min(1)))),
        M::ChainReversed => upline(&|stops| stops.reverse()),
        _ => sale.clone(),
    }
}

fn spoiled_key(planted: Mutation, sale: &Sale, row: &Row) -> String {
    use Mutation as M;
    let mut parts = key_parts(sale, row);
    match planted {
        M::KeyWithPayee => parts.push(row.payee.clone()),
        M::KeyWithAmount => parts.push(row.amount.to_string()),
        M::KeyWithoutTenant => parts[2].clear(),
        M::KeyWithoutVersion => parts[4].clear(),
        M::KeyWithoutLine => parts[5].clear(),
        M::KeyWithoutSource => parts[6].clear(),
        M::KeyWithoutAccount => parts[9].clear(),
        M::KeyWithoutRule => parts[7].clear(),
        M::KeyWithoutLevel => parts[8].clear(),
        M::KeyWithoutLengths => parts = vec![parts.concat()],
        _ => {}
    }
    hash(&parts)
}

fn invert(condition: &mut Node) {
    *condition = Node::map([("not", condition.clone())]);
}
