//! One event in words.

use super::Words;
use crate::id::{ExternalId, LineId};
use crate::trade::fulfilment::Fulfilment;
use crate::trade::order::action::Part;
use crate::trade::order::case::{CaseMove, ReturnedPart};
use crate::trade::order::command::Reason;
use crate::trade::order::event_data::{EventData, Granted};
use crate::trade::order::placement::Placement;
use crate::trade::order::shipment::Tracking;
use crate::trade::order::state::Order;
use crate::trade::order::taken::TakenBack;

/// The most lines one sentence names.
const MAX_NAMED: usize = 12;

/// An event on its way into words, with the order it led to.
pub(super) struct Sentence<'a> {
    pub(super) words: Words,
    pub(super) after: &'a Order,
}

impl Sentence<'_> {
    /// What happened.
    pub(super) fn of(&self, data: &EventData) -> String {
        let words = self.words;
        match data {
            EventData::OrderPlaced(placement) => self.placed(words.say("placed ", "下单 "), placement),
            EventData::OrderEdited { placement, sale_version } => {
                let (head, tail) = (words.say("edited to version ", "修改为第 "), words.say(": ", " 版："));
                let head = format!("{head}{sale_version}{tail}");
                self.placed(&head, placement)
            }
            EventData::OrderReleased => words.say("released to the warehouse", "放行至仓库").to_owned(),
            EventData::OrderHeld { reason } => because(words.say("held back", "挂起"), reason),
            EventData::OrderUnheld => words.say("no longer held back", "解除挂起").to_owned(),
            EventData::OrderCancelled { reason } => because(words.say("cancelled", "取消订单"), reason),
            EventData::OrderExpired => words.say("not paid in time", "超时未支付").to_owned(),
            EventData::OrderCompleted => words.say("the after-sale window is over", "售后期满").to_owned(),
            EventData::GoodsShipped { shipment_id, lines, tracking, .. } => {
                let id = format!("{} {shipment_id}", words.say("shipment", "包裹"));
                format!("{} {} ({id}{})", self.leaving(lines), self.parts(lines), carried(tracking))
            }
            EventData::GoodsDelivered { lines, receipt, .. } => {
                format!("{} {}", receipt.display(words.language), self.parts(lines))
            }
            EventData::LinesCancelled { taken, reason } => {
                because(&format!("{} {}", words.say("called off", "部分取消"), self.taken(taken)), reason)
            }
            EventData::RefundGranted(granted) => self.granted(granted),
            EventData::PaymentAuthorized { .. }
            | EventData::AuthorizationVoided { .. }
            | EventData::PaymentCaptured { .. }
            | EventData::ChargebackRecorded { .. }
            | EventData::ChargebackWon { .. } => self.payment(data),
            EventData::RefundReserved { .. }
            | EventData::RefundSucceeded { .. }
            | EventData::RefundFailed { .. }
            | EventData::RefundRetried { .. }
            | EventData::RefundSetOff { .. }
            | EventData::OverRefunded { .. }
            | EventData::ProviderConflict { .. } => self.refund(data),
            case => self.case(case),
        }
    }

    fn placed(&self, head: &str, placement: &Placement) -> String {
        let words = self.words;
        let units = placement.lines().iter().map(|line| (&line.id, line.units));
        let sums = [
            (words.say("shipping", "运费"), placement.shipping()),
            (words.say("added tax", "价外税"), placement.lines().iter().map(|line| line.added_tax).sum()),
            (words.say("cash rounding", "抹零"), placement.rounding()),
        ];
        let sums = sums.into_iter().filter(|(_, minor)| *minor != 0);
        let sums: Vec<String> = sums.map(|(name, minor)| format!("{name} {}", words.money(minor))).collect();
        let mut text = format!("{head}{}", self.units(units));
        text.push_str(words.say("; to pay ", "；应付 "));
        text.push_str(&words.money(placement.total()));
        if !sums.is_empty() {
            text.push_str(&format!(" ({})", words.list(&sums)));
        }
        let tokens = placement
            .tokens()
            .iter()
            .map(|token| format!("{} {} ×{}", token.kind.display(words.language), token.id, token.amount));
        let tender =
            placement.is_paid_on_delivery().then(|| words.say("cash on delivery", "货到付款").to_owned());
        for more in tokens.chain(tender) {
            text.push_str(words.say("; ", "；"));
            text.push_str(&more);
        }
        text
    }

    /// Money that was promised, came in, or was taken back by the provider.
    fn payment(&self, data: &EventData) -> String {
        let words = self.words;
        match data {
            EventData::PaymentAuthorized { transaction_id, amount, method } => self.moved(
                &self.by(words.say("authorized", "授权"), method.as_ref()),
                *amount,
                transaction_id,
            ),
            EventData::PaymentCaptured { transaction_id, amount, method } => {
                let head = self.by(words.say("paid", "支付"), method.as_ref());
                let paid = self.moved(&head, *amount, transaction_id);
                match self.after.owed() {
                    0 => paid,
                    owed => {
                        let still = words.say("; still to pay", "；尚欠");
                        format!("{paid}{still} {}", words.money(owed))
                    }
                }
            }
            EventData::AuthorizationVoided { transaction_id } => {
                format!("{} {transaction_id}", words.say("gave up the authorization", "撤销授权"))
            }
            EventData::ChargebackRecorded { transaction_id, amount } => {
                let taken = self.moved(
                    words.say("charged back by the provider", "支付方拒付"),
                    *amount,
                    transaction_id,
                );
                let won = self.after.chargebacks.get(transaction_id).is_some_and(|known| known.won);
                let back =
                    if won { words.say("; it was won before", "；此前已申诉成功") } else { "" };
                format!("{taken}{back}")
            }
            EventData::ChargebackWon { transaction_id } => {
                let known = self.after.chargebacks.get(transaction_id).filter(|known| !known.is_announced());
                let Some(amount) = known.map(|known| known.amount) else {
                    let head = words.say("charge-back won that nobody reported", "拒付申诉成功，此前未上报");
                    return format!("{head} ({} {transaction_id})", words.say("transaction", "交易"));
                };
                self.moved(
                    words.say("charge-back won, back came", "拒付申诉成功，追回"),
                    amount,
                    transaction_id,
                )
            }
            _ => String::new(),
        }
    }

    /// What became of a refund, and what a provider got wrong.
    fn refund(&self, data: &EventData) -> String {
        let words = self.words;
        let refund = words.say("refund", "退款");
        match data {
            EventData::RefundReserved { refund_id, amount, cause } => {
                let why = cause.display(words.language);
                let of = words.say("to be paid out", "待打款");
                format!("{refund} {refund_id} {of} {} — {why}", words.money(*amount))
            }
            EventData::RefundSucceeded { refund_id, transaction_id, amount } => {
                let head = format!("{refund} {refund_id} {}", words.say("paid out", "已打款"));
                self.moved(&head, *amount, transaction_id)
            }
            EventData::RefundFailed { refund_id, transaction_id, reason } => {
                let head = words.say("failed and stays open", "失败，仍待打款");
                let by = words.say("transaction", "交易");
                because(&format!("{refund} {refund_id} {head} ({by} {transaction_id})"), reason)
            }
            EventData::RefundRetried { refund_id, attempt } => {
                let (head, tail) = (words.say("is tried again, attempt ", "第 "), words.say("", " 次尝试"));
                format!("{refund} {refund_id} {head}{attempt}{tail}")
            }
            EventData::RefundSetOff { refund_id, amount } => {
                let head = words.say(
                    "is not paid out any more, the money was charged back:",
                    "不再打款，款项已被拒付追回：",
                );
                format!("{refund} {refund_id} {head} {}", words.money(*amount))
            }
            EventData::OverRefunded { transaction_id, amount, .. } => {
                let head =
                    words.say("more went out than came in, to be claimed back", "支出超过收入，应追回");
                self.moved(head, *amount, transaction_id)
            }
            EventData::ProviderConflict { kind, transaction_id, recorded, reported } => {
                let (recorded, reported) = (words.money(*recorded), words.money(*reported));
                let kind = kind.display(words.language);
                let now = words.say("was reported again with", "再次上报金额为");
                let known = words.say("on record is", "记录为");
                let still = words.say("no money moved", "未动账");
                words.list(&[
                    format!("{kind} {transaction_id} {now} {reported}"),
                    format!("{known} {recorded}"),
                    still.to_owned(),
                ])
            }
            _ => String::new(),
        }
    }

    /// What became of an after-sale case.
    fn case(&self, data: &EventData) -> String {
        let words = self.words;
        let stage = |case_id| {
            let case = self.after.cases().get(case_id);
            case.map_or("", |case| case.stage.display(words.language))
        };
        let (case, colon) = (words.say("case", "售后"), words.say(": ", "："));
        match data {
            EventData::CaseOpened { case_id, kind, goods, lines, reason } => {
                let (kind, goods) = (kind.display(words.language), goods.display(words.language));
                let about = words.list(&[kind.to_owned(), goods.to_owned(), self.parts(lines)]);
                because(&format!("{case} {case_id}{colon}{about}"), reason)
            }
            EventData::CaseMoved { case_id, on, reason } => {
                let on = match on {
                    CaseMove::Lapse => words.say("not sent back in time", "超时未寄回"),
                    on => on.display(words.language),
                };
                because(&format!("{case} {case_id}{colon}{on} → {}", stage(case_id)), reason)
            }
            EventData::ReturnSent { case_id, tracking } => {
                let sent = words.say("goods sent back", "寄回");
                format!("{case} {case_id}{colon}{sent}{} → {}", carried(tracking), stage(case_id))
            }
            EventData::ReturnReceived { case_id, lines } => {
                let back = lines.iter().map(|part| self.returned(part)).collect::<Vec<_>>();
                let received = words.say("came back", "收到退货");
                format!("{case} {case_id}{colon}{received} {} → {}", words.list(&back), stage(case_id))
            }
            EventData::UndeliveredReceived { lines } => {
                let back = lines.iter().map(|part| self.returned(part)).collect::<Vec<_>>();
                let received = words.say("came back without having arrived:", "未送达退回入库：");
                format!("{received} {}", words.list(&back))
            }
            EventData::CaseRefunded { case_id, granted } => {
                format!("{case} {case_id}{colon}{} → {}", self.granted(granted), stage(case_id))
            }
            EventData::CaseReplaced { case_id, lines } => {
                let promised = words.say("the same goods again", "换货");
                format!("{case} {case_id}{colon}{promised} {} → {}", self.parts(lines), stage(case_id))
            }
            EventData::ReplacementShipped { case_id, shipment_id, tracking } => {
                let shipped = words.say("replacement shipped, shipment", "换货已发出，包裹");
                format!("{case} {case_id}{colon}{shipped} {shipment_id}{}", carried(tracking))
            }
            EventData::ReplacementDelivered { case_id } => {
                format!("{case} {case_id}{colon}{}", words.say("replacement received", "换货已收到"))
            }
            other => other.name().to_owned(),
        }
    }

    /// What came by a payment method, by the name people know it under.
    fn by(&self, head: &str, method: Option<&ExternalId>) -> String {
        let Some(id) = method else { return head.to_owned() };
        let known = self.after.placement().and_then(|placement| placement.payment().method(id));
        let name = known.map_or(id.as_str(), |method| method.display(self.words.language));
        format!("{head} ({name})")
    }

    /// An amount and the provider's transaction.
    fn moved(&self, head: &str, amount: i64, transaction: impl std::fmt::Display) -> String {
        let words = self.words;
        format!("{head} {} ({} {transaction})", words.money(amount), words.say("transaction", "交易"))
    }

    fn granted(&self, granted: &Granted) -> String {
        let words = self.words;
        let Granted { refund_id, taken, amount, set_off, reason } = granted;
        let mut text = format!("{} {refund_id} {}", words.say("refund", "退款"), words.money(*amount));
        if *set_off != 0 {
            let why = words.say("set off against what is missing", "抵扣欠款");
            text.push_str(&format!(" ({why} {})", words.money(*set_off)));
        }
        let parts = self.taken(taken);
        because(&format!("{text}{}{parts}", words.say(": ", "：")), reason)
    }

    /// Units and money that are taken back, by line.
    fn taken(&self, taken: &TakenBack) -> String {
        let words = self.words;
        let mut parts: Vec<String> = taken
            .lines
            .iter()
            .take(MAX_NAMED)
            .map(|grant| {
                let units = if grant.units() == 0 { String::new() } else { format!(" ×{}", grant.units()) };
                let amount = words.money(grant.amount.saturating_add(grant.tax));
                format!("{} {}{units} {amount}", words.say("line", "明细"), grant.line)
            })
            .collect();
        parts.extend(self.more(taken.lines.len()));
        if taken.shipping != 0 {
            parts.push(format!("{} {}", words.say("shipping", "运费"), words.money(taken.shipping)));
        }
        if taken.rounding != 0 {
            parts.push(format!("{} {}", words.say("cash rounding", "抹零"), words.money(taken.rounding)));
        }
        words.list(&parts)
    }

    fn parts(&self, parts: &[Part]) -> String {
        self.units(parts.iter().map(|part| (&part.line, part.units)))
    }

    /// `line 1 ×2, line 2 ×1`, and how many more.
    fn units<'p>(&self, units: impl ExactSizeIterator<Item = (&'p LineId, u64)>) -> String {
        let (words, count) = (self.words, units.len());
        let named = units.take(MAX_NAMED);
        let mut parts: Vec<String> =
            named.map(|(line, units)| format!("{} {line} ×{units}", words.say("line", "明细"))).collect();
        parts.extend(self.more(count));
        words.list(&parts)
    }

    fn more(&self, count: usize) -> Option<String> {
        let more = count.checked_sub(MAX_NAMED).filter(|more| *more > 0)?;
        Some(format!("+{more} {}", self.words.say("lines", "行")))
    }

    fn returned(&self, part: &ReturnedPart) -> String {
        let words = self.words;
        let (fine, damaged) = (words.say("undamaged", "完好"), words.say("damaged", "损坏"));
        format!("{} {}: {fine} {}, {damaged} {}", words.say("line", "明细"), part.line, part.ok, part.damaged)
    }

    /// How units leave: one shipment has one way of fulfilment.
    fn leaving(&self, lines: &[Part]) -> &'static str {
        let placement = self.after.placement();
        let at = lines.first().and_then(|part| placement?.position(&part.line));
        let line = at.and_then(|at| placement?.lines().get(at));
        match line.map(|line| line.fulfilment).unwrap_or_default() {
            Fulfilment::Ship => self.words.say("shipped", "发货"),
            Fulfilment::Pickup => self.words.say("ready to be fetched", "待自提"),
            Fulfilment::Digital => self.words.say("provided", "已提供"),
        }
    }
}

/// What happened and why, where somebody said why.
fn because(what: &str, reason: &Reason) -> String {
    match reason.as_str() {
        "" => what.to_owned(),
        // As Rust writes it, so that a line end in it stays in the line.
        reason => format!("{what} — {reason:?}"),
    }
}

/// Who carries a parcel, where that is known.
fn carried(tracking: &Tracking) -> String {
    let known = tracking.carrier.iter().chain(&tracking.number);
    known.map(|id| format!(" {id}")).collect()
}
