//! Changes of a catalogue: what a command asks for, and what an event says happened.

use super::{Catalog, Category, Product, Shelf, Sku, check_name};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{CategoryId, ProductId, SkuId};
use crate::log::{self, Header, Subject};

/// One change. As a command it is asked for, as an event it happened; the words of both stand in data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new category.
    AddCategory {
        /// Its id.
        id: CategoryId,
        /// Name and place.
        category: Category,
    },
    /// Another name for a category.
    RenameCategory {
        /// Which.
        id: CategoryId,
        /// The new name.
        name: String,
    },
    /// Another place for a category, with all that stands in it.
    MoveCategory {
        /// Which.
        id: CategoryId,
        /// The category it will stand in; none for the top.
        parent: Option<CategoryId>,
    },
    /// A category goes.
    RemoveCategory {
        /// Which; nothing may stand in it but products.
        id: CategoryId,
        /// Where its products go; none when it has no products.
        move_to: Option<CategoryId>,
    },
    /// A new product, or another content for one.
    PutProduct(Product),
    /// A product goes on or off the shelf, and its SKUs with it.
    ShelveProduct {
        /// Which.
        id: ProductId,
        /// Where to.
        shelf: Shelf,
    },
    /// A product goes.
    RemoveProduct {
        /// Which; no SKU may name it.
        id: ProductId,
    },
    /// A new SKU, or another content for one.
    PutSku(Box<Sku>),
    /// A SKU goes on or off the shelf.
    ShelveSku {
        /// Which.
        id: SkuId,
        /// Where to.
        shelf: Shelf,
    },
    /// A SKU goes.
    RemoveSku {
        /// Which.
        id: SkuId,
    },
}

/// The words of commands and of the events they make.
const WORDS: [(&str, &str); 10] = [
    ("add_category", "category_added"),
    ("rename_category", "category_renamed"),
    ("move_category", "category_moved"),
    ("remove_category", "category_removed"),
    ("put_product", "product_put"),
    ("shelve_product", "product_shelved"),
    ("remove_product", "product_removed"),
    ("put_sku", "sku_put"),
    ("shelve_sku", "sku_shelved"),
    ("remove_sku", "sku_removed"),
];

impl Change {
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::AddCategory { .. } => WORDS[0],
            Self::RenameCategory { .. } => WORDS[1],
            Self::MoveCategory { .. } => WORDS[2],
            Self::RemoveCategory { .. } => WORDS[3],
            Self::PutProduct(_) => WORDS[4],
            Self::ShelveProduct { .. } => WORDS[5],
            Self::RemoveProduct { .. } => WORDS[6],
            Self::PutSku(_) => WORDS[7],
            Self::ShelveSku { .. } => WORDS[8],
            Self::RemoveSku { .. } => WORDS[9],
        }
    }
}

