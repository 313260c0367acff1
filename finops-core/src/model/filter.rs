//! Filters: which charges a question is about.
//!
//! In JSON a filter is an object: `{"provider": "AWS", "tag:env": ["prod", "staging"]}` wants both to hold;
//! `null` stands for "has no value"; `not` holds a filter that must fail, `any` a list of which one must hold.

use super::dimension::Dimension;
use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

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

    /// The JSON form, which reads back as what holds for the same charges; one that was read reads back the same.
    ///
    /// ```
    /// use finops_core::model::filter::Filter;
    /// use serde_json::json;
    ///
    /// let written = json!({"provider": ["AWS", null], "not": {"tag:env": "dev"}});
    /// assert_eq!(Filter::from_json(&written)?.to_json(), written);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn to_json(&self) -> Value {
        let mut layers = vec![Map::new()];
        layer(self, &mut layers);
        if layers.len() == 1 {
            return layers.pop().map(Value::Object).unwrap_or_default();
        }
        // An object has each key once: conditions on the same one all hold when none of them fails.
        let fails: Vec<Value> = layers.into_iter().map(|layer| json!({"not": layer})).collect();
        json!({"not": {"any": fails}})
    }

    /// Whether it holds for something that has those values; none stands for "has no value".
    ///
    /// ```
    /// use finops_core::model::dimension::Dimension;
    /// use finops_core::model::filter::Filter;
    ///
    /// let filter: Filter = serde_json::from_str(r#"{"tag:env": ["prod", null], "not": {"user": "u1"}}"#).unwrap();
    /// let is_u2 = |dimension: &Dimension| (dimension.to_string() == "user").then_some("u2");
    /// assert!(filter.holds(&is_u2));
    /// assert!(!filter.holds(&|_: &Dimension| Some("u1")));
    /// ```
    pub fn holds<'a>(&self, value: &impl Fn(&Dimension) -> Option<&'a str>) -> bool {
        match self {
            Self::In(dimension, values) => {
                let own = value(dimension);
                values.iter().any(|wanted| wanted.as_deref() == own)
            }
            Self::Not(inner) => !inner.holds(value),
            Self::Any(all) => all.iter().any(|filter| filter.holds(value)),
            Self::All(all) => all.iter().all(|filter| filter.holds(value)),
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

    /// Whether the filter names that value of that dimension, for whichever purpose.
    ///
    /// ```
    /// use finops_core::model::filter::Filter;
    ///
    /// let filter: Filter = serde_json::from_str(r#"{"not": {"provider": ["AWS", null]}}"#).unwrap();
    /// assert!(filter.names(&"provider".parse()?, "AWS") && !filter.names(&"region".parse()?, "AWS"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn names(&self, dimension: &Dimension, value: &str) -> bool {
        match self {
            Self::In(known, values) => known == dimension && values.iter().flatten().any(|known| known == value),
            Self::Not(inner) => inner.names(dimension, value),
            Self::Any(all) | Self::All(all) => all.iter().any(|filter| filter.names(dimension, value)),
        }
    }
}

/// Puts a filter into the first of several objects that has no such key yet.
fn layer(filter: &Filter, layers: &mut Vec<Map<String, Value>>) {
    let (key, value) = match filter {
        Filter::All(all) => return all.iter().for_each(|filter| layer(filter, layers)),
        Filter::Not(inner) => ("not".to_owned(), inner.to_json()),
        Filter::In(dimension, values) => match values.as_slice() {
            [] => never(),
            [one] => (dimension.to_string(), json!(one)),
            several => (dimension.to_string(), json!(several)),
        },
        Filter::Any(any) if any.is_empty() => never(),
        Filter::Any(any) => ("any".to_owned(), any.iter().map(Filter::to_json).collect()),
    };
    match layers.iter_mut().find(|layer| !layer.contains_key(&key)) {
        Some(layer) => drop(layer.insert(key, value)),
        None => layers.push(Map::from_iter([(key, value)])),
    }
}

/// What no charge passes.
fn never() -> (String, Value) {
    ("not".to_owned(), json!({}))
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

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_was_read_is_written_and_reads_back_the_same() {
        for written in [
            json!({}),
            json!({"provider": null}),
            json!({"any": [{"region": "eu"}, {}], "not": {"not": {"tag:a.b/c": ["x", null]}}, "virtual:p": "q"}),
        ] {
            let filter = Filter::from_json(&written).unwrap();
            assert_eq!(filter.to_json(), written);
            assert_eq!(Filter::from_json(&filter.to_json()).unwrap(), filter);
        }
    }

    #[test]
    fn conditions_on_the_same_key_are_written_so_that_all_hold() {
        let is = |value: &str| Filter::equals("region".parse().unwrap(), value);
        let both = Filter::All(vec![is("eu"), Filter::All(vec![is("us")])]);
        let fails = json!([{"not": {"region": "eu"}}, {"not": {"region": "us"}}]);
        assert_eq!(both.to_json(), json!({"not": {"any": fails}}));
        for never in [Filter::Any(vec![]), Filter::In("region".parse().unwrap(), vec![])] {
            assert_eq!(never.to_json(), json!({"not": {}}));
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
