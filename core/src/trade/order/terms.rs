//! The terms of an order: its timers, who releases it, and how it is paid.

use crate::doc::{Fields, Sink};
use crate::error::Result;

/// Who lets a paid order go to the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Release {
    /// A command does, after a risk check or a group buy.
    #[default]
    Manual,
    /// Payment does.
    Automatic,
}

/// How the buyer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Tender {
    /// Before anything ships.
    #[default]
    Prepaid,
    /// The courier collects it (货到付款): the order may ship before its money is in.
    OnDelivery,
}

impl Tender {
    /// Every tender.
    pub const ALL: &'static [Self] = &[Self::Prepaid, Self::OnDelivery];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepaid => "prepaid",
            Self::OnDelivery => "cash_on_delivery",
        }
    }
}

/// The timers of an order, how it is released and how it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Terms {
    /// Milliseconds from placement, or from an edit that left something to pay, until an unpaid order
    /// expires; none means never.
    pub pay_within_ms: Option<i64>,
    /// Milliseconds from the last shipment until shipped units count as delivered; none means never.
    pub receive_within_ms: Option<i64>,
    /// Milliseconds from the approval of a return until it lapses; none means never.
    pub return_within_ms: Option<i64>,
    /// Milliseconds from the last delivery until a received order completes.
    pub window_ms: i64,
    /// Who releases it.
    pub release: Release,
    /// How it is paid.
    pub tender: Tender,
}

impl Terms {
    /// Every time with its name.
    pub(super) fn times(&self) -> [(&'static str, i64); 4] {
        [
            ("pay_within_ms", self.pay_within_ms.unwrap_or(0)),
            ("receive_within_ms", self.receive_within_ms.unwrap_or(0)),
            ("return_within_ms", self.return_within_ms.unwrap_or(0)),
            ("window_ms", self.window_ms),
        ]
    }

    pub(super) fn from_fields(mut fields: Fields<'_>) -> Result<Self> {
        let automatic = fields.flag("auto_release")?.unwrap_or(false);
        let terms = Self {
            pay_within_ms: fields.int("pay_within_ms")?,
            receive_within_ms: fields.int("receive_within_ms")?,
            return_within_ms: fields.int("return_within_ms")?,
            window_ms: fields.int("window_ms")?.unwrap_or(0),
            release: if automatic { Release::Automatic } else { Release::Manual },
            tender: fields.word("tender", Tender::ALL, Tender::name)?.unwrap_or_default(),
        };
        fields.finish()?;
        Ok(terms)
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.node("auto_release", &(self.release == Release::Automatic).into());
        let times = [
            ("pay_within_ms", self.pay_within_ms),
            ("receive_within_ms", self.receive_within_ms),
            ("return_within_ms", self.return_within_ms),
        ];
        for (key, ms) in times {
            if let Some(ms) = ms {
                sink.int(key, ms);
            }
        }
        if self.tender != Tender::Prepaid {
            sink.text("tender", self.tender.name());
        }
        sink.int("window_ms", self.window_ms);
    }
}
