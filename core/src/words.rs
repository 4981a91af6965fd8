//! Enumerations whose every value has a word in data and a display name in two languages.

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
        }
    };
}

pub(crate) use words;
