//! What the fuzz targets do with their bytes. Each `run` panics when a property does not hold and tells
//! whether the input got past the first door, so that the seeds can be shown not to be refused at once.

pub mod forest_image;
pub mod forest_journal;
pub mod forest_operations;
pub mod frozen_text;
pub mod order_commands;
pub mod plan_text;
pub mod sale_json;
pub mod share_codes;
pub mod text_ids;

use fenrun::reward::commission::{Frozen, Refund, Taken, reverse, standing};
use fenrun::sale::Sale;

/// The input was refused; its message must be one line that says something.
fn refused(error: &fenrun::Error) {
    let message = error.message();
    assert!(!message.is_empty() && !message.contains('\n'), "{:?}: {message:?}", error.code());
}

/// Half of every line and then the rest: what stands afterwards is nothing, and all rows sum to zero.
fn everything_reverses(frozen: &Frozen) {
    let Ok(paid) = standing(frozen, &[]) else { return };
    let mut sum: i128 = paid.iter().map(|entry| i128::from(entry.amount)).sum();
    let mut before = Vec::new();
    for (id, lines) in ["half", "rest"].into_iter().zip(halves(frozen.sale())) {
        let refund = Refund { id: fenrun::id::RefundId::new(id).unwrap(), lines };
        let reversal = reverse(frozen, &before, &refund, None).unwrap();
        sum += reversal.rows.iter().map(|row| i128::from(row.amount)).sum::<i128>();
        before.push(refund);
    }
    assert_eq!(sum, 0, "a sale taken back whole leaves commission");
    assert!(standing(frozen, &before).unwrap().is_empty(), "a sale taken back whole leaves commission");
}

fn halves(sale: &Sale) -> [Vec<Taken>; 2] {
    let part = |share: fn(u64, i64) -> (u64, i64)| {
        let taken = sale.lines.iter().map(|line| {
            let (units, amount) = share(line.units, line.paid());
            Taken { line: line.id.clone(), units, amount }
        });
        taken.collect()
    };
    [part(|units, paid| (units / 2, paid / 2)), part(|units, paid| (units - units / 2, paid - paid / 2))]
}

#[cfg(test)]
mod replay;
