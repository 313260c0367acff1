//! Filters: which charges a question is about.
//!
//! In JSON a filter is an object: `{"provider": "AWS", "tag:env": ["prod", "staging"]}` wants both to hold;
//! `null` stands for "has no value"; `not` holds a filter that must fail, `any` a list of which one must hold.

use super::dimension::Dimension;
use crate::{Error, Result};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// How deep `not` and `any` may nest.
const MAX_DEPTH: usize = 16;
/// How many values one condition may list.
const MAX_VALUES: usize = 10_000;

/// A condition on a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// The dimension has one of the values; `None` among them stands for "has no value".
    In(Dimension, Vec<Option<String>>),
    /// The inner filter does not hold.
    Not(Box<Filter>),
    /// At least one holds.
    Any(Vec<Filter>),
    /// All hold; without any, everything passes.
    All(Vec<Filter>),
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Filter {
    /// The dimension has that value.
    ///
    /// ```
    /// use finops_core::model::filter::Filter;
    ///
    /// let same: Filter = serde_json::from_str(r#"{"provider": "AWS"}"#).unwrap();
    /// assert_eq!(Filter::All(vec![Filter::equals("provider".parse()?, "AWS")]), same);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn equals(dimension: Dimension, value: impl Into<String>) -> Self {
        Self::In(dimension, vec![Some(value.into())])
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// `invalid_argument` on field `filter` for an unknown dimension, an empty list, or a value that is not text.
    pub fn from_json(value: &Value) -> Result<Self> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Object(object) => from_object(object, 0),
            _ => Err(wrong("must be an object such as {\"provider\": \"AWS\"}")),
        }
    }

    /// Adds the dimensions that the filter looks at.
    pub fn dimensions<'a>(&'a self, found: &mut Vec<&'a Dimension>) {
        match self {
            Self::In(dimension, _) => found.push(dimension),
            Self::Not(inner) => inner.dimensions(found),
            Self::Any(all) | Self::All(all) => all.iter().for_each(|filter| filter.dimensions(found)),
        }
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::invalid("filter", message)
}

fn from_object(object: &Map<String, Value>, depth: usize) -> Result<Filter> {
    if depth > MAX_DEPTH {
        return Err(wrong(format!("nests deeper than {MAX_DEPTH} levels: flatten it")));
    }
    let condition = |(key, value): (&String, &Value)| match (key.as_str(), value) {
        ("not", Value::Object(inner)) => Ok(Filter::Not(Box::new(from_object(inner, depth + 1)?))),
        ("any", Value::Array(inner)) => from_list(inner, depth + 1),
        ("not", _) => Err(wrong("'not' must hold an object")),
        ("any", _) => Err(wrong("'any' must hold a list of objects")),
        (key, value) => from_condition(key, value),
    };
    object.iter().map(condition).collect::<Result<Vec<_>>>().map(Filter::All)
}

fn from_list(list: &[Value], depth: usize) -> Result<Filter> {
    if list.is_empty() {
        return Err(wrong("'any' of nothing never holds: name at least one filter"));
    }
    let inner = list.iter().map(|value| match value {
        Value::Object(object) => from_object(object, depth),
        _ => Err(wrong("'any' must hold a list of objects")),
    });
    inner.collect::<Result<Vec<_>>>().map(Filter::Any)
}

fn from_condition(key: &str, value: &Value) -> Result<Filter> {
    let dimension: Dimension = key.parse().map_err(|error: Error| wrong(error.message()))?;
    let values = match value {
        Value::Array(values) if values.is_empty() => Err(wrong(format!("'{key}' lists no value"))),
        Value::Array(values) if values.len() > MAX_VALUES => {
            Err(wrong(format!("'{key}' lists more than {MAX_VALUES} values: filter by a dimension above it")))
        }
        Value::Array(values) => values.iter().map(|value| text(key, value)).collect(),
        one => text(key, one).map(|value| vec![value]),
    };
    Ok(Filter::In(dimension, values?))
}

fn text(key: &str, value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(wrong(format!("'{key}' must be text, a list of texts, or null for \"has no value\""))),
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).map_err(|error| serde::de::Error::custom(error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_values_lists_nulls_and_nesting() {
        let filter = Filter::from_json(&json!({
            "provider": ["AWS", null], "not": {"tag:env": "dev"}, "any": [{"region": "eu"}, {"region": "us"}],
        }))
        .unwrap();
        let mut dimensions = Vec::new();
        filter.dimensions(&mut dimensions);
        assert_eq!(dimensions.len(), 4);
        assert_eq!(Filter::from_json(&json!(null)).unwrap(), Filter::default());
    }

    #[test]
    fn says_what_is_wrong() {
        for (filter, message) in [
            (json!({"colour": "red"}), "no dimension"),
            (json!({"provider": 7}), "must be text"),
            (json!({"provider": []}), "lists no value"),
            (json!({"not": []}), "'not' must hold an object"),
            (json!({"any": []}), "at least one"),
            (json!("AWS"), "must be an object"),
        ] {
            let error = Filter::from_json(&filter).unwrap_err();
            assert_eq!(error.field(), Some("filter"));
            assert!(error.message().contains(message), "{filter}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut filter = json!({"provider": "AWS"});
        for _ in 0..100 {
            filter = json!({"not": filter});
        }
        assert!(Filter::from_json(&filter).unwrap_err().message().contains("deeper"));
    }
}
