//! The plain answer: row by row, in integers of 256 bits, without anything of the engine but zones and rounding rules
//! written down again.

use super::given::{Charge, DIMENSIONS, Question};
use ethnum::I256;
use finops_core::model::time::{Period, Zone};
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

const ONE: i128 = 10_i128.pow(18);

/// A mantissa at scale 18 as the shortest decimal.
pub(super) fn text(mantissa: i128) -> String {
    let (whole, rest) = (mantissa.unsigned_abs() / ONE.unsigned_abs(), mantissa.unsigned_abs() % ONE.unsigned_abs());
    let sign = if mantissa < 0 { "-" } else { "" };
    let rest = format!("{rest:018}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// And back.
pub(super) fn mantissa(text: &str) -> i128 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    sign * (whole.parse::<i128>().unwrap() * ONE + format!("{rest:0<18}").parse::<i128>().unwrap())
}

/// A cost in dollars at scale 36.
fn dollars(charge: &Charge, question: &Question) -> Option<I256> {
    let rate = match charge.currency {
        "EUR" => question.rates[0],
        "JPY" => question.rates[1],
        _ => ONE,
    };
    charge.costs[question.view].map(|cost| I256::from(cost) * I256::from(rate))
}

/// Rounded half to even to scale 18.
fn rounded(exact: I256) -> i128 {
    let one = I256::from(ONE);
    let (floor, rest) = (exact.div_euclid(one), exact.rem_euclid(one));
    let twice = rest * I256::from(2);
    let up = twice > one || (twice == one && floor.rem_euclid(I256::from(2)) == I256::ONE);
    i128::try_from(if up { floor + I256::ONE } else { floor }).unwrap()
}

/// Whether a filter lets a charge through.
pub(super) fn passes(charge: &Charge, filter: &Value) -> bool {
    let Some(filter) = filter.as_object() else { return true };
    filter.iter().all(|(key, value)| match key.as_str() {
        "not" => !passes(charge, value),
        "any" => value.as_array().unwrap().iter().any(|one| passes(charge, one)),
        dimension => {
            let place = DIMENSIONS.iter().position(|(name, _)| *name == dimension).unwrap();
            let is = |wanted: &Value| wanted.as_str() == charge.dimensions[place].as_deref();
            value.as_array().map_or_else(|| is(value), |values| values.iter().any(is))
        }
    })
}

/// The bounds of the question in seconds.
fn window(question: &Question) -> (i64, i64) {
    let (first, last) = question.days;
    (day_start(first, question.zone), day_start(last, question.zone))
}

/// When a day of March 2024 starts in a zone, the 32nd being the first of April: by the rules of that month.
fn day_start(day: u32, zone: &str) -> i64 {
    let east = match zone {
        // Summer from 1 o'clock UTC of the 31st.
        "Europe/Berlin" => {
            if day > 31 {
                7200
            } else {
                3600
            }
        }
        // Summer from 7 o'clock UTC of the 10th.
        "America/New_York" => {
            if day > 10 {
                -14_400
            } else {
                -18_000
            }
        }
        "Asia/Kolkata" => 19_800,
        _ => 0,
    };
    super::given::MARCH + i64::from(day - 1) * 86_400 - east
}

/// Values, exact cost, charges and unknown costs of a group.
type Group<'c> = (Vec<Option<&'c str>>, I256, u64, u64);

/// When the bucket starts that holds a charge, from its day in the zone and its second.
type Bucketing = fn(u32, i64, &Question) -> i64;

/// The buckets of each granularity. March 2024 begins on a Friday.
pub(super) const GRANULARITIES: [(&str, Bucketing); 4] = [
    ("hourly", |day, second, question| {
        let start = day_start(day, question.zone);
        start + (second - start) / 3600 * 3600
    }),
    ("daily", |day, _, question| day_start(day, question.zone)),
    ("weekly", |day, _, question| day_start(day.saturating_sub((day + 3) % 7).max(question.days.0), question.zone)),
    ("monthly", |_, _, question| day_start(question.days.0, question.zone)),
];

