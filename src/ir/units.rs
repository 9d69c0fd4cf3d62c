//! Durations, sizes, rates and quotas: text such as `250ms`, `10MB`, `100/min` and `10000/month`, and back.

use std::fmt;

/// Puts a remedy behind a message in a serde error; the source reader splits it off again.
pub const HELP: char = '\u{1f}';

/// A time span in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// A number of bytes; 1 KB is 1024.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// The unit of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Per {
    /// One second.
    Second,
    /// 60 s.
    Minute,
    /// 3600 s.
    Hour,
}

impl Per {
    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }
}

/// `count` requests in one unit of time, refilled continuously.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// At least 1, at most 10^9.
    pub count: u64,
    /// The unit.
    pub per: Per,
}

/// A calendar window in UTC: from 00:00, Monday 00:00, or the 1st.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// From 00:00.
    Day,
    /// From Monday 00:00.
    Week,
    /// From the 1st.
    Month,
}

/// `count` admitted requests in one calendar window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// At least 1, at most 10^12.
    pub count: u64,
    /// The window.
    pub window: Window,
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits)?.parse().ok()?;
    Some((number, &text[digits..]))
}

impl std::str::FromStr for Millis {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a duration{HELP}write a whole number and a unit: `250ms`, `2s`, `1m`, `1h` or `1d`"
            )
        };
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let factor = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        // 400 days: longer than any timer of the engines, and far from overflow.
        match number.checked_mul(factor) {
            Some(millis) if millis <= 400 * 86_400_000 => Ok(Self(millis)),
            _ => Err(format!(
                "`{text}` is too long{HELP}the longest duration is `400d`"
            )),
        }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            ms if ms % 86_400_000 == 0 => write!(f, "{}d", ms / 86_400_000),
            ms if ms % 3_600_000 == 0 => write!(f, "{}h", ms / 3_600_000),
            ms if ms % 60_000 == 0 => write!(f, "{}m", ms / 60_000),
            ms if ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

impl std::str::FromStr for Bytes {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a size{HELP}write bytes or a whole number with a unit: `512`, `64KB`, `10MB` or `1GB`"
            )
        };
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let factor: u64 = match unit {
            "" | "B" => 1,
            "KB" => 1 << 10,
            "MB" => 1 << 20,
            "GB" => 1 << 30,
            _ => return Err(wrong()),
        };
        match number.checked_mul(factor) {
            Some(bytes) if bytes <= 1 << 40 => Ok(Self(bytes)),
            _ => Err(format!(
                "`{text}` is too large{HELP}the largest size is `1024GB`"
            )),
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b if b > 0 && b % (1 << 30) == 0 => write!(f, "{}GB", b >> 30),
            b if b > 0 && b % (1 << 20) == 0 => write!(f, "{}MB", b >> 20),
            b if b > 0 && b % (1 << 10) == 0 => write!(f, "{}KB", b >> 10),
            b => write!(f, "{b}"),
        }
    }
}

impl std::str::FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a rate{HELP}write requests per unit: `10/s`, `100/min` or `1000/h`"
            )
        };
        let (count, rest) = number_and_unit(text).ok_or_else(wrong)?;
        let per = match rest {
            "/s" | "/second" => Per::Second,
            "/min" | "/minute" => Per::Minute,
            "/h" | "/hour" => Per::Hour,
            _ => return Err(wrong()),
        };
        match count {
            0 => Err(format!(
                "`{text}` admits nothing{HELP}the smallest rate is `1/h`; to close a route answer it with `respond`"
            )),
            1..=1_000_000_000 => Ok(Self { count, per }),
            _ => Err(format!(
                "`{text}` is too high{HELP}the highest count is 1000000000"
            )),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per {
            Per::Second => "s",
            Per::Minute => "min",
            Per::Hour => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

impl std::str::FromStr for Quota {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a quota{HELP}write requests per calendar window: `1000/day`, `5000/week` or `10000/month`"
            )
        };
        let (count, rest) = number_and_unit(text).ok_or_else(wrong)?;
        let window = match rest {
            "/day" => Window::Day,
            "/week" => Window::Week,
            "/month" => Window::Month,
            _ => return Err(wrong()),
        };
        match count {
            0 => Err(format!(
                "`{text}` admits nothing{HELP}the smallest quota is 1"
            )),
            1..=1_000_000_000_000 => Ok(Self { count, window }),
            _ => Err(format!(
                "`{text}` is too high{HELP}the highest count is 1000000000000"
            )),
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = match self.window {
            Window::Day => "day",
            Window::Week => "week",
            Window::Month => "month",
        };
        write!(f, "{}/{window}", self.count)
    }
}

/// Texts that serde reads from a scalar and schemars describes by a pattern.
macro_rules! text_units {
    ($($type:ty, $name:literal, $pattern:literal, $example:literal;)*) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("text such as `", $example, "`"))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$type, E> {
                        number.to_string().parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Text)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> { $name.into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    )*};
}

text_units! {
    Millis, "Duration", "^[0-9]+(ms|s|m|h|d)$", "250ms";
    Rate, "Rate", "^[0-9]+/(s|second|min|minute|h|hour)$", "100/min";
    Quota, "Quota", "^[0-9]+/(day|week|month)$", "10000/month";
}

impl<'de> serde::Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as `10MB`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bytes, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Bytes, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl serde::Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "type": "string", "pattern": "^[0-9]+(B|KB|MB|GB)?$", "examples": ["10MB"] },
            { "type": "integer", "minimum": 0 },
        ] })
    }
}
