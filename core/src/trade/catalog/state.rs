//! The catalogue as it stands.

use super::{Categories, Change, Product, Shelf, Sku};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{CategoryId, ProductId, SkuId};
use crate::money::Currency;
use crate::sale::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// Categories, products and SKUs, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    pub(super) currency: Currency,
    pub(super) version: u64,
    pub(super) categories: Categories,
    pub(super) products: BTreeMap<ProductId, Product>,
    pub(super) skus: BTreeMap<SkuId, Sku>,
}

impl Catalog {
    /// An empty catalogue.
    #[must_use]
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            version: 0,
            categories: Categories::default(),
            products: BTreeMap::new(),
            skus: BTreeMap::new(),
        }
    }

    /// The currency of every price.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// How many changes made it.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The category tree.
    #[must_use]
    pub const fn categories(&self) -> &Categories {
        &self.categories
    }

    /// Every product, by id.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// Every SKU, by id.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.skus.values()
    }

    /// One product.
    ///
    /// # Errors
    /// [`Code::NotInCatalog`].
    pub fn product(&self, id: &ProductId) -> Result<&Product> {
        self.products
            .get(id)
            .ok_or_else(|| Error::new(Code::NotInCatalog, format!("product {id} is not in the catalogue")))
    }

    /// One SKU, on the shelf or not; `None` when it is not in the catalogue.
    #[must_use]
    pub fn sku(&self, id: &SkuId) -> Option<&Sku> {
        self.skus.get(id)
    }

    /// Whether a SKU can be bought: it is on the shelf, and so is its product.
    #[must_use]
    pub fn shelf(&self, sku: &Sku) -> Shelf {
        let product = sku.product.as_ref().and_then(|id| self.products.get(id));
        product.map_or(Shelf::On, |product| product.shelf).max(sku.shelf)
    }

    /// A SKU that can be bought.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when it is not in the catalogue, or it or its product is off the shelf.
    pub fn on_sale(&self, id: &SkuId) -> Result<&Sku> {
        let missing = || Error::new(Code::InvalidCart, format!("SKU {id} is not in the catalogue"));
        let sku = self.skus.get(id).ok_or_else(missing)?;
        match self.shelf(sku) {
            Shelf::On => Ok(sku),
            Shelf::Off => Err(Error::new(Code::InvalidCart, format!("SKU {id} is off the shelf"))),
        }
    }

    /// What plans and promotions may ask of a SKU: `sku`, `product`, `category` (each category of its
    /// product and all that these stand in), `tags`, `merchant`, and what the SKU itself states, which wins.
    #[must_use]
    pub fn facts(&self, sku: &Sku) -> Facts {
        let mut facts = Facts::from([("sku".to_owned(), Node::from(&sku.id))]);
        if let Some(merchant) = &sku.merchant {
            facts.insert("merchant".into(), merchant.into());
        }
        if let Some(product) = sku.product.as_ref().and_then(|id| self.products.get(id)) {
            let paths = product.categories.iter().flat_map(|id| self.categories.path(id));
            let category: BTreeSet<&CategoryId> = paths.collect();
            let tags = product.tags.iter().map(|tag| Node::from(tag.as_str()));
            facts.insert("product".into(), Node::from(&product.id));
            facts.insert("category".into(), Node::List(category.into_iter().map(Node::from).collect()));
            facts.insert("tags".into(), Node::List(tags.collect()));
        }
        facts.extend(sku.facts.clone());
        facts
    }

    /// Puts a SKU in, replacing the one with its id.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for an amount below zero, a volume with the name of a component, or a
    /// quantity rule nothing can meet; [`Code::NotInCatalog`] when its product is not there.
    pub fn put(&mut self, sku: Sku) -> Result<()> {
        self.apply(&Change::PutSku(Box::new(sku)))
    }

    /// Moves a SKU on or off the shelf.
    ///
    /// # Errors
    /// [`Code::NotInCatalog`].
    pub fn shelve(&mut self, id: &SkuId, shelf: Shelf) -> Result<()> {
        self.apply(&Change::ShelveSku { id: id.clone(), shelf })
    }

    pub(super) fn check_product(&self, product: &Product) -> Result<()> {
        product.check()?;
        product.categories.iter().try_for_each(|id| self.categories.get(id).map(drop))
    }

    pub(super) fn check_sku(&self, sku: &Sku) -> Result<()> {
        sku.check()?;
        sku.product.as_ref().map_or(Ok(()), |id| self.product(id).map(drop))
    }

    /// Reads `{"currency", "version", "categories": […], "products": […], "skus": […]}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule; a category, product or SKU may stand once.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "catalog")?;
        let mut catalog = Self::new(Currency::parse(fields.need_text("currency")?)?);
        catalog.version = fields.count("version")?.unwrap_or(0);
        catalog.categories = Categories::from_nodes(fields.list("categories")?)?;
        for node in fields.list("products")? {
            let product = Product::from_node(node)?;
            catalog.check_product(&product)?;
            let id = product.id.clone();
            if catalog.products.insert(product.id.clone(), product).is_some() {
                return Err(fields.fault(Code::InvalidCatalog, format!("product {id} stands twice")));
            }
        }
        for node in fields.list("skus")? {
            let sku = Sku::from_node(node)?;
            catalog.check_sku(&sku)?;
            if sku.version > catalog.version {
                let rule = format!(
                    "SKU {} is of version {}, the catalogue of {}",
                    sku.id, sku.version, catalog.version
                );
                return Err(fields.fault(Code::InvalidCatalog, rule));
            }
            let id = sku.id.clone();
            if catalog.skus.insert(sku.id.clone(), sku).is_some() {
                return Err(fields.fault(Code::InvalidCatalog, format!("SKU {id} stands twice")));
            }
        }
        fields.finish()?;
        Ok(catalog)
    }

    /// The document of this catalogue; what is empty is left out.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let version = i64::try_from(self.version).unwrap_or(i64::MAX);
        let optional = [
            ("categories", self.categories.to_nodes()),
            ("products", self.products().map(Product::to_node).collect()),
            ("skus", self.skus().map(Sku::to_node).collect()),
        ];
        let lists = optional.into_iter().filter(|(_, list)| !list.is_empty());
        Node::map(
            lists
                .map(|(key, list)| (key, Node::List(list)))
                .chain([("currency", self.currency.code().into())])
                .chain((version > 0).then_some(("version", version.into()))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::catalog::QuantityRule;

    fn read(text: &str) -> Result<Catalog> {
        Catalog::from_node(&crate::doc::read_json(text, 10_000).unwrap())
    }

    #[test]
    fn documents_round_trip() {
        let text = r#"{"categories":[{"id":"green","name":"绿茶","parent":"tea"},{"id":"tea","name":"茶"}],"currency":"CNY","products":[{"categories":["green"],"description":"…","id":"p","images":["a.jpg"],"name":"龙井","shelf":"off","tags":["new"]}],"skus":[{"attributes":{"size":"100 g"},"cost":600,"facts":{"season":"spring"},"fulfilment":"pickup","id":"7","list":1000,"max":10,"member":900,"merchant":"m","min":2,"override":{"upline":{"any":["5%","2%"]}},"per_customer":20,"product":"p","shelf":"off","shipping_template":"east","step":2,"tax_class":"food","tiers":{"gold":850},"version":3,"volume_cm3":400,"volumes":{"pv":8},"weight_grams":120},{"id":"8","list":0}],"version":5}"#;
        let catalog = read(text).unwrap();
        assert_eq!(catalog.to_node().to_json(), text);
        assert_eq!(catalog.on_sale(&SkuId::from(7)).unwrap_err().code(), Code::InvalidCart);
        assert_eq!(catalog.on_sale(&SkuId::from(8)).unwrap().list, 0);
    }

    #[test]
    fn prices_by_tier() {
        let tiers = BTreeMap::from([("gold".to_owned(), 850)]);
        let sku = Sku { member: Some(900), tiers: tiers.clone(), ..Sku::new(SkuId::from(1), 1000) };
        let prices = [None, Some("gold"), Some("silver")].map(|tier| sku.price(tier));
        assert_eq!(prices, [1000, 850, 900]);
        assert_eq!(Sku { tiers, ..Sku::new(SkuId::from(1), 1000) }.price(Some("silver")), 1000);
    }

    #[test]
    fn facts_name_every_category_above() {
        let text = r#"{"categories":[{"id":"green","name":"g","parent":"tea"},{"id":"tea","name":"t"},{"id":"sale","name":"s"}],"currency":"CNY","products":[{"categories":["green","sale"],"id":"p","name":"n","tags":["new"]}],"skus":[{"id":"7","list":1,"merchant":"m","product":"p"},{"id":"8","list":1,"facts":{"category":"tea"}}]}"#;
        let catalog = read(text).unwrap();
        let facts = |id| Node::Map(catalog.facts(catalog.on_sale(&SkuId::from(id)).unwrap())).to_json();
        let seven =
            r#"{"category":["green","sale","tea"],"merchant":"m","product":"p","sku":"7","tags":["new"]}"#;
        assert_eq!(facts(7), seven);
        assert_eq!(facts(8), r#"{"category":"tea","sku":"8"}"#);
    }

    #[test]
    fn a_shelved_product_shelves_its_skus() {
        let on = r#"{"currency":"CNY","products":[{"id":"p","name":"n"}],"skus":[{"id":"7","list":1,"product":"p"}]}"#;
        assert!(read(on).unwrap().on_sale(&SkuId::from(7)).is_ok());
        let off = read(&on.replace(r#""name":"n""#, r#""name":"n","shelf":"off""#)).unwrap();
        assert_eq!(off.on_sale(&SkuId::from(7)).unwrap_err().code(), Code::InvalidCart);
    }

    #[test]
    fn refused_skus() {
        let mut catalog = Catalog::new(Currency::CNY);
        let sku = |list| Sku::new(SkuId::from(1), list);
        let never = QuantityRule { min: 5, max: Some(4), ..QuantityRule::default() };
        for bad in [
            sku(-1),
            Sku { volumes: [("paid".to_owned(), 1)].into(), ..sku(1) },
            Sku { tiers: [("gold".to_owned(), -1)].into(), ..sku(1) },
            Sku { tiers: [(" gold".to_owned(), 1)].into(), ..sku(1) },
            Sku { tax_class: Some(String::new()), ..sku(1) },
            Sku { weight_grams: u64::MAX, ..sku(1) },
            Sku { quantity: never, ..sku(1) },
        ] {
            assert_eq!(catalog.put(bad).unwrap_err().code(), Code::InvalidValue);
        }
        let orphan = Sku { product: Some(ProductId::from(9)), ..sku(1) };
        assert_eq!(catalog.put(orphan).unwrap_err().code(), Code::NotInCatalog);
        catalog.put(sku(1)).unwrap();
        catalog.shelve(&SkuId::from(1), Shelf::Off).unwrap();
        assert!(catalog.shelve(&SkuId::from(2), Shelf::Off).is_err());
        assert!(catalog.on_sale(&SkuId::from(1)).is_err());
        assert_eq!((catalog.version(), catalog.skus().next().unwrap().version), (2, 2));
    }

    #[test]
    fn refused_documents() {
        let code = |text: &str| read(text).unwrap_err().code();
        let loops = r#"[{"id":"a","name":"a","parent":"b"},{"id":"b","name":"b","parent":"c"},{"id":"c","name":"c","parent":"b"}]"#;
        assert_eq!(code(&format!(r#"{{"currency":"CNY","categories":{loops}}}"#)), Code::CategoryCycle);
        let lost = r#"{"currency":"CNY","categories":[{"id":"a","name":"a","parent":"b"}]}"#;
        assert_eq!(code(lost), Code::NotInCatalog);
        let twice = r#"{"currency":"CNY","skus":[{"id":7,"list":1},{"id":"7","list":2}]}"#;
        assert_eq!(code(twice), Code::InvalidCatalog);
        let ahead = r#"{"currency":"CNY","version":1,"skus":[{"id":7,"list":1,"version":2}]}"#;
        assert_eq!(code(ahead), Code::InvalidCatalog);
        assert_eq!(code(r#"{"currency":"CNY","skus":[{"id":7,"list":1,"weight":1}]}"#), Code::UnknownKey);
    }
}
