//! Distribution orders (分销订单): each order with its inviter, its invitee, its amount, and the commission
//! it brought to whom, with the state of each.
//!
//! [`DistributionOrders`] folds [`Fact`]s: the events of orders, outcomes, and what became of them. An
//! amount of commission is always in three parts: what stands unpaid, what was paid out, and what of that is
//! clawed back. Law: over all entries of a member, unpaid and pending, confirmed or payable, less what is
//! clawed back, is what the ledger holds for them; `docs/reference/report.md` says it exactly.
//!
//! A withdrawal takes any amount, so which commission it pays is a convention: what was released first is
//! paid first.

mod entry;
mod fact;
mod fold;
mod list;

pub use entry::EntryView;
pub use fact::{Earned, EarnedRow, Fact, SaleVersion, TakenRow};
pub use fold::DistributionOrders;
pub use list::{Cursor, Filter, MAX_PAGE, OrderView, Page, Totals};
