//! Distribution orders as documents.

use super::trade::with_envelope;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, OrderId};
use crate::money::Currency;
use crate::report::distribution::{DistributionOrders, Earned, Fact, Filter, SaleVersion};
use crate::reward::commission::{Frozen, Refund, reverse};
use crate::reward::plan::Plan;
use crate::time::Timestamp;
use crate::trade::order::{Command, OrderStream};
use std::collections::BTreeMap;

/// The orders and sales of a case, and the read model of what happened to them.
#[derive(Default)]
struct Shop {
    orders: BTreeMap<OrderId, OrderStream>,
    sales: BTreeMap<OrderId, (Frozen, Vec<Refund>)>,
    model: DistributionOrders,
}

pub(super) fn distribution(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "distribution")?;
    let steps = fields.list("given")?;
    let filter = Filter::from_node(fields.need("list")?)?;
    fields.finish()?;
    let mut shop = Shop::default();
    for (at, step) in steps.iter().enumerate() {
        shop.step(plan, step, at).map_err(|error| error.within(&format!("distribution: given[{at}]")))?;
    }
    Ok(shop.model.list(&filter)?.to_node())
}

impl Shop {
    fn step(&mut self, plan: &Plan, step: &Node, at: usize) -> Result<()> {
        let mut fields = Fields::new(step, "step")?;
        if fields.take("command").is_some() {
            return self.command(&with_envelope(step, at));
        }
        let fact = if let Some(id) = fields.id("earn")? {
            self.earn(plan, &id.into())?
        } else if let Some(id) = fields.id("confirm")? {
            Fact::Confirmed { sale: first(id.into()) }
        } else if let Some(id) = fields.id("release")? {
            Fact::Released { sale: first(id.into()), rule: fields.text("rule")?.map(str::to_owned) }
        } else if let Some(id) = fields.id("take_back")? {
            self.take_back(id.into(), Refund::from_node(fields.need("refund")?)?)?
        } else {
            Fact::PaidOut {
                member: MemberId::from(fields.need_id("pay_out")?),
                currency: fields.text("currency")?.map_or(Ok(plan.currency()), Currency::parse)?,
                amount: fields.need_int("amount")?,
                at: Timestamp::from_ms(fields.int("at")?.unwrap_or(0)),
            }
        };
        fields.finish()?;
        self.model.fold(&fact)
    }

    fn command(&mut self, command: &Node) -> Result<()> {
        let command = Command::from_node(command)?;
        let id = &command.header().order_id;
        let stream = match self.orders.entry(id.clone()) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(OrderStream::new("", id.as_str())?),
        };
        let handled = stream.handle(&command)?;
        if !handled.repeat {
            handled.events.iter().try_for_each(|event| self.model.fold(&Fact::Order(event.clone())))?;
        }
        Ok(())
    }

    fn earn(&mut self, plan: &Plan, id: &OrderId) -> Result<Fact> {
        let order = self.orders.get(id).ok_or_else(|| unknown(id))?;
        let (outcome, frozen) = Frozen::settle(plan, &order.order().to_sale()?)?;
        self.sales.insert(id.clone(), (frozen, Vec::new()));
        Ok(Fact::Earned(Earned::from(&outcome)))
    }

    fn take_back(&mut self, id: OrderId, refund: Refund) -> Result<Fact> {
        let (frozen, before) = self.sales.get_mut(&id).ok_or_else(|| unknown(&id))?;
        let reversal = reverse(frozen, before, &refund, None)?;
        before.push(refund.clone());
        Ok(Fact::taken_back(first(id), refund.id, &reversal))
    }
}

fn first(order: OrderId) -> SaleVersion {
    SaleVersion { order, version: 1 }
}

fn unknown(id: &OrderId) -> Error {
    Error::new(Code::NotFound, format!("order {id} is not among the orders of this case"))
}
