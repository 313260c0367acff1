//! Virtual dimensions: values that rules give to charges, where no column holds them.
//!
//! The rules are ordered, the first that matches wins, and what none matches has the default. A rule may look at
//! other virtual dimensions; a cycle is refused when the dimension is defined. Keys of tags count as they are
//! written: `app.kubernetes.io/name` and `app_kubernetes_io_name` are two.

use super::charge::ChargeColumn;
use super::dimension::Dimension;
use super::filter::Filter;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many virtual dimensions there are at most.
pub const MAX_VIRTUAL_DIMENSIONS: usize = 100;
/// How many rules a virtual dimension has at most.
pub const MAX_RULES: usize = 1000;
/// How many characters a name has at most.
const MAX_NAME: usize = 64;
/// How many bytes a value has at most.
const MAX_VALUE_BYTES: usize = 512;
/// How many bytes a definition has at most, as JSON.
const MAX_BYTES: usize = 1 << 20;
/// How many virtual dimensions may stand one upon the other.
const MAX_DEPTH: usize = 16;
/// How many conditions one virtual dimension may come to, with those of the ones that it looks at.
const MAX_CONDITIONS: usize = 20_000;

/// A value, and which charges have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The value.
    pub value: String,
    /// Which charges have it, unless an earlier rule has them.
    pub when: Filter,
}

/// A dimension whose values are given by rules.
///
/// ```
/// use finops_core::model::virtual_dimension::VirtualDimension;
///
/// let product: VirtualDimension = serde_json::from_str(
///     r#"{"name": "product", "rules": [{"value": "search", "when": {"tag:team": "search"}}], "default": "other"}"#,
/// ).unwrap();
/// product.validate()?;
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualDimension {
    /// What it is called in `virtual:NAME`.
    pub name: String,
    /// The rules; the first that matches wins.
    pub rules: Vec<Rule>,
    /// The value of charges that no rule matches; none leaves them without one.
    #[serde(default)]
    pub default: Option<String>,
}

