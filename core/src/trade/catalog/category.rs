//! The category tree.

use super::check_name;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::CategoryId;
use std::collections::BTreeMap;

/// One category: its name, and the one it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// The name for people.
    pub name: String,
    /// The category it stands in; none at the top.
    pub parent: Option<CategoryId>,
}

/// All categories. No category stands below itself, whatever the depth.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Categories(BTreeMap<CategoryId, Category>);

impl Categories {
    /// One category.
    ///
    /// # Errors
    /// [`Code::NotInCatalog`].
    pub fn get(&self, id: &CategoryId) -> Result<&Category> {
        self.0.get(id).ok_or_else(|| unknown(id))
    }

    /// Every category, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&CategoryId, &Category)> {
        self.0.iter()
    }

    /// A category and all it stands in, the nearest first; empty when the category is not known.
    pub fn path<'a>(&'a self, id: &'a CategoryId) -> impl Iterator<Item = &'a CategoryId> {
        let first = self.0.get_key_value(id);
        std::iter::successors(first, |(_, category)| {
            category.parent.as_ref().and_then(|parent| self.0.get_key_value(parent))
        })
        .map(|(id, _)| id)
    }

    /// The categories that stand directly in one, or at the top, by id.
    pub fn children<'a>(&'a self, id: Option<&'a CategoryId>) -> impl Iterator<Item = &'a CategoryId> {
        self.0.iter().filter(move |(_, category)| category.parent.as_ref() == id).map(|(id, _)| id)
    }

    /// Whether a new category may be added.
    pub(super) fn check_new(&self, id: &CategoryId, category: &Category) -> Result<()> {
        if self.0.contains_key(id) {
            return Err(Error::new(
                Code::InvalidCatalog,
                format!("category {id} is in the catalogue already"),
            ));
        }
        check_name("the name of a category", &category.name)?;
        category.parent.as_ref().map_or(Ok(()), |parent| self.get(parent).map(drop))
    }

    /// Whether a category may stand in another one.
    pub(super) fn check_move(&self, id: &CategoryId, parent: Option<&CategoryId>) -> Result<()> {
        self.get(id)?;
        let Some(parent) = parent else { return Ok(()) };
        self.get(parent)?;
        if self.path(parent).any(|above| above == id) {
            let rule = format!("category {id} cannot stand in {parent}, which stands below it");
            return Err(Error::new(Code::CategoryCycle, rule));
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, id: CategoryId, category: Category) {
        self.0.insert(id, category);
    }

    pub(super) fn get_mut(&mut self, id: &CategoryId) -> Option<&mut Category> {
        self.0.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &CategoryId) {
        self.0.remove(id);
    }

    /// Reads `[{"id", "name", "parent"}]`, in any order.
    pub(super) fn from_nodes(nodes: &[Node]) -> Result<Self> {
        let mut tree = Self::default();
        for node in nodes {
            let mut fields = Fields::new(node, "category")?;
            let id = CategoryId::from(fields.need_id("id")?);
            let category = Category {
                name: fields.need_text("name")?.to_owned(),
                parent: fields.id("parent")?.map(CategoryId::from),
            };
            fields.finish()?;
            check_name("the name of a category", &category.name)?;
            if tree.0.insert(id.clone(), category).is_some() {
                return Err(Error::new(Code::InvalidCatalog, format!("category {id} stands twice")));
            }
        }
        tree.check()?;
        Ok(tree)
    }

    /// Checks that every parent is known and that every walk up ends: each category is walked over once.
    fn check(&self) -> Result<()> {
        let mut rooted = std::collections::BTreeSet::new();
        for id in self.0.keys() {
            let mut walked = std::collections::BTreeSet::new();
            let mut at = Some(id);
            while let Some(id) = at.filter(|id| !rooted.contains(*id)) {
                if !walked.insert(id) {
                    let rule = format!("category {id} stands below itself");
                    return Err(Error::new(Code::CategoryCycle, rule));
                }
                at = self.get(id)?.parent.as_ref();
            }
            rooted.extend(walked);
        }
        Ok(())
    }

    pub(super) fn to_nodes(&self) -> Vec<Node> {
        let node = |(id, category): (&CategoryId, &Category)| {
            let mut map = BTreeMap::from([
                ("id".to_owned(), Node::from(id)),
                ("name".to_owned(), category.name.as_str().into()),
            ]);
            if let Some(parent) = &category.parent {
                map.insert("parent".to_owned(), parent.into());
            }
            Node::Map(map)
        };
        self.0.iter().map(node).collect()
    }
}

fn unknown(id: &CategoryId) -> Error {
    Error::new(Code::NotInCatalog, format!("category {id} is not in the catalogue"))
}
