//! Why an amount was not paid: one table, in every language.

pub use crate::words::Language;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $en:literal, $zh:literal;)+) => {
        /// Why a slot pays nobody, or nothing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $name,)+ }

        impl Reason {
            /// Every reason, in the order reports list them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name used in data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// One sentence for people.
            #[must_use]
            pub const fn sentence(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $en, (Self::$name, Language::Chinese) => $zh,)+
                }
            }
        }
    };
}

reasons! {
    /// The rule's `when` or the line's purpose did not fit, or no rate for this person.
    NotApplicable = "not_applicable", "the rule does not apply, or has no rate for this person", "规则不适用，或没有对应此人的比例";
    /// Nobody stands there.
    NoUpline = "no_upline", "nobody stands there", "该层没有上级";
    /// The person does not meet `qualify`.
    Ineligible = "ineligible", "the person does not meet the rule's condition", "此人不满足规则的条件";
    /// The walk ended before, or somebody nearer took as much.
    Blocked = "blocked", "the walk ended before, or somebody nearer to the sale already took as much", "路径已终止，或更近的上级已拿到同等比例";
    /// Nobody on the path has the highest rate.
    UnreachedRank = "unreached_rank", "nobody on the path has the highest rate", "路径上无人达到最高等级";
    /// What a geometric series leaves: below one minor unit, or beyond the last who stands there.
    Tail = "tail", "the rest of the series: below one minor unit, or nobody stands there", "级数的余额：不足一分，或该层没有上级";
    /// Below one minor unit after rounding.
    Rounding = "rounding", "less than one minor unit after rounding", "舍入后不足一分";
    /// Below the rule's `min`.
    BelowMinimum = "below_minimum", "below the rule's minimum", "低于规则的最低金额";
    /// Above the cap of a payee.
    CapPayee = "cap_payee", "above the cap of this person", "超过个人封顶";
    /// Above the cap of the rule.
    CapRule = "cap_rule", "above the cap of the rule", "超过规则封顶";
    /// Above the cap of the plan.
    CapPlan = "cap_plan", "above the cap of the plan", "超过方案封顶";
    /// Above a cap that lets nothing come back.
    Flush = "flush", "above a cap, and lost", "超过封顶，已清零";
    /// A region that nobody holds, or a pool that nobody shares.
    NoPayee = "no_payee", "nobody holds this region, or nobody shares the pool", "该区域无代理，或无人参与分红";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_speaks_both_languages() {
        for reason in Reason::ALL {
            assert!(reason.sentence(Language::English).is_ascii(), "{}", reason.name());
            assert!(!reason.sentence(Language::Chinese).is_ascii(), "{}", reason.name());
        }
    }
}
