//! How far bills reach: which days of a state are known, and which are behind. Built once for a state, asked for every
//! day of an answer.

use crate::model::charge::Coverage;
use crate::model::time::{Day, Stamp};
use std::collections::BTreeMap;

/// How long a billing account is waited for that lags behind the others, in microseconds: three days, which is what the
/// slowest of the large providers take. One that lags more is taken to have nothing more to charge.
const WAITED_FOR: i64 = 3 * DAY;
const DAY: i64 = 86_400_000_000;

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

/// The rest of a billing period that broke off, while the account's next bill goes on as if nothing had happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Broken {
    rest: (Stamp, Stamp),
    /// How far the next bill is charged, and where its period ends.
    next: (Stamp, Stamp),
}

impl Broken {
    /// Whether a bill lacks its rest, judged by the next one of the account: it follows at once, and both have charges
    /// for every day. An account that charges now and then lacks nothing, nor does one that stopped for good.
    fn of(held: &Coverage, next: &Coverage) -> Option<Self> {
        let (until, end) = (until(held), held.scope.end);
        let follows = next.scope.start == end && lag(end, next.first_charge) <= WAITED_FOR;
        let is_broken = lag(until, end) > WAITED_FOR && follows && is_daily(held) && is_daily(next);
        is_broken.then(|| Self { rest: (until, end), next: (self::until(next), next.scope.end) })
    }

    /// Whether the next bill is filled, as far as bills reach. Where it breaks off too, the account may just be idle.
    fn goes_on(&self, latest: Stamp) -> bool {
        let (until, end) = self.next;
        lag(until, end.min(latest)) <= WAITED_FOR
    }
}

/// How much later an instant is than another, in microseconds.
const fn lag(behind: Stamp, ahead: Stamp) -> i64 {
    ahead.micros().saturating_sub(behind.micros())
}

/// How far into its period a bill is charged.
fn until(held: &Coverage) -> Stamp {
    held.scope.end.min(held.charged_until)
}

/// Whether a bill has a charge for each day on average, over more than a few days.
fn is_daily(held: &Coverage) -> bool {
    let length = lag(held.first_charge.max(held.scope.start), until(held));
    length > WAITED_FOR && i128::from(held.charges) * i128::from(DAY) >= i128::from(length)
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
    /// What bills lack that the same account's next ones go on after.
    broken: Vec<Broken>,
}

impl Reach {
    /// What they cover.
    pub fn new(coverage: &[Coverage]) -> Self {
        let (mut reached, mut behind, mut untouched) = (Vec::new(), Vec::new(), Vec::new());
        let mut accounts: BTreeMap<&str, Vec<&Coverage>> = BTreeMap::new();
        for held in coverage {
            accounts.entry(&held.scope.billing_account_id).or_default().push(held);
            let (start, end, until) = (held.scope.start, held.scope.end, until(held));
            if until <= start {
                untouched.push((start, end));
            } else {
                reached.push((start, until));
                behind.push((until, end));
            }
        }
        let charged = accounts.values().filter_map(|bills| bills.iter().map(|held| until(held)).max()).collect();
        let mut broken = Vec::new();
        for bills in accounts.values_mut() {
            bills.sort_unstable_by_key(|held| held.scope.start);
            broken.extend(bills.iter().zip(bills.iter().skip(1)).filter_map(|(held, next)| Broken::of(held, next)));
        }
        let (behind, untouched) = (Spans::new(behind), Spans::new(untouched));
        Self { reached: Spans::new(reached), behind, untouched, charged, broken }
    }

    /// Up to when everything that will be charged is there, as far as can be told: the least of what the billing
    /// accounts reach, without those that lag more than three days behind the one that reaches furthest. None where
    /// nothing was charged before `now`.
    pub fn whole_until(&self, now: Stamp) -> Option<Stamp> {
        let latest = self.latest(now)?;
        let is_waited_for = |until: &Stamp| lag(*until, latest) <= WAITED_FOR;
        self.charged.iter().map(|until| (*until).min(now)).filter(is_waited_for).min()
    }

    /// How far the billing account is charged that reaches furthest, at most up to `now`.
    fn latest(&self, now: Stamp) -> Option<Stamp> {
        self.charged.iter().map(|until| (*until).min(now)).max()
    }

