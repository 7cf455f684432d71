//! Enums that are one word on the wire.

/// Has enums read from their word. What serde derives would read `{"word": null}` as the word, too.
macro_rules! read_as_word {
    ($($name:ident),+) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

pub(crate) use read_as_word;
