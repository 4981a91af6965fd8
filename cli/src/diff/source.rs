//! Where sales come from: a CSV of orders, or a store with what was frozen of each.

use crate::args::{DiffArgs, TableArgs};
use crate::files::fault;
use crate::table::{Members, Names, Orders};
use fenrun::reward::plan::{Plan, REFERRAL};
use fenrun::sale::Sale;
use fenrun::{Code, Error, Result};
use fenrun_store::{SaleKey, Store, Tenant};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What every SQLite file starts with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// An opened source.
pub(super) struct Source<'a> {
    path: PathBuf,
    tenant: Tenant,
    tables: &'a TableArgs,
    store: Option<Store>,
}

impl<'a> Source<'a> {
    pub(super) fn open(path: &Path, args: &'a DiffArgs) -> Result<Self> {
        let mut start = Vec::new();
        let file = File::open(path).map_err(|error| fault(path, &error))?;
        file.take(16).read_to_end(&mut start).map_err(|error| fault(path, &error))?;
        let store = (start == MAGIC).then(|| Store::open_to_read(path)).transpose()?;
        if store.is_some() && args.tables.members.is_some() {
            let rule = "a store knows the upline of each sale; --members goes with a CSV of orders";
            return Err(Error::new(Code::InvalidArgument, rule));
        }
        Ok(Self { path: path.to_owned(), tenant: Tenant::new(&args.tenant)?, tables: &args.tables, store })
    }

    pub(super) const fn is_store(&self) -> bool {
        self.store.is_some()
    }

    /// Hands every sale over, with the plan it was settled under in a store, else the plan `before`.
    pub(super) fn for_each_sale(
        &self,
        before: Option<&Plan>,
        after: &Plan,
        mut see: impl FnMut(&Plan, &Sale) -> Result<()>,
    ) -> Result<()> {
        match &self.store {
            Some(store) => self.stored(store, after, see),
            None => {
                let before = before.unwrap_or(after);
                let (clock, names) = (self.tables.clock(), Names::of(before).and(after));
                let members = self.tables.members.as_deref();
                let members = members.map(|path| Members::read(path, &names, &clock)).transpose()?;
                let mut orders = Orders::open(&self.path, &names, members.as_ref(), &clock, &self.tenant)?;
                while let Some(placed) = orders.next()? {
                    see(before, &placed.sale).map_err(|error| orders.explain(&placed, error))?;
                }
                Ok(())
            }
        }
    }

    /// The sales of a store in the order they were settled, the last version of each.
    fn stored(
        &self,
        store: &Store,
        after: &Plan,
        mut see: impl FnMut(&Plan, &Sale) -> Result<()>,
    ) -> Result<()> {
        let mut versions = BTreeMap::new();
        let mut order = Vec::new();
        store.for_each_outcome(&self.tenant, |outcome| {
            let SaleKey { sale, version, .. } = outcome.sale;
            if versions.insert(sale.clone(), version).is_none() {
                order.push(sale);
            }
        })?;
        for sale in order {
            let version = versions.get(&sale).copied().unwrap_or(1);
            let key = SaleKey { tenant: self.tenant.clone(), sale, version };
            let place = format!("{}: order {}", self.path.display(), key.sale);
            let missing = || Error::new(Code::Inconsistent, format!("{place}: nothing is frozen"));
            let frozen = store.frozen(&key)?.ok_or_else(missing)?;
            let (kept, reach) = (walk(frozen.plan()), walk(after));
            if reach > kept && frozen.sale().upline.len() >= kept {
                let rule = format!(
                    "{place}: its plan froze {kept} people of the upline, plan “{}” walks {reach}; set `limit`",
                    after.name()
                );
                return Err(Error::new(Code::MissingFact, rule));
            }
            see(frozen.plan(), frozen.sale()).map_err(|error| error.within(&place))?;
        }
        Ok(())
    }
}

/// How many people of an upline a plan walks at most.
fn walk(plan: &Plan) -> usize {
    plan.walks().get(REFERRAL).copied().unwrap_or(0)
}