impl VirtualDimension {
    /// Checks the name, the values and how large it is. What its rules name is checked by [`Virtuals::new`].
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-');
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.chars().all(allowed) {
            let message = format!("must have 1 to {MAX_NAME} letters, digits, '_', '.' or '-'");
            return Err(Error::invalid("name", message));
        }
        if self.rules.is_empty() || self.rules.len() > MAX_RULES {
            return Err(Error::invalid("rules", format!("must be 1 to {MAX_RULES}, got {}", self.rules.len())));
        }
        let wrong = |value: &String| value.trim().is_empty() || value.len() > MAX_VALUE_BYTES;
        if self.rules.iter().any(|rule| wrong(&rule.value)) {
            let message = format!("give values that must have 1 to {MAX_VALUE_BYTES} bytes and not be blank");
            return Err(Error::invalid("rules", message));
        }
        if self.default.as_ref().is_some_and(wrong) {
            let message = format!("must have 1 to {MAX_VALUE_BYTES} bytes and not be blank, or be left out");
            return Err(Error::invalid("default", message));
        }
        // Made by hand, a filter may be what its JSON form cannot say.
        self.rules.iter().try_for_each(|rule| {
            let read = Filter::from_json(&rule.when.to_json());
            read.map(drop).map_err(|error| Error::invalid("rules", error.message()))
        })?;
        let bytes = serde_json::to_string(self).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_BYTES {
            return Err(Error::invalid("rules", format!("must have at most {MAX_BYTES} bytes in all, got {bytes}")));
        }
        Ok(())
    }

    /// The virtual dimensions that its rules look at, once for each condition on them.
    pub fn looks_at(&self) -> impl Iterator<Item = &str> {
        let mut asked = Vec::new();
        self.rules.iter().for_each(|rule| rule.when.dimensions(&mut asked));
        asked.into_iter().filter_map(|dimension| match dimension {
            Dimension::Virtual(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// The virtual dimensions that a question can name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Virtuals(BTreeMap<String, VirtualDimension>);

impl Virtuals {
    /// Those dimensions.
    ///
    /// # Errors
    /// `invalid_argument` when a rule names one that is not among them, one leads back to itself, or they build upon
    /// each other further than can be answered in reasonable time.
    pub fn new(dimensions: impl IntoIterator<Item = VirtualDimension>) -> Result<Self> {
        let all = Self(dimensions.into_iter().map(|dimension| (dimension.name.clone(), dimension)).collect());
        let mut sound = BTreeMap::new();
        all.0.keys().try_for_each(|name| all.walk(name, &mut Vec::new(), &mut sound).map(drop))?;
        Ok(all)
    }

    /// The dimension of that name.
    ///
    /// # Errors
    /// `invalid_argument` when there is none.
    pub fn get(&self, name: &str) -> Result<&VirtualDimension> {
        self.0.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let hint =
                if known.is_empty() { "none is defined".to_owned() } else { format!("there is {}", known.join(", ")) };
            Error::invalid("group_by", format!("'virtual:{name}' is not defined: {hint}"))
        })
    }

    /// Every dimension, by name.
    pub fn iter(&self) -> impl Iterator<Item = &VirtualDimension> {
        self.0.values()
    }

    /// Adds the columns that a dimension is read from.
    ///
    /// # Errors
    /// `invalid_argument` when it is virtual and not defined.
    pub fn columns_of(&self, dimension: &Dimension, columns: &mut Vec<ChargeColumn>) -> Result<()> {
        let Dimension::Virtual(name) = dimension else {
            columns.extend(dimension.column());
            return Ok(());
        };
        let mut asked = Vec::new();
        self.get(name)?.rules.iter().for_each(|rule| rule.when.dimensions(&mut asked));
        asked.into_iter().try_for_each(|dimension| self.columns_of(dimension, columns))
    }

    /// Follows the rules down and gives how far down they go and how many conditions they come to; `path` is how we
    /// came here, `sound` what was found before.
    fn walk<'a>(
        &'a self,
        name: &'a str,
        path: &mut Vec<&'a str>,
        sound: &mut BTreeMap<&'a str, (usize, usize)>,
    ) -> Result<(usize, usize)> {
        if let Some(found) = sound.get(name) {
            return Ok(*found);
        }
        if let Some(first) = path.iter().position(|passed| *passed == name) {
            let circle: Vec<&str> = path.iter().skip(first).copied().chain([name]).collect();
            return Err(Error::invalid("rules", format!("lead in a circle: {}", circle.join(" -> "))));
        }
        let dimension =
            self.get(name).map_err(|error| Error::invalid("rules", format!("look at {}", error.message())))?;
        path.push(name);
        let mut conditions = Vec::new();
        dimension.rules.iter().for_each(|rule| rule.when.dimensions(&mut conditions));
        let (mut depth, mut count) = (0, conditions.len());
        for inner in dimension.looks_at() {
            let (inner_depth, inner_count) = self.walk(inner, path, sound)?;
            depth = depth.max(inner_depth + 1);
            count = count.saturating_add(inner_count);
        }
        path.pop();
        if depth >= MAX_DEPTH || count > MAX_CONDITIONS {
            let message = format!(
                "of '{name}' build on more than {MAX_DEPTH} virtual dimensions one upon the other, or come to over \
                 {MAX_CONDITIONS} conditions with those of the ones that they look at: use built-in dimensions and tags"
            );
            return Err(Error::invalid("rules", message));
        }
        sound.insert(name, (depth, count));
        Ok((depth, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn dimension(name: &str, looks_at: &[&str]) -> VirtualDimension {
        let rule = |inner: &&str| json!({"value": "x", "when": {format!("virtual:{inner}"): "x"}});
        let own = json!({"value": "x", "when": {"service": "Disk"}});
        let rules: Vec<Value> = [own].into_iter().chain(looks_at.iter().map(rule)).collect();
        serde_json::from_value(json!({"name": name, "rules": rules})).unwrap()
    }

    fn refused(dimensions: &[VirtualDimension]) -> String {
        let error = Virtuals::new(dimensions.to_vec()).unwrap_err();
        assert_eq!(error.field(), Some("rules"));
        error.message().to_owned()
    }

    #[test]
    fn a_circle_is_named_and_so_is_what_is_not_there() {
        let circle = [dimension("a", &["b"]), dimension("b", &["c"]), dimension("c", &["b"])];
        assert!(refused(&circle).contains("circle: b -> c -> b"));
        assert!(refused(&[dimension("a", &["a"])]).contains("a -> a"));
        assert!(refused(&[dimension("a", &["z"])]).contains("'virtual:z' is not defined"));
        assert!(Virtuals::new([dimension("a", &["b", "c"]), dimension("b", &["c"]), dimension("c", &[])]).is_ok());
    }

    #[test]
    fn what_would_take_forever_is_refused() {
        let name = |number: usize| format!("d{number:02}");
        let chain = |length: usize, twice: bool| -> Vec<VirtualDimension> {
            let inner = |number: usize| if twice { vec![name(number); 4] } else { vec![name(number)] };
            let one = |number: usize| {
                let inner = if number == 0 { Vec::new() } else { inner(number - 1) };
                dimension(&name(number), &inner.iter().map(String::as_str).collect::<Vec<_>>())
            };
            (0..length).map(one).collect()
        };
        assert!(Virtuals::new(chain(16, false)).is_ok());
        assert!(refused(&chain(17, false)).contains("16 virtual dimensions"));
        assert!(refused(&chain(12, true)).contains("20000 conditions"));
    }

    #[test]
    fn names_and_values_are_bounded() {
        for (field, name, value, default) in [
            ("name", "", "x", None),
            ("name", "a b", "x", None),
            ("name", "ä", "x", None),
            ("rules", "a", " ", None),
            ("default", "a", "x", Some("")),
        ] {
            let rule = Rule { value: value.into(), when: Filter::default() };
            let made = VirtualDimension { name: name.into(), rules: vec![rule], default: default.map(str::to_owned) };
            assert_eq!(made.validate().unwrap_err().field(), Some(field), "{made:?}");
        }
        let empty = VirtualDimension { name: "a".repeat(64), rules: vec![], default: None };
        assert_eq!(empty.validate().unwrap_err().field(), Some("rules"));
        let when = Filter::Any(vec![Filter::default(); 20_000]);
        let rules = vec![Rule { value: "x".into(), when }; 20];
        let large = VirtualDimension { name: "a".into(), rules, default: None };
        assert!(large.validate().unwrap_err().message().contains("bytes in all"));
    }
}
