//! What a query asks of the charges: which of them, told apart by what, and which of their figures.

use crate::model::charge::{ChargeColumn, CostView};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::time::Interval;
use crate::model::virtual_dimension::Virtuals;
use crate::{Error, Result};

/// How many groups an answer is made of at most, unless the engine was opened with another limit.
pub const MAX_GROUPS: usize = 5_000_000;

/// What to add up.
#[derive(Debug, Clone)]
pub struct Question {
    /// Charges whose `ChargePeriodStart` lies there.
    pub interval: Interval,
    /// Spans to tell apart, in order and without gap, covering the interval; none for one sum over all of it.
    pub buckets: Option<Vec<Interval>>,
    /// Dimensions to tell apart.
    pub dimensions: Vec<Dimension>,
    /// Which charges count.
    pub filter: Filter,
    /// The costs to add up: at least one, none twice. The first is the one that an answer is ordered by.
    pub views: Vec<CostView>,
    /// Whether to add up what the platform metered.
    pub metered: bool,
    /// A dimension whose distinct values are to be counted in each group.
    pub distinct: Option<Dimension>,
    /// Whether it is about what cost centres bear, by the rules of allocation, instead of what was charged: dimension
    /// `cost_center` is who bears it, and filters apply after everything is shared out. No buckets, nothing metered.
    pub allocated: bool,
    /// The virtual dimensions that the question may name.
    pub virtuals: Virtuals,
    /// Only charges of billing periods that had not ended when they were imported: the provider may restate them.
    pub estimated_only: bool,
    /// How many of the largest groups in the first view are wanted; of others only their sum. None for all of them.
    /// A store may give more.
    pub largest: Option<usize>,
    /// How many groups there may be.
    pub max_groups: usize,
}

impl Question {
    /// A question about one cost over an interval, with nothing told apart.
    pub fn new(interval: Interval, view: CostView) -> Self {
        Self {
            interval,
            buckets: None,
            dimensions: Vec::new(),
            filter: Filter::default(),
            views: vec![view],
            metered: false,
            distinct: None,
            allocated: false,
            virtuals: Virtuals::default(),
            estimated_only: false,
            largest: None,
            max_groups: MAX_GROUPS,
        }
    }

    /// The same question about the charges that may still be restated, with nothing told apart.
    #[must_use]
    pub fn estimated(&self) -> Self {
        let (interval, view) = (self.interval, self.views.first().copied().unwrap_or_default());
        let (filter, virtuals) = (self.filter.clone(), self.virtuals.clone());
        Self { filter, virtuals, estimated_only: true, max_groups: self.max_groups, ..Self::new(interval, view) }
    }

    /// The columns that have to be read.
    ///
    /// # Errors
    /// `invalid_argument` when a virtual dimension is not defined.
    pub fn columns(&self) -> Result<Vec<ChargeColumn>> {
        let mut columns = vec![ChargeColumn::BillingCurrency, ChargeColumn::ChargePeriodStart];
        columns.extend(self.views.iter().map(|view| view.column()));
        if self.metered {
            columns.extend([ChargeColumn::ChargeCategory, ChargeColumn::ConsumedQuantity, ChargeColumn::Resource]);
        }
        let mut asked = Vec::new();
        self.filter.dimensions(&mut asked);
        let asked = asked.into_iter().chain(&self.dimensions).chain(&self.distinct);
        asked.into_iter().try_for_each(|dimension| self.virtuals.columns_of(dimension, &mut columns))?;
        columns.sort_unstable();
        columns.dedup();
        Ok(columns)
    }

    /// The place of the bucket that holds an instant. Bills are mostly in order, so the last place is tried first.
    pub(crate) fn bucket_of(&self, micros: i64, last: &mut usize) -> usize {
        let Some(buckets) = &self.buckets else { return 0 };
        let holds = |bucket: &Interval| bucket.start().micros() <= micros && micros < bucket.end().micros();
        if buckets.get(*last).is_some_and(holds) {
            return *last;
        }
        let next = *last + 1;
        let is_next = buckets.get(next).is_some_and(holds);
        *last = if is_next { next } else { buckets.partition_point(|bucket| bucket.end().micros() <= micros) };
        *last
    }

    /// The end of a bucket; none where nothing is told apart.
    pub(crate) fn end_of(&self, bucket: usize) -> Option<i64> {
        self.buckets.as_ref().and_then(|buckets| buckets.get(bucket)).map(|bucket| bucket.end().micros())
    }

    /// Whether the interval holds an instant.
    pub(crate) fn holds(&self, micros: i64) -> bool {
        self.interval.start().micros() <= micros && micros < self.interval.end().micros()
    }
}

/// The error of an answer that would have more groups than it may.
pub(crate) fn too_many_groups(limit: usize) -> Error {
    let message = format!(
        "makes more than {limit} groups: filter, group by fewer dimensions, ask about less time, or open the engine \
         with a higher max_groups"
    );
    Error::invalid("group_by", message)
}

/// What is metered by the platform itself: the value of dimension `resource`, and the field that shows it in an answer.
pub(crate) const METERED: [(&str, &str); 6] = [
    ("api_calls", "api_calls"),
    ("ledger_transactions", "ledger_transactions"),
    ("search_queries", "search_queries"),
    ("storage", "storage_gb"),
    ("compute", "compute_vcpu_seconds"),
    ("bandwidth", "bandwidth_gb"),
];

/// The dimension that [`METERED`] lists values of.
pub(crate) const METERED_BY: Dimension = Dimension::BuiltIn(BuiltIn::Resource);
