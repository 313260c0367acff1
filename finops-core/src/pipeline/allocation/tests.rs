//! Allocation of small worlds whose figures are known, and of many random ones.

mod classes;
mod hard;
mod methods;
mod money;
mod plan;
mod props;
mod random;
mod refusals;
mod slow;

use super::{Allocation, Cells, Classes, Frame, LineKind, Weights, allocate};
use crate::Result;
use crate::model::allocation::{Center, CenterId, Centers, Rule, RuleId, RuleSet};
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The id of the n-th centre, from 0.
pub(super) fn cc(n: i64) -> CenterId {
    Id::new(Stamp::from_micros(n * 1_000).unwrap(), [0; 10])
}

/// The id of the n-th rule.
pub(super) fn alr(n: i64) -> RuleId {
    Id::new(Stamp::from_micros(n * 1_000).unwrap(), [1; 10])
}

/// A charge: its values, its currency, its costs.
#[derive(Debug, Clone)]
pub(super) struct Charge {
    pub(super) values: Vec<Option<String>>,
    pub(super) currency: &'static str,
    pub(super) costs: [Money; 4],
    pub(super) unknown: [u64; 4],
}

/// Centres, rules and charges.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) centers: Vec<Center>,
    pub(super) rules: Vec<Value>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) charges: Vec<Charge>,
    pub(super) carry: Vec<Dimension>,
    pub(super) weights: Weights,
    pub(super) view: CostView,
}

pub(super) fn dimension(text: &str) -> Dimension {
    text.parse().unwrap()
}

pub(super) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(super) fn filter(value: &Value) -> Filter {
    Filter::from_json(value).unwrap()
}

pub(super) fn january() -> Interval {
    Interval::new("2024-01-01T00:00:00Z".parse().unwrap(), "2024-02-01T00:00:00Z".parse().unwrap()).unwrap()
}

impl World {
    /// Charges have a value for `cost_center`, which nobody gives, and for each of those dimensions.
    pub(super) fn new(dimensions: &[&str]) -> Self {
        let dimensions = ["cost_center"].iter().chain(dimensions).map(|text| dimension(text)).collect();
        Self {
            centers: Vec::new(),
            rules: Vec::new(),
            dimensions,
            charges: Vec::new(),
            carry: Vec::new(),
            weights: Weights::default(),
            view: CostView::Effective,
        }
    }

    pub(super) fn center(&mut self, name: &str, own: &Value) -> CenterId {
        let id = cc(i64::try_from(self.centers.len()).unwrap());
        let filter = (!own.is_null()).then(|| filter(own));
        self.centers.push(Center { id, name: name.to_owned(), depth: 0, filter });
        id
    }

    /// A rule with these fields beside what each has.
    pub(super) fn rule(&mut self, name: &str, fields: &Value) -> RuleId {
        let id = alr(i64::try_from(self.rules.len()).unwrap());
        let mut all = json!({"id": id, "name": name, "effective_from": "2024-01-01T00:00:00Z"});
        all.as_object_mut().unwrap().extend(fields.as_object().cloned().unwrap_or_else(Map::new));
        self.rules.push(all);
        id
    }

    /// A charge whose four costs are the same.
    pub(super) fn charge(&mut self, values: &[&str], cost: &str) {
        self.charge_in(values, "USD", [cost; 4]);
    }

    pub(super) fn charge_in(&mut self, values: &[&str], currency: &'static str, costs: [&str; 4]) {
        let values = std::iter::once(&"").chain(values).map(|value| Some((*value).to_owned()));
        let values = values.map(|value| value.filter(|value| !value.is_empty())).collect();
        self.charges.push(Charge { values, currency, costs: costs.map(money), unknown: [0; 4] });
    }

    pub(super) fn carry(&mut self, dimensions: &[&str]) {
        self.carry = dimensions.iter().map(|text| dimension(text)).collect();
    }

    pub(super) fn set(&self) -> Result<RuleSet> {
        let rules = self.rules.iter().map(Rule::from_json).collect::<Result<_>>()?;
        RuleSet::new(rules, Centers::new(self.centers.clone()).unwrap())
    }

    pub(super) fn frame(&self) -> Frame {
        Frame { stretch: january(), view: self.view, carry: self.carry.clone() }
    }

    /// The charges as cells of the classes that those sets of rules need.
    pub(super) fn cells(&self, sets: &[&RuleSet]) -> Cells {
        let classes = Classes::new(sets.iter().copied(), &self.carry);
        let asked: Vec<Dimension> = classes.dimensions().cloned().collect();
        let label = |charge: &Charge, at: usize, asked: &Dimension| -> Option<Arc<str>> {
            let place = self.dimensions.iter().position(|known| known == asked).expect("a dimension of the world");
            let value = charge.values[place].as_deref();
            match at.checked_sub(classes.whole.len()) {
                Some(at) => classes.classed[at].label_of(value),
                None => value.map(Arc::from),
            }
        };
        let mut labels: Vec<Vec<Option<Arc<str>>>> = vec![Vec::new(); asked.len()];
        let mut rows = Vec::new();
        for charge in &self.charges {
            let code = |(at, dimension): (usize, &Dimension)| {
                let (label, known) = (label(charge, at, dimension), &mut labels[at]);
                let place = known.iter().position(|known| *known == label).unwrap_or_else(|| {
                    known.push(label);
                    known.len() - 1
                });
                u32::try_from(place).unwrap()
            };
            rows.push(asked.iter().enumerate().map(code).collect::<Vec<u32>>());
        }
        let mut cells = Cells::new(asked, labels).unwrap();
        for (charge, codes) in self.charges.iter().zip(rows) {
            cells.push(&codes, charge.currency.parse().unwrap(), charge.costs, charge.unknown).unwrap();
        }
        cells
    }

    pub(super) fn run(&self) -> Result<Allocation> {
        let set = self.set()?;
        let allocation = allocate(self.cells(&[&set]), self.frame(), &set, &self.weights)?;
        for total in &allocation.totals {
            assert_eq!(total.total_in, total.total_out);
        }
        Ok(allocation)
    }

    /// What comes to each centre, then what stays idle, then what stays unallocated, in effective cost; of lines that
    /// a filter lets through.
    pub(super) fn figures(&self, wanted: &Value) -> Vec<(String, String)> {
        let allocation = self.run().unwrap();
        let lines = allocation.select(&filter(wanted)).unwrap();
        let sum = |wanted: &dyn Fn(&super::Line) -> bool| {
            Money::try_sum(lines.iter().filter(|line| wanted(line)).map(|line| line.costs[1])).unwrap()
        };
        let center = |center: &Center| (center.name.clone(), sum(&|line| line.center == Some(center.id)));
        let mut figures: Vec<(String, Money)> = self.centers.iter().map(center).collect();
        let apart = |kind: LineKind| sum(&|line| line.center.is_none() && line.kind == kind);
        figures.push(("idle".to_owned(), apart(LineKind::Idle)));
        figures.push(("unallocated".to_owned(), apart(LineKind::Unallocated)));
        let shown = figures.into_iter().filter(|(_, cost)| !cost.is_zero());
        shown.map(|(name, cost)| (name, cost.to_string())).collect()
    }
}

/// Asserts figures by name.
pub(super) fn expect(world: &World, wanted: &Value, figures: &[(&str, &str)]) {
    let found = world.figures(wanted);
    let found: Vec<(&str, &str)> = found.iter().map(|(name, cost)| (name.as_str(), cost.as_str())).collect();
    assert_eq!(found, figures, "with filter {wanted}");
}
