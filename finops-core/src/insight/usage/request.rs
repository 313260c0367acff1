//! What usage is asked for.

use super::answer::Usage;
use super::gather::gather;
use super::pages::UsagePages;
use super::select::Field;
use crate::insight::buckets::{Bucket, Granularity, buckets};
use crate::insight::query::NameOf;
use crate::insight::request::{Bound, GroupBy, Span, page, request};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::time::{Interval, Period, Stamp, Window, Zone};
use crate::pipeline::metering::QUARTER;
use crate::{Error, Result};

request! {
    /// What usage is asked for.
    ///
    /// ```
    /// use finops_core::insight::UsageRequest;
    ///
    /// let request: UsageRequest =
    ///     serde_json::from_str(r#"{"period": "2024-01", "group_by": ["tenant", "tag:route"]}"#).unwrap();
    /// assert_eq!(request.group_by.map(|group_by| group_by.0.len()), Some(2));
    /// ```
    pub struct UsageRequest {
        /// The period, such as `2024-01`.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without any of these, the thirty days up to tonight. One that reaches up to
        /// now ends with the quarter of an hour that now lies in.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// What to tell apart, by default tenants: what series have, `resource`, and properties that a meter groups by
        /// as `tag:NAME`. An empty list gives one item of all.
        pub group_by: Option<GroupBy>,
        /// Only the meter of that name.
        pub resource: Option<String>,
        /// Which usage counts.
        pub filter: Filter,
        /// Adds a series of spans of that length.
        pub granularity: Option<Granularity>,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many items to give, 1 to 1000; by default all.
        pub limit: Option<i64>,
        /// How many items to leave out before.
        pub offset: Option<i64>,
    }
}

/// A question of usage: checked, and with its spans of time made.
#[derive(Debug)]
pub struct UsageQuery<'q> {
    pub(super) request: &'q UsageRequest,
    pub(crate) interval: Interval,
    /// The spans that the series tells apart; one for the whole window without a series.
    pub(super) buckets: Vec<Bucket>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) fields: Vec<Field>,
    pub(super) now: Stamp,
}

impl<'q> UsageQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q UsageRequest, now: Stamp) -> Result<Self> {
        let (zone, start, end) = (request.time_zone, request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let interval = on_quarters(span.interval(now, zone)?, now, field(request))?;
        let dimensions = match &request.group_by {
            None => vec![Dimension::BuiltIn(BuiltIn::Tenant)],
            Some(group_by) => {
                group_by.check()?;
                group_by.0.clone()
            }
        };
        let fields = dimensions.iter().map(|dimension| Field::of(dimension, "group_by")).collect::<Result<Vec<_>>>()?;
        page(request.limit, request.offset)?;
        let buckets = match request.granularity {
            Some(granularity) => buckets(interval, granularity, zone)?,
            None => vec![Bucket { date: zone.date_of(interval.start()), interval }],
        };
        if let Some(bucket) = buckets.iter().find(|bucket| !is_quarter(bucket.interval.end())) {
            let message = format!("a day of {zone} begins at {}: {KEPT}", bucket.interval.end());
            return Err(Error::invalid("time_zone", message));
        }
        Ok(Self { request, interval, buckets, dimensions, fields, now })
    }

    /// Whether usage has values of a dimension; those of a tag are properties that a meter groups by.
    ///
    /// # Errors
    /// `invalid_argument` when it has none.
    pub fn has(dimension: &Dimension) -> Result<()> {
        Field::of(dimension, "filter").map(drop)
    }

    /// The answer, from what meters counted. `name` looks up what the catalogue calls a value.
    ///
    /// # Errors
    /// `invalid_argument` for a resource or property that no meter has and for too long a series, `overflow`, and
    /// whatever `pages` and `name` give.
    pub fn answer(self, pages: &dyn UsagePages, name: NameOf<'_>) -> Result<Usage> {
        let gathered = gather(&self, pages)?;
        super::answer::answer(self, pages, gathered, name)
    }
}

const KEPT: &str = "usage is kept by quarters of an hour";

/// Which field says the time.
fn field(request: &UsageRequest) -> &'static str {
    match request {
        UsageRequest { period: Some(_), .. } => "period",
        UsageRequest { window: Some(_), .. } => "window",
        UsageRequest { start_date: Some(_), .. } => "start_date",
        _ => "end_date",
    }
}

fn is_quarter(stamp: Stamp) -> bool {
    stamp.micros().rem_euclid(QUARTER) == 0
}

/// The window, whose ends must lie on quarters of an hour. An end that lies in the future, or is now, goes to the end
/// of its quarter: nothing has happened there yet.
fn on_quarters(interval: Interval, now: Stamp, field: &str) -> Result<Interval> {
    let (start, mut end) = (interval.start(), interval.end());
    if end >= now && !is_quarter(end) {
        let over = end.micros().rem_euclid(QUARTER);
        end = Stamp::from_micros(end.micros() - over + QUARTER).unwrap_or(end);
    }
    match [start, end].into_iter().find(|stamp| !is_quarter(*stamp)) {
        None => Interval::new(start, end),
        Some(stamp) => {
            let message = format!("{stamp} does not lie on one, and {KEPT}: use :00, :15, :30 or :45, or whole hours");
            Err(Error::invalid(field, message))
        }
    }
}
