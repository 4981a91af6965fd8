//! `fenrun explain --quote`: the trace of a quote, one line a rule, for people.

use crate::files::read_text;
use crate::output::{Console, Ending};
use fenrun::Result;
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::money::Money;
use fenrun::reward::commission::Language;
use fenrun::trade::pricing::{Entry, Per, Quote, QuoteLine, Verdict};
use std::path::Path;

/// A text in English and Chinese.
type Words = (&'static str, &'static str);

const STAGES: &[(i64, Words)] = &[
    (1, ("base price", "基础价格")),
    (2, ("line rule", "单品规则")),
    (3, ("cart rule", "整单规则")),
    (4, ("coupon", "优惠券")),
    (5, ("points", "积分抵扣")),
    (6, ("shipping", "运费")),
    (7, ("shipping rule", "运费规则")),
    (8, ("tax", "税")),
    (9, ("cash rounding", "抹零")),
];

const VERDICTS: &[(Verdict, Words)] = &[
    (Verdict::Applied, ("applied", "已生效")),
    (Verdict::Included, ("the price holds it already", "已含在价格中")),
    (Verdict::Free, ("the delivery is free", "本次配送包邮")),
    (Verdict::BelowThreshold, ("the goods in its scope are below its threshold", "适用商品未达到金额门槛")),
    (Verdict::TooFewUnits, ("there are too few units in its scope", "适用商品件数不足")),
    (Verdict::OutOfScope, ("no line is in its scope", "没有适用的商品")),
    (Verdict::NotStarted, ("it has not started", "尚未开始")),
    (Verdict::Expired, ("it is over", "已结束")),
    (Verdict::OtherTier, ("the buyer's tier may not have it", "买家的会员等级不适用")),
    (Verdict::UsedUp, ("it was given as often as it may be", "已领完")),
    (Verdict::UsedUpByCustomer, ("this customer had it as often as one may", "该买家已达使用上限")),
    (Verdict::BudgetExceeded, ("it would exceed its budget", "超出活动预算")),
    (Verdict::Beaten, ("another rule of its group takes off more", "同组有更优惠的规则")),
    (Verdict::Stopped, ("a rule of its group was the last one", "同组规则已生效，不再叠加")),
    (Verdict::NotWith, ("it does not go together with a rule that applied", "与已生效的规则互斥")),
    (Verdict::UnknownCoupon, ("no rule has this coupon's id", "没有这张优惠券对应的规则")),
    (Verdict::NoGift, ("the gift cannot be had", "赠品无法提供")),
    (Verdict::OverLimit, ("the gift would be more than one may have", "赠品超出限购数量")),
    (
        Verdict::NoDelivery,
        ("the gift would need a delivery of its own, which is not free", "赠品需单独配送且不包邮"),
    ),
    (
        Verdict::TooFewPoints,
        ("fewer points may be used than were asked for, or than the least", "可用积分不足"),
    ),
];

const PERS: &[(Per, Words)] = &[
    (Per::Cart, ("", "")),
    (Per::Line, (" for each line", "（逐行）")),
    (Per::Unit, (" for each unit", "（逐件）")),
    (Per::Delivery, (" for each delivery", "（逐单配送）")),
];

/// The texts of a line that is not about one word alone.
struct Phrases {
    lang: usize,
}

impl Phrases {
    const fn pick(&self, words: Words) -> &'static str {
        if self.lang == 0 { words.0 } else { words.1 }
    }

    fn of<T: PartialEq>(&self, table: &[(T, Words)], key: &T) -> &'static str {
        table.iter().find(|(known, _)| known == key).map_or("", |(_, words)| self.pick(*words))
    }
}

pub(crate) fn run(path: &Path, language: Language, console: &Console) -> Result<Ending> {
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let node = doc::read_json(&text, MAX_DOCUMENT_BYTES);
    let quote = node.and_then(|node| Quote::from_node(&node));
    let quote = quote.map_err(|error| error.within(&path.display().to_string()))?;
    let lines = explain(&quote, language);
    let document = || {
        let list = lines.iter().map(|line| Node::from(line.as_str())).collect();
        Node::map([("quote", quote.to_node()), ("explanation", Node::List(list))])
    };
    console.answer(document, || lines.join("\n"))?;
    Ok(Ending::Fine)
}

fn explain(quote: &Quote, language: Language) -> Vec<String> {
    let phrases = Phrases { lang: usize::from(matches!(language, Language::Chinese)) };
    let mut lines: Vec<String> =
        quote.trace().iter().map(|entry| entry_text(quote, entry, &phrases)).collect();
    let sums: [(Words, i64); 6] = [
        (("goods", "商品"), quote.lines().iter().map(|line| line.sold.paid()).sum()),
        (("shipping", "运费"), quote.shipping()),
        (("added tax", "价外税"), quote.added_tax()),
        (("cash rounding", "抹零"), quote.rounding()),
        (("to pay", "应付"), quote.total()),
        (("before discounts", "优惠前"), quote.subtotal()),
    ];
    let shown =
        sums.iter().map(|(words, minor)| format!("{} {}", phrases.pick(*words), decimal(quote, *minor)));
    lines.push(format!("{} {}", shown.collect::<Vec<_>>().join(" · "), quote.currency()));
    let until = phrases.pick(("valid until", "有效期至"));
    let policy = phrases.pick(("policy", "价格政策"));
    lines.push(format!("{policy} {} · {until} {}", quote.policy_version(), quote.valid_until()));
    lines
}

