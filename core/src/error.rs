//! One public error with a stable numeric code, shared by every language.
//!
//! Each module has its own `thiserror` enum; all of them fold into [`Error`]. The numbers in [`Code`]
//! are part of the ABI: they are never reused and never change meaning.

use crate::doc::Spot;
use std::fmt;

macro_rules! codes {
    ($(#[doc = $doc:literal] $name:ident = $number:literal, $text:literal;)+) => {
        /// Stable error codes: hundreds per module, never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $name,)+ }

        impl Code {
            /// Every code, in ascending order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number C, PHP, Java and Python see.
            #[must_use]
            pub const fn number(self) -> i32 {
                match self { $(Self::$name => $number,)+ }
            }

            /// The stable name used in JSON and in vectors.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it means, one sentence for people.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// Two currencies met in one operation.
    CurrencyMismatch = 101, "currency_mismatch";
    /// The result does not fit a signed 64-bit amount of minor units.
    Overflow = 102, "overflow";
    /// The text is not an amount.
    InvalidAmount = 103, "invalid_amount";
    /// More decimals than the currency has; never rounded silently.
    TooManyDecimals = 104, "too_many_decimals";
    /// Not a currency of ISO 4217 nor one the host registered.
    UnknownCurrency = 105, "unknown_currency";
    /// The text is not a rate.
    InvalidRate = 106, "invalid_rate";
    /// A weight below zero.
    NegativeWeight = 107, "negative_weight";
    /// Every weight is zero but the total is not.
    ZeroWeights = 108, "zero_weights";
    /// There is nothing to allocate to.
    NoWeights = 109, "no_weights";
    /// Two lists that must have the same length do not.
    LengthMismatch = 110, "length_mismatch";
    /// A cap below zero.
    NegativeCap = 111, "negative_cap";
    /// Not a rounding mode, allocation mode or other listed word.
    UnknownWord = 112, "unknown_word";

    /// The text is not JSON or TOML, or holds a float or a repeated key.
    Syntax = 201, "syntax";
    /// A document over its size limit.
    TooLarge = 202, "too_large";
    /// A key the document does not have.
    UnknownKey = 203, "unknown_key";
    /// A key the document must have.
    MissingKey = 204, "missing_key";
    /// A value of the wrong type or outside its range.
    InvalidValue = 205, "invalid_value";
    /// Part of the language, not of this version.
    NotSupported = 206, "not_supported";
    /// A pay rate, or a sum of them, above the base without an `allow` entry.
    PaysTooMuch = 207, "pays_too_much";
    /// A rule that pays for recruiting without an `allow` entry.
    PaysRecruiting = 208, "pays_recruiting";
    /// No preset has this name.
    UnknownPreset = 209, "unknown_preset";
    /// Versions of a plan set that overlap, lie in the past or are not there.
    InvalidPlanSet = 210, "invalid_plan_set";

    /// A sale that contradicts itself or its plan.
    InvalidSale = 301, "invalid_sale";
    /// The plan reads a fact that the sale or the person does not state.
    MissingFact = 302, "missing_fact";
    /// The plan reads a component that the line does not state.
    MissingComponent = 303, "missing_component";
    /// The frozen blob is damaged or not ours.
    InvalidFrozen = 304, "invalid_frozen";
    /// More would be taken back than was sold.
    OverReversed = 305, "over_reversed";
    /// A commission entry was moved in a way its life cycle does not list.
    InvalidEntryMove = 306, "invalid_entry_move";

    /// The new upline is a descendant: the forest would have a cycle.
    Cycle = 401, "cycle";
    /// A member that is not in the forest.
    UnknownMember = 402, "unknown_member";
    /// The member is in the forest already.
    DuplicateMember = 403, "duplicate_member";
    /// A member invited by itself.
    SelfReferral = 404, "self_referral";
    /// The member already has an upline.
    AlreadyBound = 405, "already_bound";
    /// More members than a forest can hold.
    ForestFull = 406, "forest_full";
    /// The same order stands twice in one batch.
    DuplicateOrder = 407, "duplicate_order";
    /// An id that is empty, too long, zero or outside its range.
    InvalidId = 408, "invalid_id";
    /// The answer was made from the forest as it was before a change.
    StaleIndex = 409, "stale_index";
    /// The account was closed or merged into another one.
    ClosedMember = 410, "closed_member";
    /// The file is not a saved forest.
    NotAForest = 411, "not_a_forest";
    /// The saved forest or its journal is cut off or was changed.
    DamagedForest = 412, "damaged_forest";
    /// The saved forest was written by a newer version.
    NewerForest = 413, "newer_forest";
    /// The saved forest was replaced by another one, or the journal belongs to another one.
    StaleForest = 414, "stale_forest";
    /// Another process is changing the saved forest; try again.
    ForestLocked = 415, "forest_locked";
    /// The share code was not made by this shop, or was changed.
    InvalidShareCode = 420, "invalid_share_code";
    /// The share code is no longer valid.
    ExpiredShareCode = 421, "expired_share_code";
    /// The share code names a key the shop does not have.
    UnknownShareKey = 422, "unknown_share_key";
    /// The member may not distribute under the policy of the shop.
    NotADistributor = 430, "not_a_distributor";
    /// The policy of the shop lets nobody win the member now.
    NotBindable = 431, "not_bindable";

    /// The command is not listed for the state it meets.
    NotAllowed = 501, "not_allowed";
    /// What the command is about moved on since the caller read it.
    VersionConflict = 502, "version_conflict";
    /// The same command id came with another content.
    IdempotencyConflict = 503, "idempotency_conflict";
    /// A refund above what may still be refunded.
    OverRefund = 504, "over_refund";
    /// A line the order does not have.
    UnknownLine = 505, "unknown_line";
    /// More units than there are left.
    TooManyUnits = 506, "too_many_units";
    /// A quote that is stale or was changed.
    InvalidQuote = 507, "invalid_quote";
    /// A command that contradicts itself.
    InvalidCommand = 508, "invalid_command";
    /// A refund the order does not have.
    UnknownRefund = 509, "unknown_refund";
    /// A cart that cannot be priced.
    InvalidCart = 510, "invalid_cart";
    /// An event that cannot follow on those before it, or one of a type nobody knows.
    InvalidEvent = 511, "invalid_event";
    /// A catalogue that contradicts itself, or a change it cannot take.
    InvalidCatalog = 540, "invalid_catalog";
    /// The category would stand below itself.
    CategoryCycle = 541, "category_cycle";
    /// A category, product or SKU the catalogue does not have.
    NotInCatalog = 542, "not_in_catalog";

    /// Postings that do not sum to zero per currency.
    Unbalanced = 601, "unbalanced";
    /// The same journal id came with another content.
    JournalConflict = 602, "journal_conflict";
    /// A balance would fall below zero.
    InsufficientBalance = 603, "insufficient_balance";
    /// A journal without postings, or with an account or amount that cannot be posted.
    InvalidJournal = 604, "invalid_journal";
    /// A withdrawal, payout, hold, adjustment or conflict the wallet does not have.
    UnknownClaim = 605, "unknown_claim";
    /// A withdrawal outside the limits of its policy.
    WithdrawalLimit = 606, "withdrawal_limit";
    /// An adjustment its proposer would approve: it takes a second person.
    SecondApprover = 607, "second_approver";

    /// The file is not a fenrun store.
    NotAStore = 701, "not_a_store";
    /// The store was written by a newer version.
    NewerStore = 702, "newer_store";
    /// The database engine failed.
    Database = 703, "database";
    /// The key exists with another content.
    StoreConflict = 704, "store_conflict";
    /// A stored fact contradicts another one.
    Inconsistent = 705, "inconsistent";
    /// The tenant, member or order is not in the store.
    NotFound = 706, "not_found";

    /// A null pointer, a bad length, text that is not UTF-8 or a non-zero reserved field crossed the ABI.
    InvalidArgument = 801, "invalid_argument";
    /// The library panicked; the handle is poisoned.
    Panic = 802, "panic";
    /// The handle was poisoned by an earlier panic.
    Poisoned = 803, "poisoned";
    /// The library was built without this feature.
    NotBuilt = 804, "not_built";
    /// Header and library disagree on the ABI.
    AbiMismatch = 805, "abi_mismatch";

    /// A file that cannot be read or written.
    File = 901, "file";
    /// A table without a column it needs, or with one nobody knows.
    Column = 902, "column";
    /// A row that cannot be read.
    Row = 903, "row";

    /// A distributor application moved in a way its table or the shop's policy does not list.
    InvalidApplication = 1001, "invalid_application";
    /// An address the member does not have.
    UnknownAddress = 1002, "unknown_address";
    /// Personal details, a tag or a visit that cannot be kept.
    InvalidPerson = 1003, "invalid_person";
}

/// What an error is about: one class of exceptions in Python, PHP and Java.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// An amount, a currency, a rate or weights.
    Money,
    /// A document, an argument or a column with a key, a type, a value or an id it must not have.
    Document,
    /// A plan that pays what no plan may pay; in Python, PHP and Java every plan that cannot be read.
    Plan,
    /// A sale, a frozen sale, a refund or an order of a batch that contradicts itself or its plan.
    Sale,
    /// A member or an inviter of a forest.
    Forest,
    /// A command, a cart or a quote that an order refuses.
    Order,
    /// A journal the ledger refuses.
    Ledger,
    /// A database.
    Store,
    /// The library itself and the calls into it.
    Library,
    /// A file or a table, its columns and rows.
    Table,
    /// A person: their application, address, details, tags or visits.
    Person,
}

impl Family {
    /// Every family, in the order of their hundreds.
    pub const ALL: [Self; 11] = [
        Self::Money,
        Self::Document,
        Self::Plan,
        Self::Sale,
        Self::Forest,
        Self::Order,
        Self::Ledger,
        Self::Store,
        Self::Library,
        Self::Table,
        Self::Person,
    ];

    /// The name, with which those of the classes start.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Money => "Money",
            Self::Document => "Document",
            Self::Plan => "Plan",
            Self::Sale => "Sale",
            Self::Forest => "Forest",
            Self::Order => "Order",
            Self::Ledger => "Ledger",
            Self::Store => "Store",
            Self::Library => "Library",
            Self::Table => "Table",
            Self::Person => "Person",
        }
    }
}

