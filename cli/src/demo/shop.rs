//! The whole path of a purchase: cart, quote, order, payment, delivery, commission, refund, ledger.

use super::purchases::{CURRENCY, Purchase};
use super::world::World;
use fenrun::id::{CommandId, ExternalId, LineId, MemberId, OrderId, RefundId, SkuId, TransactionId};
use fenrun::reward::commission::{self, Frozen, Taken};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::MemberIx;
use fenrun::sale::{Around, Facts, Parties};
use fenrun::time::{DAY_MS, Timestamp};
use fenrun::trade::cart::Cart;
use fenrun::trade::catalog::{Catalog, Sku};
use fenrun::trade::order::{
    Action, Command, Envelope, EventData, Grant, Order, Parts, Placement, Reason, RefundPart, RefundRequest,
    Release, Tenant, Terms,
};
use fenrun::trade::pricing::{Policy, PolicyDraft, PricingFacts, quote};
use fenrun::{Code, Error, Result};
use fenrun_sim::{Moment, SentBack};
use fenrun_store::{Batch, SaleKey};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// The plan of the demo.
pub(crate) const PLAN: &str = include_str!("plan.toml");
/// Days from the last delivery until an order completes.
const WINDOW_DAYS: i64 = 7;
const MINUTE_MS: i64 = 60_000;

/// The shop of the demo: one tenant, one plan, a CD at every price that occurs.
pub(crate) struct Shop<'a> {
    pub(crate) tenant: Tenant,
    pub(crate) plan: Plan,
    world: &'a World,
    catalog: Catalog,
    policy: Policy,
    terms: Terms,
    clerk: ExternalId,
    on_record: HashSet<u64>,
    pub(crate) refunds: RefundCount,
    retained_change: i64,
}

/// How many orders were refunded in part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RefundCount {
    /// Before their commission was settled.
    pub(crate) before: u64,
    /// After that.
    pub(crate) after: u64,
}

impl<'a> Shop<'a> {
    pub(crate) fn open(world: &'a World, purchases: &[Purchase]) -> Result<Self> {
        let mut catalog = Catalog::new(CURRENCY);
        let mut prices = HashSet::new();
        for (_, price) in purchases.iter().flat_map(Purchase::lines) {
            if prices.insert(price) {
                catalog.put(Sku::new(sku(price)?, price))?;
            }
        }
        let terms = Terms {
            pay_within_ms: Some(DAY_MS),
            receive_within_ms: Some(14 * DAY_MS),
            window_ms: WINDOW_DAYS * DAY_MS,
            release: Release::Automatic,
            ..Terms::default()
        };
        Ok(Self {
            tenant: Tenant::new("")?,
            plan: Plan::from_toml(PLAN)?,
            world,
            catalog,
            policy: Policy::new(PolicyDraft::default())?,
            terms,
            clerk: ExternalId::new("demo")?,
            on_record: HashSet::new(),
            refunds: RefundCount::default(),
            retained_change: 0,
        })
    }

    /// By how much refunds changed what the mall retained, as the engine said; zero or below.
    pub(crate) const fn retained_change(&self) -> i64 {
        self.retained_change
    }

    /// One purchase from cart to ledger.
    pub(crate) fn serve(&mut self, batch: &mut Batch<'_>, purchase: &Purchase) -> Result<()> {
        self.welcome(batch, purchase)?;
        let mut visit = Visit { id: OrderId::from(purchase.row), now: purchase.placed_at, steps: 0 };
        let placement = self.checkout(purchase)?;
        let lines: Vec<(u64, i64)> = placement.lines().iter().map(|line| (line.units, line.paid())).collect();
        let total = placement.total();
        self.act(batch, &mut visit, Action::Place(Arc::new(placement)))?;
        visit.wait(MINUTE_MS);
        if total > 0 {
            let capture = Action::Capture {
                transaction_id: transaction("pay", purchase)?,
                amount: total,
                method: None,
            };
            self.act(batch, &mut visit, capture)?;
        }
        let sale = self.order(batch, &visit)?.to_sale()?;
        let (outcome, frozen) = Frozen::settle(&self.plan, &sale)?;
        batch.earn(&outcome, &frozen, visit.now)?;
        visit.wait(DAY_MS);
        self.act(batch, &mut visit, Action::Ship(Parts::All.into()))?;
        visit.wait(3 * DAY_MS);
        self.act(batch, &mut visit, Action::Deliver(Parts::All.into()))?;
        let sent_back = self.world.refunds.of(purchase.row, &lines);
        if let Some(sent) = sent_back.filter(|sent| sent.moment == Moment::BeforeSettlement) {
            visit.wait(2 * DAY_MS);
            self.refunds.before += 1;
            self.refund(batch, &mut visit, purchase, sent)?;
        }
        self.complete(batch, &mut visit)?;
        if let Some(sent) = sent_back.filter(|sent| sent.moment == Moment::AfterSettlement) {
            visit.wait(14 * DAY_MS);
            self.refunds.after += 1;
            self.refund(batch, &mut visit, purchase, sent)?;
        }
        Ok(())
    }

    /// Puts a customer on record at the first purchase, with the inviter the model gives.
    fn welcome(&mut self, batch: &mut Batch<'_>, purchase: &Purchase) -> Result<()> {
        if !self.on_record.insert(purchase.customer) {
            return Ok(());
        }
        let (member, now) = (MemberId::from(purchase.customer), purchase.placed_at);
        batch.put_member(&self.tenant, &member, now)?;
        let forest = &self.world.forest;
        let inviter = forest.parent(self.member(purchase)?, Some(now));
        if inviter != MemberIx::NOBODY {
            batch.bind(&self.tenant, &member, Some(&MemberId::from(forest.id(inviter))), now)?;
        }
        Ok(())
    }

