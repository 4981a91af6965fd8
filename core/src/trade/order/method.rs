//! Payment methods as data: a new one is a row a shop writes, not code.

use super::terms::Tender;
use crate::doc::{Fields, Sink};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::words::words;

/// The most methods an order may list.
pub const MAX_METHODS: usize = 64;
/// The longest name of a method in bytes.
pub const MAX_METHOD_NAME_BYTES: usize = 100;

words! {
    /// What a payment method does, whatever it is called.
    MethodKind {
        /// A provider takes the money before anything ships.
        Online = "online", "Online payment", "在线支付";
        /// The courier collects it.
        OnDelivery = "cash_on_delivery", "Cash on delivery", "货到付款";
        /// The buyer has money with the shop: a balance, a gift card.
        Balance = "balance", "Balance", "余额支付";
        /// Somebody says that it came: a bank transfer, cash at the desk.
        Offline = "offline", "Offline payment", "线下支付";
    }
}

/// One way to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMethod {
    /// The shop's id of it, such as `wechat`.
    pub id: ExternalId,
    /// What it does.
    pub kind: MethodKind,
    /// What people are shown, in English and in Chinese; the kind's own names where it is empty.
    pub names: (String, String),
}

/// How an order may be paid, frozen when it is placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payments {
    /// The methods the shop takes; where it lists none, any id is taken and nothing is known of it.
    pub methods: Vec<PaymentMethod>,
    /// The one the buyer chose.
    pub chosen: Option<ExternalId>,
}

impl PaymentMethod {
    /// A method with the names of its kind.
    #[must_use]
    pub const fn new(id: ExternalId, kind: MethodKind) -> Self {
        Self { id, kind, names: (String::new(), String::new()) }
    }

    /// What people are shown.
    #[must_use]
    pub fn display(&self, language: crate::Language) -> &str {
        let name = match language {
            crate::Language::English => &self.names.0,
            crate::Language::Chinese => &self.names.1,
        };
        if name.is_empty() { self.kind.display(language) } else { name }
    }
}

impl Payments {
    /// The method of an id, if the shop lists it.
    #[must_use]
    pub fn method(&self, id: &ExternalId) -> Option<&PaymentMethod> {
        self.methods.iter().find(|method| method.id == *id)
    }

    /// Whether nothing is said of how it is paid.
    pub(super) fn is_empty(&self) -> bool {
        self.methods.is_empty() && self.chosen.is_none()
    }

    /// The tender that follows from what the buyer chose; `stated` where nothing follows.
    ///
    /// # Errors
    /// [`Code::InvalidCommand`] for methods of one id, a choice that is not listed, or a tender that
    /// contradicts it.
    pub(super) fn tender(&self, stated: Tender) -> Result<Tender> {
        let fault = |rule: String| Err(Error::new(Code::InvalidCommand, format!("place: payment: {rule}")));
        if self.methods.len() > MAX_METHODS {
            return fault(format!("{} methods; at most {MAX_METHODS}", self.methods.len()));
        }
        for (at, method) in self.methods.iter().enumerate() {
            if self.methods[..at].iter().any(|earlier| earlier.id == method.id) {
                return fault(format!("method {} stands twice", method.id));
            }
            let names = [&method.names.0, &method.names.1];
            if names
                .iter()
                .any(|name| name.len() > MAX_METHOD_NAME_BYTES || name.chars().any(char::is_control))
            {
                let rule = format!("at most {MAX_METHOD_NAME_BYTES} bytes without control characters");
                return fault(format!("method {}: a name has {rule}", method.id));
            }
        }
        let Some(id) = &self.chosen else { return Ok(stated) };
        self.check(id)?;
        let Some(method) = self.method(id) else { return Ok(stated) };
        match (method.kind, stated) {
            (MethodKind::OnDelivery, _) => Ok(Tender::OnDelivery),
            (kind, Tender::OnDelivery) => {
                fault(format!("method {id} is {}, the tender {}", kind.name(), stated.name()))
            }
            _ => Ok(stated),
        }
    }

