//! One module a command.

pub(crate) mod bindings;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod explain_close;
pub(crate) mod explain_order;
pub(crate) mod explain_quote;
pub(crate) mod forest;
pub(crate) mod orders;
pub(crate) mod plans;
pub(crate) mod settle;
pub(crate) mod share;
pub(crate) mod statement;
pub(crate) mod states;
pub(crate) mod vectors;
pub(crate) mod verify;
