//! Cells, pages and rollups: the hard cases, and what holds for any events.

use super::*;
use crate::model::money::Quantity;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{Aggregation, Meter, MeterSet, UsageEvent, value_hash};
use proptest::prelude::*;

const ALL: [Aggregation; 8] = [
    Aggregation::Sum,
    Aggregation::Count,
    Aggregation::UniqueCount,
    Aggregation::Max,
    Aggregation::Min,
    Aggregation::Avg,
    Aggregation::Latest,
    Aggregation::TimeWeighted,
];

fn stamp(text: &str) -> Stamp {
    Stamp::parse(text).unwrap()
}

fn number(value: &str, time: &str, sequence: u64) -> Reading {
    Reading { value: Measured::Number(value.parse().unwrap()), time: stamp(time), sequence }
}

fn cell(aggregation: Aggregation, readings: &[Reading]) -> Cell {
    let mut cell = Cell::new(aggregation);
    for reading in readings {
        cell.add(reading);
    }
    cell
}

fn value(cell: &Cell) -> Option<String> {
    cell.value(Interval::always()).unwrap().map(|value| value.to_string())
}

#[test]
fn cells_are_small() {
    assert!(size_of::<Cell>() <= 32, "{}", size_of::<Cell>());
    assert_eq!(size_of::<super::packed::Packed>(), 16);
}

#[test]
fn m23_numbers_are_exact_and_nothing_is_not_zero() {
    let time = "2024-01-01T00:00:00Z";
    let nothing = Reading { value: Measured::Nothing, time: stamp(time), sequence: 3 };
    let readings = [number("123", time, 1), number("0.4567890123456789", time, 2), nothing];
    for (aggregation, want) in [
        (Aggregation::Sum, "123.4567890123456789"),
        (Aggregation::Avg, "61.72839450617283945"),
        (Aggregation::Min, "0.4567890123456789"),
        (Aggregation::Max, "123"),
        (Aggregation::Latest, "0.4567890123456789"),
        (Aggregation::Count, "3"),
    ] {
        assert_eq!(value(&cell(aggregation, &readings)).as_deref(), Some(want), "{aggregation:?}");
    }
    let names = [Measured::Value(value_hash("1")), Measured::Value(value_hash("a")), Measured::Nothing];
    let names = names.map(|value| Reading { value, ..nothing });
    assert_eq!(value(&cell(Aggregation::UniqueCount, &names)).as_deref(), Some("2"));
    for aggregation in ALL {
        let counts = matches!(aggregation, Aggregation::Count | Aggregation::UniqueCount);
        assert_eq!(value(&Cell::new(aggregation)).as_deref(), counts.then_some("0"), "{aggregation:?}");
    }
}

fn august() -> Interval {
    Interval::new(stamp("2023-08-01T00:00:00Z"), stamp("2023-09-01T00:00:00Z")).unwrap()
}

#[test]
fn m25_a_level_is_weighted_by_time() {
    let change = |value: &str, time: &str| number(value, &format!("2023-08-01T{time}:00Z"), 1);
    let changes = [
        change("2", "00:00"),
        change("3", "01:00"),
        change("1", "01:30"),
        change("-4", "02:00"),
        change("-2", "04:00"),
        change("10", "05:00"),
        change("-10", "05:30"),
    ];
    let of =
        |changes: &[Reading]| cell(Aggregation::TimeWeighted, changes).value(august()).unwrap().unwrap().to_string();
    // 59 400 / 2 678 400 = 0.02217741935483870967…, rounded half to even at 18 decimals.
    assert_eq!(of(&changes), "0.02217741935483871");
    assert_eq!(of(&[change("1000", "00:00")]), "1000");
    assert_eq!(of(&[change("3", "00:00"), change("3", "00:00")]), "6");
    let before = cell(Aggregation::TimeWeighted, &[number("1000", "2023-07-04T05:06:07Z", 1)]);
    assert_eq!(before.carried_to(august().start()).value(august()).unwrap(), Some(Quantity::from_units(1000)));
}

#[test]
fn m27_events_of_one_instant_all_count_and_the_one_that_came_last_is_last() {
    let time = "2024-01-01T00:00:00Z";
    let unique = |text: &str| Reading { value: Measured::Value(value_hash(text)), time: stamp(time), sequence: 1 };
    assert_eq!(value(&cell(Aggregation::UniqueCount, &[unique("a"), unique("b")])).as_deref(), Some("2"));
    let (one, two) = (number("1", time, 7), number("2", time, 8));
    for readings in [[one, two], [two, one]] {
        assert_eq!(value(&cell(Aggregation::Latest, &readings)).as_deref(), Some("2"));
    }
}

