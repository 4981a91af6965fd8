//! Seeded models that drive the core where data say nothing: who referred whom, and what came back.
//!
//! Every number is drawn from ChaCha8 keyed by the seed and the model, with one stream per customer or
//! order. A draw depends on its own index and on nothing drawn before it, so neither the order nor the
//! number of threads in which draws are made can change a result. Decisions are made in integers: a chance
//! is an exact [`Rate`](fenrun::money::Rate), and a draw below `n` has no bias.
//!
//! The models run in one sweep of some nanoseconds a member; there is nothing for threads to win.

mod draw;
mod growth;
mod refunds;

pub use growth::{Growth, distributors};
pub use refunds::{Moment, Refunds, SentBack};
