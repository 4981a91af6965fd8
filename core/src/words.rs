//! Enumerations whose every value has a word in data and a display name in two languages.

/// The languages explanations are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The word used in data: `en`, `zh`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

/// How many of something there are, in English: `1 level`, `2 levels`, `1,024 levels` where the caller groups digits.
///
/// ```
/// assert_eq!(fenrun::counted(1, "level"), "1 level");
/// assert_eq!(fenrun::counted("1,024", "level"), "1,024 levels");
/// ```
#[must_use]
pub fn counted(count: impl ToString, one: &str) -> String {
    let count = count.to_string();
    let (many, end) = match (count.as_str(), one) {
        ("1", one) => (one, ""),
        (_, "person") => ("people", ""),
        (_, one) => (one, "s"),
    };
    format!("{count} {many}{end}")
}

macro_rules! words {
    ($(#[$outer:meta])* $kind:ident { $($(#[$doc:meta])* $name:ident = $word:literal, $en:literal, $zh:literal;)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kind { $($(#[$doc])* $name,)+ }

        impl $kind {
            /// Every value, in the order of the pages.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word used in data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The display name in English.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }

            /// The display name in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$name => $zh,)+ }
            }

            /// The display name in a language.
            #[must_use]
            pub const fn display(self, language: $crate::Language) -> &'static str {
                match language {
                    $crate::Language::English => self.english(),
                    $crate::Language::Chinese => self.chinese(),
                }
            }
        }
    };
}

pub(crate) use words;
