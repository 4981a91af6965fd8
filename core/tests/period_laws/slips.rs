//! Planted mistakes. Those of reading spoil the case on the way in, those of writing the answer on the way
//! out; the rest are planted where the interpreter computes.

use crate::answer::Answer;
use crate::case::Case;
use crate::naive::Naive;
use crate::number::big;

macro_rules! slips {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A mistake somebody might make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Slip { $($(#[$doc])* $name,)+ }

        impl Slip {
            /// Every one of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

slips! {
    // Reading.
    /// Members are paid, and ties broken, in the order of the list.
    OrderOfTheList,
    /// Of several sales of a member the last one counts.
    LastSaleOnly,
    /// The first sale of the list belongs to the first member of the list.
    FirstSaleFirstMember,
    /// Refunds are not read.
    RefundsForgotten,
    /// Every refund is taken off in full, whatever it says.
    RefundsWhole,
    /// The first member of the list is the root of all others without one.
    FirstIsRoot,
    /// Sales of people nobody stands above are not seen.
    RootsUnseen,
    /// Everybody's volume counts for everybody's base a little.
    CompanyVolume,
    /// Whoever has no volume lends their leg's to their parent twice.
    EmptyCountsOnce,
    /// What waits is not read.
    CarryForgotten,
    /// What the month let through is not read.
    UsedForgotten,
    /// The last member of the list is not there, nor are their sales.
    LastMemberLost,
    /// `rate_decimals` is not read.
    DecimalsForgotten,
    /// It is read of rules that walk only.
    DecimalsOfWalksOnly,

    // Computing.
    /// Amounts are rounded up.
    CeilForFloor,
    /// Level 1 goes to the second above.
    LevelOffByOne,
    /// The height of a differential follows the last rank.
    MaximumReset,
    /// `qualify` is not read.
    QualifyForgotten,
    /// `when` is not read.
    WhenForgotten,
    /// A step is reached above its threshold.
    StepAbove,
    /// A team is those below, without oneself.
    TeamWithoutSelf,
    /// A team is oneself and direct recruits.
    DirectLegsOnly,
    /// A team is everybody there is.
    WholeForest,
    /// Those beside one count as below one.
    SiblingsCount,
    /// What teams below are entitled to stays in the team's own part.
    ChildrenKept,
    /// What does not divide goes to nobody and is forgotten.
    RemainderDropped,
    /// Accounts are floored one by one.
    AccountsFloored,
    /// Even ratios come before uneven ones.
    LowRatioFirst,
    /// Volume that made pairs waits on.
    PairsKept,
    /// Unmatched volume waits though it is flushed.
    UnmatchedKept,
    /// Volume that is flushed is not told.
    FlushLost,
    /// Volume of pairs above a cap is not told.
    BurntLost,
    /// Caps are not read.
    CapForgotten,
    /// Caps let one more through.
    CapOneMore,
    /// Each amount is held against a cap alone.
    CapPerAmount,
    /// Each ratio of pairs has all the room of a cap.
    RoomForEachRatio,
    /// Only the first payee is held against a cap.
    CapFirstPayee,
    /// The amounts that come first are cut.
    CapCutsFirst,
    /// What caps take away is forgotten.
    CutLost,
    /// Amounts go through a float of 24 bits.
    SingleFloats,
    /// Keys have no level.
    KeyWithoutLevel,

    // Writing.
    /// The last row is lost.
    RowLost,
    /// The first row pays one more.
    RowOneMore,
    /// What is retained as ineligible is forgotten.
    IneligibleForgotten,
    /// The pool is what the rows say.
    PoolFromRows,
    /// Everything goes to the lowest id.
    LowestPaid,
    /// The legs of what waits are confused.
    LegsSwapped,
    /// Debts of volume are forgiven.
    DebtForgiven,
    /// Adjustments take back no more than one unit.
    AdjustedByOne,
    /// Adjustments that give are not posted.
    OnlyTakesBack,
    /// The last refund is adjusted as if it were the first.
    AdjustedAlone,
    /// The last payee of an adjustment is left out.
    AdjustmentLost,
    /// Adjustments are posted twice.
    AdjustedTwice,
    /// Late refunds run on what earlier ones left of the first half.
    AdjustedHalf,
    /// What late refunds free of legs and caps does not join what waits.
    LateCarryForgotten,
    /// It joins twice.
    LateCarryTwice,
    /// It is taken off instead.
    LateCarryTurned,
    /// It joins the legs only.
    LateUsedKept,
}

impl Naive {
    /// The case as it is read.
    pub(crate) fn read(self, case: &Case) -> Case {
        let as_it_is = case.clone();
        let Some(slip) = self.0 else { return as_it_is };
        let mut case = as_it_is.clone();
        match slip {
            Slip::LastSaleOnly => {
                let mut last = std::collections::BTreeMap::new();
                for sale in case.sales.drain(..) {
                    last.insert(sale.member, sale);
                }
                case.sales.extend(last.into_values());
                case.refunds.clear();
            }
            Slip::FirstSaleFirstMember => {
                if let (Some(sale), Some(member)) = (case.sales.first_mut(), case.members.first()) {
                    sale.member = member.id;
                    case.refunds.clear();
                }
            }
            Slip::RefundsForgotten => case.refunds.clear(),
            Slip::RefundsWhole => {
                for refund in &mut case.refunds {
                    let sold = |sale: &&crate::case::Sale| sale.member == refund.member;
                    let pv: i64 = case.sales.iter().filter(sold).map(|sale| sale.pv).sum();
                    refund.pv = pv.min(refund.pv * 2);
                }
            }
            Slip::FirstIsRoot => {
                let first = case.members[0].id;
                for member in case.members.iter_mut().skip(1).filter(|member| member.inviter == 0) {
                    member.inviter = first;
                }
                // The first may stand below one of those: then nobody is moved.
                if has_cycle(&case) {
                    return as_it_is;
                }
            }
            Slip::RootsUnseen => {
                let roots: Vec<u64> =
                    case.members.iter().filter(|member| member.inviter == 0).map(|m| m.id).collect();
                case.sales.retain(|sale| !roots.contains(&sale.member));
                case.refunds.retain(|sale| !roots.contains(&sale.member));
            }
            Slip::CompanyVolume => {
                let all: i64 = case.sales.iter().map(|sale| sale.bv).sum();
                for sale in &mut case.sales {
                    (sale.pv, sale.bv) = (sale.pv + all % 7, sale.bv + all % 997);
                }
            }
            Slip::EmptyCountsOnce => {
                let sold: Vec<u64> = case.sales.iter().map(|sale| sale.member).collect();
                let empty = case.members.iter().filter(|member| !sold.contains(&member.id));
                let more: Vec<_> =
                    empty.map(|member| crate::case::Sale { member: member.id, pv: 1, bv: 100 }).collect();
                case.sales.extend(more);
            }
            Slip::LastMemberLost => {
                let last = case.members.last().expect("members").id;
                case.sales.retain(|sale| sale.member != last);
                case.refunds.retain(|sale| sale.member != last);
            }
            _ => {}
        }
        case
    }

    /// The answer as it is written.
    pub(crate) fn write(self, case: &Case, mut answer: Answer) -> Answer {
        let first = answer.outcomes.iter().position(|outcome| !outcome.rows.is_empty());
        match self.0 {
            Some(Slip::RowLost) => {
                if let Some(at) = first {
                    answer.outcomes[at].rows.pop();
                }
            }
            Some(Slip::RowOneMore) => {
                if let Some(at) = first {
                    answer.outcomes[at].rows[0].amount += 1;
                }
            }
            Some(Slip::IneligibleForgotten) => {
                for outcome in &mut answer.outcomes {
                    outcome.retained.remove("ineligible");
                }
            }
            Some(Slip::PoolFromRows) => {
                for outcome in &mut answer.outcomes {
                    outcome.pool = outcome.rows.iter().map(|row| &row.amount).sum();
                    outcome.retained.clear();
                }
            }
            Some(Slip::LowestPaid) => {
                let rows = answer.outcomes.iter_mut().flat_map(|outcome| &mut outcome.rows);
                let lowest = case.members.iter().map(|member| member.id).min().expect("members");
                rows.for_each(|row| row.payee = lowest);
            }
            Some(Slip::LegsSwapped) => {
                for legs in answer.waiting.values_mut() {
                    *legs = (legs.1, legs.0);
                }
                for paired in &mut answer.pairs {
                    paired.carried = (paired.carried.1, paired.carried.0);
                }
            }
            Some(Slip::DebtForgiven) => {
                for paired in &mut answer.pairs {
                    paired.carried = (paired.carried.0.max(0), paired.carried.1.max(0));
                }
                for legs in answer.waiting.values_mut() {
                    *legs = (legs.0.max(0), legs.1.max(0));
                }
            }
            _ => {}
        }
        answer
    }

    /// What is posted of an adjustment.
    pub(crate) fn post(self, rows: &mut crate::answer::Sums) {
        match self.0 {
            Some(Slip::AdjustedByOne) => {
                rows.values_mut().for_each(|amount| *amount = amount.clone().max(big(-1)))
            }
            Some(Slip::OnlyTakesBack) => rows.retain(|_, amount| *amount < big(0)),
            Some(Slip::AdjustmentLost) => drop(rows.pop_last()),
            Some(Slip::AdjustedTwice) => rows.values_mut().for_each(|amount| *amount *= 2),
            _ => {}
        }
        rows.retain(|_, amount| *amount != big(0));
    }
}

fn has_cycle(case: &Case) -> bool {
    case.members.iter().any(|member| {
        let mut at = member.inviter;
        for _ in 0..=case.members.len() {
            match case.members.iter().find(|other| other.id == at) {
                None => return false,
                Some(up) => at = up.inviter,
            }
        }
        true
    })
}
