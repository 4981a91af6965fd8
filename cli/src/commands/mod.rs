//! One module a command.

pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod plans;
pub(crate) mod settle;
pub(crate) mod vectors;
