//! A length of time, written as the windows write theirs: `30m`, `12h`, `30d`, `2w`.

use super::text::quoted;
use super::window::duration;
use super::{Stamp, stamp};
use crate::error::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A length of time: a count with `m`, `h`, `d` (24 hours) or `w`; it may be 0.
///
/// ```
/// use finops_core::model::time::{Lapse, Stamp};
///
/// let now = Stamp::parse("2024-03-01T00:00:00Z")?;
/// assert_eq!("12h".parse::<Lapse>()?.before(now).to_string(), "2024-02-29T12:00:00Z");
/// assert_eq!(Lapse::days(30).to_string(), "30d");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lapse {
    text: String,
    micros: i64,
}

impl Lapse {
    /// That many days of 24 hours.
    pub fn days(count: u16) -> Self {
        Self { text: format!("{count}d"), micros: i64::from(count) * 86_400_000_000 }
    }

    /// That many minutes.
    pub fn minutes(count: u16) -> Self {
        Self { text: format!("{count}m"), micros: i64::from(count) * 60_000_000 }
    }

    /// Its microseconds.
    pub const fn micros(&self) -> i64 {
        self.micros
    }

    /// Reads the grammar exactly: lower case, no blanks around it.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |message: String| Error::new(ErrorCode::InvalidArgument, message);
        match duration(text) {
            Some((Some(micros), _)) => Ok(Self { text: text.to_owned(), micros }),
            Some((None, _)) => {
                Err(wrong(format!("{} is longer than all years there are: write a smaller count", quoted(text))))
            }
            None => Err(wrong(format!(
                "{} is not a length of time: write a count with m, h, d or w such as '30d'",
                quoted(text)
            ))),
        }
    }

    /// The instant that much earlier; the first there is where that lies before the year 1.
    pub fn before(&self, now: Stamp) -> Stamp {
        let micros = now.micros().saturating_sub(self.micros).max(stamp::MIN_MICROS);
        Stamp::from_micros(micros).unwrap_or(now)
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Lapse> for String {
    fn from(lapse: Lapse) -> Self {
        lapse.text
    }
}

impl std::str::FromStr for Lapse {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Lapse {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_go_back_from_an_instant() {
        let now = Stamp::parse("2024-03-01T00:00:00Z").unwrap();
        for (text, want) in [
            ("0d", "2024-03-01T00:00:00Z"),
            ("0m", "2024-03-01T00:00:00Z"),
            ("1m", "2024-02-29T23:59:00Z"),
            ("12h", "2024-02-29T12:00:00Z"),
            ("30d", "2024-01-31T00:00:00Z"),
            ("2w", "2024-02-16T00:00:00Z"),
            ("3660000d", "0001-01-01T00:00:00Z"),
        ] {
            let lapse = Lapse::parse(text).unwrap();
            assert_eq!((lapse.before(now).to_string().as_str(), lapse.to_string().as_str()), (want, text));
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for text in ["", "d", "30", "-1d", "1.5h", "30 d", " 30d", "30D", "1y", "1d offset 1d", "+1d", "\u{661}d"] {
            let error = Lapse::parse(text).unwrap_err().to_string();
            assert!(error.contains("is not a length of time") && error.contains("'30d'"), "{text}: {error}");
        }
        for text in ["3660001d", "99999999999999999999d"] {
            assert!(Lapse::parse(text).unwrap_err().to_string().contains("smaller count"), "{text}");
        }
    }
}
