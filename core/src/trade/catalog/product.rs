//! Products: what a shop shows.

use super::{Shelf, check_name, check_text, names, texts};
use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::id::{CategoryId, ProductId};
use std::collections::{BTreeMap, BTreeSet};

/// A product. What is bought of it are its SKUs, which name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The name for people.
    pub name: String,
    /// The description for people, in whatever markup the shop writes.
    pub description: String,
    /// Addresses of images, the first one leading.
    pub images: Vec<String>,
    /// The categories it stands in.
    pub categories: BTreeSet<CategoryId>,
    /// Tags, such as `new`.
    pub tags: BTreeSet<String>,
    /// Whether its SKUs can be bought.
    pub shelf: Shelf,
}

impl Product {
    /// A product with its name alone, on the shelf.
    #[must_use]
    pub fn new(id: ProductId, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            description: String::new(),
            images: Vec::new(),
            categories: BTreeSet::new(),
            tags: BTreeSet::new(),
            shelf: Shelf::On,
        }
    }

    /// Reads `{"id", "name", "description", "images", "categories", "tags", "shelf"}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        Self::from_fields(Fields::new(node, "product")?)
    }

    pub(super) fn from_fields(mut fields: Fields<'_>) -> Result<Self> {
        let mut categories = BTreeSet::new();
        let product = Self {
            id: ProductId::from(fields.need_id("id")?),
            name: fields.need_text("name")?.to_owned(),
            description: fields.text("description")?.unwrap_or_default().to_owned(),
            images: texts(&mut fields, "images")?,
            tags: names(&mut fields, "tags")?,
            shelf: fields.word("shelf", &[Shelf::On, Shelf::Off], Shelf::name)?.unwrap_or_default(),
            categories: {
                for node in fields.list("categories")? {
                    let Some(id) = crate::id::ExternalId::from_node(node)? else {
                        return Err(fields.wrong("categories", "ids", node));
                    };
                    if !categories.insert(CategoryId::from(id)) {
                        let rule = format!("the category {} stands twice", node.to_json());
                        return Err(fields.fault(Code::InvalidCatalog, rule));
                    }
                }
                categories
            },
        };
        fields.finish()?;
        Ok(product)
    }

    /// The document of this product; what is default is left out.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let list = |items: &mut dyn Iterator<Item = Node>| Node::List(items.collect());
        let mut map = BTreeMap::from([
            ("id".to_owned(), Node::from(&self.id)),
            ("name".to_owned(), self.name.as_str().into()),
        ]);
        let mut put = |key: &str, empty: bool, value: Node| {
            if !empty {
                map.insert(key.to_owned(), value);
            }
        };
        put("description", self.description.is_empty(), self.description.as_str().into());
        put(
            "images",
            self.images.is_empty(),
            list(&mut self.images.iter().map(|image| image.as_str().into())),
        );
        put("categories", self.categories.is_empty(), list(&mut self.categories.iter().map(Node::from)));
        put("tags", self.tags.is_empty(), list(&mut self.tags.iter().map(|tag| tag.as_str().into())));
        put("shelf", self.shelf == Shelf::On, self.shelf.name().into());
        Node::Map(map)
    }

    pub(super) fn check(&self) -> Result<()> {
        let what = format!("product {}", self.id);
        check_text(&format!("{what}: the name"), &self.name)?;
        check_text(&format!("{what}: the description"), &self.description)?;
        self.images.iter().try_for_each(|image| check_text(&format!("{what}: an image"), image))?;
        self.tags.iter().try_for_each(|tag| check_name(&format!("{what}: the tag"), tag))
    }
}
