//! Currencies of ISO 4217 and their minor units.

use super::MoneyError;
use std::collections::BTreeMap;
use std::fmt;

/// A currency: three letters and the number of decimals of its minor unit.
///
/// [`Currency::parse`] knows ISO 4217; a host adds its own codes to a [`CurrencyTable`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// ISO 4217 list one, active codes with a minor unit (codes without one, such as XAU, are left out).
/// Source: ISO 4217 maintenance agency, list one, 2025.
#[rustfmt::skip]
const ISO_4217: &[(&[u8; 3], u8)] = &[
    (b"AED", 2), (b"AFN", 2), (b"ALL", 2), (b"AMD", 2), (b"AOA", 2), (b"ARS", 2), (b"AUD", 2), (b"AWG", 2),
    (b"AZN", 2), (b"BAM", 2), (b"BBD", 2), (b"BDT", 2), (b"BHD", 3), (b"BIF", 0), (b"BMD", 2), (b"BND", 2),
    (b"BOB", 2), (b"BOV", 2), (b"BRL", 2), (b"BSD", 2), (b"BTN", 2), (b"BWP", 2), (b"BYN", 2), (b"BZD", 2),
    (b"CAD", 2), (b"CDF", 2), (b"CHE", 2), (b"CHF", 2), (b"CHW", 2), (b"CLF", 4), (b"CLP", 0), (b"CNY", 2),
    (b"COP", 2), (b"COU", 2), (b"CRC", 2), (b"CUP", 2), (b"CVE", 2), (b"CZK", 2), (b"DJF", 0), (b"DKK", 2),
    (b"DOP", 2), (b"DZD", 2), (b"EGP", 2), (b"ERN", 2), (b"ETB", 2), (b"EUR", 2), (b"FJD", 2), (b"FKP", 2),
    (b"GBP", 2), (b"GEL", 2), (b"GHS", 2), (b"GIP", 2), (b"GMD", 2), (b"GNF", 0), (b"GTQ", 2), (b"GYD", 2),
    (b"HKD", 2), (b"HNL", 2), (b"HTG", 2), (b"HUF", 2), (b"IDR", 2), (b"ILS", 2), (b"INR", 2), (b"IQD", 3),
    (b"IRR", 2), (b"ISK", 0), (b"JMD", 2), (b"JOD", 3), (b"JPY", 0), (b"KES", 2), (b"KGS", 2), (b"KHR", 2),
    (b"KMF", 0), (b"KPW", 2), (b"KRW", 0), (b"KWD", 3), (b"KYD", 2), (b"KZT", 2), (b"LAK", 2), (b"LBP", 2),
    (b"LKR", 2), (b"LRD", 2), (b"LSL", 2), (b"LYD", 3), (b"MAD", 2), (b"MDL", 2), (b"MGA", 2), (b"MKD", 2),
    (b"MMK", 2), (b"MNT", 2), (b"MOP", 2), (b"MRU", 2), (b"MUR", 2), (b"MVR", 2), (b"MWK", 2), (b"MXN", 2),
    (b"MXV", 2), (b"MYR", 2), (b"MZN", 2), (b"NAD", 2), (b"NGN", 2), (b"NIO", 2), (b"NOK", 2), (b"NPR", 2),
    (b"NZD", 2), (b"OMR", 3), (b"PAB", 2), (b"PEN", 2), (b"PGK", 2), (b"PHP", 2), (b"PKR", 2), (b"PLN", 2),
    (b"PYG", 0), (b"QAR", 2), (b"RON", 2), (b"RSD", 2), (b"RUB", 2), (b"RWF", 0), (b"SAR", 2), (b"SBD", 2),
    (b"SCR", 2), (b"SDG", 2), (b"SEK", 2), (b"SGD", 2), (b"SHP", 2), (b"SLE", 2), (b"SOS", 2), (b"SRD", 2),
    (b"SSP", 2), (b"STN", 2), (b"SVC", 2), (b"SYP", 2), (b"SZL", 2), (b"THB", 2), (b"TJS", 2), (b"TMT", 2),
    (b"TND", 3), (b"TOP", 2), (b"TRY", 2), (b"TTD", 2), (b"TWD", 2), (b"TZS", 2), (b"UAH", 2), (b"UGX", 0),
    (b"USD", 2), (b"USN", 2), (b"UYI", 0), (b"UYU", 2), (b"UYW", 4), (b"UZS", 2), (b"VED", 2), (b"VES", 2),
    (b"VND", 0), (b"VUV", 0), (b"WST", 2), (b"XAF", 0), (b"XCD", 2), (b"XCG", 2), (b"XOF", 0), (b"XPF", 0),
    (b"YER", 2), (b"ZAR", 2), (b"ZMW", 2), (b"ZWG", 2),
];