    /// Which days are whole, so that a day without a charge cost nothing. A whole day
    ///
    /// - is over, and lies before [`Reach::whole_until`];
    /// - is covered: a bill reaches it, the first bill does not begin within it, and no time of more than three days
    ///   touches it that no bill reaches. A bill whose last charge ends in the evening covers that day;
    /// - touches no rest of a billing period that broke off. A bill broke off where it ends more than three days before
    ///   its period does, while the account's next one follows at once and both have charges for every day. The rest of
    ///   other bills that end early is no gap: that account was idle, and must not hide what the others cost.
    ///
    /// Forecasts and anomalies go by it, for which a day is either evidence or none. `partial_days` of
    /// [`DataHealth`](super::health::DataHealth) counts all other days that are over and known, and further ones: it
    /// warns of what is forgiven here.
    pub fn whole(&self, days: &[Day], now: Stamp) -> Vec<bool> {
        let whole_until = self.whole_until(now).zip(self.latest(now)).zip(self.reached.0.first());
        let Some(((until, latest), (first, _))) = whole_until else { return vec![false; days.len()] };
        let reached = &self.reached.0;
        let unreached = reached.iter().zip(reached.iter().skip(1)).map(|((_, from), (to, _))| (*from, *to));
        let broken = self.broken.iter().filter(|broken| broken.goes_on(latest)).map(|broken| broken.rest);
        let gaps = Spans::new(unreached.filter(|(from, to)| lag(*from, *to) > WAITED_FOR).chain(broken).collect());
        let is_covered = |day: &Day| *first <= day.interval.start() && self.is_known(day) && !gaps.meets(day);
        days.iter().map(|day| day.interval.end() <= until && is_covered(day)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::Scope;
    use crate::model::time::{Interval, Zone};

    fn stamp(date: &str) -> Stamp {
        let time = if date.contains('T') { "Z" } else { "T00:00:00Z" };
        Stamp::parse(&format!("2024-{date}{time}")).unwrap()
    }

    /// The bill of an account for a month, from its first charge to where its charges end.
    fn bill(id: &str, month: u32, charges: u64, first: &str, until: &str) -> Coverage {
        let start = |month: u32| stamp(&format!("{month:02}-01"));
        Coverage {
            scope: Scope { billing_account_id: id.into(), start: start(month), end: start(month + 1) },
            charges,
            first_charge: stamp(first),
            last_charge: stamp(first),
            charged_until: stamp(until),
        }
    }

    /// The days from March on that are not whole, up to the one that now lies in.
    fn unknown(bills: &[Coverage], now: &str) -> Vec<String> {
        let days = Zone::UTC.days(Interval::new(stamp("03-01"), stamp(now)).unwrap()).unwrap();
        let whole = Reach::new(bills).whole(&days, stamp(now));
        days.iter()
            .zip(whole)
            .filter(|(_, whole)| !whole)
            .map(|(day, _)| day.date.format("%m-%d").to_string())
            .collect()
    }

    fn dates(month: u32, days: std::ops::RangeInclusive<u32>) -> Vec<String> {
        days.map(|day| format!("{month:02}-{day:02}")).collect()
    }

    #[test]
    fn an_account_whose_bill_of_the_new_month_is_not_there_yet_is_waited_for() {
        let bills = |until| {
            let ahead = [bill("a", 3, 31, "03-01", "04-01"), bill("a", 4, 9, "04-01", until)];
            [&ahead[..], &[bill("b", 3, 31, "03-01", "04-01")]].concat()
        };
        assert_eq!(unknown(&bills("04-03"), "04-03"), ["04-01", "04-02"]);
        assert_eq!(unknown(&bills("04-04"), "04-04"), ["04-01", "04-02", "04-03"]);
        // Not for ever: after three days it is taken to have nothing more to charge.
        assert!(unknown(&bills("04-05"), "04-05").is_empty());
    }

    #[test]
    fn an_account_that_charges_now_and_then_hides_no_day_of_the_others() {
        let all = [bill("a", 3, 31, "03-01", "04-01"), bill("a", 4, 30, "04-01", "05-01")];
        let with = |sparse: &[Coverage]| unknown(&[&all[..], sparse].concat(), "05-01");
        assert!(with(&[bill("b", 3, 1, "03-03", "03-04")]).is_empty());
        assert!(with(&[bill("b", 3, 1, "03-01", "03-02"), bill("b", 4, 1, "04-01", "04-02")]).is_empty());
        // By chance at both ends of the month.
        assert!(with(&[bill("b", 3, 2, "03-01", "03-08"), bill("b", 4, 2, "04-01", "05-01")]).is_empty());
        // One that was tried out, and is in use since the next month.
        assert!(with(&[bill("b", 3, 5, "03-03", "03-04"), bill("b", 4, 90, "04-01", "05-01")]).is_empty());
        // One that stopped, and one that stopped again.
        assert!(with(&[bill("b", 3, 90, "03-01", "03-16")]).is_empty());
        assert!(with(&[bill("b", 3, 90, "03-01", "03-16"), bill("b", 4, 90, "04-01", "04-16")]).is_empty());
        // One that rests at the weekend with which the month ends.
        assert!(with(&[bill("b", 3, 90, "03-01", "03-29T18:00:00"), bill("b", 4, 90, "04-01", "05-01")]).is_empty());
    }

    #[test]
    fn the_rest_of_a_bill_that_broke_off_is_unknown_while_the_next_goes_on() {
        let all = [bill("a", 3, 31, "03-01", "04-01"), bill("a", 4, 30, "04-01", "05-01")];
        let broken = [bill("b", 3, 15, "03-01", "03-16"), bill("b", 4, 30, "04-01", "05-01")];
        let with = |bills: &[Coverage], now| unknown(&[&all[..], bills].concat(), now);
        assert_eq!(with(&broken, "05-01"), dates(3, 16..=31));
        // In the middle of a day, and while the next month runs.
        let running = [bill("b", 3, 15, "03-01", "03-15T20:00:00"), bill("b", 4, 20, "04-01", "04-20")];
        assert_eq!(unknown(&[&all[..1], &running].concat(), "04-20"), dates(3, 15..=31));
        assert!(with(&[bill("b", 3, 31, "03-01", "04-01"), broken[1].clone()], "05-01").is_empty());
    }

    #[test]
    fn what_no_bill_reaches_is_unknown_and_an_evening_without_charges_is_not() {
        let evening = [bill("a", 3, 90, "03-01", "03-31T20:00:00"), bill("a", 4, 90, "04-01", "04-20")];
        assert!(unknown(&evening, "04-20").is_empty());
        assert_eq!(unknown(&evening, "04-20T12:00:00"), ["04-20"], "it is not over");
        // A bill that ends at noon long before the next begins leaves that day open too.
        let gap = [bill("a", 3, 9, "03-01", "03-10T12:00:00"), bill("a", 4, 3, "04-01", "04-04")];
        assert_eq!(unknown(&gap, "04-04"), dates(3, 10..=31));
        assert_eq!(unknown(&[], "03-03"), ["03-01", "03-02"]);
    }
}
