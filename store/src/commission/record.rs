//! An outcome as its tables have it, and what seals it: a chain from everything it was computed from to
//! everything that happened to it since.

use super::SaleKey;
use crate::chain::{Chain, link};
use crate::fault::{Result, inconsistent};
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::id::{OrderId, RefundId};
use fenrun::reward::commission::{Refund, Taken};
use fenrun::trade::order::Tenant;
use rusqlite::{Connection, Row};

/// The columns of an outcome, in the order [`Record::read`] reads them.
pub(crate) const RECORD: &str = "SELECT outcome, tenant, sale_id, version, plan, semantics, currency, pool,
        sale, fingerprint, at, order_head, confirmed_at, due, rows, history, head
     FROM outcomes";

/// A row of `outcomes`.
pub(crate) struct Record {
    pub(crate) number: i64,
    pub(crate) tenant: String,
    pub(crate) sale_id: String,
    pub(crate) version: u32,
    pub(crate) plan: String,
    pub(crate) semantics: u32,
    pub(crate) currency: String,
    pub(crate) pool: i64,
    pub(crate) sale: String,
    pub(crate) fingerprint: String,
    pub(crate) at: i64,
    pub(crate) order_head: Option<Chain>,
    pub(crate) confirmed_at: Option<i64>,
    pub(crate) due: Option<i64>,
    pub(crate) rows: i64,
    pub(crate) history: String,
    pub(crate) head: Chain,
}

/// What happened to an outcome after it was earned.
pub(crate) enum Deed {
    /// It was confirmed.
    Confirmed(i64),
    /// What was due was released.
    Released(i64),
    /// A refund took back.
    Reversed(i64, RefundId),
}

/// A row of `refunds`.
pub(crate) struct RefundRecord {
    pub(crate) id: String,
    pub(crate) ordinal: i64,
    pub(crate) at: i64,
    pub(crate) taken: String,
}

impl Record {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            tenant: row.get(1)?,
            sale_id: row.get(2)?,
            version: row.get(3)?,
            plan: row.get(4)?,
            semantics: row.get(5)?,
            currency: row.get(6)?,
            pool: row.get(7)?,
            sale: row.get(8)?,
            fingerprint: row.get(9)?,
            at: row.get(10)?,
            order_head: row.get(11)?,
            confirmed_at: row.get(12)?,
            due: row.get(13)?,
            rows: row.get(14)?,
            history: row.get(15)?,
            head: row.get(16)?,
        })
    }

    /// What the outcome is recorded under.
    pub(crate) fn key(&self) -> Result<SaleKey> {
        let tenant = Tenant::new(&self.tenant)?;
        Ok(SaleKey { tenant, sale: OrderId::new(&self.sale_id)?, version: self.version })
    }

    /// The first link: everything the outcome was computed from, and what came of it.
    pub(crate) fn origin(&self) -> Chain {
        let numbers = [i64::from(self.version), i64::from(self.semantics), self.pool, self.at];
        let numbers = numbers.map(i64::to_be_bytes);
        let order_head: &[u8] = self.order_head.as_ref().map_or(&[], |head| head);
        let texts = [&self.tenant, &self.sale_id, &self.plan, &self.currency, &self.sale, &self.fingerprint];
        let parts = texts.map(|text| text.as_bytes()).into_iter();
        let parts = parts.chain(numbers.iter().map(|number| &number[..])).chain([order_head]);
        link(&Chain::default(), &parts.collect::<Vec<_>>())
    }

    /// The history, read.
    pub(crate) fn deeds(&self) -> Result<Vec<Deed>> {
        self.history.lines().map(Deed::parse).collect()
    }

    /// Whether the chain fits: nothing it covers was changed, every refund of the history is on record with
    /// what it took, and no other is.
    pub(crate) fn check_chain(&self, deeds: &[Deed], refunds: &[RefundRecord]) -> Result<()> {
        if deeds.iter().map(Deed::line).collect::<String>() != self.history {
            return Err(inconsistent("its history is not written as fenrun writes it").into());
        }
        let mut head = self.origin();
        let mut known = (0_i64..).zip(refunds);
        for deed in deeds {
            let mut taken = "";
            if let Deed::Reversed(at, id) = deed {
                let same = |(ordinal, refund): &(i64, &RefundRecord)| {
                    refund.id == id.as_str() && refund.at == *at && refund.ordinal == *ordinal
                };
                let missing = || inconsistent(format!("refund {id} is not on record as it came"));
                taken = &known.next().filter(same).ok_or_else(missing)?.1.taken;
            }
            head = deed.follow(&head, taken);
        }
        if let Some((_, refund)) = known.next() {
            return Err(inconsistent(format!("refund {} is on record and never came", refund.id)).into());
        }
        if head != self.head {
            let rule = "what the commission was computed from, or its history, was changed";
            return Err(inconsistent(rule).into());
        }
        Ok(())
    }
}

impl Deed {
    /// The line of the history.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Confirmed(at) => format!("confirmed {at}\n"),
            Self::Released(at) => format!("released {at}\n"),
            Self::Reversed(at, id) => format!("reversed {at} {id}\n"),
        }
    }

    fn parse(line: &str) -> Result<Self> {
        let unknown = || inconsistent(format!("its history holds {line:?}, which fenrun does not write"));
        let (word, rest) = line.split_once(' ').ok_or_else(unknown)?;
        let at = |text: &str| text.parse().map_err(|_| unknown());
        Ok(match word {
            "confirmed" => Self::Confirmed(at(rest)?),
            "released" => Self::Released(at(rest)?),
            "reversed" => {
                let (time, id) = rest.split_once(' ').ok_or_else(unknown)?;
                Self::Reversed(at(time)?, RefundId::new(id)?)
            }
            _ => return Err(unknown().into()),
        })
    }

    /// The chain with this deed at its end; `taken` is what a refund took.
    pub(crate) fn follow(&self, head: &Chain, taken: &str) -> Chain {
        link(head, &[self.line().as_bytes(), taken.as_bytes()])
    }
}

impl RefundRecord {
    /// The refunds of an outcome, in the order they came.
    pub(crate) fn all(connection: &Connection, tenant: &str, outcome: i64) -> Result<Vec<Self>> {
        let mut statement = connection.prepare_cached(
            "SELECT refund_id, ordinal, at, taken FROM refunds WHERE tenant = ?1 AND outcome = ?2
             ORDER BY ordinal, refund_id",
        )?;
        let read = |row: &Row<'_>| {
            Ok(Self { id: row.get(0)?, ordinal: row.get(1)?, at: row.get(2)?, taken: row.get(3)? })
        };
        Ok(statement.query_map((tenant, outcome), read)?.collect::<Result<_, _>>()?)
    }

    pub(crate) fn refund(&self) -> Result<Refund> {
        match doc::read_json(&self.taken, MAX_DOCUMENT_BYTES)? {
            Node::List(lines) => {
                Ok(Refund { id: RefundId::new(&self.id)?, lines: Taken::from_nodes(&lines)? })
            }
            _ => Err(inconsistent(format!("refund {} is not a list of lines", self.id)).into()),
        }
    }
}
