//! The attacks.

use crate::error::Result;
use crate::id::{MemberId, OrderId};
use crate::money::telescope;
use crate::sale::{Person, Sale, SaleDraft};
use crate::words::words;

words! {
    /// What somebody does to gain.
    Attack {
        /// Puts empty identities between themselves and their upline.
        Above = "above", "empty identities above oneself", "在自己上方插入空身份";
        /// Puts empty identities between themselves and those below; a buyer buys through the last of them.
        Below = "below", "empty identities below oneself, a buyer buys through them", "在自己下方插入空身份，本人通过其购买";
        /// Splits a sale into several.
        Split = "split", "a sale split into several", "一笔销售拆成多笔";
    }
}

/// Somebody on the path of a sale: 0 is the buyer, 1 the first above.
pub(super) fn person(sale: &Sale, at: usize) -> Option<&Person> {
    if at == 0 { Some(&sale.buyer) } else { sale.upline.get(at - 1) }
}

/// The sale with so many identities of this rank beside the person at this place, and who they are.
pub(super) fn inserted(
    sale: &Sale,
    at: usize,
    attack: Attack,
    count: usize,
    rank: Option<&str>,
) -> Result<Option<(Sale, Vec<MemberId>)>> {
    let Some(attacker) = person(sale, at) else { return Ok(None) };
    let mut identities = Vec::with_capacity(count);
    for nth in 1..=count {
        let mut identity = attacker.clone();
        identity.id = MemberId::new(&format!("false-{nth}"))?;
        identity.rank = rank.map(str::to_owned);
        identities.push(identity);
    }
    let ids = identities.iter().map(|identity| identity.id.clone()).collect();
    let mut draft: SaleDraft = sale.clone().into_draft();
    match (attack, at) {
        (Attack::Split, _) => return Ok(None),
        (Attack::Above, _) => drop(draft.upline.splice(at..at, identities)),
        (Attack::Below, 0) => {
            // The attacker stands above the last identity, which buys.
            let mut path = identities;
            path.push(draft.buyer.clone());
            draft.buyer = path.remove(0);
            drop(draft.upline.splice(0..0, path));
        }
        (Attack::Below, _) => drop(draft.upline.splice(at - 1..at - 1, identities)),
    }
    Ok(Some((Sale::new(draft)?, ids)))
}

/// The sale as so many sales, each with its part of the units; `None` where a line has fewer units.
pub(super) fn split(sale: &Sale, parts: u64) -> Result<Option<Vec<Sale>>> {
    if sale.lines.iter().any(|line| line.units < parts) {
        return Ok(None);
    }
    let mut sales = Vec::new();
    for part in 0..parts {
        let mut draft = sale.clone().into_draft();
        draft.id = OrderId::new(&format!("{}-{}", sale.id, part + 1))?;
        for line in &mut draft.lines {
            let units = line.units;
            let upto = |part: u64| -> Result<u64> {
                let units = i64::try_from(units).unwrap_or(i64::MAX);
                Ok(u64::try_from(telescope(units, 0, part, parts)?).unwrap_or(0))
            };
            let (from, to) = (upto(part)?, upto(part + 1)?);
            for minor in line.components.values_mut() {
                *minor = telescope(*minor, from, to, units)?;
            }
            line.units = to - from;
        }
        sales.push(Sale::new(draft)?);
    }
    Ok(Some(sales))
}