    /// Whether money may come by a method.
    ///
    /// # Errors
    /// [`Code::InvalidCommand`] when the shop lists its methods and this is none of them.
    pub(super) fn check(&self, id: &ExternalId) -> Result<()> {
        if self.methods.is_empty() || self.method(id).is_some() {
            return Ok(());
        }
        let known: Vec<_> = self.methods.iter().map(|method| method.id.as_str()).collect();
        let rule = format!("payment method {id} is not one of: {}", known.join(", "));
        Err(Error::new(Code::InvalidCommand, rule))
    }

    pub(super) fn from_fields(mut fields: Fields<'_>) -> Result<Self> {
        let mut methods = Vec::new();
        for (at, node) in fields.list("methods")?.iter().enumerate() {
            let mut inner = fields.within(node, format!("payment: methods[{at}]"))?;
            methods.push(PaymentMethod {
                id: inner.need_id("id")?,
                kind: inner.need_word("kind", MethodKind::ALL, MethodKind::name)?,
                names: (
                    inner.text("en")?.unwrap_or_default().to_owned(),
                    inner.text("zh")?.unwrap_or_default().to_owned(),
                ),
            });
            inner.finish()?;
        }
        let chosen = fields.id("method")?;
        fields.finish()?;
        Ok(Self { methods, chosen })
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        if let Some(id) = &self.chosen {
            sink.text("method", id.as_str());
        }
        if self.methods.is_empty() {
            return;
        }
        sink.list("methods", &self.methods, |sink, method| {
            if !method.names.0.is_empty() {
                sink.text("en", &method.names.0);
            }
            sink.text("id", method.id.as_str());
            sink.text("kind", method.kind.name());
            if !method.names.1.is_empty() {
                sink.text("zh", &method.names.1);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::doc::Node;
    use crate::money::Currency;
    use crate::sale::read;
    use crate::trade::order::placement::{Placement, PlacementDraft};

    fn method(id: &str, kind: MethodKind) -> PaymentMethod {
        PaymentMethod::new(ExternalId::new(id).unwrap(), kind)
    }

    fn refused(payments: &Payments, stated: Tender) -> String {
        let error = payments.tender(stated).unwrap_err();
        assert_eq!(error.code(), Code::InvalidCommand);
        error.to_string()
    }

    #[test]
    fn the_choice_sets_the_tender() {
        let mut payments = Payments {
            methods: vec![method("card", MethodKind::Online), method("door", MethodKind::OnDelivery)],
            chosen: None,
        };
        assert_eq!(payments.tender(Tender::OnDelivery).unwrap(), Tender::OnDelivery);
        payments.chosen = Some(ExternalId::new("door").unwrap());
        assert_eq!(payments.tender(Tender::Prepaid).unwrap(), Tender::OnDelivery);
        let line = read::line_from_node(&Node::map([("paid", Node::Int(100))]), 0).unwrap();
        let draft = PlacementDraft::new(Currency::CNY, vec![line.into()]);
        let placed = Placement::new(draft).unwrap().with_payment(payments.clone()).unwrap();
        assert_eq!((placed.terms().tender, placed.payment()), (Tender::OnDelivery, &payments));
        payments.chosen = Some(ExternalId::new("card").unwrap());
        assert_eq!(payments.tender(Tender::Prepaid).unwrap(), Tender::Prepaid);
        assert!(refused(&payments, Tender::OnDelivery).contains("method card is online"));
    }

    #[test]
    fn lists_have_limits() {
        let many = |count: usize| Payments {
            methods: (0..count).map(|at| method(&format!("m{at}"), MethodKind::Online)).collect(),
            chosen: None,
        };
        assert!(many(MAX_METHODS).tender(Tender::Prepaid).is_ok());
        assert!(refused(&many(MAX_METHODS + 1), Tender::Prepaid).contains("65 methods"));
        let mut named = many(1);
        named.methods[0].names.0 = "x".repeat(MAX_METHOD_NAME_BYTES);
        assert!(named.tender(Tender::Prepaid).is_ok());
        named.methods[0].names.0.push('x');
        refused(&named, Tender::Prepaid);
        named.methods[0].names = ("a\nb".to_owned(), String::new());
        refused(&named, Tender::Prepaid);
    }

    #[test]
    fn a_method_without_names_has_those_of_its_kind() {
        let mut card = method("card", MethodKind::Online);
        card.names.0 = "Card".to_owned();
        assert_eq!((card.display(Language::English), card.display(Language::Chinese)), ("Card", "在线支付"));
    }
}
