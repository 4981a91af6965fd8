//! What `diff` prints.

use crate::output::{grouped, pairs};
use fenrun::doc::Node;
use fenrun::money::Money;
use fenrun::reward::commission::{Language, Reason};
use fenrun::reward::compare::Comparison;
use fenrun::reward::plan::Plan;
use fenrun::{Code, Error, Result};
use std::path::PathBuf;

/// The answer in both forms.
pub(super) struct Summary<'a> {
    /// The first plan; over a store, where each sale has its own, none.
    pub(super) before: Option<&'a Plan>,
    pub(super) after: &'a Plan,
    pub(super) comparison: &'a Comparison,
    pub(super) top: usize,
}

impl Summary<'_> {
    /// Both sides conserve, and the causes explain the whole change.
    pub(super) fn check(&self) -> Result<()> {
        let (before, after) = (self.comparison.before(), self.comparison.after());
        let explained: i64 = self.comparison.causes().values().map(|sum| sum.more - sum.less).sum();
        let sums = [
            (before.pool, before.paid + before.kept()),
            (after.pool, after.paid + after.kept()),
            (after.paid - before.paid, explained),
        ];
        match sums.into_iter().find(|(left, right)| left != right) {
            None => Ok(()),
            Some((left, right)) => {
                let rule = format!("two sums that are equal by construction are {left} and {right}");
                Err(Error::new(Code::Inconsistent, rule))
            }
        }
    }

    pub(super) fn document(&self, written: &[PathBuf]) -> Node {
        let plan = |plan: &Plan| {
            let allowed = plan.allow().iter().map(|(id, reason)| (id.as_str(), Node::from(reason.as_str())));
            Node::map([
                ("name", Node::from(plan.name())),
                ("hash", plan.hash().into()),
                ("allowed", Node::map(allowed)),
            ])
        };
        let mut document = self.comparison.to_node();
        if let Node::Map(map) = &mut document {
            let written = written.iter().map(|path| path.display().to_string().into()).collect();
            map.insert("currency".into(), self.after.currency().code().into());
            map.insert(
                "plans".into(),
                Node::List(self.before.into_iter().chain([self.after]).map(plan).collect()),
            );
            map.insert("written".into(), Node::List(written));
        }
        document
    }

    pub(super) fn text(&self, language: Language, written: &[PathBuf]) -> String {
        let say = |english: &'static str, chinese: &'static str| match language {
            Language::English => english,
            Language::Chinese => chinese,
        };
        let (comparison, own) = (self.comparison, say("each sale's own", "每笔订单各自的方案"));
        let count = |value: u64| grouped(i64::try_from(value).unwrap_or(i64::MAX));
        let (before, after) = (comparison.before(), comparison.after());
        let mut rows = vec![
            (say("before", "原方案").to_owned(), self.before.map_or(own, Plan::name).to_owned()),
            (say("after", "新方案").to_owned(), self.after.name().to_owned()),
        ];
        for (name, events) in
            [(say("orders", "订单"), comparison.sales()), (say("periods", "结算期"), comparison.closes())]
        {
            if events != 0 || comparison.sales() + comparison.closes() == 0 {
                rows.push((name.to_owned(), count(events)));
            }
        }
        rows.extend([
            (say("that differ", "有差异").to_owned(), count(comparison.differing())),
            (say("pool", "分润池").to_owned(), self.sides(before.pool, after.pool)),
            (say("paid", "发放").to_owned(), self.sides(before.paid, after.paid)),
        ]);
        for reason in Reason::ALL {
            let of = |side: &fenrun::reward::compare::Side| side.retained.get(reason).copied().unwrap_or(0);
            if of(before) != 0 || of(after) != 0 {
                let name = match language {
                    Language::English => format!("retained {}", reason.name()),
                    Language::Chinese => format!("留存：{}", reason.sentence(language)),
                };
                rows.push((name, self.sides(of(before), of(after))));
            }
        }
        for (cause, sum) in comparison.causes() {
            let name = match language {
                Language::English => cause.english(),
                Language::Chinese => cause.chinese(),
            };
            let signs = format!("+{} −{}", self.money(sum.more), self.money(sum.less));
            rows.push((name.to_owned(), format!("{signs} ({})", count(sum.count))));
        }
        for (id, change) in comparison.ranking().into_iter().take(self.top) {
            rows.push((format!("{} {id}", say("member", "会员")), self.sides(change.before, change.after)));
        }
        for plan in self.before.into_iter().chain([self.after]) {
            let allowed = plan.allow().iter();
            rows.extend(
                allowed.map(|(id, reason)| (format!("{} {id}", say("allowed", "已允许")), reason.clone())),
            );
        }
        let paths = written.iter().map(|path| path.display().to_string());
        rows.extend(paths.map(|path| (say("written", "已写入").to_owned(), path)));
        pairs(&rows)
    }

    /// `10.00 → 12.50 CNY (+2.50)`.
    fn sides(&self, before: i64, after: i64) -> String {
        let change = after - before;
        let sign = if change > 0 { "+" } else { "−" };
        let apart = Money::new(change, self.after.currency()).to_decimal();
        let (from, to, apart) = (self.money(before), self.money(after), apart.trim_start_matches('-'));
        if change == 0 { format!("{to} =") } else { format!("{from} → {to} ({sign}{apart})") }
    }

    fn money(&self, minor: i64) -> String {
        Money::new(minor, self.after.currency()).to_decimal()
    }
}