impl Code {
    /// The family: that of the hundred, but for codes that are older than the families and are met
    /// everywhere (a word, a length, an id) or belong next door.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::LengthMismatch | Self::UnknownWord | Self::InvalidId => Family::Document,
            Self::PaysTooMuch | Self::PaysRecruiting | Self::UnknownPreset | Self::InvalidPlanSet => {
                Family::Plan
            }
            Self::DuplicateOrder => Family::Sale,
            other => match other.number() / 100 {
                1 => Family::Money,
                2 => Family::Document,
                3 => Family::Sale,
                4 => Family::Forest,
                5 => Family::Order,
                6 => Family::Ledger,
                7 => Family::Store,
                8 => Family::Library,
                9 => Family::Table,
                _ => Family::Person,
            },
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What went wrong: a stable [`Code`] and one line that names the value and the rule.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    code: Code,
    message: String,
    index: Option<usize>,
    line: Option<usize>,
    /// Of no meaning once the document is gone, so it is no part of what is compared.
    spot: Option<Box<Spot>>,
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let parts = |error: &Self| (error.code, error.index, error.line);
        parts(self) == parts(other) && self.message == other.message
    }
}

impl Eq for Error {}

impl Error {
    /// An error with its message. It stays one line whatever text of a user it repeats: control
    /// characters are written as their escapes.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: one_line(message.into()), index: None, line: None, spot: None }
    }

    /// Names the failing row of a batch, counted from zero.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
    }

    /// Remembers which value of a document is at fault, unless one inside it is known already.
    pub(crate) fn about(mut self, spot: Spot) -> Self {
        self.spot.get_or_insert_with(|| Box::new(spot));
        self
    }

    /// The value of a document that is at fault.
    pub(crate) fn spot(&self) -> Option<&Spot> {
        self.spot.as_deref()
    }

    /// Names the line of the text, also in front of the message.
    pub(crate) fn on_line(self, line: usize) -> Self {
        self.within(&format!("line {line}")).with_line(line)
    }

    /// Names the line of the text where the message names it already.
    pub(crate) fn with_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Says where the fault stands, in front of the message: `line 3: …`.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.message = one_line(format!("{place}: {}", self.message));
        self
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The message, one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line of the text that is at fault, from 1, where a text was read and the line is known.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// The failing row of a batch, if the call took one.
    #[must_use]
    pub const fn index(&self) -> Option<usize> {
        self.index
    }
}

