//! `fenrun statement`: what a member had, got and gave.

use crate::args::StatementArgs;
use crate::output::{Console, Ending, pairs};
use crate::table::Clock;
use fenrun::doc::Node;
use fenrun::id::MemberId;
use fenrun::ledger::{MemberAccount, Period, Statement};
use fenrun::money::{Currency, Money};
use fenrun::reward::commission::Language;
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use fenrun_store::{Store, Tenant};

pub(crate) fn run(args: &StatementArgs, console: &Console) -> Result<Ending> {
    let clock = Clock { unit: None, zone: args.time_zone };
    let (from, to) = clock.period(args.from.as_deref(), args.to.as_deref())?;
    let (tenant, member) = (Tenant::new(&args.tenant)?, MemberId::new(&args.member)?);
    let store = Store::open_to_read(&args.file)?;
    let currencies = store.currencies_of(&tenant, &member)?;
    if currencies.is_empty() {
        let rule = format!("{}: member {member} has no account", args.file.display());
        return Err(Error::new(Code::NotFound, rule));
    }
    let made = |currency: &Currency| {
        let period = Period { member: member.clone(), currency: *currency, from, to };
        store.statement(&tenant, period)
    };
    let statements = currencies.iter().map(made).collect::<Result<Vec<_>>>()?;
    let language = args.lang.into();
    let texts = || {
        statements.iter().map(|statement| text(statement, &clock, language)).collect::<Vec<_>>().join("\n")
    };
    console.answer(|| Node::List(statements.iter().map(Statement::to_node).collect()), texts)?;
    Ok(Ending::Fine)
}

fn text(statement: &Statement, clock: &Clock, language: Language) -> String {
    let period = statement.period();
    let (member, currency) = (&period.member, period.currency);
    let bound = |at: Option<Timestamp>| at.map_or_else(|| "…".to_owned(), |at| clock.show(at));
    let (from, to) = (bound(period.from), bound(period.to));
    let mut text = match language {
        Language::English => format!("statement of {member} in {currency}, {from} to {to}\n"),
        Language::Chinese => format!("{member} 的对账单（{currency}），{from} 至 {to}\n"),
    };
    let money = |minor: i64| Money::new(minor, currency).to_string();
    let mut rows = stands(statement, language, "opening", &money);
    for (name, english, chinese) in SUMS {
        if statement.sum(name) != 0 {
            rows.push((word(language, english, chinese).to_owned(), money(statement.sum(name))));
        }
    }
    rows.extend(stands(statement, language, "closing", &money));
    text.push_str(&pairs(&rows));
    for row in statement.rows() {
        let moves = row
            .moves
            .iter()
            .map(|(account, minor)| format!("{} {}", account_word(*account, language), money(*minor)));
        text.push_str(&format!(
            "{}  {}  {}\n",
            clock.show(row.at),
            row.reason,
            moves.collect::<Vec<_>>().join(", ")
        ));
    }
    text
}

/// The sums of a statement in the order people read them.
const SUMS: [(&str, &str, &str); 12] = [
    ("earned", "earned", "获得佣金"),
    ("confirmed", "  of all, confirmed", "　其中已确认"),
    ("released", "  of all, released", "　其中转可提现"),
    ("reversed", "taken back", "退款冲销"),
    ("adjusted", "adjusted", "人工调整"),
    ("requested", "withdrawals requested", "申请提现"),
    ("withdrawn", "paid out", "已打款"),
    ("fees", "fees", "手续费"),
    ("tax", "tax withheld", "代扣税"),
    ("other", "other journals", "其他"),
    ("debt_opened", "new debt", "新增欠款"),
    ("debt_repaid", "debt repaid", "偿还欠款"),
];

/// What stood on the accounts when the period began or ended, those at zero left out.
fn stands(
    statement: &Statement,
    language: Language,
    when: &str,
    money: &dyn Fn(i64) -> String,
) -> Vec<(String, String)> {
    let opening = when == "opening";
    let head =
        if opening { word(language, "opening", "期初") } else { word(language, "closing", "期末") };
    let line = |account: &MemberAccount| {
        let minor = if opening { statement.opening(*account) } else { statement.closing(*account) };
        (minor != 0).then(|| (format!("{head}, {}", account_word(*account, language)), money(minor)))
    };
    let lines: Vec<_> = MemberAccount::ALL.iter().filter_map(line).collect();
    if lines.is_empty() { vec![(head.to_owned(), money(0))] } else { lines }
}

const fn word(language: Language, english: &'static str, chinese: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}

const fn account_word(account: MemberAccount, language: Language) -> &'static str {
    match account {
        MemberAccount::Pending => word(language, "pending", "待结算"),
        MemberAccount::Confirmed => word(language, "confirmed", "已确认"),
        MemberAccount::Available => word(language, "available", "可提现"),
        MemberAccount::Reserved => word(language, "reserved", "提现中"),
        MemberAccount::Debt => word(language, "debt", "欠款"),
        MemberAccount::HeldPending => word(language, "held pending", "待结算（冻结）"),
        MemberAccount::HeldConfirmed => word(language, "held confirmed", "已确认（冻结）"),
        MemberAccount::HeldAvailable => word(language, "held available", "可提现（冻结）"),
    }
}
