//! Catalogue, cart, pricing and orders. Knows `sale`, never `reward` or `ledger`.

pub mod cart;
pub mod catalog;
pub mod fulfilment;
pub mod order;
pub mod pricing;
