//! Text as a frozen sale.

use crate::{everything_reverses, refused};
use fenrun::doc::{MAX_DOCUMENT_BYTES, Node, read_json, short_hash};
use fenrun::reward::commission::Frozen;

/// The text as it is, and as the body behind a checksum that fits: no fuzzer guesses one.
pub fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let sealed = read_json(text, MAX_DOCUMENT_BYTES).map(|body| {
        let sum = short_hash(&[&body.to_json()]);
        Node::map([("frozen", Node::Int(0)), ("sum", sum.into()), ("body", body)]).to_json()
    });
    let sealed_thaws = sealed.is_ok_and(|text| thaws(&text));
    thaws(text) || sealed_thaws
}

fn thaws(text: &str) -> bool {
    match Frozen::from_text(text) {
        Ok(frozen) => {
            let again = Frozen::from_text(&frozen.to_text()).expect("what was thawed freezes again");
            assert_eq!(again, frozen);
            everything_reverses(&frozen);
            true
        }
        Err(error) => {
            refused(&error);
            false
        }
    }
}
