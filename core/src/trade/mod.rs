//! Catalogue, cart, pricing and orders. Knows `sale`, never `reward` or `ledger`.