    fn member(&self, purchase: &Purchase) -> Result<MemberIx> {
        let unknown =
            || Error::new(Code::UnknownMember, format!("customer {} never joined", purchase.customer));
        self.world.forest.find(purchase.customer).ok_or_else(unknown)
    }

    /// Fills a cart, has it priced, and freezes who stands above the buyer.
    fn checkout(&self, purchase: &Purchase) -> Result<Placement> {
        let mut cart = Cart::default();
        for (line, (units, price)) in (1_u64..).zip(purchase.lines()) {
            cart.add(&self.catalog, LineId::from(line), sku(price)?, units)?;
        }
        let facts = PricingFacts { now: purchase.placed_at, ..PricingFacts::default() };
        let quote = quote(&cart, &self.catalog, &self.policy, &facts)?;
        let (forest, buyer) = (&self.world.forest, self.member(purchase)?);
        let upline = forest.upline(buyer, Some(purchase.placed_at)).take(2);
        let parties = Parties {
            buyer: forest.person(buyer),
            upline: upline.map(|ix| forest.person(ix)).collect(),
            roles: BTreeMap::new(),
            around: Around::default(),
            facts: Facts::new(),
        };
        Placement::from_quote(&quote, self.terms, Some(parties), Some(self.plan.hash().to_owned()))
    }

    /// Lets the after-sale window pass; the commission is confirmed.
    fn complete(&mut self, batch: &mut Batch<'_>, visit: &mut Visit) -> Result<()> {
        let due = self.order(batch, visit)?.deadlines().first().map(|deadline| deadline.at);
        visit.now =
            due.ok_or_else(|| Error::new(Code::Inconsistent, format!("order {} is not due", visit.id)))?;
        self.act(batch, visit, Action::Tick)?;
        batch.confirm(&self.sale(visit), visit.now)?;
        Ok(())
    }

    /// Gives a part of the money back, and takes the commission on it back.
    fn refund(
        &mut self,
        batch: &mut Batch<'_>,
        visit: &mut Visit,
        purchase: &Purchase,
        sent: SentBack,
    ) -> Result<()> {
        let refund_id = RefundId::new(&format!("refund-{}", purchase.row))?;
        let line = LineId::from(u64::try_from(sent.line + 1).unwrap_or(u64::MAX));
        let part = RefundPart { line, units: sent.units, amount: (sent.units == 0).then_some(sent.minor) };
        let reason = Reason::new("sent back")?;
        let request =
            RefundRequest { refund_id: refund_id.clone(), lines: vec![part], shipping: None, reason };
        let action = match sent.moment {
            Moment::BeforeSettlement => Action::RefundLines(request),
            Moment::AfterSettlement => Action::GrantRefund(request),
        };
        let grants = self.act(batch, visit, action)?;
        let taken =
            |grant: &Grant| Taken { line: grant.line.clone(), units: grant.units(), amount: grant.amount };
        let refund = commission::Refund { id: refund_id.clone(), lines: grants.iter().map(taken).collect() };
        self.retained_change += batch.reverse(&self.sale(visit), &refund, visit.now)?.retained_change;
        let amount = grants.iter().map(|grant| grant.amount).sum();
        visit.wait(MINUTE_MS);
        let transaction_id = transaction("refund", purchase)?;
        self.act(batch, visit, Action::RefundSucceeded { refund_id, transaction_id, amount })?;
        Ok(())
    }

    /// Sends a command and gives what it granted back, if anything.
    fn act(&mut self, batch: &mut Batch<'_>, visit: &mut Visit, action: Action) -> Result<Vec<Grant>> {
        visit.steps += 1;
        let envelope = Envelope {
            tenant: self.tenant.clone(),
            order_id: visit.id.clone(),
            expected_version: None,
            command_id: CommandId::from(visit.steps),
            actor: self.clerk.clone(),
            now: visit.now,
        };
        let appended = batch.handle(&Command::new(envelope, action))?;
        let mut grants = Vec::new();
        for event in appended.events {
            if let EventData::RefundGranted(granted) = event.data {
                grants = granted.taken.lines;
            }
        }
        Ok(grants)
    }

    fn order<'b>(&self, batch: &'b mut Batch<'_>, visit: &Visit) -> Result<&'b Order> {
        let missing = || Error::new(Code::NotFound, format!("order {} is not in the store", visit.id));
        batch.order(&self.tenant, &visit.id)?.ok_or_else(missing)
    }

    fn sale(&self, visit: &Visit) -> SaleKey {
        SaleKey { tenant: self.tenant.clone(), sale: visit.id.clone(), version: 1 }
    }
}

/// One order on its way.
struct Visit {
    id: OrderId,
    now: Timestamp,
    steps: u64,
}

impl Visit {
    const fn wait(&mut self, ms: i64) {
        self.now = Timestamp::from_ms(self.now.ms().saturating_add(ms));
    }
}

fn sku(price: i64) -> Result<SkuId> {
    SkuId::new(&format!("cd-{price}"))
}

fn transaction(what: &str, purchase: &Purchase) -> Result<TransactionId> {
    TransactionId::new(&format!("{what}-{}", purchase.row))
}