#[test]
fn m28_a_million_millionths_are_one() {
    let mut page = DayPage::new(Aggregation::Sum);
    let reading = number("0.000001", "2024-01-01T10:00:00Z", 1);
    for _ in 0..1_000_000 {
        page.add(0, &reading);
    }
    assert_eq!(page.total(0).map(|total| (value(&total), total.events())), Some((Some("1".to_owned()), 1_000_000)));
}

#[test]
fn what_does_not_fit_a_quantity_is_an_error_only_when_it_is_asked_for() {
    let large = number("99999999999999999999", "2024-01-01T00:00:00Z", 1);
    let mut sum = cell(Aggregation::Sum, &[large, large, large]);
    assert!(sum.value(Interval::always()).is_err());
    assert!(sum.subtract(&large) && sum.subtract(&large));
    assert_eq!(value(&sum).as_deref(), Some("99999999999999999999"));
}

#[test]
fn an_extreme_cannot_tell_what_comes_next() {
    let time = "2024-01-01T00:00:00Z";
    let (low, high) = (number("1", time, 1), number("5", time, 2));
    let mut max = cell(Aggregation::Max, &[low, high]);
    let before = max.clone();
    assert!(!max.subtract(&high) && max == before);
    assert!(max.subtract(&low) && max.subtract(&high));
    assert_eq!(max, Cell::new(Aggregation::Max));
}

/// Events of a few tenants over three days, on few instants so that they meet.
fn events() -> impl Strategy<Value = Vec<UsageEvent>> {
    let event =
        (0..3_u8, 0..3_u8, 0..288_i64, -50..50_i64, 0..4_u32).prop_map(|(tenant, user, quarter, value, size)| {
            let time =
                Stamp::from_micros(1_709_078_400_000_000 + quarter * QUARTER + value * 1000 + 60_000_000).unwrap();
            let quantity = Quantity::from_mantissa(i128::from(value) * 10_i128.pow(6 * size));
            let mut event = UsageEvent::new("", time, "use", quantity, format!("t{tenant}"));
            event.user_id = (user > 0).then(|| format!("u{user}"));
            event.properties.insert("team_id".to_owned(), format!("{}", user % 2));
            event.properties.insert("route".to_owned(), format!("/{}", value % 3));
            event
        });
    prop::collection::vec(event, 1..60)
}

fn rollups() -> Rollups {
    let mut meters = MeterSet::default();
    for aggregation in ALL {
        let mut meter = Meter::new(format!("m_{aggregation:?}").to_lowercase(), aggregation, "thing");
        meter.event = Some("use".to_owned());
        meter.value_property = (aggregation == Aggregation::UniqueCount).then(|| "route".to_owned());
        meter.group_by = vec!["route".to_owned()];
        meters.create(meter).unwrap();
    }
    Rollups::new(meters)
}

/// A page, the values of a series, a quarter of an hour, its cell.
type Content = (PageKey, Vec<(String, String)>, u8, Cell);

