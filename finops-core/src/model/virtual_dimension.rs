//! Virtual dimensions: values that rules give to charges, where no column holds them.
//!
//! The rules are ordered, the first that matches wins, and what none matches has the default. A rule may look at
//! other virtual dimensions; a cycle is refused when the dimension is defined. Keys of tags count as they are
//! written: `app.kubernetes.io/name` and `app_kubernetes_io_name` are two.

use super::charge::ChargeColumn;
use super::dimension::Dimension;
use super::filter::Filter;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// How many rules a virtual dimension has at most.
pub const MAX_RULES: usize = 1000;

/// A value, and which charges have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The value.
    pub value: String,
    /// Which charges have it, unless an earlier rule has them.
    pub when: Filter,
}

/// A dimension whose values are given by rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualDimension {
    /// What it is called in `virtual:NAME`.
    pub name: String,
    /// The rules; the first that matches wins.
    pub rules: Vec<Rule>,
    /// The value of charges that no rule matches; none leaves them without one.
    pub default: Option<String>,
}

/// The virtual dimensions that a question can name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Virtuals(BTreeMap<String, VirtualDimension>);

impl Virtuals {
    /// Those dimensions.
    ///
    /// # Errors
    /// `invalid_argument` when a rule names one that is not among them, or one leads back to itself.
    pub fn new(dimensions: impl IntoIterator<Item = VirtualDimension>) -> Result<Self> {
        let all = Self(dimensions.into_iter().map(|dimension| (dimension.name.clone(), dimension)).collect());
        let mut sound = Vec::new();
        all.0.keys().try_for_each(|name| all.walk(name, &mut Vec::new(), &mut sound))?;
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

    /// Follows the rules down; `path` is how we came here.
    fn walk<'a>(&'a self, name: &'a str, path: &mut Vec<&'a str>, sound: &mut Vec<&'a str>) -> Result<()> {
        if sound.contains(&name) {
            return Ok(());
        }
        if path.contains(&name) {
            path.push(name);
            return Err(Error::invalid("rules", format!("lead in a circle: {}", path.join(" -> "))));
        }
        path.push(name);
        let mut asked = Vec::new();
        self.get(name)?.rules.iter().for_each(|rule| rule.when.dimensions(&mut asked));
        for dimension in asked {
            if let Dimension::Virtual(inner) = dimension {
                self.walk(inner, path, sound)?;
            }
        }
        path.pop();
        sound.push(name);
        Ok(())
    }
}
