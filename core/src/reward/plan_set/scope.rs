//! Whose sales a version is for.

use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::id::MAX_ID_BYTES;
use crate::request::Tenant;
use std::fmt;

/// A tenant, and perhaps one of its shops, one of its categories, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    tenant: String,
    shop: Option<String>,
    category: Option<String>,
}

impl Scope {
    /// A scope; `None` means every shop, every category.
    ///
    /// # Errors
    /// [`Code::InvalidId`] for a name that is empty, too long or holds control characters.
    pub fn new(tenant: &Tenant, shop: Option<&str>, category: Option<&str>) -> Result<Self> {
        let name = |name: Option<&str>| name.map(check).transpose();
        Ok(Self { tenant: tenant.as_str().to_owned(), shop: name(shop)?, category: name(category)? })
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Takes `tenant`, `shop` and `category` of a document.
    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Self> {
        let tenant = Tenant::new(fields.text("tenant")?.unwrap_or_default())?;
        let (shop, category) = (fields.text("shop")?, fields.text("category")?);
        Self::new(&tenant, shop, category).map_err(|error| error.within(fields.what()))
    }

    /// The scopes a sale of this one may fall under, the narrowest first.
    pub(super) fn widening(&self) -> Vec<Self> {
        let (shop, category) = (&self.shop, &self.category);
        let mut scopes = Vec::with_capacity(4);
        for (shop, category) in [(shop, category), (shop, &None), (&None, category), (&None, &None)] {
            let scope = Self { tenant: self.tenant.clone(), shop: shop.clone(), category: category.clone() };
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// The keys of its document.
    pub(super) fn entries(&self) -> Vec<(&'static str, Node)> {
        let tenant = Some(self.tenant.as_str()).filter(|tenant| !tenant.is_empty());
        let parts =
            [("tenant", tenant), ("shop", self.shop.as_deref()), ("category", self.category.as_deref())];
        parts.into_iter().filter_map(|(key, value)| Some((key, Node::from(value?)))).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part =
            |name: &Option<String>| name.as_ref().map_or("every".to_owned(), |name| format!("`{name}`"));
        let (shop, category) = (part(&self.shop), part(&self.category));
        write!(f, "tenant `{}`, {shop} shop, {category} category", self.tenant)
    }
}

fn check(name: &str) -> Result<String> {
    let sound = !name.is_empty() && name.len() <= MAX_ID_BYTES && !name.contains(char::is_control);
    let rule =
        || format!("`{name}` is no name of a shop or category: 1 to {MAX_ID_BYTES} bytes of plain text");
    if sound { Ok(name.to_owned()) } else { Err(crate::Error::new(Code::InvalidId, rule())) }
}
