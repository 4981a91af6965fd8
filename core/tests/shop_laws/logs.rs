//! Logs of catalogues, members and visitors that a later version wrote.

use fenrun::Code;
use fenrun::doc::read_json;
use fenrun::log::{Change, Event};
use fenrun::membership::{MemberChange, VisitorChange};
use fenrun::trade::catalog;

/// A line of a log in which a later version wrote more, and the same content as somebody asks for it.
fn read<C: Change>(word: &str, event: &str, data: &str) {
    let node = |text: &str| read_json(text, 1 << 16).unwrap();
    let plain = C::from_node(word, &node(data)).unwrap();
    let more = data.replace('{', "{\"later\":{\"x\":1},").replace(",}", "}");
    assert_eq!(C::from_node(word, &node(&more)).unwrap_err().code(), Code::UnknownKey, "{more}");
    let fingerprint = "0".repeat(32);
    let line = format!(
        r#"{{"actor":"a","at":1,"command_id":"c","data":{more},"fingerprint":"{fingerprint}","later":2,
            "schema":0,"seq":1,"type":"{event}"}}"#
    );
    assert_eq!(Event::<C>::from_node(&node(&line)).unwrap().change, Some(plain), "{line}");
}

#[test]
fn logs_of_later_versions_are_read() {
    read::<MemberChange>("add_tag", "tag_added", r#"{"tag":"vip"}"#);
    read::<VisitorChange>("visit", "page_visited", r#"{"page":"/"}"#);
    read::<catalog::Change>("remove_sku", "sku_removed", r#"{"id":"a"}"#);
    read::<catalog::Change>("put_product", "product_put", r#"{"id":"a","name":"A"}"#);
    read::<catalog::Change>("put_sku", "sku_put", r#"{"id":"a","list":5}"#);
}
