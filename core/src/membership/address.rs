//! Shipping addresses: personal details, kept apart from events.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::AddressId;
use std::fmt;

/// The longest detail in bytes.
const MAX_DETAIL_BYTES: usize = 1000;
/// The longest region path.
const MAX_REGION: usize = 8;

/// Where goods go. It is written into no event, and its details into no message.
#[derive(Clone, PartialEq, Eq)]
pub struct ShippingAddress {
    /// Its id, which events and orders name.
    pub id: AddressId,
    /// Who receives.
    pub name: String,
    /// The phone number.
    pub phone: String,
    /// The region from the country down, as shipping templates name it: `["CN", "浙江省", "杭州市"]`.
    pub region: Vec<String>,
    /// Street and house.
    pub street: String,
    /// The postcode, empty where there is none.
    pub postcode: String,
}

impl fmt::Debug for ShippingAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShippingAddress({}, …)", self.id)
    }
}

impl ShippingAddress {
    /// Reads `{"id", "name", "phone", "region": […], "street", "postcode"}`.
    ///
    /// # Errors
    /// [`Code::InvalidPerson`] names the key, never the detail; else what is wrong with the document.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "address")?;
        let mut region = Vec::new();
        for part in fields.list("region")? {
            let fault = || Error::new(Code::InvalidPerson, "address: `region` is a list of texts");
            region.push(part.as_text().ok_or_else(fault)?.to_owned());
        }
        let address = Self {
            id: fields.need_id("id")?.into(),
            name: fields.need_text("name")?.to_owned(),
            phone: fields.need_text("phone")?.to_owned(),
            region,
            street: fields.need_text("street")?.to_owned(),
            postcode: fields.text("postcode")?.unwrap_or_default().to_owned(),
        };
        fields.finish()?;
        address.check()?;
        Ok(address)
    }

    fn check(&self) -> Result<()> {
        let details = [("name", &self.name), ("phone", &self.phone), ("street", &self.street)];
        let needed = details.iter().map(|(key, text)| (*key, *text, 1));
        let region = self.region.iter().map(|part| ("region", part, 1));
        for (key, text, least) in needed.chain(region).chain([("postcode", &self.postcode, 0)]) {
            if text.trim().len() < least
                || text.len() > MAX_DETAIL_BYTES
                || text.chars().any(char::is_control)
            {
                let rule = format!("address: `{key}` has {least} to {MAX_DETAIL_BYTES} bytes on one line");
                return Err(Error::new(Code::InvalidPerson, rule));
            }
        }
        if self.region.is_empty() || self.region.len() > MAX_REGION {
            let rule = format!("address: `region` has {} parts; 1 to {MAX_REGION}", self.region.len());
            return Err(Error::new(Code::InvalidPerson, rule));
        }
        Ok(())
    }

    /// The document of this address.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("id", Node::from(&self.id)),
            ("name", self.name.as_str().into()),
            ("phone", self.phone.as_str().into()),
            ("region", Node::List(self.region.iter().map(|part| part.as_str().into()).collect())),
            ("street", self.street.as_str().into()),
            ("postcode", self.postcode.as_str().into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"id":"a1","name":"李","phone":"13800000000","postcode":"","region":["CN","浙江省"],"street":"文三路 1"}"#;

    fn read(text: &str) -> Result<ShippingAddress> {
        ShippingAddress::from_node(&crate::doc::read_json(text, 10_000).unwrap())
    }

    #[test]
    fn documents_round_trip_and_logs_show_no_detail() {
        let address = read(TEXT).unwrap();
        assert_eq!(address.to_node().to_json(), TEXT);
        assert_eq!(format!("{address:?}"), "ShippingAddress(a1, …)");
    }

    #[test]
    fn refused_details_are_not_repeated() {
        for (from, to) in [
            (r#""13800000000""#, r#"" ""#),
            (r#""文三路 1""#, r#""a\nb""#),
            (r#"["CN","浙江省"]"#, "[]"),
            (r#"["CN","浙江省"]"#, r#"["1","2","3","4","5","6","7","8","9"]"#),
            (r#"["CN","浙江省"]"#, r#"["CN",""]"#),
        ] {
            let error = read(&TEXT.replace(from, to)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidPerson, "{to}");
            assert!(!error.message().contains("1380"), "{error}");
        }
        assert_eq!(read(&TEXT.replace("phone", "fone")).unwrap_err().code(), Code::MissingKey);
    }
}
