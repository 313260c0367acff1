//! The plan of a question: which way it took through the engine, instead of what it comes to.

use super::buckets::{Granularity, buckets};
use super::health::Held;
use super::plan::Path;
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Bound, GroupBy, Span, request};
use super::sums::Sums;
use crate::Result;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::time::{Interval, Period, Stamp, Window, Zone};
use serde::Serialize;

request! {
    /// Which question to explain.
    pub struct PlanRequest {
        /// The period, such as `2024-01`.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without it, a period and dates: the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// How long the spans are that are told apart; by default the window is one.
        pub granularity: Option<Granularity>,
        /// What to break down by.
        pub group_by: GroupBy,
        /// Which charges count.
        pub filter: Filter,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// Or several of them.
        pub views: Option<Vec<CostView>>,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
    }
}

/// How a question was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// How many groups the answer has, before currencies are brought together.
    pub groups: u64,
    /// How many charges they are made of.
    pub rows: u64,
    /// What was read.
    #[serde(flatten)]
    pub path: Path,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A plan in the making.
#[derive(Debug)]
pub struct PlanQuery<'q> {
    request: &'q PlanRequest,
    interval: Interval,
    views: Vec<CostView>,
    buckets: Option<Vec<Interval>>,
}

impl CostRequest for PlanRequest {
    type Query<'q> = PlanQuery<'q>;

    fn query(&self, now: Stamp) -> Result<PlanQuery<'_>> {
        let (start, end) = (self.start_date, self.end_date);
        let span = Span { period: self.period.as_ref(), window: self.window.as_ref(), start, end };
        let (interval, _) = span.resolve(now, self.time_zone)?;
        self.group_by.check()?;
        let buckets = self.granularity.map(|granularity| buckets(interval, granularity, self.time_zone)).transpose()?;
        let buckets = buckets.map(|buckets| buckets.iter().map(|bucket| bucket.interval).collect());
        let mut views = Vec::new();
        for view in self.views.as_deref().unwrap_or(&[self.view]) {
            if !views.contains(view) {
                views.push(*view);
            }
        }
        if views.is_empty() {
            views.push(self.view);
        }
        Ok(PlanQuery { request: self, interval, views, buckets })
    }
}

impl CostQuery for PlanQuery<'_> {
    type Answer = Plan;

    fn questions(&self) -> Vec<Question> {
        let mut question = Question::new(self.interval, self.request.view);
        question.dimensions.clone_from(&self.request.group_by.0);
        question.filter = self.request.filter.clone();
        question.views.clone_from(&self.views);
        question.buckets.clone_from(&self.buckets);
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, _: NameOf<'_>) -> Result<Plan> {
        let sums = only(sums);
        let rows = sums.heads.iter().map(|head| head.charges).sum();
        let groups = u64::try_from(sums.len()).unwrap_or(u64::MAX);
        Ok(Plan { groups, rows, path: sums.path, snapshot: held.snapshot })
    }
}