/// Every cell that holds anything, told apart by what its series stands for.
fn contents(rollups: &Rollups) -> Vec<Content> {
    let mut contents = Vec::new();
    for key in rollups.keys() {
        let page = rollups.page(key).unwrap();
        for series in page.series() {
            let values = rollups.series().values(series).map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut values: Vec<_> = values.collect();
            values.sort();
            let quarters = page.quarters(series);
            let mut total = Cell::new(page.aggregation());
            for (_, cell) in &quarters {
                total.merge(cell);
            }
            assert_eq!(page.total(series), Some(total).filter(|total| !total.is_empty()));
            contents.extend(quarters.into_iter().map(|(quarter, cell)| (key, values.clone(), quarter, cell)));
        }
    }
    contents.sort_by(|one, two| (one.0, &one.1, one.2).cmp(&(two.0, &two.1, two.2)));
    contents
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_pages(events in events(), seed: u64) {
        let numbered: Vec<(u64, UsageEvent)> = (1..).zip(events).collect();
        let mut shuffled = numbered.clone();
        shuffled.sort_by_key(|(sequence, _)| (sequence ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (mut one, mut two) = (rollups(), rollups());
        for (sequence, event) in &numbered {
            one.apply(event, *sequence);
        }
        for (sequence, event) in &shuffled {
            two.apply(event, *sequence);
        }
        prop_assert_eq!(contents(&one), contents(&two));
    }

    #[test]
    fn voiding_everything_leaves_nothing(events in events(), kept in 0..60_usize) {
        let numbered: Vec<(u64, UsageEvent)> = (1..).zip(events).collect();
        let kept = kept.min(numbered.len());
        let (mut all, mut few) = (rollups(), rollups());
        for (sequence, event) in &numbered {
            all.apply(event, *sequence);
        }
        for (sequence, event) in numbered.iter().take(kept) {
            few.apply(event, *sequence);
        }
        for at in (kept..numbered.len()).rev() {
            let (sequence, event) = &numbered[at];
            for stale in all.retract(event, *sequence, 1000) {
                all.remake(stale, numbered[..at].iter().map(|(sequence, event)| (event, *sequence)), 1000);
            }
        }
        prop_assert_eq!(contents(&all), contents(&few));
    }

    #[test]
    fn pages_are_taken_out_kept_and_brought_together(events in events(), at in 0..60_usize) {
        let (mut whole, mut parts) = (rollups(), rollups());
        let numbered: Vec<(u64, UsageEvent)> = (1..).zip(events).collect();
        let (early, late) = numbered.split_at(at.min(numbered.len()));
        for (sequence, event) in &numbered {
            whole.apply(event, *sequence);
        }
        for (sequence, event) in early {
            parts.apply(event, *sequence);
        }
        let keys: Vec<PageKey> = parts.keys().collect();
        let taken: Vec<(PageKey, DayPage)> = keys.iter().map(|key| (*key, parts.take(*key).unwrap())).collect();
        for (sequence, event) in late {
            parts.apply(event, *sequence);
        }
        for (key, page) in taken {
            let back: DayPage = serde_json::from_str(&serde_json::to_string(&page).unwrap()).unwrap();
            prop_assert_eq!(&back, &page);
            parts.put(key, back);
        }
        let seen = u64::try_from(early.len()).unwrap();
        let mut changed: Vec<PageKey> = late.iter().flat_map(|(_, event)| parts.pages_of(event)).collect();
        changed.sort();
        changed.dedup();
        prop_assert_eq!(parts.changed_since(seen), changed);
        prop_assert_eq!(contents(&whole), contents(&parts));
    }

    #[test]
    fn groups_add_up_to_the_total(events in events()) {
        let mut rollups = rollups();
        for (sequence, event) in (1..).zip(&events) {
            rollups.apply(event, sequence);
        }
        let (number, _) = rollups.meters().get("m_sum").unwrap();
        let want = Quantity::try_sum(events.iter().filter_map(|event| event.quantity)).unwrap();
        let mut sum = Cell::new(Aggregation::Sum);
        for tenant in ["t0", "t1", "t2"] {
            for (_, page) in rollups.days(number, PageSpan::Day, i32::MIN..i32::MAX) {
                for series in rollups.series().of_tenant(tenant) {
                    assert!(page.add_total(series, &mut sum) || page.total(series).is_none());
                }
            }
        }
        prop_assert_eq!(sum.value(Interval::always()).unwrap(), Some(want));
    }

    #[test]
    fn series_come_back_as_they_were_kept(events in events(), at in 0..60_usize) {
        let (mut kept, mut back) = (rollups(), Series::default());
        let mut mark = back.mark();
        for (sequence, event) in (0..).zip(&events) {
            kept.apply(event, sequence);
            if at == usize::try_from(sequence).unwrap() {
                back.extend(&kept.series().since(mark)).unwrap();
                mark = kept.series().mark();
            }
        }
        let page = kept.series().since(mark);
        back.extend(&page).unwrap();
        prop_assert!(page.is_empty() || back.extend(&page).is_err());
        for series in (0..).take(back.len()) {
            prop_assert!(back.values(series).eq(kept.series().values(series)));
        }
        for tenant in ["t0", "t1", "t2", "t3"] {
            prop_assert!(back.of_tenant(tenant).eq(kept.series().of_tenant(tenant)));
            prop_assert!(back.of_tenant(tenant).all(|series| back.value(series, "tenant_id") == Some(tenant)));
        }
    }
}
