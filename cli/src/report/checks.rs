//! What `verify` looked at, as sentences.

use super::words::{both, count};
use fenrun::counted;
use fenrun_store::Check;

/// What each check of a store proves, in English and Chinese.
const SENTENCES: [(&str, &str, &str); 22] = [
    ("file", "the pages of the file are sound", "文件页完好"),
    ("currencies", "the shop's own currencies are on record", "自定义货币均有记录"),
    ("log", "the events of orders replay and are chained by hash", "订单事件可重放，哈希链完整"),
    ("orders", "orders equal their replay", "订单与重放一致"),
    ("commands", "commands hold their events", "命令与其事件一致"),
    ("idle_commands", "commands that found nothing to do did nothing", "无事可做的命令没有任何动作"),
    ("members", "members and who invited them are chained by hash", "会员与邀请关系的哈希链完整"),
    ("binding_log", "the events of bindings are chained by hash", "绑定事件的哈希链完整"),
    ("bindings", "bindings equal their replay", "绑定与重放一致"),
    ("plans", "plans have the hash they are kept under", "方案与其哈希一致"),
    ("outcomes", "outcomes conserve", "分润结果守恒"),
    ("entries", "commissions equal their rows", "佣金与明细一致"),
    ("rows", "rows were posted", "明细已入账"),
    ("caps", "what caps have left follows from the outcomes", "封顶用量与分润结果一致"),
    ("journals", "journals balance", "分录借贷平衡"),
    ("balances", "balances equal their postings", "余额与分录一致"),
    ("wallets", "wallets equal their replay", "钱包与重放一致"),
    ("withdrawals", "withdrawals equal their replay", "提现与重放一致"),
    ("payouts", "payouts equal their replay", "打款与重放一致"),
    ("holds", "holds equal their replay", "冻结与重放一致"),
    ("adjustments", "adjustments equal their replay", "调账与重放一致"),
    ("transactions", "the providers' transactions are those of the wallets", "渠道流水与钱包一致"),
];

/// An item for each check that had something to look at. A check looks at some things more than once, so its
/// number counts looks and not things.
pub(super) fn checks(checks: &[Check]) -> String {
    checks.iter().filter(|check| check.checked() > 0 || check.faults() > 0).map(item).collect()
}

fn item(check: &Check) -> String {
    let (english, chinese) = sentences(check.name()).unwrap_or((check.name(), check.name()));
    let (class, mark) = if check.faults() == 0 { ("ok", "✓") } else { ("broken", "✗") };
    let (looks, faults) = (count(check.checked()), count(check.faults()));
    let noun = if check.checked() == 1 { "check" } else { "checks" };
    let (said, told) = match check.faults() {
        0 => (noun.to_owned(), "次检查".to_owned()),
        _ => (format!("{noun}, {}", counted(&faults, "fault")), format!("次检查，{faults} 处错误")),
    };
    let sentence = both(&format!("{said}: {english}"), &format!("{told}：{chinese}"));
    format!("<li class=\"{class}\"><i>{mark}</i><b>{looks}</b> {sentence}</li>")
}

fn sentences(name: &str) -> Option<(&'static str, &'static str)> {
    let found = SENTENCES.iter().find(|(known, ..)| *known == name);
    found.map(|(_, english, chinese)| (*english, *chinese))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fenrun_store::Store;

    #[test]
    fn every_check_of_a_store_has_a_sentence_in_both_languages() {
        let folder = tempfile::tempdir().unwrap();
        let report = Store::create(folder.path().join("s.db")).unwrap().verify().unwrap();
        let names: Vec<_> = report.checks().iter().map(Check::name).collect();
        assert_eq!(names, SENTENCES.map(|(name, ..)| name));
        for (name, english, chinese) in SENTENCES {
            assert!(
                english.contains(' ') && english.is_ascii() && !english.contains('_'),
                "{name}: {english}"
            );
            assert!(chinese.chars().all(|letter| !letter.is_ascii()), "{name}: {chinese}");
        }
        // Of a new store there are only its pages, and its plans and currencies are none.
        let shown = checks(report.checks());
        assert_eq!(shown.matches("<li").count(), report.checks().iter().filter(|c| c.checked() > 0).count());
        assert!(shown.contains("checks: the pages of the file are sound<"), "{shown}");
        assert!(shown.contains("次检查：文件页完好<") && !shown.contains("payouts"), "{shown}");
    }
}
