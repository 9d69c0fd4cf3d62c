//! Large maps entry by entry: a mistake in one decodes that one again and leaves the others alone.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::fault::{GONE, RECORDED};

/// Attempts for one entry; each leaves out one more of its parts.
const ATTEMPTS: usize = super::MAX_MISTAKES;

/// For `#[serde(deserialize_with = "crate::source::entries")]` on a map of names: `x-*` names are ignored,
/// and an entry that can't be decoded is left out (its mistakes are in [`super::Decoded`]).
///
/// # Errors
/// Where the value is not a map.
pub fn entries<'de, D, V>(deserializer: D) -> Result<IndexMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(Names(PhantomData))
}

struct Names<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Names<V> {
    type Value = IndexMap<String, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A hint from the text's own size, so it can't be made up.
        let mut names = IndexMap::with_capacity(map.size_hint().unwrap_or(0).min(1 << 20));
        while let Some(name) = map.next_key::<String>()? {
            if name.starts_with("x-") {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let mut attempts = 0;
            loop {
                match map.next_value() {
                    Ok(value) => {
                        // A key given twice is reported where it is read; the first one counts.
                        names.entry(name).or_insert(value);
                        break;
                    }
                    Err(error) => match error.to_string().as_str() {
                        RECORDED if attempts < ATTEMPTS => attempts += 1,
                        RECORDED | GONE => break,
                        _ => return Err(error),
                    },
                }
            }
        }
        Ok(names)
    }
}
