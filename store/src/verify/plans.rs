//! Plans: each text is what its key says.

use super::{Check, View};
use crate::commission::read_plan;
use crate::fault::Result;

pub(super) fn check(view: View<'_>, [plans]: &mut [Check; 1]) -> Result<Vec<String>> {
    let mut statement = view.connection.prepare("SELECT hash, text FROM plans ORDER BY tenant, hash")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (hash, text): (String, String) = (row.get(0)?, row.get(1)?);
        let read = read_plan(&hash, Some(&text));
        plans.expect(read.is_ok(), || read.err().map_or_else(String::new, |fault| fault.to_string()));
    }
    Ok(Vec::new())
}
