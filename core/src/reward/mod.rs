//! Referral, plan, commission and batch. Knows `sale`, never `trade` or `ledger`.
