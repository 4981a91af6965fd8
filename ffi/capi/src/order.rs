//! One order: commands in, events and state out, all as JSON.

use fenrun::doc::MAX_DOCUMENT_BYTES;
use fenrun::trade::order::{Event, OrderStream};
use fenrun::{Code, Error, Result};

/// Decides a command: `{ events, order, repeat }` as JSON.
///
/// # Errors
/// As [`OrderStream::handle_json`]; the order is then as it was.
pub fn apply(order: &mut OrderStream, command: &str) -> Result<String> {
    Ok(order.handle_json(command)?.to_json())
}

/// The state as JSON.
#[must_use]
pub fn state(order: &OrderStream) -> String {
    order.order().to_node().to_json()
}

/// The log from a version on, one event a line; version 0 is all of it.
#[must_use]
pub fn events(order: &OrderStream, from: u64) -> String {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let lines = order.events().iter().skip(from).map(|event| event.to_json() + "\n");
    lines.collect()
}

/// Folds a log of one event a line.
///
/// # Errors
/// As [`OrderStream::replay`], with the index of a line that cannot be read.
pub fn replay(log: &str) -> Result<OrderStream> {
    if log.len() > MAX_DOCUMENT_BYTES {
        let message = format!("the log has {} bytes; at most {MAX_DOCUMENT_BYTES} are read", log.len());
        return Err(Error::new(Code::TooLarge, message));
    }
    let lines = log.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let events = lines.map(|(at, line)| Event::from_json(line).map_err(|error| error.at(at)));
    OrderStream::replay(events.collect::<Result<_>>()?)
}

/// The sale of a placed order as JSON, ready to be settled.
///
/// # Errors
/// As `Order::to_sale`.
pub fn sale(order: &OrderStream) -> Result<String> {
    Ok(order.order().to_sale()?.to_node().to_json())
}

#[cfg(test)]
mod tests {
    use super::{apply, events, replay, sale, state};
    use fenrun::Code;
    use fenrun::trade::order::OrderStream;

    #[test]
    fn a_log_replays_to_the_same_order() {
        let mut order = OrderStream::new("", "1").unwrap();
        let place = r#"{"order_id": 1, "command_id": "c1", "now": 0, "actor": "shop", "command":
            {"place": {"currency": "CNY", "sale": {"buyer": 7, "upline": [5, 3]}, "lines": [{"id": 1, "units": 2, "paid": 999}]}}}"#;
        apply(&mut order, place).unwrap();
        let log = events(&order, 0);
        assert_eq!(log.lines().count(), 1);
        assert_eq!(events(&order, 1), "");
        let again = replay(&log).unwrap();
        assert_eq!((state(&again), sale(&again).unwrap()), (state(&order), sale(&order).unwrap()));
        let error = replay(&format!("{log}{{}}\n")).unwrap_err();
        assert_eq!((error.code(), error.index()), (Code::MissingKey, Some(1)));
        assert!(replay("").is_err());
    }
}
