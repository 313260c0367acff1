//! The states that a store has been in: which one is meant, and what became of them.

use super::id::{Id, Import};
use super::time::Stamp;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// An earlier state of the store, by its number or by when it was the present one.
///
/// In JSON a whole number is the number of a state, and an RFC 3339 text is an instant.
///
/// ```
/// use finops_core::model::history::AsOf;
///
/// let by_number: AsOf = serde_json::from_str("3").unwrap();
/// assert_eq!(by_number, AsOf::Snapshot(3));
/// let by_time: AsOf = serde_json::from_str("\"2024-02-01T00:00:00Z\"").unwrap();
/// assert_eq!(by_time.to_string(), "2024-02-01T00:00:00Z");
/// assert!(serde_json::from_str::<AsOf>("-1").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// The state of that number; 0 is the empty one before the first import.
    Snapshot(u64),
    /// The last state at or before that instant.
    Time(Stamp),
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(number) => write!(f, "{number}"),
            Self::Time(stamp) => write!(f, "{stamp}"),
        }
    }
}

impl Serialize for AsOf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Snapshot(number) => serializer.serialize_u64(*number),
            Self::Time(stamp) => stamp.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AsOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsOfVisitor)
    }
}

struct AsOfVisitor;

impl Visitor<'_> for AsOfVisitor {
    type Value = AsOf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of a state, 0 or more, or an RFC 3339 time such as '2024-01-01T00:00:00Z'")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<AsOf, E> {
        Ok(AsOf::Snapshot(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<AsOf, E> {
        u64::try_from(number).map(AsOf::Snapshot).map_err(|_| E::custom(format!("must be 0 or more, got {number}")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<AsOf, E> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(E::custom("the number of a state is written without quotes"));
        }
        Stamp::parse(text).map(AsOf::Time).map_err(|error| E::custom(error.message()))
    }
}

/// What made a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// An import.
    Import,
    /// A compaction: the same charges in fewer files.
    Compact,
    /// Usage that became charges.
    Usage,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 3] = [Self::Import, Self::Compact, Self::Usage];

    /// The word for it, in JSON too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Compact => "compact",
            Self::Usage => "usage",
        }
    }
}

/// A state that can still be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StateMark {
    /// Its number.
    pub snapshot: u64,
    /// Since when it was the present one, by the clock of the engine that made it.
    pub at: Stamp,
    /// What made it.
    pub cause: Cause,
    /// The import that made it, or the booking of usage; none for a compaction.
    pub import_id: Option<Id<Import>>,
    /// How many charges it holds.
    pub charges: u64,
}

impl StateMark {
    /// A state that an import made, or a compaction when there is none.
    pub const fn new(snapshot: u64, at: Stamp, cause: Cause, import_id: Option<Id<Import>>, charges: u64) -> Self {
        Self { snapshot, at, cause, import_id, charges }
    }
}

/// What a vacuum removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Vacuumed {
    /// How many states can be read no more.
    pub snapshots_removed: u64,
    /// How many segments no remaining state needed.
    pub segments_removed: u64,
    /// How many bytes they had.
    pub bytes_freed: u64,
    /// The number of the oldest state that can still be read.
    pub oldest_snapshot: u64,
}

/// What a compaction brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Compacted {
    /// How many billing accounts' periods were rewritten; the others were in one piece already.
    pub scopes: u64,
    /// How many segments these had before.
    pub segments_before: u64,
    /// How many they have now.
    pub segments_after: u64,
    /// How many bytes these segments had. They stay until a vacuum, for those who read earlier states.
    pub bytes_before: u64,
    /// How many bytes they have now.
    pub bytes_after: u64,
    /// The present state: a new one if anything was rewritten.
    pub snapshot: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_state_is_named_by_number_or_time() {
        for (json, want) in [
            (json!(0), AsOf::Snapshot(0)),
            (json!(u64::MAX), AsOf::Snapshot(u64::MAX)),
            (json!("2024-01-01T01:00:00+01:00"), AsOf::Time(Stamp::parse("2024-01-01T00:00:00Z").unwrap())),
        ] {
            assert_eq!(serde_json::from_value::<AsOf>(json).unwrap(), want);
            let written = serde_json::to_value(want).unwrap();
            assert_eq!(serde_json::from_value::<AsOf>(written).unwrap(), want);
        }
        for (json, says) in [
            (json!(-1), "0 or more"),
            (json!(1.5), "number of a state"),
            (json!(true), "number of a state"),
            (json!("7"), "without quotes"),
            (json!("yesterday"), "RFC 3339"),
            (json!("2024-01-01T00:00:00"), "time zone"),
            (json!(""), "RFC 3339"),
            (json!([]), "number of a state"),
        ] {
            let error = serde_json::from_value::<AsOf>(json.clone()).unwrap_err().to_string();
            assert!(error.contains(says), "{json}: {error}");
        }
    }

    #[test]
    fn causes_are_written_as_their_words() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
        }
    }
}
