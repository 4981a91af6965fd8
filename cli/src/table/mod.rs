//! CSV in and out: encodings, columns by name, cells, times. `docs/reference/csv.md` is the contract.
//!
//! Every fault names the file and the line, and nothing is settled or written when there is one.

mod clock;
mod columns;
mod edges;
mod facts;
mod members;
mod moments;
mod orders;
mod quoting;
mod rows;
mod sheet;

pub(crate) use clock::{Clock, TimeUnit, Zone};
pub(crate) use edges::{Edges, Ids};
pub(crate) use facts::Names;
pub(crate) use members::Members;
pub(crate) use orders::{Arrays, Orders, Placed};
pub(crate) use rows::{RowFile, RowRecord};

use columns::Columns;
use sheet::{Row, Sheet};
