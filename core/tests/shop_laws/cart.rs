//! A cart against a naive one, and merges that lose nothing.

use crate::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::id::{LineId, SkuId};
use fenrun::money::Currency;
use fenrun::trade::cart::{Buying, Cart, CartCommand, Done, Merged, Selection};
use fenrun::trade::catalog::{Catalog, QuantityRule, Shelf, Sku};
use std::collections::{BTreeMap, BTreeSet};

/// Id, SKU, units, selected.
type Line = (u64, u64, u64, bool);

/// A catalogue of three SKUs, the last one off the shelf, and what was bought before.
#[derive(Clone)]
struct World {
    rules: [QuantityRule; 3],
    bought: BTreeMap<SkuId, u64>,
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let mut rule = || {
            let step = 1 + dice.below(3);
            let min = step * dice.below(3);
            let max = (!dice.one_in(3)).then(|| min.max(step) + dice.below(8));
            let per_customer = (!dice.one_in(3)).then(|| min.max(step) + dice.below(12));
            QuantityRule { min, max, step, per_customer }
        };
        let rules = [rule(), rule(), rule()];
        let bought = BTreeMap::from([(SkuId::from(1), dice.below(5))]);
        Self { rules, bought }
    }

    fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::new(Currency::CNY);
        for (id, quantity) in (1..).zip(self.rules) {
            catalog.put(Sku { quantity, ..Sku::new(SkuId::from(id), 100) }).unwrap();
        }
        catalog.shelve(&SkuId::from(3), Shelf::Off).unwrap();
        catalog
    }

    /// Whether a line may hold so many units of a SKU, by trying the rule word by word.
    fn fits(&self, sku: u64, units: u64) -> bool {
        let rule = self.rules[usize::try_from(sku - 1).unwrap()];
        units >= 1 && units >= rule.min && rule.max.is_none_or(|max| units <= max) && units % rule.step == 0
    }

    fn allows(&self, sku: u64, all: u64) -> bool {
        let before = self.bought.get(&SkuId::from(sku)).copied().unwrap_or(0);
        let rule = self.rules[usize::try_from(sku - 1).unwrap()];
        rule.per_customer.is_none_or(|limit| all + before <= limit)
    }
}

fn shown(cart: &Cart) -> Vec<Line> {
    let number = |text: &str| text.parse::<u64>().unwrap();
    let line = |line: &fenrun::trade::cart::CartLine| {
        let selected = line.selection == Selection::Selected;
        (number(line.id.as_str()), number(line.sku.as_str()), line.units, selected)
    };
    cart.lines().iter().map(line).collect()
}

trait Carts {
    /// Carries one command out.
    fn handle(&self, cart: &mut Cart, world: &World, command: &CartCommand) -> bool;
    /// Merges a guest's cart.
    fn merge(&self, cart: &mut Cart, world: &World, guest: &Cart) -> Merged;
}

struct Engine;

impl Carts for Engine {
    fn handle(&self, cart: &mut Cart, world: &World, command: &CartCommand) -> bool {
        let catalog = world.catalog();
        let buying = Buying { catalog: &catalog, tier: None, bought: Some(&world.bought) };
        cart.handle(buying, command).is_ok()
    }

