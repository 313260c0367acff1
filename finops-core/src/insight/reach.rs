//! How far bills reach: which days of a state are known, and which are behind. Built once for a state, asked for every
//! day of an answer.

use crate::model::charge::Coverage;
use crate::model::time::{Day, Stamp};
use std::collections::BTreeMap;

/// How long a billing account is waited for that lags behind the others, in microseconds: three days, which is what the
/// slowest of the large providers take. One that lags more is taken to have nothing more to charge.
const WAITED_FOR: i64 = 3 * 86_400_000_000;

/// Spans of time in order, none of which touches another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Spans(Vec<(Stamp, Stamp)>);

impl Spans {
    fn new(mut spans: Vec<(Stamp, Stamp)>) -> Self {
        spans.retain(|(start, end)| start < end);
        spans.sort_unstable();
        let mut apart: Vec<(Stamp, Stamp)> = Vec::new();
        for (start, end) in spans {
            match apart.last_mut() {
                Some((_, last)) if start <= *last => *last = end.max(*last),
                _ => apart.push((start, end)),
            }
        }
        Self(apart)
    }

    /// The first span that ends after an instant.
    fn after(&self, instant: Stamp) -> Option<&(Stamp, Stamp)> {
        self.0.get(self.0.partition_point(|(_, end)| *end <= instant))
    }

    fn meets(&self, day: &Day) -> bool {
        self.after(day.interval.start()).is_some_and(|(start, _)| *start < day.interval.end())
    }

    fn covers(&self, start: Stamp, end: Stamp) -> bool {
        self.after(start).is_some_and(|(from, until)| *from <= start && end <= *until)
    }

    fn holds(&self, instant: Stamp) -> bool {
        self.after(instant).is_some_and(|(start, _)| *start <= instant)
    }
}

/// What the billing accounts of a state cover together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// From the start of a billing period to where its charges end.
    reached: Spans,
    /// From there to the end of the period.
    behind: Spans,
    /// Whole billing periods whose charges all lie before them.
    untouched: Spans,
    /// How far each billing account is charged.
    charged: Vec<Stamp>,
}

impl Reach {
    /// What they cover.
    pub fn new(coverage: &[Coverage]) -> Self {
        let (mut reached, mut behind, mut untouched) = (Vec::new(), Vec::new(), Vec::new());
        let mut charged: BTreeMap<&str, Stamp> = BTreeMap::new();
        for held in coverage {
            let (start, end) = (held.scope.start, held.scope.end);
            let until = end.min(held.charged_until);
            let account = charged.entry(&held.scope.billing_account_id).or_insert(until);
            *account = until.max(*account);
            if until <= start {
                untouched.push((start, end));
            } else {
                reached.push((start, until));
                behind.push((until, end));
            }
        }
        let charged = charged.into_values().collect();
        let (behind, untouched) = (Spans::new(behind), Spans::new(untouched));
        Self { reached: Spans::new(reached), behind, untouched, charged }
    }

    /// Up to when everything that will be charged is there, as far as can be told: the least of what the billing
    /// accounts reach, without those that lag more than three days behind the one that reaches furthest. None where
    /// nothing was charged before `now`.
    pub fn whole_until(&self, now: Stamp) -> Option<Stamp> {
        let latest = self.charged.iter().map(|until| (*until).min(now)).max()?;
        let is_waited_for = |until: &Stamp| latest.micros().saturating_sub(until.micros()) <= WAITED_FOR;
        self.charged.iter().map(|until| (*until).min(now)).filter(is_waited_for).min()
    }

    /// Whether a bill covers a day: the charges of some billing account's period reach it.
    pub fn is_known(&self, day: &Day) -> bool {
        self.reached.meets(day)
    }

    /// Whether bills cover a day from its start to its end, or to `now`.
    pub fn covers(&self, day: &Day, now: Stamp) -> bool {
        self.reached.covers(day.interval.start(), day.interval.end().min(now))
    }

    /// Whether a day lies in a billing period whose charges do not reach it.
    pub fn is_behind(&self, day: &Day) -> bool {
        self.behind.holds(day.interval.start()) || self.untouched.meets(day)
    }
}
