//! What an allocation comes to: lines that add up to the charges.

use super::Finding;
use crate::model::allocation::{CenterId, RuleId};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::money::{Currency, Money, Quantity};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Values of some dimensions, in their order.
pub type Values = Arc<[Option<Arc<str>>]>;

/// Why somebody bears a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The charges are the centre's own.
    Direct,
    /// A share of a pool.
    Shared,
    /// Idle cost: a share of it, or what stays apart.
    Idle,
    /// Nobody bears it.
    Unallocated,
}

impl LineKind {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Shared => "shared",
            Self::Idle => "idle",
            Self::Unallocated => "unallocated",
        }
    }
}

/// A part of the cost, who bears it, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who bears it.
    pub center: Option<CenterId>,
    /// Who caused idle cost that nobody bears, as far as that is known.
    pub caused_by: Option<CenterId>,
    /// Why.
    pub kind: LineKind,
    /// The rule that says so; none for charges that are a centre's without one, and for those that no rule holds.
    pub rule: Option<RuleId>,
    /// The rule whose pool idle cost came by, where the cost that caused it is itself shared out.
    pub pool: Option<RuleId>,
    /// The currency.
    pub currency: Currency,
    /// The costs, in the order of [`CostView::ALL`](crate::model::charge::CostView::ALL).
    pub costs: [Money; 4],
    /// How many charges lack each of the costs.
    pub unknown: [u64; 4],
    /// Which part of the pool, or of a cut of it, the line is. Those of one pool add up to exactly 1.
    pub ratio: Option<Quantity>,
    /// What the centre's share was weighed by: its direct cost, quantity, weight, percentage or amount.
    pub base: Option<Quantity>,
    /// The values of the dimensions that the pool is cut by.
    pub source: Values,
    /// The values of the direct cost in whose favour the line is, for each dimension that the frame carries.
    pub carried: Values,
}

impl Line {
    /// The value of a dimension: of the currency that of the line, else what is carried at that place.
    pub fn value(&self, dimension: &Dimension, place: usize) -> Option<&str> {
        if *dimension == CURRENCY {
            return Some(self.currency.code());
        }
        self.carried.get(place).and_then(Option::as_deref)
    }

    /// The centre that a filter goes by: who bears it, else who caused it.
    pub fn attributed(&self) -> Option<CenterId> {
        self.center.or(self.caused_by)
    }
}

/// What came in and what went out in one currency; both are the same, or there is no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The currency.
    pub currency: Currency,
    /// The costs of the cells.
    pub total_in: [Money; 4],
    /// The costs of the lines.
    pub total_out: [Money; 4],
    /// How many charges lack each of the costs.
    pub unknown: [u64; 4],
}

/// Lines that add up to the charges, in every currency and each of the four costs.
#[derive(Debug, Clone, Default)]
pub struct Allocation {
    pub(super) parts: Vec<Arc<Vec<Line>>>,
    /// What the run came upon, in order of rules.
    pub findings: Vec<Finding>,
    /// What came in and went out, by currency.
    pub totals: Vec<Total>,
    /// The dimensions of [`Line::carried`].
    pub carry: Vec<Dimension>,
}

impl Allocation {
    /// The lines: direct and unallocated cost first, then what each rule shares out, in the order of rules.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines that a filter lets through: by `cost_center`, which is [`Line::attributed`], by `currency`, and by
    /// what is carried.
    ///
    /// # Errors
    /// `invalid_argument` on field `filter` when it looks at a dimension that is not carried.
    pub fn select(&self, filter: &Filter) -> Result<Vec<&Line>> {
        self.chosen(filter, Line::attributed)
    }

    /// The same, by `cost_center` as who bears the line: idle cost that is kept apart is nobody's.
    ///
    /// # Errors
    /// As [`Allocation::select`].
    pub fn borne(&self, filter: &Filter) -> Result<Vec<&Line>> {
        self.chosen(filter, |line| line.center)
    }

    fn chosen(&self, filter: &Filter, whose: fn(&Line) -> Option<CenterId>) -> Result<Vec<&Line>> {
        let mut asked = Vec::new();
        filter.dimensions(&mut asked);
        let known = |dimension: &Dimension| [CENTER, CURRENCY].contains(dimension);
        let there = |dimension: &Dimension| known(dimension) || self.carry.contains(dimension);
        if let Some(missing) = asked.into_iter().find(|dimension| !there(dimension)) {
            return Err(Error::invalid("filter", format!("looks at '{missing}', which the lines do not carry")));
        }
        Ok(self.lines().filter(|line| self.passes(filter, line, whose)).collect())
    }

    fn passes(&self, filter: &Filter, line: &Line, whose: fn(&Line) -> Option<CenterId>) -> bool {
        match filter {
            Filter::Not(inner) => !self.passes(inner, line, whose),
            Filter::Any(all) => all.iter().any(|filter| self.passes(filter, line, whose)),
            Filter::All(all) => all.iter().all(|filter| self.passes(filter, line, whose)),
            Filter::In(dimension, wanted) if *dimension == CENTER => {
                let id = whose(line).map(|center| center.to_string());
                wanted.contains(&id)
            }
            Filter::In(dimension, wanted) if *dimension == CURRENCY => {
                wanted.iter().flatten().any(|wanted| wanted == line.currency.code())
            }
            Filter::In(dimension, wanted) => {
                let place = self.carry.iter().position(|carried| carried == dimension);
                let value = place.and_then(|place| line.carried.get(place)).and_then(Option::as_deref);
                wanted.iter().any(|wanted| wanted.as_deref() == value)
            }
        }
    }
}

const CENTER: Dimension = Dimension::BuiltIn(BuiltIn::CostCenter);
const CURRENCY: Dimension = Dimension::BuiltIn(BuiltIn::Currency);
