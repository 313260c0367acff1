//! Which values need not be told apart: those that no rule and no centre looks at differently.
//!
//! The fewer values cells have, the fewer cells there are. Of a dimension that is only looked at by conditions, all
//! values that the same conditions hold for are one *class*, and all that no condition mentions are one more.

use crate::model::allocation::{Direct, Method, RuleSet};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::virtual_dimension::{Rule, VirtualDimension};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The dimensions that cells must tell apart, and how finely.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classes {
    /// Those of which every value counts: what lines carry and pools are cut by, in that order.
    pub whole: Vec<Dimension>,
    /// Those of which only classes count.
    pub classed: Vec<Classed>,
}

/// A dimension and the classes of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classed {
    /// The dimension.
    pub dimension: Dimension,
    /// The values of each class, sorted; "has no value" is a class of its own that is not listed.
    pub classes: Vec<Vec<String>>,
    /// A value that stands for all that are in no class.
    pub other: String,
}

impl Classes {
    /// The classes for sets of rules, their centres and what lines are to carry: cells of these classes will do for
    /// each of the sets.
    ///
    /// ```
    /// use finops_core::model::allocation::{Centers, Rule, RuleSet};
    /// use finops_core::pipeline::allocation::Classes;
    ///
    /// let rule = Rule::from_json(&serde_json::json!({
    ///     "id": "alr_01hk153x000000000000000000", "name": "idle", "method": "idle", "within": ["cluster"],
    ///     "source": {"namespace": ["idle-a", "idle-b"]}, "effective_from": "2024-01-01T00:00:00Z",
    /// }))?;
    /// let classes = Classes::new([&RuleSet::new(vec![rule], Centers::default())?], &[]);
    /// assert_eq!(classes.whole, ["cluster".parse()?]);
    /// assert_eq!(classes.classed[0].classes, [["idle-a", "idle-b"]]);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn new<'a>(sets: impl IntoIterator<Item = &'a RuleSet>, carry: &[Dimension]) -> Self {
        let (mut whole, mut conditions) = (carry.to_vec(), Conditions::default());
        for rules in sets {
            // Charges that name a centre are that centre's.
            for center in rules.centers().all() {
                let id = center.id.to_string();
                conditions.tell_apart(&Dimension::BuiltIn(BuiltIn::CostCenter), [id.as_str()]);
                center.filter.iter().for_each(|own| conditions.filter(own));
            }
            for rule in rules.rules() {
                whole.extend_from_slice(rule.method().within());
                conditions.filter(&rule.terms().source);
                let Method::Direct(Direct::By { by, targets, .. }) = rule.method() else { continue };
                if targets.is_empty() {
                    // A name is found whatever its case, so its spellings cannot be listed.
                    whole.push(by.clone());
                }
                for target in targets {
                    conditions.tell_apart(by, target.values.iter().map(String::as_str));
                }
            }
        }
        let mut seen = HashSet::new();
        whole.retain(|dimension| seen.insert(dimension.clone()));
        let classed = conditions.0.into_iter().filter(|(dimension, _)| !seen.contains(dimension));
        Self { classed: classed.map(|(dimension, values)| Classed::new(dimension, values)).collect(), whole }
    }

    /// All dimensions: the whole ones, then the classed ones.
    pub fn dimensions(&self) -> impl Iterator<Item = &Dimension> {
        self.whole.iter().chain(self.classed.iter().map(|classed| &classed.dimension))
    }
}

/// For each dimension and value the numbers of the conditions that mention it.
#[derive(Default)]
struct Conditions(BTreeMap<Dimension, (u32, BTreeMap<String, Vec<u32>>)>);

impl Conditions {
    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::In(dimension, values) => self.tell_apart(dimension, values.iter().flatten().map(String::as_str)),
            Filter::Not(inner) => self.filter(inner),
            Filter::Any(all) | Filter::All(all) => all.iter().for_each(|filter| self.filter(filter)),
        }
    }

    fn tell_apart<'a>(&mut self, dimension: &Dimension, values: impl IntoIterator<Item = &'a str>) {
        let (next, mentioned) = match self.0.get_mut(dimension) {
            Some(known) => known,
            None => self.0.entry(dimension.clone()).or_default(),
        };
        for value in values {
            let numbers = match mentioned.get_mut(value) {
                Some(numbers) => numbers,
                None => mentioned.entry(value.to_owned()).or_default(),
            };
            if numbers.last() != Some(next) {
                numbers.push(*next);
            }
        }
        *next += 1;
    }
}

impl Classed {
    fn new(dimension: Dimension, (_, mentioned): (u32, BTreeMap<String, Vec<u32>>)) -> Self {
        let mut other = "other".to_owned();
        while mentioned.contains_key(&other) {
            other.push('_');
        }
        let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut classes: Vec<Vec<String>> = Vec::new();
        for (value, numbers) in mentioned {
            let place = *places.entry(numbers).or_insert(classes.len());
            match classes.get_mut(place) {
                Some(class) => class.push(value),
                None => classes.push(vec![value]),
            }
        }
        Self { dimension, classes, other }
    }

    /// A virtual dimension that gives each charge the number of its class, `other` to those in none, and nothing to
    /// those without a value. [`label`](Self::label) says what the numbers stand for.
    pub fn as_virtual(&self, name: impl Into<String>) -> VirtualDimension {
        let condition = |values: Vec<Option<String>>| Filter::In(self.dimension.clone(), values);
        let class = |(number, values): (usize, &Vec<String>)| Rule {
            value: number.to_string(),
            when: condition(values.iter().cloned().map(Some).collect()),
        };
        let mut rules: Vec<Rule> = self.classes.iter().enumerate().map(class).collect();
        rules.push(Rule { value: "other".to_owned(), when: Filter::Not(Box::new(condition(vec![None]))) });
        VirtualDimension { name: name.into(), rules, default: None }
    }

    /// The label in [`Cells`](super::Cells) of a value that the virtual dimension gave: one value of the class.
    pub fn label(&self, given: Option<&str>) -> Option<Arc<str>> {
        let class = given?.parse::<usize>().ok().and_then(|number| self.classes.get(number));
        Some(class.and_then(|values| values.first()).unwrap_or(&self.other).as_str().into())
    }

    /// The label in [`Cells`](super::Cells) of a value of the dimension itself.
    pub fn label_of(&self, value: Option<&str>) -> Option<Arc<str>> {
        let value = value?;
        let class =
            self.classes.iter().find(|values| values.binary_search_by(|known| known.as_str().cmp(value)).is_ok());
        Some(class.and_then(|values| values.first()).unwrap_or(&self.other).as_str().into())
    }
}
