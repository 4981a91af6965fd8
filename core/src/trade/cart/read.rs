//! The JSON form of a cart.

use super::{Cart, CartLine, Seen, Selection, full, invalid};
use crate::doc::{Fields, Node};
use crate::error::Result;
use crate::id::{LineId, SkuId};
use crate::sale::MAX_LINES;
use std::collections::BTreeMap;

impl Cart {
    /// Reads `{"lines": [{"id", "sku", "units", "selected", "unit_price", "version"}]}`. Quantity rules are
    /// checked when the cart is priced: a catalogue may have changed since.
    ///
    /// # Errors
    /// Names the key, the value and the rule; a line may stand once.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "cart")?;
        let mut cart = Self::default();
        for (at, node) in fields.list("lines")?.iter().enumerate() {
            let line = line_from_node(node, at)?;
            if cart.lines.len() >= MAX_LINES {
                return Err(full());
            }
            match cart.find(&line.id) {
                Ok(_) => return Err(invalid(format!("line {} stands twice", line.id))),
                Err(at) => cart.lines.insert(at, line),
            }
        }
        fields.finish()?;
        Ok(cart)
    }

    /// The document of this cart.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        let lines = self.lines.iter().map(|line| {
            let mut map = BTreeMap::from([
                ("id".to_owned(), Node::from(&line.id)),
                ("sku".to_owned(), (&line.sku).into()),
                ("units".to_owned(), count(line.units)),
                ("selected".to_owned(), (line.selection == Selection::Selected).into()),
            ]);
            if let Some(seen) = line.seen {
                map.insert("unit_price".to_owned(), seen.unit_price.into());
                map.insert("version".to_owned(), count(seen.version));
            }
            Node::Map(map)
        });
        Node::map([("lines", Node::List(lines.collect()))])
    }
}

fn line_from_node(node: &Node, at: usize) -> Result<CartLine> {
    let mut fields = Fields::new(node, format!("cart: lines[{at}]"))?;
    let id = LineId::from(fields.need_id("id")?);
    let (unit_price, version) = (fields.int("unit_price")?, fields.count("version")?);
    let line = CartLine {
        sku: SkuId::from(fields.need_id("sku")?),
        units: fields.count("units")?.unwrap_or(1),
        selection: match fields.flag("selected")? {
            None | Some(true) => Selection::Selected,
            Some(false) => Selection::Waiting,
        },
        seen: unit_price.map(|unit_price| Seen { unit_price, version: version.unwrap_or(0) }),
        id,
    };
    fields.finish()?;
    if line.units == 0 {
        return Err(invalid(format!("line {} has 0 units; a line has at least one", line.id)));
    }
    if version.is_some() && line.seen.is_none() {
        return Err(invalid(format!("line {} states `version` without `unit_price`", line.id)));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_document_names_a_line_once() {
        for text in [
            r#"{"lines":[{"id":1,"sku":7},{"id":"1","sku":8}]}"#,
            r#"{"lines":[{"id":1,"sku":7,"units":0}]}"#,
            r#"{"lines":[{"id":1,"sku":7,"version":1}]}"#,
        ] {
            let node = crate::doc::read_json(text, 1000).unwrap();
            assert_eq!(Cart::from_node(&node).unwrap_err().code(), Code::InvalidCart, "{text}");
        }
    }
}