    fn merge(&self, cart: &mut Cart, world: &World, guest: &Cart) -> Merged {
        let catalog = world.catalog();
        let buying = Buying { catalog: &catalog, tier: None, bought: Some(&world.bought) };
        match cart.handle(buying, &CartCommand::Merge(guest.clone())).unwrap() {
            Done::Merged(merged) => merged,
            Done::Plain => panic!("a merge has a report"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    AddReplaces,
    AddSelects,
    LimitForgetsThePast,
    LimitForgetsOtherLines,
    StepIsIgnored,
    MaxIsIgnored,
    SelectSelectsAll,
    RemoveClears,
    LeftOverIsForgotten,
    GuestIsForgotten,
    GuestCountsTwice,
    OwnLinesShrink,
    NothingFits,
    SecondLineIsForgotten,
}

struct Mutant(Fault);

impl Mutant {
    /// The world as the fault sees it.
    fn world(&self, world: &World) -> World {
        let mut world = world.clone();
        match self.0 {
            Fault::LimitForgetsThePast => world.bought.clear(),
            Fault::StepIsIgnored => world.rules.iter_mut().for_each(|rule| rule.step = 1),
            Fault::MaxIsIgnored => world.rules.iter_mut().for_each(|rule| rule.max = None),
            _ => {}
        }
        world
    }
}

impl Carts for Mutant {
    fn handle(&self, cart: &mut Cart, world: &World, command: &CartCommand) -> bool {
        let world = self.world(world);
        let held = |id: &LineId| cart.lines().iter().find(|line| line.id == *id);
        match (self.0, command) {
            (Fault::AddReplaces, CartCommand::Add { line, sku, units })
                if held(line).is_some_and(|held| held.sku == *sku) =>
            {
                Engine.handle(cart, &world, &CartCommand::Change { line: line.clone(), units: *units })
            }
            (Fault::AddSelects, CartCommand::Add { line, .. }) => {
                let done = Engine.handle(cart, &world, command);
                if done {
                    cart.select(line, Selection::Selected).unwrap();
                }
                done
            }
            (Fault::LimitForgetsOtherLines, CartCommand::Add { line, .. }) => {
                let others: Vec<_> = cart.lines().iter().filter(|held| held.id != *line).cloned().collect();
                let mut alone = cart.clone();
                others.iter().for_each(|other| alone.remove(&other.id).unwrap());
                let done = Engine.handle(&mut alone, &world, command);
                if done {
                    let mut lines = others;
                    lines.extend(alone.lines().iter().cloned());
                    *cart = of(lines.iter().map(|line| {
                        let number = |text: &str| text.parse::<u64>().unwrap();
                        let selected = line.selection == Selection::Selected;
                        (number(line.id.as_str()), number(line.sku.as_str()), line.units, selected)
                    }));
                }
                done
            }
            (Fault::SelectSelectsAll, CartCommand::Select { line: Some(_), selection }) => {
                let done = Engine.handle(cart, &world, command);
                if done {
                    cart.select_all(*selection);
                }
                done
            }
            (Fault::RemoveClears, CartCommand::Remove { .. }) => {
                let done = Engine.handle(cart, &world, command);
                if done {
                    cart.clear();
                }
                done
            }
            _ => Engine.handle(cart, &world, command),
        }
    }

    fn merge(&self, cart: &mut Cart, world: &World, guest: &Cart) -> Merged {
        let world = self.world(world);
        let before = cart.clone();
        let mut merged = Engine.merge(cart, &world, guest);
        match self.0 {
            Fault::LeftOverIsForgotten => merged.left_over.clear(),
            Fault::GuestIsForgotten => *cart = before,
            Fault::GuestCountsTwice => merged.left_over.extend(Engine.merge(cart, &world, guest).left_over),
            Fault::OwnLinesShrink => {
                if let Some(first) = before.lines().first() {
                    let _ = cart.remove(&first.id);
                }
            }
            Fault::SecondLineIsForgotten => {
                let mut seen = BTreeSet::new();
                let (first, others): (Vec<Line>, Vec<Line>) =
                    shown(&before).into_iter().partition(|line| seen.insert(line.1));
                let mut world = world.clone();
                for (_, sku, units, _) in &others {
                    *world.bought.entry(SkuId::from(*sku)).or_default() += units;
                }
                let guest = of(shown(guest).into_iter().map(|line| (line.0 + 100, line.1, line.2, line.3)));
                let mut alone = of(first);
                merged = Engine.merge(&mut alone, &world, &guest);
                *cart = of(shown(&alone).into_iter().chain(others));
            }
            Fault::NothingFits => {
                *cart = before;
                merged.left_over = guest
                    .lines()
                    .iter()
                    .map(|line| fenrun::trade::cart::LeftOver {
                        line: line.id.clone(),
                        sku: line.sku.clone(),
                        units: line.units,
                        why: fenrun::trade::cart::Why::Quantity,
                    })
                    .collect();
            }
            _ => {}
        }
        merged
    }
}

fn of(lines: impl IntoIterator<Item = Line>) -> Cart {
    use fenrun::doc::Node;
    let int = |value: u64| Node::Int(i64::try_from(value).unwrap());
    let line = |(id, sku, units, selected): Line| {
        Node::map([("id", int(id)), ("sku", int(sku)), ("units", int(units)), ("selected", selected.into())])
    };
    let lines = Node::List(lines.into_iter().map(line).collect());
    Cart::from_node(&Node::map([("lines", lines)])).unwrap()
}

fn command(dice: &mut Dice) -> CartCommand {
    let line = LineId::from(1 + dice.below(4));
    let units = dice.below(8);
    let selection = if dice.one_in(2) { Selection::Waiting } else { Selection::Selected };
    match dice.below(12) {
        0..6 => CartCommand::Add { line, sku: SkuId::from(1 + dice.below(4)), units },
        6..8 => CartCommand::Change { line, units },
        8 => CartCommand::Remove { line },
        9 => CartCommand::Select { line: None, selection },
        10 if dice.one_in(4) => CartCommand::Clear,
        _ => CartCommand::Select { line: Some(line), selection },
    }
}

/// The same command on a list of lines.
fn naive(lines: &mut Vec<Line>, world: &World, command: &CartCommand) -> bool {
    let number = |text: &str| text.parse::<u64>().unwrap();
    let at = |lines: &[Line], id: &LineId| lines.iter().position(|line| line.0 == number(id.as_str()));
    let set = |lines: &mut Vec<Line>,
               place: Option<usize>,
               (id, sku, before, units): (u64, u64, u64, u64)| {
        let all: u64 = lines.iter().filter(|line| line.1 == sku).map(|line| line.2).sum();
        let known = (1..=2).contains(&sku);
        if !known || !world.fits(sku, units) || (units > before && !world.allows(sku, all - before + units)) {
            return false;
        }
        match place {
            Some(at) => lines[at].2 = units,
            None => lines.push((id, sku, units, true)),
        }
        lines.sort_unstable();
        true
    };
    match command {
        CartCommand::Add { line, sku, units } => {
            let (place, sku) = (at(lines, line), number(sku.as_str()));
            let before = place.map_or(0, |at| lines[at].2);
            place.is_none_or(|at| lines[at].1 == sku)
                && set(lines, place, (number(line.as_str()), sku, before, before + units))
        }
        CartCommand::Change { line, units } => at(lines, line).is_some_and(|place| {
            let (id, sku, before, _) = lines[place];
            set(lines, Some(place), (id, sku, before, *units))
        }),
        CartCommand::Remove { line } => at(lines, line).map(|at| lines.remove(at)).is_some(),
        CartCommand::Select { line: None, selection } => {
            lines.iter_mut().for_each(|line| line.3 = *selection == Selection::Selected);
            true
        }
        CartCommand::Select { line: Some(line), selection } => {
            at(lines, line).map(|at| lines[at].3 = *selection == Selection::Selected).is_some()
        }
        CartCommand::Clear => {
            lines.clear();
            true
        }
        CartCommand::Merge(_) | CartCommand::Refresh => panic!("not among the commands of this law"),
    }
}

fn sequences(carts: &dyn Carts, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let world = World::new(&mut dice);
    let (mut cart, mut lines) = (Cart::default(), Vec::new());
    let mut accepted = 0;
    for _ in 0..40 {
        let command = command(&mut dice);
        let before = cart.clone();
        let got = carts.handle(&mut cart, &world, &command);
        let wanted = naive(&mut lines, &world, &command);
        need(got == wanted, || format!("{command:?}: accepted {got}, not {wanted}"))?;
        need(shown(&cart) == lines, || format!("{command:?}: {:?}, not {lines:?}", shown(&cart)))?;
        need(got || cart == before, || format!("{command:?} was refused and changed the cart"))?;
        accepted += u32::from(got);
    }
    Ok(if accepted > 5 { Bearing::Tested } else { Bearing::Beside })
}

/// A cart that keeps the rules.
fn kept(dice: &mut Dice, world: &World, commands: u64) -> Cart {
    let mut cart = Cart::default();
    for _ in 0..commands {
        let _ = Engine.handle(&mut cart, world, &command(dice));
    }
    cart
}

fn merges(carts: &dyn Carts, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let world = World::new(&mut dice);
    let member = kept(&mut dice, &world, 12);
    // A guest bought under other rules, and may hold what is gone.
    let guest =
        of((0..dice.below(5)).map(|at| (1 + at, 1 + dice.below(4), 1 + dice.below(9), dice.one_in(2))));
    let mut after = member.clone();
    let merged = carts.merge(&mut after, &world, &guest);
    let sum = |cart: &Cart, sku: &SkuId| cart.units(sku);
    for sku in (1..=4).map(SkuId::from) {
        let left: u64 = merged.left_over.iter().filter(|left| left.sku == sku).map(|left| left.units).sum();
        let (had, has) = (sum(&member, &sku) + sum(&guest, &sku), sum(&after, &sku) + left);
        need(had == has, || format!("SKU {sku}: {had} units before, {has} after"))?;
        let number = sku.as_str().parse::<u64>().unwrap();
        if number > 2 {
            continue;
        }
        let all = sum(&after, &sku);
        let grew = all > sum(&member, &sku);
        need(!grew || world.allows(number, all), || format!("SKU {sku}: {all} units, beyond the limit"))?;
        // What is left over of a single line really has no place: no larger quantity is allowed.
        let single = guest.lines().iter().filter(|line| line.sku == sku).count() == 1;
        if left > 0 && single {
            let own = after.lines().iter().filter(|line| line.sku == sku).map(|line| line.units);
            let count = |cart: &Cart| cart.lines().iter().filter(|line| line.sku == sku).count();
            // On one of its lines, or on a new one where there is none.
            let new = (count(&after) == 0).then_some(0);
            for held in own.chain(new) {
                let more = (1..=left)
                    .find(|more| world.fits(number, held + more) && world.allows(number, all + more));
                need(more.is_none(), || format!("SKU {sku}: {more:?} more units would fit beside {held}"))?;
            }
        }
    }
    for line in member.lines() {
        let now = after.lines().iter().find(|now| now.id == line.id).map_or(0, |now| now.units);
        need(now >= line.units, || format!("line {} shrank to {now}", line.id))?;
    }
    for line in after.lines() {
        let sku = line.sku.as_str().parse::<u64>().unwrap();
        need(sku < 3 && world.fits(sku, line.units), || format!("line {} breaks its rule", line.id))?;
    }
    Ok(if guest.lines().is_empty() { Bearing::Beside } else { Bearing::Tested })
}

#[test]
fn a_cart_is_what_its_commands_made_of_it() {
    use Fault::{
        AddReplaces, AddSelects, LimitForgetsOtherLines, LimitForgetsThePast, MaxIsIgnored, RemoveClears,
        SelectSelectsAll, StepIsIgnored,
    };
    let law = Law::<dyn Carts, Fault> {
        name: "cart",
        holds: sequences,
        suspects: &[
            AddReplaces,
            AddSelects,
            LimitForgetsThePast,
            LimitForgetsOtherLines,
            StepIsIgnored,
            MaxIsIgnored,
            SelectSelectsAll,
            RemoveClears,
        ],
    };
    law.prove(&[("the engine", &Engine)], |fault| Box::new(Mutant(fault)));
}

#[test]
fn a_merge_loses_nothing() {
    use Fault::{
        GuestCountsTwice, GuestIsForgotten, LeftOverIsForgotten, LimitForgetsThePast, MaxIsIgnored,
        NothingFits, OwnLinesShrink, SecondLineIsForgotten, StepIsIgnored,
    };
    let law = Law::<dyn Carts, Fault> {
        name: "merge",
        holds: merges,
        suspects: &[
            LeftOverIsForgotten,
            GuestIsForgotten,
            GuestCountsTwice,
            OwnLinesShrink,
            NothingFits,
            SecondLineIsForgotten,
            LimitForgetsThePast,
            MaxIsIgnored,
            StepIsIgnored,
        ],
    };
    law.prove(&[("the engine", &Engine)], |fault| Box::new(Mutant(fault)));
}
