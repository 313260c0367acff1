//! One budget, and what no budget can be.

use super::lifecycle;
use super::{Action, Allowance, Basis, BudgetScope, Lifecycle, ScopeLevel, Threshold, Thresholds};
use crate::model::center::CostCenters;
use crate::model::charge::CostView;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Money, Rates};
use crate::model::time::{Interval, Stamp};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How long a name or an id may be, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// How long a description may be, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 4096;
/// How many bytes a filter has at most, as JSON.
const MAX_FILTER_BYTES: usize = 1 << 18;

/// What a closed gate does with a spend of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroCost {
    /// Lets it through: what is free exceeds nothing.
    #[default]
    Allow,
    /// Holds it up with the rest.
    Deny,
}

/// How much may be spent on what in which period, and what happens at which share of it.
///
/// What it has spent always is the answer of the cost query for its [filter](Budget::filter_with), its view and its
/// period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Budget {
    /// Its id.
    pub id: Id<id::Budget>,
    /// What people call it. 1 to 512 bytes.
    pub name: String,
    /// What it is good for. At most 4096 bytes.
    pub description: Option<String>,
    /// Whose budget it is. It covers only what is that organization's.
    pub organization_id: Option<String>,
    /// What it is for.
    pub scope: BudgetScope,
    /// What its charges must also be. No virtual dimensions: the gate knows of a spend only what the caller says.
    pub filter: Option<Filter>,
    /// How much, and in which period.
    pub budget: Allowance,
    /// At which share what happens.
    pub thresholds: Thresholds,
    /// Which cost of a charge counts.
    pub view: CostView,
    /// What the gate does with a spend of nothing when it is closed.
    pub zero_cost: ZeroCost,
    /// Whether a threshold that was left again by a refund is told of once more when it is crossed again in the period.
    pub rearm: bool,
    /// What other currencies are worth in that of the budget; without a rate their charges are an error, not a zero.
    pub exchange_rates: Rates,
    /// Whether spending goes on. In JSON `status`, and `enabled` beside it: whether it is not `paused`.
    #[serde(flatten, with = "lifecycle")]
    pub status: Lifecycle,
    /// When it was made.
    pub created_at: Stamp,
    /// When it was last changed.
    pub updated_at: Stamp,
}

impl Budget {
    /// Which charges it covers, as a cost query takes it: what it is for, its organization and its filter, all of them.
    ///
    /// # Errors
    /// As [`BudgetScope::filter`].
    pub fn filter_with(&self, centers: &CostCenters) -> Result<Filter> {
        let scope = self.scope.filter(centers)?;
        let organization = self.organization_id.as_ref().filter(|_| self.scope.level != ScopeLevel::Organization);
        let organization = organization.map(|id| Filter::equals(Dimension::BuiltIn(BuiltIn::Organization), id));
        let everything = Filter::default();
        let all = [Some(scope), organization, self.filter.clone()].into_iter().flatten();
        Ok(Filter::All(all.filter(|part| *part != everything).collect()))
    }

    /// The period that holds at an instant; none outside of its dates.
    ///
    /// # Errors
    /// `overflow` or `invalid_argument` where the calendar ends.
    pub fn period_at(&self, at: Stamp) -> Result<Option<Interval>> {
        self.budget.period_at(at)
    }

    /// What may be spent before the gate closes: the lowest threshold that pauses by what has been spent, and its
    /// amount. None when nothing is held up so.
    ///
    /// # Errors
    /// `overflow`; not of a budget that is [valid](Budget::validate).
    pub fn limit(&self) -> Result<Option<(Threshold, Money)>> {
        self.lowest(Some(Action::Pause))
    }

    /// The lowest threshold of any kind on what has been spent, and its amount: below it, nobody wants to be told.
    ///
    /// # Errors
    /// `overflow`; not of a budget that is [valid](Budget::validate).
    pub fn first_crossing(&self) -> Result<Option<(Threshold, Money)>> {
        self.lowest(None)
    }

    fn lowest(&self, action: Option<Action>) -> Result<Option<(Threshold, Money)>> {
        let mut found = self.thresholds.iter().filter(|threshold| threshold.basis == Basis::Actual);
        let lowest = found.find(|threshold| action.is_none_or(|action| threshold.action == action));
        lowest.map(|lowest| Ok((*lowest, lowest.percent.of(self.budget.amount)?))).transpose()
    }

    /// Puts it out of force.
    ///
    /// # Errors
    /// `conflict` when it is paused already.
    pub fn pause(&self, now: Stamp) -> Result<Self> {
        Ok(Self { status: self.status.pause()?, updated_at: now, ..self.clone() })
    }

    /// Puts it into force again, after it was paused.
    ///
    /// # Errors
    /// `conflict` when it is not paused.
    pub fn resume(&self, now: Stamp) -> Result<Self> {
        Ok(Self { status: self.status.resume()?, updated_at: now, ..self.clone() })
    }

    /// Checks it by itself. Whether its cost centre is there, and looks at no virtual dimension, is checked by
    /// [`Budget::check_with`].
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        text("name", &self.name)?;
        let organization = self.organization_id.as_deref();
        organization.map_or(Ok(()), |id| text("organization_id", id))?;
        let description = self.description.as_ref().map_or(0, String::len);
        if description > MAX_DESCRIPTION_BYTES {
            let message = format!("must have at most {MAX_DESCRIPTION_BYTES} bytes, got {description}");
            return Err(Error::invalid("description", message));
        }
        self.scope.validate()?;
        let other = organization.filter(|id| self.scope.id.as_deref() != Some(id));
        if let (ScopeLevel::Organization, Some(other)) = (self.scope.level, other) {
            let message = format!("is '{other}', but the budget is for another organization: leave it out");
            return Err(Error::invalid("organization_id", message));
        }
        self.check_filter()?;
        self.budget.validate()?;
        let amount = self.budget.amount;
        let reach = |threshold: &Threshold| threshold.percent.of(amount).map(drop);
        self.thresholds.iter().try_for_each(reach).map_err(|error| error.with_field("budget.amount"))?;
        self.exchange_rates.check()
    }

    fn check_filter(&self) -> Result<()> {
        let Some(filter) = &self.filter else { return Ok(()) };
        // Made by hand, a filter may be what its JSON form cannot say.
        let json = filter.to_json();
        Filter::from_json(&json)?;
        let bytes = json.to_string().len();
        if bytes > MAX_FILTER_BYTES {
            let message = format!("must have at most {MAX_FILTER_BYTES} bytes as JSON, got {bytes}");
            return Err(Error::invalid("filter", message));
        }
        no_virtuals("filter", filter)
    }

    /// Checks what it says of cost centres.
    ///
    /// # Errors
    /// `not_found` for a cost centre that is not there; `invalid_argument` for one that looks at a virtual dimension:
    /// the gate knows of a spend only what the caller says of it.
    pub fn check_with(&self, centers: &CostCenters) -> Result<()> {
        no_virtuals("scope.id", &self.scope.filter(centers)?)
    }
}

fn no_virtuals(field: &str, filter: &Filter) -> Result<()> {
    let mut dimensions = Vec::new();
    filter.dimensions(&mut dimensions);
    match dimensions.into_iter().find(|dimension| matches!(dimension, Dimension::Virtual(_))) {
        Some(dimension) => {
            let message =
                format!("looks at '{dimension}', which the gate cannot tell of a spend: use other dimensions");
            Err(Error::invalid(field, message))
        }
        None => Ok(()),
    }
}

fn text(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
        return Err(Error::invalid(field, format!("must have 1 to {MAX_TEXT_BYTES} bytes and not be blank")));
    }
    Ok(())
}
