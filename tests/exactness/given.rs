//! Random bills and random questions about them.

use finops_tests::support::{Bill, row};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The costs in the order of the views.
pub(super) const VIEWS: [(&str, &str); 4] =
    [("billed", "BilledCost"), ("effective", "EffectiveCost"), ("contracted", "ContractedCost"), ("list", "ListCost")];

/// What a row has in its columns, by dimension.
pub(super) const DIMENSIONS: [(&str, &str); 5] = [
    ("account", "BillingAccountId"),
    ("service", "ServiceName"),
    ("region", "RegionId"),
    ("tag:team", "Tags"),
    ("rail", "x_Rail"),
];

/// The place of `rail` among them.
pub(super) const RAIL: usize = 4;

/// A charge as a test knows it: costs as mantissas at scale 18, dimensions in the order of [`DIMENSIONS`].
#[derive(Debug, Clone)]
pub(super) struct Charge {
    pub(super) costs: [Option<i128>; 4],
    pub(super) currency: &'static str,
    pub(super) dimensions: [Option<String>; 5],
    /// Seconds since 1970.
    pub(super) start: i64,
}

/// A question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) group_by: Vec<usize>,
    pub(super) filter: Value,
    pub(super) view: usize,
    /// The first and the last day of March 2024 that it is about, exclusive.
    pub(super) days: (u32, u32),
    pub(super) zone: &'static str,
    /// The currency of the answer and the mantissas of one euro and one yen in dollars.
    pub(super) rates: [i128; 2],
}

/// 2024-03-01T00:00:00Z; the clocks of Berlin change on the 31st, those of New York on the 10th.
pub(super) const MARCH: i64 = 1_709_251_200;

pub(super) fn charges() -> impl Strategy<Value = Vec<Charge>> {
    prop::collection::vec(charge(), 1..60)
}

fn charge() -> impl Strategy<Value = Charge> {
    let cost = || prop::option::weighted(0.85, amount());
    let currency = prop_oneof![6 => Just("USD"), 2 => Just("EUR"), 1 => Just("JPY")];
    let team = prop::option::of(prop::sample::select(vec!["search", "pay ä", "a\"b", ""]));
    let text = |values: &'static [&'static str]| prop::option::weighted(0.8, prop::sample::select(values));
    let dimensions = (text(&["Disk", "Queue", "disk"]), text(&["eu", "us"]), team, text(&["r1", "r2", "r3"]));
    let account = prop::sample::select(vec!["a", "b"]);
    // From a day before March to a day after it, often at the very edge of a day somewhere.
    let start = (-24_i64..32 * 24, prop::sample::select(vec![0_i64, 0, 1, 1800, 3599]));
    (amount(), [cost(), cost(), cost()], currency, account, dimensions, start).prop_map(
        |(billed, [effective, contracted, list], currency, account, (service, region, team, rail), (hour, second))| {
            let own = |text: &str| text.to_owned();
            Charge {
                costs: [Some(billed), effective, contracted, list],
                currency,
                dimensions: [Some(account.to_owned()), service.map(own), region.map(own), team.map(own), rail.map(own)],
                start: MARCH + hour * 3600 + second,
            }
        },
    )
}

/// Charges of 216 kinds that come again and again on three days, at one time of day or at several, so that they are
/// worth adding up beforehand: the kinds, without their teams, and by `rail` alone, of which there are 24, each by day
/// and over all days. So each rail has few of the rows of each. Some are credits, and some costs are unknown.
pub(super) fn repeated() -> impl Strategy<Value = Vec<Charge>> {
    let amount = || {
        prop_oneof![
            4 => (-10_000_000_i128..10_000_000).prop_map(|cents| cents * 10_i128.pow(16)),
            1 => -10_i128.pow(30)..10_i128.pow(30),
            1 => Just(0),
        ]
    };
    let cost = move || prop::option::weighted(0.85, amount());
    let charge = (0..216_usize, 0..3_i64, 0..4_usize, (amount(), [cost(), cost(), cost()]));
    (prop::collection::vec(charge, 1350..1450), any::<bool>()).prop_map(|(charges, several)| {
        let charge = |(kind, day, time, (billed, [effective, contracted, list])): (usize, i64, usize, (_, [_; 3]))| {
            let hour = if several { [0, 0, 5, 20][time] } else { 0 };
            let one = |values: &[&str; 3], of: usize| Some(values[of % 3].to_owned()).filter(|value| *value != "-");
            let (rail, service, team) = (kind % 24, kind / 24 % 3, kind / 72);
            let (service, region) = (one(&["Disk", "Queue", "-"], service), one(&["eu", "us", "us"], rail));
            let (team, rail) = (one(&["search", "-", ""], team), Some(format!("r{rail}")).filter(|_| rail > 0));
            Charge {
                costs: [Some(billed), effective, contracted, list],
                currency: if kind == 3 { "EUR" } else { "USD" },
                dimensions: [Some("a".to_owned()), service, region, team, rail],
                start: MARCH + (day * 24 + hour) * 3600,
            }
        };
        charges.into_iter().map(charge).collect()
    })
}