/// The longest message, in bytes; of one that is longer, what it quotes of a user is cut first.
const MAX_MESSAGE: usize = 1_000;
/// How many letters of a quoted text a long message keeps.
const QUOTED: usize = 60;

fn one_line(message: String) -> String {
    let message = if message.len() > MAX_MESSAGE { brief(&message) } else { message };
    if !message.contains(is_hidden) {
        return message;
    }
    let escaped = message.chars().flat_map(|c| {
        let (plain, escape) = if is_hidden(c) { (None, Some(c.escape_default())) } else { (Some(c), None) };
        plain.into_iter().chain(escape.into_iter().flatten())
    });
    escaped.collect()
}

/// Whether a character acts on the text around it instead of being seen: controls, separators of lines and
/// paragraphs, and what turns the direction of writing.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a long message says, without most of the text it quotes.
fn brief(message: &str) -> String {
    let cut = |(nth, part): (usize, &str)| match part.char_indices().nth(QUOTED) {
        // Between the ticks of a pair stands what is quoted.
        Some((end, _)) if nth % 2 == 1 => format!("{}…", &part[..end]),
        _ => part.to_owned(),
    };
    let parts: Vec<String> = message.split('`').enumerate().map(cut).collect();
    let brief = parts.join("`");
    if brief.len() <= MAX_MESSAGE {
        return brief;
    }
    let end = brief.char_indices().map(|(at, _)| at).take_while(|at| *at < MAX_MESSAGE).last().unwrap_or(0);
    format!("{}…", &brief[..end])
}

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::{Code, Error, Family};

    #[test]
    fn a_message_is_one_line_whatever_it_repeats() {
        let error = Error::new(Code::InvalidValue, "rank `\nV1\u{85}级差`").within("rule `a\r`");
        assert_eq!(error.message(), r"rule `a\r`: rank `\nV1\u{85}级差`");
    }

    #[test]
    fn what_turns_the_direction_of_writing_is_escaped() {
        let error = Error::new(Code::InvalidValue, "name `\u{202e}cba\u{2028}`");
        assert_eq!(error.message(), r"name `\u{202e}cba\u{2028}`");
    }

    #[test]
    fn a_long_message_says_what_is_wrong_of_a_long_text() {
        let long = "级".repeat(400);
        let error = Error::new(Code::UnknownKey, format!("plan: unknown key `{long}`; did you mean `name`?"));
        let kept = "级".repeat(60);
        assert_eq!(error.message(), format!("plan: unknown key `{kept}…`; did you mean `name`?"));
        // Many short ones, or one with ticks of its own, end somewhere.
        let many = Error::new(Code::UnknownWord, "`a`, `级差`, ".repeat(500)).within("line 3");
        assert!(many.message().len() <= 1_010 && many.message().ends_with('…'), "{many}");
        let ticks = Error::new(Code::UnknownWord, format!("`{}`", "``级".repeat(2_000)));
        assert!(ticks.message().len() <= 1_010, "{ticks}");
        let short = "x".repeat(900);
        assert_eq!(Error::new(Code::Syntax, short.clone()).message(), short);
    }

    #[test]
    fn what_is_met_everywhere_is_of_no_narrow_family() {
        let families = [
            (Code::InvalidRate, Family::Money),
            (Code::UnknownWord, Family::Document),
            (Code::LengthMismatch, Family::Document),
            (Code::InvalidId, Family::Document),
            (Code::UnknownKey, Family::Document),
            (Code::UnknownPreset, Family::Plan),
            (Code::DuplicateOrder, Family::Sale),
            (Code::Cycle, Family::Forest),
            (Code::NotAllowed, Family::Order),
            (Code::Row, Family::Table),
            (Code::UnknownAddress, Family::Person),
        ];
        for (code, family) in families {
            assert_eq!(code.family(), family, "{code}");
        }
        for family in Family::ALL {
            assert!(Code::ALL.iter().any(|code| code.family() == family), "{}", family.name());
        }
        // The last family stands for no hundred that has no arm.
        let hundreds = Code::ALL.iter().filter(|code| code.family() == Family::Person);
        assert!(hundreds.map(|code| code.number() / 100).all(|hundred| hundred == 10));
    }

    #[test]
    fn numbers_and_names_are_unique_and_ascending() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{} before {}", pair[0], pair[1]);
        }
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
