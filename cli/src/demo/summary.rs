//! What the demo prints.

use super::Run;
use super::figures::{Equation, Figures};
use super::purchases::CURRENCY;
use crate::commands::verify::checks;
use crate::output::{grouped, pairs, tenths};
use fenrun::counted;
use fenrun::doc::Node;
use fenrun::money::Money;
use std::time::Duration;

/// How many of the top distributors are shown.
const TOP: usize = 10;

/// The numbers of a run, ready to be printed.
pub(super) struct Summary<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) figures: &'a Figures,
}

impl Summary<'_> {
    /// Whether every equation holds and the store verifies.
    pub(super) fn is_sound(&self) -> bool {
        self.run.verified.is_clean()
            && self.equations().iter().all(|equation| equation.left == equation.right)
    }

    fn equations(&self) -> Vec<Equation> {
        self.figures.equations(self.run.purchases)
    }

    pub(super) fn text(&self) -> String {
        let (run, figures) = (self.run, self.figures);
        let world = run.world;
        let mut text =
            String::from("CDNOW has no referrals; a model attaches each customer at the first purchase:\n");
        text.push_str(&format!(
            "  alone with {}; else to an earlier customer, with {} by 1 + number already invited,\n  \
             else to any of them alike. {} are distributors, {} of purchases come back in part. Seed {}.\n\n",
            world.growth.alone(),
            world.growth.preferential(),
            world.distributors,
            world.refunds.share(),
            world.seed
        ));
        let refunds = format!(
            "{} in {}",
            money(figures.refunded),
            counted(grouped(wide(figures.refunded_orders)), "order")
        );
        let mut rows = vec![
            row("orders", grouped(wide(figures.orders))),
            row("turnover", money(figures.turnover)),
            row("refunds", refunds),
            row("pool offered by the plan", money(figures.pool)),
        ];
        for (number, level) in &figures.levels {
            let value = format!("{} in {}", money(level.minor), counted(grouped(wide(level.rows)), "row"));
            rows.push(row(&format!("  paid at level {number}"), value));
        }
        for (reason, minor) in figures.reasons() {
            rows.push(row(&format!("  retained, {}", reason.name()), money(minor)));
        }
        let reversed = format!(
            "{} in {}",
            money(figures.reversed),
            counted(grouped(wide(figures.reversal_rows)), "row")
        );
        rows.push(row("refunds: taken back from members", reversed));
        rows.push(row("refunds: no longer retained", money(figures.kept - figures.retained_sum())));
        rows.push(row("stands for members", money(figures.standing())));
        rows.push(row("stays with the shop", money(figures.kept)));
        text.push_str(&pairs(&rows));
        text.push_str("\ntop distributors\n");
        text.push_str(&pairs(&self.top()));
        text.push_str("\nconservation, to the cent\n");
        text.push_str(&pairs(&self.conservation()));
        text.push_str("\nverify\n");
        text.push_str(&pairs(&self.verified()));
        text.push('\n');
        let size = format!("{} MB, {}", tenths(wide(run.size), 1_000_000), run.database.display());
        let page = run.page.display().to_string();
        let speed = format!("{} in {}", grouped(wide(run.speed(figures))), seconds(run.took));
        text.push_str(&pairs(&[row("orders per second", speed), row("database", size), row("report", page)]));
        text
    }

    fn top(&self) -> Vec<(String, String)> {
        let line = |(place, earner): (usize, &super::figures::Earner)| {
            let value = format!(
                "customer {}: {} in {}",
                earner.customer,
                money(earner.minor),
                counted(earner.rows, "row")
            );
            row(&format!("  {place:>2}"), value)
        };
        (1..).zip(self.figures.earners.iter().take(TOP)).map(line).collect()
    }

    fn conservation(&self) -> Vec<(String, String)> {
        let line = |equation: Equation| {
            let value = if equation.left == equation.right {
                format!("ok  {}", money(equation.left))
            } else {
                format!("BROKEN  {} against {}", money(equation.left), money(equation.right))
            };
            row(&format!("  {}", equation.text), value)
        };
        self.equations().into_iter().map(line).collect()
    }

    fn verified(&self) -> Vec<(String, String)> {
        checks(&self.run.verified).into_iter().map(|(name, value)| (format!("  {name}"), value)).collect()
    }

    pub(super) fn document(&self) -> Node {
        let (run, figures) = (self.run, self.figures);
        let levels =
            figures.levels.iter().map(|(number, level)| (number.to_string(), Node::Int(level.minor)));
        let top = figures.earners.iter().take(TOP).map(|earner| {
            Node::map([("customer", Node::Int(wide(earner.customer))), ("minor", earner.minor.into())])
        });
        let equations = self.equations().into_iter().map(|equation| {
            Node::map([
                ("text", Node::from(equation.text)),
                ("left", equation.left.into()),
                ("right", equation.right.into()),
            ])
        });
        let events = figures.events.iter().map(|(name, count)| (name.as_str(), Node::Int(wide(*count))));
        let lives = figures.lives.iter().map(|(life, count)| (life.as_str(), Node::Int(wide(*count))));
        Node::map([
            ("seed", Node::Int(i64::try_from(run.world.seed).unwrap_or(i64::MAX))),
            ("currency", CURRENCY.code().into()),
            ("orders", wide(figures.orders).into()),
            ("turnover", figures.turnover.into()),
            ("refunded", figures.refunded.into()),
            ("pool", figures.pool.into()),
            ("levels", Node::map(levels)),
            ("retained", Node::map(figures.reasons().map(|(reason, minor)| (reason.name(), minor.into())))),
            ("reversed", figures.reversed.into()),
            ("standing", figures.standing().into()),
            ("kept", figures.kept.into()),
            ("pool_left", figures.pool_left.into()),
            ("top", Node::List(top.collect())),
            ("equations", Node::List(equations.collect())),
            ("lives", Node::map(lives)),
            ("events", Node::map(events)),
            ("verify", run.verified.to_node()),
            ("milliseconds", i64::try_from(run.took.as_millis()).unwrap_or(i64::MAX).into()),
            ("orders_per_second", wide(run.speed(figures)).into()),
            ("bytes", wide(run.size).into()),
            ("database", run.database.display().to_string().into()),
            ("report", run.page.display().to_string().into()),
        ])
    }
}

fn row(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

/// An amount with its thousands apart.
fn money(minor: i64) -> String {
    let money = Money::new(minor, CURRENCY).to_decimal();
    let (whole, cents) = money.split_once('.').unwrap_or((&money, "00"));
    let sign = if minor < 0 { "-" } else { "" };
    let whole = whole.trim_start_matches('-').parse().map_or_else(|_| whole.to_owned(), grouped);
    format!("{sign}{whole}.{cents} {CURRENCY}")
}

fn wide(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn seconds(took: Duration) -> String {
    format!("{} s", tenths(i64::try_from(took.as_millis()).unwrap_or(i64::MAX), 1000))
}
