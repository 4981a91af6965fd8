//! Double-entry journal and balances. Knows neither `trade` nor `reward`.