impl log::Change for Change {
    fn command(&self) -> &'static str {
        self.words().0
    }

    fn event(&self) -> &'static str {
        self.words().1
    }

    fn from_fields(word: &str, fields: Fields<'_>) -> Result<Self> {
        let known = WORDS.iter().find(|(command, event)| *command == word || *event == word);
        let Some((command, _)) = known else {
            let words: Vec<_> = WORDS.iter().map(|(command, _)| *command).collect();
            let rule = format!("`{word}` is no change of a catalogue; one of {}", words.join(", "));
            return Err(Error::new(Code::UnknownWord, rule));
        };
        match *command {
            "put_product" => return Product::from_fields(fields.named("product")).map(Self::PutProduct),
            "put_sku" => {
                return Sku::from_fields(fields.named("sku")).map(|sku| Self::PutSku(Box::new(sku)));
            }
            _ => {}
        }
        let mut fields = fields.named(*command);
        let id = fields.need_id("id")?;
        let mut category = |key| fields.id(key).map(|id| id.map(CategoryId::from));
        let change = match *command {
            "add_category" => {
                let parent = category("parent")?;
                let name = fields.need_text("name")?.to_owned();
                Self::AddCategory { id: id.into(), category: Category { name, parent } }
            }
            "rename_category" => {
                Self::RenameCategory { id: id.into(), name: fields.need_text("name")?.to_owned() }
            }
            "move_category" => Self::MoveCategory { id: id.into(), parent: category("parent")? },
            "remove_category" => Self::RemoveCategory { id: id.into(), move_to: category("move_to")? },
            "shelve_product" => Self::ShelveProduct { id: id.into(), shelf: shelf(&mut fields)? },
            "shelve_sku" => Self::ShelveSku { id: id.into(), shelf: shelf(&mut fields)? },
            "remove_product" => Self::RemoveProduct { id: id.into() },
            _ => Self::RemoveSku { id: id.into() },
        };
        fields.finish()?;
        Ok(change)
    }

    fn to_node(&self) -> Node {
        let place = |key: &str, id: &Option<CategoryId>| (key.to_owned(), id.as_ref().map(Node::from));
        let (id, mut more) = match self {
            Self::PutProduct(product) => return product.to_node(),
            Self::PutSku(sku) => return sku.to_node(),
            Self::AddCategory { id, category } => {
                let name = ("name".to_owned(), Some(category.name.as_str().into()));
                (Node::from(id), vec![name, place("parent", &category.parent)])
            }
            Self::RenameCategory { id, name } => {
                (id.into(), vec![("name".to_owned(), Some(name.as_str().into()))])
            }
            Self::MoveCategory { id, parent } => (id.into(), vec![place("parent", parent)]),
            Self::RemoveCategory { id, move_to } => (id.into(), vec![place("move_to", move_to)]),
            Self::ShelveProduct { id, shelf } => {
                (id.into(), vec![("shelf".to_owned(), Some(shelf.name().into()))])
            }
            Self::ShelveSku { id, shelf } => {
                (id.into(), vec![("shelf".to_owned(), Some(shelf.name().into()))])
            }
            Self::RemoveProduct { id } => (id.into(), Vec::new()),
            Self::RemoveSku { id } => (id.into(), Vec::new()),
        };
        more.push(("id".to_owned(), Some(id)));
        Node::Map(more.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
    }
}

fn shelf(fields: &mut Fields<'_>) -> Result<Shelf> {
    fields.need_word("shelf", &[Shelf::On, Shelf::Off], Shelf::name)
}

impl Catalog {
    /// Whether a change can be made, and whether it would change anything: asked for what stands already,
    /// nothing happens.
    ///
    /// # Errors
    /// [`Code::InvalidValue`], [`Code::InvalidCatalog`], [`Code::NotInCatalog`] or [`Code::CategoryCycle`] name the value and the rule.
    pub fn changes(&self, change: &Change) -> Result<bool> {
        Ok(match change {
            Change::AddCategory { id, category } => {
                self.categories.check_new(id, category)?;
                true
            }
            Change::RenameCategory { id, name } => {
                check_name("the name of a category", name)?;
                self.categories.get(id)?.name != *name
            }
            Change::MoveCategory { id, parent } => {
                self.categories.check_move(id, parent.as_ref())?;
                self.categories.get(id)?.parent != *parent
            }
            Change::RemoveCategory { id, move_to } => {
                self.check_removal(id, move_to.as_ref())?;
                true
            }
            Change::PutProduct(product) => {
                self.check_product(product)?;
                self.products.get(&product.id) != Some(product)
            }
            Change::ShelveProduct { id, shelf } => self.product(id)?.shelf != *shelf,
            Change::RemoveProduct { id } => {
                let id = &self.product(id)?.id;
                if let Some(sku) = self.skus.values().find(|sku| sku.product.as_ref() == Some(id)) {
                    return Err(refused(format!("product {id} has SKU {}; remove it first", sku.id)));
                }
                true
            }
            Change::PutSku(sku) => {
                self.check_sku(sku)?;
                self.skus.get(&sku.id).is_none_or(|known| !same(known, sku))
            }
            Change::ShelveSku { id, shelf } => self.need_sku(id)?.shelf != *shelf,
            Change::RemoveSku { id } => {
                self.need_sku(id)?;
                true
            }
        })
    }

    fn check_removal(&self, id: &CategoryId, move_to: Option<&CategoryId>) -> Result<()> {
        self.categories.get(id)?;
        if let Some(child) = self.categories.children(Some(id)).next() {
            return Err(refused(format!("category {child} stands in {id}; move or remove it first")));
        }
        match move_to {
            Some(to) if to == id => Err(refused(format!("the products of category {id} cannot stay in it"))),
            Some(to) => self.categories.get(to).map(drop),
            None => match self.products.values().find(|product| product.categories.contains(id)) {
                Some(product) => {
                    let rule = format!("product {} stands in category {id}; say where it goes", product.id);
                    Err(refused(rule))
                }
                None => Ok(()),
            },
        }
    }

