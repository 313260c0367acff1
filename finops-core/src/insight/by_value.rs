//! Rules that look at one dimension only: what they give is decided once for each value of it.

use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::virtual_dimension::Rule;
use std::collections::HashMap;

/// The rules of a virtual dimension, by the values of the one dimension that all of them look at.
#[derive(Debug)]
pub(super) struct ByValue<'r> {
    /// The dimension, which is not virtual itself.
    pub(super) dimension: &'r Dimension,
    /// For each value that a plain rule lists the place of the first that does.
    listed: HashMap<Option<&'r str>, usize>,
    /// The other rules, with their places.
    others: Vec<(usize, &'r Filter)>,
}

impl<'r> ByValue<'r> {
    /// Those rules; none when they look at several dimensions, at none, or at a virtual one.
    pub(super) fn of(rules: &'r [Rule]) -> Option<Self> {
        let mut looked_at = Vec::new();
        for rule in rules {
            rule.when.dimensions(&mut looked_at);
        }
        let dimension = *looked_at.first()?;
        if dimension.column().is_none() || looked_at.iter().any(|other| *other != dimension) {
            return None;
        }
        let mut by_value = Self { dimension, listed: HashMap::new(), others: Vec::new() };
        for (place, rule) in rules.iter().enumerate() {
            match plain(&rule.when) {
                Filter::In(_, values) => {
                    for value in values {
                        by_value.listed.entry(value.as_deref()).or_insert(place);
                    }
                }
                other => by_value.others.push((place, other)),
            }
        }
        Some(by_value)
    }

    /// The place of the first rule that holds for a value.
    pub(super) fn first(&self, value: Option<&str>) -> Option<usize> {
        let listed = self.listed.get(&value).copied();
        let mut before = self.others.iter().take_while(|(place, _)| listed.is_none_or(|listed| *place < listed));
        before.find(|(_, filter)| holds(filter, value)).map(|(place, _)| *place).or(listed)
    }
}

/// A filter without lists of one around it.
fn plain(filter: &Filter) -> &Filter {
    match filter {
        Filter::All(all) | Filter::Any(all) => match all.as_slice() {
            [one] => plain(one),
            _ => filter,
        },
        _ => filter,
    }
}

/// Whether a filter on one dimension holds for a value of it.
fn holds(filter: &Filter, value: Option<&str>) -> bool {
    match filter {
        Filter::In(_, wanted) => wanted.iter().any(|wanted| wanted.as_deref() == value),
        Filter::Not(inner) => !holds(inner, value),
        Filter::Any(all) => all.iter().any(|filter| holds(filter, value)),
        Filter::All(all) => all.iter().all(|filter| holds(filter, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rules(rules: Value) -> Vec<Rule> {
        serde_json::from_value(rules).unwrap()
    }

    #[test]
    fn the_first_rule_that_holds_wins_whether_it_lists_or_not() {
        let rules = rules(json!([
            {"value": "a", "when": {"region": ["eu", "us"]}},
            {"value": "b", "when": {"not": {"region": ["eu", "ap", null]}}},
            {"value": "c", "when": {"region": ["us", "cn", "ap"]}},
            {"value": "d", "when": {"any": [{"region": null}]}},
        ]));
        let by_value = ByValue::of(&rules).unwrap();
        let places =
            [Some("eu"), Some("us"), Some("cn"), Some("ap"), Some("sa"), None].map(|value| by_value.first(value));
        assert_eq!(places, [Some(0), Some(0), Some(1), Some(2), Some(1), Some(3)]);
    }

    #[test]
    fn rules_on_several_dimensions_or_a_virtual_one_are_not_decided_by_value() {
        for several in [
            json!([{"value": "a", "when": {"region": "eu"}}, {"value": "b", "when": {"tag:team": "x"}}]),
            json!([{"value": "a", "when": {"virtual:p": "eu"}}]),
            json!([{"value": "a", "when": {}}]),
        ] {
            assert!(ByValue::of(&rules(several)).is_none());
        }
    }
}
