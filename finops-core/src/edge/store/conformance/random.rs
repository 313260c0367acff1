//! Charges and questions by chance, the same at each run.

use crate::Result;
use crate::insight::question::{METERED, Question};
use crate::model::charge::{Charge, CostView, Scope};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::{Money, Quantity};
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::model::virtual_dimension::{Rule, VirtualDimension, Virtuals};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Numbers that look like chance.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// A number below another, which is not zero.
    pub(super) fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let place = self.below(u64::try_from(all.len()).unwrap_or(1));
        usize::try_from(place).ok().and_then(|place| all.get(place))
    }
}

/// At what times of the day charges start.
#[derive(Debug, Clone, Copy)]
pub(super) enum Times {
    Midnight,
    Hours,
    Odd,
}

/// What charges are like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How many charges there are, over how many days.
    pub(super) rows: u64,
    pub(super) days: u64,
    pub(super) times: Times,
    /// How many resources. What a charge says otherwise mostly follows from its resource.
    pub(super) resources: u64,
    /// One charge in so many has values of its own.
    pub(super) odd_one_in: u64,
    pub(super) currencies: &'static [&'static str],
    /// Amounts have up to that many decimals, and that many digits in all.
    pub(super) decimals: u32,
    pub(super) digits: u32,
}

/// Charges of a scope.
pub(super) fn charges(scope: &Scope, shape: Shape, chance: &mut Chance) -> Result<Vec<Charge>> {
    (0..shape.rows).map(|_| charge(scope, shape, chance)).collect()
}

fn charge(scope: &Scope, shape: Shape, chance: &mut Chance) -> Result<Charge> {
    let resource = chance.below(shape.resources);
    // The number that everything but the resource follows from.
    let kind = if chance.one_in(shape.odd_one_in) { chance.next() } else { resource.wrapping_mul(0x9e37_79b9) };
    let named =
        |prefix: &str, count: u64| Some(kind / 7 % count).filter(|number| *number > 0).map(|n| format!("{prefix}{n}"));
    let start = scope.start.micros() + i64::try_from(chance.below(shape.days)).unwrap_or(0) * DAY + time(shape, chance);
    let mut amount = || {
        let unknown = chance.one_in(if shape.odd_one_in < 4 { 4 } else { 60 });
        (!unknown).then(|| mantissa(shape, chance))
    };
    let costs = [amount(), amount(), amount(), amount()].map(|cost| cost.map(Money::from_mantissa));
    let [billed_cost, effective_cost, contracted_cost, list_cost] = costs;
    let consumed_quantity = amount().map(Quantity::from_mantissa);
    let metered = usize::try_from(kind % 9).ok().and_then(|place| METERED.get(place));
    Ok(Charge {
        billing_account_id: Some(scope.billing_account_id.clone()),
        billing_period_start: Some(scope.start),
        billing_period_end: Some(scope.end),
        charge_period_start: Some(Stamp::from_micros(start)?),
        charge_period_end: Some(Stamp::from_micros(start + HOUR)?),
        billing_currency: chance.of(shape.currencies).map(|code| (*code).to_owned()),
        billed_cost,
        effective_cost,
        contracted_cost,
        list_cost,
        consumed_quantity,
        service_name: named("service ", 5),
        region_id: named("region-", 3),
        sub_account_id: named("sub-", 4),
        resource_id: (resource > 0).then(|| format!("resource-{resource}")),
        resource: metered.map(|(name, _)| (*name).to_owned()),
        charge_category: [Some("Usage"), Some("Purchase"), None]
            .get(usize::try_from(kind % 3).unwrap_or(0))
            .copied()
            .flatten()
            .map(str::to_owned),
        tags: tags(kind / 11),
        ..Charge::default()
    })
}

fn time(shape: Shape, chance: &mut Chance) -> i64 {
    let number = |number: u64| i64::try_from(number).unwrap_or(0);
    match shape.times {
        Times::Midnight => 0,
        Times::Hours => number(chance.below(24)) * HOUR,
        Times::Odd => number(chance.below(24 * 60)) * 60_000_000 + number(chance.below(3)),
    }
}