    /// Makes a change.
    ///
    /// # Errors
    /// Those of [`Catalog::changes`]; the catalogue is then as it was.
    pub fn apply(&mut self, change: &Change) -> Result<()> {
        if self.changes(change)? {
            self.version += 1;
            self.make(change);
        }
        Ok(())
    }

    fn make(&mut self, change: &Change) {
        match change {
            Change::AddCategory { id, category } => self.categories.insert(id.clone(), category.clone()),
            Change::RenameCategory { id, name } => {
                if let Some(category) = self.categories.get_mut(id) {
                    category.name.clone_from(name);
                }
            }
            Change::MoveCategory { id, parent } => {
                if let Some(category) = self.categories.get_mut(id) {
                    category.parent.clone_from(parent);
                }
            }
            Change::RemoveCategory { id, move_to } => {
                for product in self.products.values_mut() {
                    if product.categories.remove(id) {
                        product.categories.extend(move_to.clone());
                    }
                }
                self.categories.remove(id);
            }
            Change::PutProduct(product) => {
                self.products.insert(product.id.clone(), product.clone());
            }
            Change::ShelveProduct { id, shelf } => {
                if let Some(product) = self.products.get_mut(id) {
                    product.shelf = *shelf;
                }
            }
            Change::RemoveProduct { id } => {
                self.products.remove(id);
            }
            Change::PutSku(sku) => {
                let sku = Sku { version: self.version, ..(**sku).clone() };
                self.skus.insert(sku.id.clone(), sku);
            }
            Change::ShelveSku { id, shelf } => {
                if let Some(sku) = self.skus.get_mut(id) {
                    (sku.shelf, sku.version) = (*shelf, self.version);
                }
            }
            Change::RemoveSku { id } => {
                self.skus.remove(id);
            }
        }
    }

    fn need_sku(&self, id: &SkuId) -> Result<&Sku> {
        let missing = || Error::new(Code::NotInCatalog, format!("SKU {id} is not in the catalogue"));
        self.skus.get(id).ok_or_else(missing)
    }
}

impl Subject for Catalog {
    type Change = Change;

    fn changes(&self, change: &Change, _: &Header) -> Result<bool> {
        Self::changes(self, change)
    }

    fn make(&mut self, change: &Change, _: &Header) -> Result<()> {
        self.apply(change)
    }

    fn version(&self) -> u64 {
        Self::version(self)
    }
}

/// Whether two SKUs are the same but for the version the catalogue gave.
fn same(known: &Sku, sku: &Sku) -> bool {
    Sku { version: known.version, ..sku.clone() } == *known
}

fn refused(rule: String) -> Error {
    Error::new(Code::InvalidCatalog, rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Change as _;

    #[test]
    fn documents_round_trip() {
        for (word, text) in [
            ("add_category", r#"{"id":"green","name":"绿茶","parent":"tea"}"#),
            ("add_category", r#"{"id":"tea","name":"茶"}"#),
            ("rename_category", r#"{"id":"tea","name":"茶"}"#),
            ("move_category", r#"{"id":"green"}"#),
            ("move_category", r#"{"id":"green","parent":"tea"}"#),
            ("remove_category", r#"{"id":"green","move_to":"tea"}"#),
            ("put_product", r#"{"id":"p","name":"龙井"}"#),
            ("shelve_product", r#"{"id":"p","shelf":"off"}"#),
            ("remove_product", r#"{"id":"p"}"#),
            ("put_sku", r#"{"id":"7","list":100}"#),
            ("shelve_sku", r#"{"id":"7","shelf":"on"}"#),
            ("remove_sku", r#"{"id":"7"}"#),
        ] {
            let node = crate::doc::read_json(text, 1000).unwrap();
            let change = Change::from_node(word, &node).unwrap();
            assert_eq!((change.command(), change.to_node().to_json().as_str()), (word, text));
            assert_eq!(Change::from_node(change.event(), &node).unwrap(), change);
        }
        let node = crate::doc::read_json(r#"{"id":"7"}"#, 1000).unwrap();
        assert_eq!(Change::from_node("drop_sku", &node).unwrap_err().code(), Code::UnknownWord);
        assert_eq!(Change::from_node("rename_category", &node).unwrap_err().code(), Code::MissingKey);
        assert_eq!(std::collections::BTreeMap::from(WORDS).len(), WORDS.len());
    }
}
