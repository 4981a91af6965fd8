//! Coupons and points an order takes, and what of them a quote used.

use super::placement::PlacementDraft;
use crate::doc::{Fields, Sink};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::trade::pricing::Quote;
use crate::words::words;
use std::collections::BTreeSet;

words! {
    /// Which stock of somebody else an order takes from when it is placed.
    TokenKind {
        /// A coupon; its amount is how many uses, usually 1.
        Coupon = "coupon", "coupon", "优惠券";
        /// Points of an account.
        Points = "points", "points", "积分";
    }
}

/// A coupon or points the price was made with; the host keeps them, the order says what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// The host's id of the coupon or of the account.
    pub id: ExternalId,
    /// How many, above zero.
    pub amount: u64,
    /// Of a coupon, the id of its rule, where the host counts coupons by numbers of their own; else its id is
    /// the rule's.
    pub rule: Option<ExternalId>,
}

impl Token {
    /// A token without a rule of its own.
    #[must_use]
    pub const fn new(kind: TokenKind, id: ExternalId, amount: u64) -> Self {
        Self { kind, id, amount, rule: None }
    }

    /// The rule a coupon stands for.
    fn rule(&self) -> &str {
        self.rule.as_ref().unwrap_or(&self.id).as_str()
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.count("amount", self.amount);
        sink.text("id", self.id.as_str());
        sink.text("kind", self.kind.name());
        if let Some(rule) = &self.rule {
            sink.text("rule", rule.as_str());
        }
    }
}

/// Reads `tokens`.
pub(super) fn from_fields(fields: &mut Fields<'_>) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    for (at, node) in fields.list("tokens")?.iter().enumerate() {
        let mut inner = fields.within(node, format!("{}: tokens[{at}]", fields.what()))?;
        let token = Token {
            kind: inner.need_word("kind", TokenKind::ALL, TokenKind::name)?,
            id: inner.need_id("id")?,
            amount: inner.count("amount")?.unwrap_or(1),
            rule: inner.id("rule")?,
        };
        if token.kind == TokenKind::Points && token.rule.is_some() {
            return Err(inner.fault(Code::InvalidCommand, "`rule` is a coupon's; points have none"));
        }
        inner.finish()?;
        tokens.push(token);
    }
    Ok(tokens)
}

/// What a quote used of coupons and points, to be taken from whoever has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    coupons: BTreeSet<String>,
    points: u64,
}

impl Used {
    pub(super) fn of(quote: &Quote) -> Self {
        Self { coupons: quote.coupons().clone(), points: quote.points_used() }
    }

    /// Adds tokens of the kinds the host named none of: each coupon once, by the id of its rule, and the
    /// points from the buyer's account. Those that are named have to be what the quote used.
    pub(super) fn fill(&self, draft: &mut PlacementDraft, what: &str) -> Result<()> {
        let fault = |rule: String| Error::new(Code::InvalidCommand, format!("{what}: {rule}"));
        self.fill_coupons(draft).map_err(fault)?;
        self.fill_points(draft).map_err(fault)
    }

    /// A coupon that is missing was used for nothing, one too many would be spent for nothing.
    fn fill_coupons(&self, draft: &mut PlacementDraft) -> Result<(), String> {
        let named = draft.tokens.iter().filter(|token| token.kind == TokenKind::Coupon);
        let named: Vec<&Token> = named.collect();
        if named.is_empty() {
            for id in &self.coupons {
                let id = ExternalId::new(id).map_err(|error| error.to_string())?;
                draft.tokens.push(Token::new(TokenKind::Coupon, id, 1));
            }
            return Ok(());
        }
        for (at, token) in named.iter().enumerate() {
            let rule = token.rule();
            if !self.coupons.contains(rule) {
                return Err(format!("`tokens` name coupon {rule}; the quote uses {}", self.listed()));
            }
            if named[..at].iter().any(|earlier| earlier.rule() == rule) {
                return Err(format!(
                    "`tokens` name coupon {rule} twice; a quote uses each of its coupons once"
                ));
            }
            if let Some(earlier) = named[..at].iter().find(|earlier| earlier.id == token.id) {
                return Err(format!(
                    "`tokens` name coupon {} for {} and for {rule}; one coupon is used for one rule",
                    token.id,
                    earlier.rule()
                ));
            }
            if token.amount != 1 {
                let amount = token.amount;
                return Err(format!(
                    "`tokens` name coupon {rule} with an amount of {amount}; a quote uses each of its coupons once"
                ));
            }
        }
        let forgotten = self.coupons.iter().find(|id| !named.iter().any(|token| token.rule() == **id));
        match forgotten {
            Some(id) => Err(format!("`tokens` do not name coupon {id}; the quote uses {}", self.listed())),
            None => Ok(()),
        }
    }

    fn listed(&self) -> String {
        let ids: Vec<&str> = self.coupons.iter().map(String::as_str).collect();
        if ids.is_empty() { "no coupon".to_owned() } else { ids.join(", ") }
    }

    fn fill_points(&self, draft: &mut PlacementDraft) -> Result<(), String> {
        let tokens = draft.tokens.iter().filter(|token| token.kind == TokenKind::Points);
        let points = tokens.clone().map(|token| u128::from(token.amount)).sum::<u128>();
        if points == u128::from(self.points) {
            return Ok(());
        }
        let used = match self.points {
            0 => "the quote uses no points".to_owned(),
            1 => "the quote uses 1 point".to_owned(),
            used => format!("the quote uses {used} points"),
        };
        match &draft.parties {
            _ if points > 0 => {
                let accounts: Vec<&str> = tokens.map(|token| token.id.as_str()).collect();
                Err(format!("{used}, `tokens` name {points} of {}", accounts.join(", ")))
            }
            None => Err(format!("{used}; name the buyer or the account")),
            Some(parties) => {
                let id = ExternalId::new(parties.buyer.id.as_str()).map_err(|error| error.to_string())?;
                draft.tokens.push(Token::new(TokenKind::Points, id, self.points));
                Ok(())
            }
        }
    }
}