/// Questions about one rail, or the charges without one, on some of those days.
pub(super) fn narrowed() -> impl Strategy<Value = Vec<Question>> {
    let rail = prop_oneof![
        8 => (1..24_u32).prop_map(|rail| json!(format!("r{rail}"))),
        1 => Just(json!("no such rail")),
        1 => Just(Value::Null),
    ];
    let narrowed =
        (question(), rail, any::<bool>(), 1_u32..7, 1_u32..7).prop_map(|(asked, rail, further, first, count)| {
            let filter = if further { json!({"rail": rail, "any": [asked.filter]}) } else { json!({"rail": rail}) };
            Question { filter, days: (first, first + count), ..asked }
        });
    prop::collection::vec(narrowed, 4)
}

/// Amounts of every size and number of decimals, credits among them.
fn amount() -> impl Strategy<Value = i128> {
    prop_oneof![
        4 => (-10_000_000_i128..10_000_000).prop_map(|cents| cents * 10_i128.pow(16)),
        4 => -10_i128.pow(30)..10_i128.pow(30),
        1 => Just(0),
        1 => -3_i128..4,
        1 => prop::sample::select(vec![10_i128.pow(35), -(10_i128.pow(35)), 10_i128.pow(36) - 1]),
    ]
}

pub(super) fn questions() -> impl Strategy<Value = Vec<Question>> {
    prop::collection::vec(question(), 4)
}

fn question() -> impl Strategy<Value = Question> {
    let zone = prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]);
    let group_by = prop::sample::subsequence((0..DIMENSIONS.len()).collect::<Vec<_>>(), 0..=3).prop_shuffle();
    let rates = prop_oneof![
        Just([10_i128.pow(18), 10_i128.pow(18)]),
        // Half of a step again and again: rounding half to even shows.
        Just([5 * 10_i128.pow(17), 15 * 10_i128.pow(17)]),
        (1..10_i128.pow(19), 1..10_i128.pow(17)).prop_map(|(euro, yen)| [euro, yen]),
    ];
    (group_by, filter(), 0..VIEWS.len(), (1_u32..32, 1_u32..12), zone, rates).prop_map(
        |(group_by, filter, view, (first, count), zone, rates)| Question {
            group_by,
            filter,
            view,
            days: (first, (first + count).min(32)),
            zone,
            rates,
        },
    )
}

fn filter() -> impl Strategy<Value = Value> {
    let value = prop::option::of(prop::sample::select(vec!["a", "Disk", "eu", "pay ä", "r1", "no such value", ""]));
    let condition = (0..DIMENSIONS.len(), prop::collection::vec(value, 1..3)).prop_map(|(dimension, values)| {
        let name = DIMENSIONS[dimension].0;
        if let [one] = values.as_slice() { json!({name: one}) } else { json!({name: values}) }
    });
    let nested = condition.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| json!({"not": inner})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|any| json!({"any": any})),
            (inner.clone(), inner).prop_map(|(mut one, two)| {
                one.as_object_mut().unwrap().extend(two.as_object().unwrap().clone());
                one
            }),
        ]
    });
    prop_oneof![1 => Just(json!({})), 2 => nested]
}

/// The charges as a bill in CSV.
pub(super) fn bill(charges: &[Charge]) -> String {
    let rows = charges.iter().map(|charge| {
        let mut cells = row(&[
            ("BillingCurrency", charge.currency),
            ("BillingPeriodStart", "2024-03-01T00:00:00Z"),
            ("BillingPeriodEnd", "2024-04-01T00:00:00Z"),
            ("ChargePeriodStart", &time(charge.start)),
            ("ChargePeriodEnd", &time(charge.start + 60)),
        ]);
        for ((_, column), cost) in VIEWS.iter().zip(charge.costs) {
            cells.insert((*column).to_owned(), cost.map(super::plain::text).unwrap_or_default());
        }
        for ((dimension, column), value) in DIMENSIONS.iter().zip(&charge.dimensions) {
            let cell = match (*dimension, value) {
                ("tag:team", Some(team)) => json!({"other": "x", "team": team}).to_string(),
                (_, value) => value.clone().unwrap_or_default(),
            };
            cells.insert((*column).to_owned(), cell);
        }
        cells
    });
    Bill::new(rows).csv()
}

pub(super) fn time(seconds: i64) -> String {
    finops_core::model::time::Stamp::from_micros(seconds * 1_000_000).unwrap().to_string()
}
