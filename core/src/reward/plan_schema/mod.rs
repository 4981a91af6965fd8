//! The shape of a plan as data: one table, from which the JSON Schema for editors is written.
//!
//! What a plan means is read by `plan`; a test holds keys and words of this table against that reader, so
//! that an editor accepts what the reader accepts. What only the reader can know (names that must be
//! declared, parts that do not go together) is left to it.

mod shape;
mod table;

use crate::doc::Node;
use shape::Shape;

/// The JSON Schema (2020-12) of `fenrun.plan/1`: `schemas/plan.schema.json`.
///
/// ```
/// let schema = fenrun::reward::plan_schema::document();
/// assert_eq!(schema.get("title").and_then(|title| title.as_text()), Some("fenrun.plan/1"));
/// ```
#[must_use]
pub fn document() -> Node {
    let mut schema = Shape::Ref("plan").to_node();
    if let Node::Map(map) = &mut schema {
        let definitions = table::definitions().into_iter().map(|(name, shape)| (name, shape.to_node()));
        let entries = [
            ("$schema", Node::from("https://json-schema.org/draft/2020-12/schema")),
            ("title", "fenrun.plan/1".into()),
            (
                "description",
                "A commission plan of fenrun; docs/reference/plan.md says what each key means.".into(),
            ),
            ("$defs", Node::map(definitions)),
        ];
        map.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    }
    schema
}