/// The charges in question, by group and, where asked for, by bucket.
fn groups<'c>(
    charges: &'c [Charge],
    question: &Question,
    by: Option<Bucketing>,
) -> BTreeMap<(Vec<Option<&'c str>>, i64), Group<'c>> {
    let (start, end) = window(question);
    let mut groups = BTreeMap::new();
    for charge in charges.iter().filter(|charge| (start..end).contains(&charge.start)) {
        if !passes(charge, &question.filter) {
            continue;
        }
        let values: Vec<_> = question.group_by.iter().map(|place| charge.dimensions[*place].as_deref()).collect();
        let (first, last) = question.days;
        let day = (first..last).rev().find(|day| day_start(*day, question.zone) <= charge.start).unwrap();
        let key = (values.clone(), by.map_or(0, |by| by(day, charge.start, question)));
        let group = groups.entry(key).or_insert((values, I256::ZERO, 0, 0));
        match dollars(charge, question) {
            Some(cost) => group.1 += cost,
            None => group.3 += 1,
        }
        group.2 += 1;
    }
    groups
}

/// Rounds each so that they add up to the rounded sum: down first, then a step more for the largest remainders, the
/// earlier first.
fn shared_out(exact: &[I256]) -> (i128, Vec<i128>) {
    let one = I256::from(ONE);
    let total = rounded(exact.iter().copied().fold(I256::ZERO, |sum, part| sum + part));
    let mut parts: Vec<i128> = exact.iter().map(|part| i128::try_from(part.div_euclid(one)).unwrap()).collect();
    let missing = usize::try_from(total - parts.iter().sum::<i128>()).unwrap();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by_key(|place| Reverse(exact[*place].rem_euclid(one)));
    order.iter().take(missing).for_each(|place| parts[*place] += 1);
    (total, parts)
}

/// Whether a time lies between the start of the billing period and the end of an account's last charge in it: then it
/// is known.
fn is_known(charges: &[Charge], (start, end): (i64, i64)) -> bool {
    let (march, april) = (super::given::MARCH, super::given::MARCH + 31 * 86_400);
    ["a", "b"].into_iter().any(|account| {
        let of_account = charges.iter().filter(|charge| charge.dimensions[0].as_deref() == Some(account));
        let until = of_account.map(|charge| charge.start + 60).max();
        until.is_some_and(|until| start < until.min(april) && march < end)
    })
}

fn item(question: &Question, values: &[Option<&str>]) -> Map<String, Value> {
    question.group_by.iter().zip(values).map(|(place, value)| (DIMENSIONS[*place].0.to_owned(), json!(value))).collect()
}

/// What [`super::ask::summary`] should give.
pub(super) fn summary(charges: &[Charge], question: &Question) -> Value {
    let groups: Vec<Group<'_>> = groups(charges, question, None).into_values().collect();
    let (total, costs) = shared_out(&groups.iter().map(|group| group.1).collect::<Vec<_>>());
    let unknown: u64 = groups.iter().map(|group| group.3).sum();
    let mut items: Vec<_> = groups.iter().zip(costs).collect();
    if question.group_by.is_empty() {
        items.clear();
    }
    items.sort_by_key(|(_, cost)| Reverse(*cost));
    let breakdown: Vec<Value> = items
        .iter()
        .map(|((values, _, charges, unknown), cost)| {
            let mut fields = item(question, values);
            fields.insert("cost".into(), if unknown < charges { text(*cost).into() } else { Value::Null });
            fields.insert("charges".into(), json!(charges));
            fields.into()
        })
        .collect();
    let (start, end) = window(question);
    let count: u64 = groups.iter().map(|group| group.2).sum();
    let known = if count == 0 { is_known(charges, (start, end)) } else { unknown < count };
    json!({
        "window_start": super::given::time(start),
        "window_end": super::given::time(end),
        "total_cost": known.then(|| text(total)),
        "count": breakdown.len(),
        "currency": "USD",
        "unknown": unknown,
        "breakdown": breakdown,
    })
}

/// What [`super::ask::breakdown`] should give.
pub(super) fn breakdown(charges: &[Charge], question: &Question, granularity: Option<usize>) -> Value {
    let by = granularity.map(|place| GRANULARITIES[place].1);
    let groups: Vec<_> = groups(charges, question, by).into_iter().collect();
    let (total, costs) = shared_out(&groups.iter().map(|(_, group)| group.1).collect::<Vec<_>>());
    let mut items: Vec<_> = groups.iter().zip(costs).collect();
    items.sort_by_key(|(_, cost)| Reverse(*cost));
    if question.group_by.is_empty() && by.is_none() {
        items.clear();
    }
    let shown: Vec<Value> = items
        .iter()
        .map(|(((values, date), group), cost)| {
            let mut fields = item(question, values);
            if by.is_some() {
                fields.insert("date".into(), super::given::time(*date).into());
            }
            fields.insert("cost".into(), if group.3 < group.2 { text(*cost).into() } else { Value::Null });
            fields.insert("charges".into(), json!(group.2));
            fields.into()
        })
        .collect();
    let unknown: u64 = groups.iter().map(|(_, group)| group.3).sum();
    let count: u64 = groups.iter().map(|(_, group)| group.2).sum();
    let known = if count == 0 { is_known(charges, window(question)) } else { unknown < count };
    json!({
        "total_cost": known.then(|| text(total)),
        "count": items.len(),
        "items": shown,
    })
}

/// What [`super::ask::daily`] should give. Where an exchange rate leaves more than 18 decimals, the groups of all days
/// are rounded together.
pub(super) fn daily(charges: &[Charge], question: &Question) -> Value {
    let by_day: Bucketing = |day, _, _| i64::from(day);
    let groups: Vec<_> = groups(charges, question, Some(by_day)).into_iter().collect();
    let (_, costs) = shared_out(&groups.iter().map(|(_, group)| group.1).collect::<Vec<_>>());
    let (first, last) = question.days;
    let bounds = |day: u32| (day_start(day, question.zone), day_start(day + 1, question.zone));
    let series = |wanted: Option<&Vec<Option<&str>>>| -> Vec<(u32, Option<i128>)> {
        let matching = |day: u32| {
            let parts: Vec<_> = groups
                .iter()
                .zip(&costs)
                .filter(|(((values, at), _), _)| *at == i64::from(day) && wanted.is_none_or(|wanted| wanted == values))
                .collect();
            let count: u64 = parts.iter().map(|((_, group), _)| group.2).sum();
            let unknown: u64 = parts.iter().map(|((_, group), _)| group.3).sum();
            let known = if count == 0 { is_known(charges, bounds(day)) } else { unknown < count };
            known.then(|| parts.iter().map(|(_, cost)| **cost).sum())
        };
        (first..last).map(|day| (day, matching(day))).collect()
    };
    let days = |series: &[(u32, Option<i128>)]| -> Vec<Value> {
        let day = |(day, cost): &(u32, Option<i128>)| {
            json!({
                "date": super::given::time(bounds(*day).0),
                "day": format!("2024-03-{day:02}"),
                "total": cost.map(text),
            })
        };
        series.iter().map(day).collect()
    };
    let sum = |series: &[(u32, Option<i128>)]| -> Option<i128> {
        series.iter().filter_map(|(_, cost)| *cost).fold(None, |sum, cost| Some(sum.unwrap_or(0) + cost))
    };
    let mut keys: Vec<&Vec<Option<&str>>> = groups.iter().map(|((values, _), _)| values).collect();
    keys.dedup();
    let mut grouped: Vec<(Option<i128>, Value)> = Vec::new();
    for values in keys.iter().filter(|_| !question.group_by.is_empty()) {
        let series = series(Some(values));
        let total = sum(&series);
        let mut fields = item(question, values);
        fields.insert("total".into(), total.map(text).into());
        fields.insert("days".into(), days(&series).into());
        grouped.push((total, fields.into()));
    }
    grouped.sort_by_key(|(total, _)| Reverse(*total));
    let all = series(None);
    let known = i128::try_from(all.iter().filter(|(_, cost)| cost.is_some()).count()).unwrap();
    let total = sum(&all);
    let average = |total| rounded(I256::from(total) * I256::from(ONE) / I256::from(known));
    json!({
        "days": days(&all),
        "groups": grouped.into_iter().map(|(_, group)| group).collect::<Vec<_>>(),
        "currency": "USD",
        "summary": {
            "total_period": total.map(text),
            "daily_average": total.map(|total| text(average(total))),
        },
    })
}

/// The days of March, told again by the engine's own zones: the rules above must not be wrong.
#[test]
fn the_days_are_those_of_the_zones() {
    for zone in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"] {
        for day in 1..=31 {
            let period = Period::parse(&format!("2024-03-{day:02}")).unwrap();
            let interval = period.interval(Zone::parse(zone).unwrap()).unwrap();
            let ends = (day_start(day, zone) * 1_000_000, day_start(day + 1, zone) * 1_000_000);
            assert_eq!((interval.start().micros(), interval.end().micros()), ends, "{zone} {day}");
        }
    }
}

#[test]
fn text_and_mantissa_lead_back() {
    for (number, written) in [(0, "0"), (-1, "-0.000000000000000001"), (ONE, "1"), (-15 * ONE / 10, "-1.5")] {
        assert_eq!((text(number).as_str(), mantissa(written)), (written, number));
    }
}
