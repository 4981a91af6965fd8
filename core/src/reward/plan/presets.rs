//! Plans that come with the library.

/// Name and TOML text of every preset, in the order of their names.
pub const PRESETS: &[(&str, &str)] = &[];
