//! Read models: folds of events that answer questions and decide nothing.
//!
//! They may know every room below; no room knows them. A store runs the same folds step by step, so there is
//! no second truth in its database.

pub mod distribution;
