//! A month as it was closed: lines, sums, and by which names they are read.

use super::booked::{Account, Booked, Costs};
use crate::model::allocation::{CenterId, Rule, RuleId};
use crate::model::center::{CostCenter, Percent};
use crate::model::dimension::Dimension;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::allocation::Line;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a statement says of a centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CenterFacts {
    /// The centre.
    pub id: CenterId,
    /// What it is called.
    pub name: String,
    /// The centre that it is a part of.
    pub parent: Option<CenterId>,
    /// Who answers for it.
    pub owner_id: Option<String>,
    /// What it may cost a month.
    pub budget_monthly: Option<Money>,
    /// The currency of the budget.
    pub currency: Option<Currency>,
    /// At which share of the budget its owner is warned.
    pub alert_threshold_pct: Option<Percent>,
}

impl From<&CostCenter> for CenterFacts {
    fn from(center: &CostCenter) -> Self {
        Self {
            id: center.id,
            name: center.name.clone(),
            parent: center.parent,
            owner_id: center.owner_id.clone(),
            budget_monthly: center.budget_monthly,
            currency: center.currency,
            alert_threshold_pct: center.alert_threshold_pct,
        }
    }
}

/// What lines say of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFacts {
    /// The rule.
    pub id: RuleId,
    /// What it is called.
    pub name: String,
    /// How it shares out.
    pub method: String,
    /// What its shares are weighed in, where that is not the currency: the unit of a meter, `Weight` or `Percent`.
    pub unit: Option<String>,
    /// The dimensions that its pools are cut by.
    pub within: Vec<Dimension>,
}

impl RuleFacts {
    /// Those of a rule; `unit` is that of its meter.
    pub fn new(rule: &Rule, unit: Option<String>) -> Self {
        let method = rule.method();
        let unit = match method.as_str() {
            "weighted" => Some("Weight".to_owned()),
            "fixed" => Some("Percent".to_owned()),
            _ => unit,
        };
        let (name, method) = (rule.name().to_owned(), method.as_str().to_owned());
        Self { id: rule.id(), name, method, unit, within: rule.method().within().to_vec() }
    }
}

/// The centres and rules by which statements and lines are read.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The centres.
    pub centers: BTreeMap<CenterId, CenterFacts>,
    /// The rules.
    pub rules: BTreeMap<RuleId, RuleFacts>,
}

impl Facts {
    /// Those of centres and rules.
    pub fn new(centers: impl IntoIterator<Item = CenterFacts>, rules: impl IntoIterator<Item = RuleFacts>) -> Self {
        let centers = centers.into_iter().map(|center| (center.id, center)).collect();
        Self { centers, rules: rules.into_iter().map(|rule| (rule.id, rule)).collect() }
    }

    /// What a centre is called.
    pub fn name(&self, center: Option<CenterId>) -> Option<&str> {
        center.and_then(|center| self.centers.get(&center)).map(|center| center.name.as_str())
    }
}

/// A line, on its own feet: as it was when its month was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenLine {
    /// The time of its charges, all of it with the same rules in force.
    pub stretch: Interval,
    /// What books tell apart.
    #[serde(flatten)]
    pub account: Account,
    /// Who caused idle cost that nobody bears.
    pub caused_by: Option<CenterId>,
    /// The rule whose pool idle cost came by.
    pub pool: Option<RuleId>,
    /// The four costs.
    pub costs: Costs,
    /// How many charges lack each of the costs.
    pub unknown: [u64; 4],
    /// Which part of the pool it is.
    pub ratio: Option<Quantity>,
    /// What the centre's share was weighed by.
    pub base: Option<Quantity>,
    /// The values that the pool was cut by.
    pub source: Vec<Option<String>>,
}

impl FrozenLine {
    /// A line of a stretch.
    pub fn new(stretch: Interval, line: &Line) -> Self {
        let &Line { center, kind, rule, currency, .. } = line;
        Self {
            stretch,
            account: Account { currency, cost_center_id: center, kind, rule_id: rule },
            caused_by: line.caused_by,
            pool: line.pool,
            costs: line.costs,
            unknown: line.unknown,
            ratio: line.ratio,
            base: line.base,
            source: line.source.iter().map(|value| value.as_deref().map(str::to_owned)).collect(),
        }
    }
}

/// Charges of a centre whose costs are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The currency.
    pub currency: Currency,
    /// Who would bear them.
    pub cost_center_id: Option<CenterId>,
    /// How many lack each of the four costs.
    pub charges: [u64; 4],
}

/// What a month came to when it was closed. Its lines are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedMonth {
    /// The month.
    pub period: Interval,
    /// When it was closed.
    pub closed_at: Stamp,
    /// The state of the store that was read.
    pub snapshot: u64,
    /// How many lines there are.
    pub lines: u64,
    /// A digest of the lines, as the store keeps them.
    pub digest: String,
    /// What they come to.
    pub booked: Booked,
    /// What of it is not known.
    pub unknown: Vec<Unknown>,
    /// What corrects other months: by when they start.
    pub corrections: Vec<(Stamp, Booked)>,
    /// Every centre that there was.
    pub centers: Vec<CenterFacts>,
    /// The rules of the lines.
    pub rules: Vec<RuleFacts>,
}

/// How many charges lack their costs, by who would bear them.
pub(super) fn unknown<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Vec<Unknown> {
    let mut counts: BTreeMap<(Currency, Option<CenterId>), [u64; 4]> = BTreeMap::new();
    for line in lines.into_iter().filter(|line| line.unknown != [0; 4]) {
        let sums = counts.entry((line.currency, line.center)).or_default();
        sums.iter_mut().zip(line.unknown).for_each(|(sum, more)| *sum += more);
    }
    let unknown = |((currency, cost_center_id), charges)| Unknown { currency, cost_center_id, charges };
    counts.into_iter().map(unknown).collect()
}

impl ClosedMonth {
    /// The centres and rules as they were.
    pub fn facts(&self) -> Facts {
        Facts::new(self.centers.iter().cloned(), self.rules.iter().cloned())
    }
}
