//! Meters: which events count, and how they are brought together into one number.

use super::event::UsageEvent;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many properties a meter filters and groups by, each.
const MAX_PROPERTIES: usize = 16;
/// How many values a filter lists for a property.
const MAX_VALUES: usize = 1000;
/// What there is for every store: name, aggregation, unit, and what answers call it.
const BUILT_IN: [(&str, Aggregation, &str, &str); 6] = [
    ("api_calls", Aggregation::Sum, "request", "api_calls"),
    ("ledger_transactions", Aggregation::Sum, "transaction", "ledger_transactions"),
    ("search_queries", Aggregation::Sum, "query", "search_queries"),
    ("storage", Aggregation::TimeWeighted, "GB-month", "storage_gb"),
    ("compute", Aggregation::Sum, "vCPU-second", "compute_vcpu_seconds"),
    ("bandwidth", Aggregation::Sum, "GB", "bandwidth_gb"),
];

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
    /// A meter of that name, which takes the quantity of all events of that name.
    pub fn new(slug: impl Into<String>, aggregation: Aggregation, unit: impl Into<String>) -> Self {
        Self {
            slug: slug.into(),
            aggregation,
            event: None,
            value_property: None,
            unit: unit.into(),
            filter: BTreeMap::new(),
            group_by: Vec::new(),
        }
    }

    /// The meters that every store has; they can be neither changed nor deleted.
    pub fn built_in() -> [Self; 6] {
        BUILT_IN.map(|(slug, aggregation, unit, _)| Self::new(slug, aggregation, unit))
    }

    /// Whether it is one of those.
    pub fn is_built_in(&self) -> bool {
        BUILT_IN.iter().any(|(slug, ..)| *slug == self.slug)
    }

    /// The resource of the events that it reads.
    pub fn event(&self) -> &str {
        self.event.as_deref().unwrap_or(&self.slug)
    }

    /// What answers call its number: `storage_gb` for `storage`; others have their own name.
    pub fn answer_key(&self) -> &str {
        let known = BUILT_IN.iter().find(|(slug, ..)| *slug == self.slug);
        known.map_or(&self.slug, |(_, _, _, key)| key)
    }

    /// Whether it reads an event.
    pub fn reads(&self, event: &UsageEvent) -> bool {
        self.event() == event.resource && self.passes(event)
    }

    /// Whether an event of its resource passes its filter.
    pub(super) fn passes(&self, event: &UsageEvent) -> bool {
        self.filter.iter().all(|(name, wanted)| {
            event.properties.get(name).is_some_and(|value| wanted.iter().any(|wanted| wanted == value))
        })
    }

    /// # Errors
    /// `invalid_argument`, naming the field, for what no meter can be.
    pub fn validate(&self) -> Result<()> {
        check_slug("slug", &self.slug)?;
        if let Some(event) = &self.event {
            check_text("event", event, 64)?;
        }
        let taken = BUILT_IN.iter().any(|(slug, .., key)| *key == self.slug && *slug != self.slug);
        if taken || RESERVED.iter().chain(&SERIES_FIELDS).any(|name| *name == self.slug) {
            return Err(Error::invalid("slug", format!("'{}' has a meaning in answers: take another name", self.slug)));
        }
        check_text("unit", &self.unit, 64)?;
        match (self.aggregation, &self.value_property) {
            (Aggregation::UniqueCount, None) => {
                return Err(Error::invalid("value_property", "names the property whose values unique_count counts"));
            }
            (Aggregation::Count, Some(_)) => {
                return Err(Error::invalid("value_property", "has no use for count: leave it out, or use sum"));
            }
            (_, Some(property)) => check_text("value_property", property, 64)?,
            (_, None) => {}
        }
        if self.filter.len() > MAX_PROPERTIES || self.group_by.len() > MAX_PROPERTIES {
            let field = if self.filter.len() > MAX_PROPERTIES { "filter" } else { "group_by" };
            return Err(Error::invalid(field, format!("takes at most {MAX_PROPERTIES} properties")));
        }
        for (name, values) in &self.filter {
            check_text("filter", name, 64)?;
            if values.is_empty() || values.len() > MAX_VALUES {
                return Err(Error::invalid("filter", format!("'{name}' must list 1 to {MAX_VALUES} values")));
            }
        }
        for (place, name) in self.group_by.iter().enumerate() {
            check_text("group_by", name, 64)?;
            if self.group_by.iter().take(place).any(|earlier| earlier == name) {
                return Err(Error::invalid("group_by", format!("names '{name}' twice")));
            }
        }
        Ok(())
    }
}

/// The name under which credits are billed. No meter has it.
pub const CREDITS: &str = "credits";

/// What every series of numbers may have: fields of an event, then properties that are dimensions of costs as well.
pub const SERIES_FIELDS: [&str; 13] = [
    "tenant_id",
    "workspace_id",
    "rail",
    "user_id",
    "organization_id",
    "team_id",
    "component_id",
    "cost_center_id",
    "resource_group_id",
    "model",
    "workflow",
    "cluster",
    "namespace",
];

/// What items of answers have besides those and the numbers of meters, and what bills have.
const RESERVED: [&str; 5] = [CREDITS, "resource", "series", "date", "day"];

fn check_slug(field: &str, slug: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&slug.len())
        && slug.bytes().all(fits)
        && slug.starts_with(|one: char| one.is_ascii_lowercase())
    {
        return Ok(());
    }
    let message = "must be 1 to 64 lower-case letters, digits and '_', and start with a letter";
    Err(Error::invalid(field, message))
}

fn check_text(field: &str, text: &str, limit: usize) -> Result<()> {
    if (1..=limit).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("must be 1 to {limit} bytes without control characters")))
}