fn mantissa(shape: Shape, chance: &mut Chance) -> i128 {
    let decimals = u32::try_from(chance.below(u64::from(shape.decimals) + 1)).unwrap_or(0);
    let step = 10_i128.pow(Money::SCALE.saturating_sub(decimals));
    // Most are small; the largest have 20 digits before the point.
    let digits = if chance.one_in(3) { shape.digits } else { shape.digits.min(7) };
    let number = (i128::from(chance.next() >> 2) << 64 | i128::from(chance.next())) % 10_i128.pow(digits);
    let number = number % (10_i128.pow(38) / step);
    let sign = if chance.one_in(4) { -1 } else { 1 };
    sign * number * step
}

fn tags(kind: u64) -> Option<String> {
    let env = ["prod", "dev", "test"].get(usize::try_from(kind % 4).unwrap_or(0))?;
    Some(match kind % 5 {
        0 => format!(r#"{{"env": "{env}"}}"#),
        1 => format!(r#"{{"team": {}, "env": "{env}"}}"#, kind % 3),
        2 => r#"{"team": null, "spot": true}"#.to_owned(),
        3 => "{}".to_owned(),
        _ => format!(r#"{{"env": "{env}", "team": "t{}", "\u0061": "x"}}"#, kind % 6),
    })
}

/// The virtual dimensions that questions name.
fn virtuals() -> Result<Virtuals> {
    let rule = |value: &str, when: &str| {
        let when = serde_json::from_str(when).map_err(|error| super::failed(format!("{when}: {error}")))?;
        Ok(Rule { value: value.to_owned(), when })
    };
    let rules = vec![
        rule("web", r#"{"service": ["service 1", "service 2"], "tag:env": ["prod", null]}"#)?,
        rule("batch", r#"{"tag:team": ["1", "t2", "t4"]}"#)?,
        rule("web", r#"{"region": null}"#)?,
    ];
    let product = VirtualDimension { name: "product".into(), rules, default: Some("rest".into()) };
    let rules = vec![
        rule("far", r#"{"not": {"region": ["region-1"]}, "virtual:product": ["web", "batch"]}"#)?,
        rule("near", r#"{"any": [{"tag:env": "dev"}, {"sub_account": ["sub-1", null]}]}"#)?,
    ];
    Virtuals::new([product, VirtualDimension { name: "distance".into(), rules, default: None }])
}

const DIMENSIONS: [&str; 12] = [
    "service",
    "region",
    "account",
    "sub_account",
    "resource_id",
    "resource",
    "currency",
    "tag:env",
    "tag:team",
    "virtual:product",
    "virtual:distance",
    "tenant",
];

const VALUES: [&str; 14] = [
    "service 1",
    "service 2",
    "service 4",
    "region-1",
    "region-2",
    "one",
    "sub-1",
    "resource-3",
    "resource-17",
    "USD",
    "prod",
    "t2",
    "web",
    "nowhere",
];

fn dimension(chance: &mut Chance) -> Result<Dimension> {
    chance.of(&DIMENSIONS).copied().unwrap_or("service").parse()
}

fn filter(chance: &mut Chance, depth: u64) -> Result<Filter> {
    Ok(match chance.below(if depth > 2 { 3 } else { 6 }) {
        0..=2 => {
            let dimension = dimension(chance)?;
            let count = 1 + chance.below(6);
            let value = |_| chance.of(&VALUES).map(|value| (*value).to_owned());
            let mut values: Vec<Option<String>> = (0..count).map(value).collect();
            if chance.one_in(3) {
                values.push(None);
            }
            Filter::In(dimension, values)
        }
        3 => Filter::Not(Box::new(filter(chance, depth + 1)?)),
        4 => Filter::Any((0..chance.below(4)).map(|_| filter(chance, depth + 1)).collect::<Result<_>>()?),
        _ => Filter::All((0..chance.below(4)).map(|_| filter(chance, depth + 1)).collect::<Result<_>>()?),
    })
}

/// An interval about the days from `start` on: of whole days, or cut anywhere.
fn interval(start: Stamp, days: u64, chance: &mut Chance) -> Result<Interval> {
    let number = |number: u64| i64::try_from(number).unwrap_or(0);
    let first = start.micros() + (number(chance.below(days + 2)) - 1) * DAY;
    let last = first + (1 + number(chance.below(days + 2))) * DAY;
    let cut = |chance: &mut Chance| match chance.below(4) {
        0 => number(chance.below(24)) * HOUR,
        1 => number(chance.below(24 * 3600)) * 1_000_000 + 1,
        _ => 0,
    };
    let (first, last) = (first + cut(chance), last + cut(chance));
    if chance.one_in(3) {
        return Interval::new(Stamp::parse("2024-01-01T00:00:00Z")?, Stamp::parse("2025-01-01T00:00:00Z")?);
    }
    Interval::new(Stamp::from_micros(first)?, Stamp::from_micros(last)?)
}

fn buckets(interval: Interval, chance: &mut Chance) -> Result<Option<Vec<Interval>>> {
    let zones = ["UTC", "UTC", "Asia/Kolkata", "America/New_York", "Pacific/Apia", "Africa/Cairo"];
    let short = interval.end().micros() - interval.start().micros() <= 20 * DAY;
    match chance.below(if short { 4 } else { 3 }) {
        0 => Ok(None),
        1 | 2 => {
            let zone = Zone::parse(chance.of(&zones).copied().unwrap_or("UTC"))?;
            let days = zone.days(interval)?;
            let together = if chance.one_in(3) { 2 + usize::try_from(chance.below(6)).unwrap_or(0) } else { 1 };
            let ends = days.chunks(together).filter_map(|days| days.first().zip(days.last()));
            let bucket = |(first, last): (&Day, &Day)| Interval::new(first.interval.start(), last.interval.end());
            Ok(Some(ends.map(bucket).collect::<Result<_>>()?))
        }
        _ => {
            let (mut start, mut hours) = (interval.start().micros(), Vec::new());
            while start < interval.end().micros() {
                let end = (start.div_euclid(HOUR) * HOUR + HOUR).min(interval.end().micros());
                hours.push(Interval::new(Stamp::from_micros(start)?, Stamp::from_micros(end)?)?);
                start = end;
            }
            Ok(Some(hours))
        }
    }
}

/// A question about the days from `start` on.
pub(super) fn question(start: Stamp, days: u64, chance: &mut Chance) -> Result<Question> {
    let interval = interval(start, days, chance)?;
    let mut views = CostView::ALL.to_vec();
    views.rotate_left(usize::try_from(chance.below(4)).unwrap_or(0));
    views.truncate(usize::try_from(1 + chance.below(3)).unwrap_or(1));
    let plain = chance.one_in(5);
    let count = if plain { 0 } else { chance.below(4) };
    let mut dimensions: Vec<Dimension> = (0..count).map(|_| dimension(chance)).collect::<Result<_>>()?;
    if chance.one_in(6) {
        dimensions = ["resource_id", "tag:team", "sub_account"].map(str::parse).into_iter().collect::<Result<_>>()?;
    }
    let mut question = Question { dimensions, views, ..Question::new(interval, CostView::Billed) };
    question.buckets = buckets(interval, chance)?;
    if !plain && chance.one_in(2) {
        question.filter = filter(chance, 0)?;
    }
    question.metered = chance.one_in(4);
    question.distinct = if chance.one_in(4) { Some(dimension(chance)?) } else { None };
    question.virtuals = virtuals()?;
    question.estimated_only = chance.one_in(6);
    question.largest = chance.one_in(3).then(|| usize::try_from(1 + chance.below(20)).unwrap_or(1));
    if chance.one_in(12) {
        question.max_groups = usize::try_from(1 + chance.below(40)).unwrap_or(1);
    }
    Ok(question)
}
