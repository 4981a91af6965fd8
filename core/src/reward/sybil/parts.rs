//! One sale as several.

use crate::error::Result;
use crate::id::OrderId;
use crate::money::telescope;
use crate::sale::{Sale, SaleLine};

/// Sales of one line and up to so many units are split in every way.
const FEW_UNITS: u64 = 12;

/// Every way a sale is split in two to so many parts: a sale of one line with few units in every way, smaller
/// parts first; others in parts as equal as units allow or, where a line has fewer units, line by line.
pub(super) fn splits(sale: &Sale, parts: usize) -> Result<Vec<Vec<Sale>>> {
    let units: Vec<u64> = sale.lines.iter().map(|line| line.units).collect();
    let mut all = Vec::new();
    for parts in 2..=parts {
        let count = u64::try_from(parts).unwrap_or(u64::MAX);
        let ways = match units.as_slice() {
            [units] if *units <= FEW_UNITS => partitions(*units, parts),
            _ if units.iter().all(|units| *units >= count) => vec![Vec::new()],
            _ if sale.lines.len() >= parts => {
                all.push(by_lines(sale, parts)?);
                continue;
            }
            _ => Vec::new(),
        };
        for way in ways {
            all.push(by_units(sale, parts, &way)?);
        }
    }
    Ok(all)
}

/// Every way to write a number as a sum of so many numbers above zero, smaller ones first.
fn partitions(units: u64, parts: usize) -> Vec<Vec<u64>> {
    let mut open = vec![(Vec::new(), units)];
    let mut done = Vec::new();
    while let Some((way, left)) = open.pop() {
        let least = way.last().copied().unwrap_or(1);
        if way.len() + 1 == parts {
            if left >= least {
                done.push([way, vec![left]].concat());
            }
            continue;
        }
        for next in least..left {
            open.push(([way.as_slice(), &[next]].concat(), left - next));
        }
    }
    done
}

/// The sale in parts of these units, or of equal ones.
fn by_units(sale: &Sale, parts: usize, way: &[u64]) -> Result<Vec<Sale>> {
    let mut sales = Vec::with_capacity(parts);
    let mut before = vec![0_u64; sale.lines.len()];
    for part in 0..parts {
        let mut lines = sale.lines.clone();
        for (line, before) in lines.iter_mut().zip(&mut before) {
            let upto = match way.get(part) {
                Some(units) => *before + units,
                None => equal(line.units, part + 1, parts)?,
            };
            for minor in line.components.values_mut() {
                *minor = telescope(*minor, *before, upto, line.units)?;
            }
            line.units = upto - *before;
            *before = upto;
        }
        sales.push(part_of(sale, part, lines)?);
    }
    Ok(sales)
}

/// How many units the first so many of equal parts have.
fn equal(units: u64, upto: usize, parts: usize) -> Result<u64> {
    let (upto, parts) = (u64::try_from(upto).unwrap_or(0), u64::try_from(parts).unwrap_or(1));
    let units = i64::try_from(units).unwrap_or(i64::MAX);
    Ok(u64::try_from(telescope(units, 0, upto, parts)?).unwrap_or(0))
}

/// The sale in parts of whole lines.
fn by_lines(sale: &Sale, parts: usize) -> Result<Vec<Sale>> {
    let count = sale.lines.len();
    let part = |part: usize| {
        let lines = &sale.lines[count * part / parts..count * (part + 1) / parts];
        part_of(sale, part, lines.to_vec())
    };
    (0..parts).map(part).collect()
}

fn part_of(sale: &Sale, part: usize, lines: Vec<SaleLine>) -> Result<Sale> {
    let mut draft = sale.clone().into_draft();
    // An id that is as long as ids may be stays: each part is settled alone.
    draft.id = OrderId::new(&format!("{}-{}", sale.id, part + 1)).unwrap_or(draft.id);
    draft.lines = lines;
    Sale::new(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_all_there_once() {
        let mut found = partitions(7, 3);
        found.sort();
        assert_eq!(found, [vec![1, 1, 5], vec![1, 2, 4], vec![1, 3, 3], vec![2, 2, 3]]);
        assert_eq!(partitions(12, 4).len(), 15);
        assert_eq!(partitions(2, 3), Vec::<Vec<u64>>::new());
    }
}