/// `3 cart rule `ten`: 300.00 × 1/10 (half_away) = 30.00; 300.00 → 270.00; line 1 −30.00`.
fn entry_text(quote: &Quote, entry: &Entry, phrases: &Phrases) -> String {
    let colon = phrases.pick((": ", "："));
    let stage = phrases.of(STAGES, &entry.stage);
    let version = if entry.version == 1 { String::new() } else { format!(" v{}", entry.version) };
    let head = format!("{} {stage} `{}`{version}{colon}", entry.stage, entry.rule);
    let why = phrases.of(VERDICTS, &entry.verdict);
    if !matches!(entry.verdict, Verdict::Applied | Verdict::Included) {
        return format!("{head}{} — {why}", phrases.pick(("not charged or not applied", "未计入")));
    }
    let mut parts = vec![formula(quote, entry, phrases)];
    parts.extend(fractions(quote, entry, phrases));
    parts.push(format!("{} → {}", decimal(quote, entry.before), decimal(quote, entry.after)));
    let shares = quote.lines().iter().zip(&entry.shares).filter(|(_, share)| **share != 0);
    let sign = if matches!(entry.stage, 2..=5 | 7) { "−" } else { "" };
    let line = phrases.pick(("line", "行"));
    let shares: Vec<String> =
        shares.map(|(of, share)| format!("{line} {} {sign}{}", of.sold.id, decimal(quote, *share))).collect();
    if !shares.is_empty() {
        parts.push(shares.join(phrases.pick((", ", "，"))));
    }
    if entry.unallocated != 0 {
        let left = phrases.pick(("no line could take", "无法分摊"));
        parts.push(format!("{left} {}", decimal(quote, entry.unallocated)));
    }
    if entry.units != 0 && entry.stage != 5 {
        parts.push(format!(
            "{} {}{}",
            entry.units,
            phrases.pick(("units", "件")),
            gift(quote, entry, phrases)
        ));
    }
    if entry.verdict == Verdict::Included {
        parts.push(why.to_owned());
    }
    format!("{head}{}", parts.join(phrases.pick(("; ", "；"))))
}

/// What is given, where the rule gives something.
fn gift(quote: &Quote, entry: &Entry, phrases: &Phrases) -> String {
    let stands_on = |line: &&QuoteLine| {
        let id = line.sold.id.as_str().strip_prefix("gift-");
        line.price == "gift" && id == Some(entry.rule.as_str())
    };
    let given = quote.lines().iter().find(stands_on).filter(|_| entry.stage != 6);
    given.map_or_else(String::new, |line| format!("{}{}", phrases.pick((" of the gift ", "赠品 ")), line.sku))
}

/// `of line 1 count 1 of 3 units`, where that is a fraction of what the line costs.
fn fractions(quote: &Quote, entry: &Entry, phrases: &Phrases) -> Option<String> {
    let lines = quote.lines().iter().zip(&entry.parts).filter(|(_, part)| part.units < part.of);
    let said = lines.map(|(line, part)| match phrases.lang {
        0 => format!("of line {} count {} of {} units", line.sold.id, part.units, part.of),
        _ => format!("行 {} 计 {} 件中的 {} 件", line.sold.id, part.of, part.units),
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join(phrases.pick((", ", "，"))))
}

/// Basis × rate, how it was rounded, and what it may be at most.
fn formula(quote: &Quote, entry: &Entry, phrases: &Phrases) -> String {
    let amount = entry.shares.iter().sum::<i64>().saturating_add(entry.unallocated);
    let basis = if entry.stage == 5 { entry.basis.to_string() } else { decimal(quote, entry.basis) };
    let rate = match (entry.numerator, entry.denominator) {
        (1, 1) => return format!("{basis}{}", phrases.of(PERS, &entry.per)),
        (numerator, 1) => numerator.to_string(),
        (numerator, denominator) => format!("{numerator}/{denominator}"),
    };
    let rounding = entry.rounding.name();
    if entry.stage == 9 {
        let to = decimal(quote, entry.denominator);
        return format!("{} {to} ({rounding})", phrases.pick(("to multiples of", "取整到")));
    }
    let most = entry.ceiling.map_or_else(String::new, |ceiling| {
        format!("{} {}", phrases.pick((", at most", "，封顶")), decimal(quote, ceiling))
    });
    let per = phrases.of(PERS, &entry.per);
    format!("{basis} × {rate}{per} ({rounding}){most} = {}", decimal(quote, amount))
}

fn decimal(quote: &Quote, minor: i64) -> String {
    Money::new(minor, quote.currency()).to_decimal()
}

#[cfg(test)]
mod tests {
    use super::{PERS, STAGES, VERDICTS};
    use fenrun::trade::pricing::{Per, Stage, Verdict};

    #[test]
    fn every_word_has_both_languages() {
        for verdict in Verdict::ALL {
            let words = VERDICTS.iter().find(|(known, _)| known == verdict).unwrap().1;
            assert!(!words.0.is_empty() && !words.1.is_ascii(), "{}", verdict.name());
        }
        for per in Per::ALL {
            assert!(PERS.iter().any(|(known, _)| known == per), "{}", per.name());
        }
        for stage in Stage::ALL {
            assert!(STAGES.iter().any(|(number, _)| *number == stage.number()), "{}", stage.name());
        }
    }
}
