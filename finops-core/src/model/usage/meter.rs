//! Meters: which events count, and how they are brought together into one number.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the events of a window become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aggregation {
    /// Their values together.
    Sum,
    /// How many there are.
    Count,
    /// How many different values they have, exactly.
    UniqueCount,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
    /// The mean value.
    Avg,
    /// The last value: by time, then by order of arrival.
    Latest,
    /// The level over time, of which the values are changes: level × time / length of the window. GB-months.
    TimeWeighted,
}

/// What counts events of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Meter {
    /// Its name, by which prices and answers speak of it: lower-case letters, digits and `_`, 1 to 64 bytes.
    pub slug: String,
    /// How events become a number.
    pub aggregation: Aggregation,
    /// Which events it reads, by their `resource`; by default those with its own name.
    #[serde(default)]
    pub event: Option<String>,
    /// The property that holds the value; by default it is the event's `quantity`.
    #[serde(default)]
    pub value_property: Option<String>,
    /// What the number is in: `request`, `GB`.
    pub unit: String,
    /// Only events whose property has one of these values.
    #[serde(default)]
    pub filter: BTreeMap<String, Vec<String>>,
    /// The properties that its numbers can be told apart by, besides tenant, workspace, rail and user.
    #[serde(default)]
    pub group_by: Vec<String>,
}

impl Meter {
    /// The resource of the events that it reads.
    pub fn event(&self) -> &str {
        self.event.as_deref().unwrap_or(&self.slug)
    }
}