impl Currency {
    /// Chinese yuan, 2 decimals.
    pub const CNY: Self = Self { code: *b"CNY", exponent: 2 };
    /// United States dollar, 2 decimals.
    pub const USD: Self = Self { code: *b"USD", exponent: 2 };
    /// Japanese yen, no decimals.
    pub const JPY: Self = Self { code: *b"JPY", exponent: 0 };

    /// The ISO 4217 currency with this code.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`].
    ///
    /// ```
    /// use fenrun::money::Currency;
    /// assert_eq!(Currency::parse("KWD")?.exponent(), 3);
    /// assert!(Currency::parse("cny").is_err());
    /// # Ok::<(), fenrun::money::MoneyError>(())
    /// ```
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        ISO_4217
            .binary_search_by(|(known, _)| known.as_slice().cmp(code.as_bytes()))
            .map(|found| Self { code: *ISO_4217[found].0, exponent: ISO_4217[found].1 })
            .map_err(|_| MoneyError::UnknownCurrency { code: code.into() })
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        // The code is three ASCII letters by construction.
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// Decimals of the minor unit: 0 for JPY, 2 for CNY, 3 for KWD.
    #[must_use]
    pub const fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// ISO 4217 plus the codes a host registers (points, a stablecoin, a retired currency).
#[derive(Clone, Debug, Default)]
pub struct CurrencyTable {
    own: BTreeMap<String, Currency>,
}

impl CurrencyTable {
    /// Adds a code of three capital letters with up to 8 decimals.
    ///
    /// # Errors
    /// [`MoneyError::InvalidValue`] for another form, or for a code that is already taken with another
    /// exponent: an amount must not change its meaning.
    pub fn register(&mut self, code: &str, exponent: u8) -> Result<Currency, MoneyError> {
        let letters = <[u8; 3]>::try_from(code.as_bytes())
            .ok()
            .filter(|letters| letters.iter().all(u8::is_ascii_uppercase))
            .filter(|_| exponent <= 8)
            .ok_or_else(|| {
                MoneyError::InvalidValue(format!(
                    "`{code}` with {exponent} decimals: a currency is three capital letters and at most 8 decimals"
                ))
            })?;
        let currency = Currency { code: letters, exponent };
        match self.parse(code) {
            Ok(known) if known != currency => Err(MoneyError::InvalidValue(format!(
                "`{code}` is known with {} decimals and cannot become {exponent}",
                known.exponent
            ))),
            Ok(known) => Ok(known),
            Err(_) => {
                self.own.insert(code.into(), currency);
                Ok(currency)
            }
        }
    }

    /// The codes that were registered beside ISO 4217, in their order.
    pub fn registered(&self) -> impl Iterator<Item = Currency> {
        self.own.values().copied()
    }

    /// The currency with this code, of ISO 4217 or registered.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`].
    pub fn parse(&self, code: &str) -> Result<Currency, MoneyError> {
        self.own.get(code).copied().map_or_else(|| Currency::parse(code), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_sane() {
        assert!(ISO_4217.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, exponent) in [("JPY", 0), ("CNY", 2), ("BHD", 3), ("KWD", 3), ("OMR", 3), ("CLF", 4)] {
            assert_eq!(Currency::parse(code).unwrap().exponent(), exponent, "{code}");
        }
    }

    #[test]
    fn a_host_registers_its_points() {
        let mut table = CurrencyTable::default();
        assert_eq!(table.register("PTS", 0).unwrap().exponent(), 0);
        assert_eq!(table.parse("PTS").unwrap().code(), "PTS");
        table.register("CNY", 2).unwrap();
        assert_eq!(table.registered().map(|own| own.code().to_owned()).collect::<Vec<_>>(), ["PTS"]);
        assert!(table.register("PTS", 2).is_err());
        assert!(table.register("CNY", 3).is_err());
        assert!(table.register("pts", 0).is_err());
    }
}
