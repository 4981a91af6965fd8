//! The calendar, the trees and the ranks a plan declares.

use super::Condition;

/// A span of the plan's calendar that closes. Weeks start on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
}

impl Period {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// How members find their place in a tree beside the referral one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreePolicy {
    /// The host places them.
    Placed,
    /// Each new member takes the first free place below their inviter.
    Fill {
        /// How many legs a member has.
        width: u32,
        /// Which place is the first.
        order: FillOrder,
    },
    /// The first recruits of a member pass to somebody above.
    PassUp {
        /// How many.
        first: u32,
        /// To whom.
        to: PassTo,
    },
}

/// Which free place of a tree is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOrder {
    /// Level by level, from the left.
    Breadth,
    /// Down the first leg that has room.
    Depth,
}

impl FillOrder {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Breadth, Self::Depth];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breadth => "breadth",
            Self::Depth => "depth",
        }
    }
}

/// To whom recruits pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassTo {
    /// The inviter's own inviter (2-up).
    Sponsor,
    /// The root of the network the inviter belongs to (链动 走1留2).
    Network,
}

impl PassTo {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Sponsor, Self::Network];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sponsor => "sponsor",
            Self::Network => "network",
        }
    }
}

/// How a rank is won and kept; without either it is given by the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankRule {
    /// The rank.
    pub id: String,
    /// What a member must meet in a period to win it.
    pub won: Option<Condition>,
    /// What a member must meet in a period to keep it; it is kept for good without one.
    pub kept: Option<Condition>,
}
