//! The attacks, by what is done.

use crate::words::words;

words! {
    /// What somebody does to gain.
    Attack {
        /// Puts identities between themselves and their upline.
        Above = "above", "identities above oneself", "在自己上方插入虚假身份";
        /// Puts identities between themselves and those below; a buyer buys through the lowest.
        Below = "below", "identities below oneself, a buyer buys through them", "在自己下方插入虚假身份，本人通过其购买";
        /// Both at once.
        Both = "both", "identities above and below oneself", "同时在自己上方和下方插入虚假身份";
        /// Lets identities stand in their place, or in a tree of their own.
        Apart = "apart", "identities in one's place, or in a tree of their own", "由虚假身份占据自己的位置，或另立门户";
        /// Splits a sale into several, or divides what is bought over identities beside oneself.
        Split = "split", "a sale split into several", "一笔销售拆成多笔";
        /// Splits or divides, with identities that stand on the path.
        Mixed = "mixed", "identities on the path and a sale split into several", "虚假身份与拆单并用";
    }
}

words! {
    /// Where an identity stands, seen from the attacker.
    Place {
        /// Between the attacker and their upline.
        Above = "above", "above oneself", "在自己上方";
        /// Between the attacker and those below.
        Below = "below", "below oneself", "在自己下方";
        /// Beside the attacker, under the same person; in trees with legs at the end of a leg of the attacker's.
        Beside = "beside", "beside oneself", "在自己旁边";
        /// In the attacker's place, or in a tree of its own.
        Apart = "apart", "apart from oneself", "与自己分开";
    }
}

/// One false identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Where it stands.
    pub place: Place,
    /// The rank it has.
    pub rank: Option<String>,
    /// The leg it stands on in trees with legs, of one above the leg on which the next one down stands below it;
    /// `None` for a sale and where no tree of the plan has legs.
    pub leg: Option<u32>,
}
