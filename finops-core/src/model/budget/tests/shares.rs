//! Shares of amounts: inclusive, exact, and against a plain model of fractions.

use super::*;
use crate::ErrorCode;
use crate::model::money::{Money, Quantity};
use ethnum::I256;
use proptest::prelude::*;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn percent(text: &str) -> ThresholdPercent {
    ThresholdPercent::new(text.parse().unwrap()).unwrap()
}

fn alerts(percents: &[&str]) -> Thresholds {
    Thresholds::new(percents.iter().map(|text| Threshold::alert(percent(text))).collect()).unwrap()
}

#[test]
fn a_share_is_reached_at_the_very_amount() {
    for (spent, whole, hundredths, reached) in [
        ("100", "100", "100", true),
        ("99.999999999999999999", "100", "100", false),
        ("15", "30", "50", true),
        ("14.999999999999999999", "30", "50", false),
        ("110", "100", "110", true),
        ("110", "100", "110.000000000000000001", false),
        ("0.000000000000000001", "0", "1000", true),
        ("0", "0", "0.000000000000000001", false),
        ("-1", "0", "50", false),
        ("-1", "100", "50", false),
        ("0", "100", "0.000000000000000001", false),
    ] {
        assert_eq!(percent(hundredths).is_reached(money(spent), money(whole)), reached, "{spent} of {whole}");
    }
}

#[test]
fn percentages_are_above_0_up_to_1000() {
    for wrong in ["0", "-1", "1000.000000000000000001"] {
        let error = ThresholdPercent::new(wrong.parse().unwrap()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{wrong}");
    }
    assert_eq!(percent("0.5").value().to_string(), "0.5", "half of one percent, not a fraction");
    assert_eq!(percent("1000").of(Money::MAX).unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(percent("100").of(Money::MAX).unwrap(), Money::MAX);
    assert_eq!(percent("33").of(money("0.000000000000000001")).unwrap(), money("0.000000000000000001"));
}

#[test]
fn thresholds_are_few_different_and_in_order() {
    let read = |json: Value| serde_json::from_value::<Thresholds>(json);
    let two = read(json!([{"percent": 100, "action": "pause"}, {"percent": "62.5", "action": "alert"}])).unwrap();
    let keys: Vec<String> = two.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["62.5/alert/actual", "100/pause/actual"]);
    assert!(read(json!([])).unwrap_err().to_string().contains("1 to 20, got 0"));
    let many: Vec<Value> = (1..=21).map(|percent| json!({"percent": percent, "action": "alert"})).collect();
    assert!(read(json!(many)).unwrap_err().to_string().contains("got 21"));
    assert!(read(json!(&many[..20])).is_ok());
    let twice = json!([{"percent": 80, "action": "alert"}, {"percent": "80.0", "action": "alert", "basis": "actual"}]);
    assert!(read(twice).unwrap_err().to_string().contains("80/alert/actual twice"));
    let apart = json!([{"percent": 80, "action": "alert"}, {"percent": 80, "action": "pause"},
        {"percent": 80, "action": "alert", "basis": "forecasted"}]);
    assert_eq!(read(apart).unwrap().iter().count(), 3);
}

#[test]
fn a_warning_comes_with_the_lowest_alert_below_the_amount() {
    assert_eq!(alerts(&["90", "50"]).warning(), percent("50"));
    assert_eq!(alerts(&["100"]).warning(), percent("80"), "none below it");
    let forecast = Threshold { basis: Basis::Forecasted, ..Threshold::alert(percent("10")) };
    let pause = Threshold::pause(percent("20"));
    assert_eq!(Thresholds::new(vec![forecast, pause]).unwrap().warning(), percent("80"), "neither is one");
    let of = |spent: &str| Health::of(money(spent), money("50"), &alerts(&["75", "100"]));
    for (spent, health) in [
        ("37.49", Health::OnTrack),
        ("37.5", Health::Warning),
        ("49.999999999999999999", Health::Warning),
        ("50", Health::Exceeded),
        ("59.999999999999999999", Health::Exceeded),
        ("60", Health::Critical),
        ("-10", Health::OnTrack),
    ] {
        assert_eq!(of(spent), health, "{spent}");
    }
    let of_nothing = |spent: &str| Health::of(money(spent), Money::ZERO, &alerts(&["75"]));
    assert_eq!((of_nothing("0"), of_nothing("0.01")), (Health::OnTrack, Health::Critical));
}

/// A fraction as people write it: whole numbers above each other.
#[derive(Clone, Copy)]
struct Fraction(I256, I256);

impl Fraction {
    fn is_at_least(self, other: Self) -> bool {
        self.0 * other.1 >= other.0 * self.1
    }
}

proptest! {
    #[test]
    fn a_share_is_reached_as_fractions_say(
        spent in prop_oneof![
            -1000_i128..1000, any::<i64>().prop_map(i128::from), any::<i128>().prop_map(|wide| wide >> 40)
        ],
        whole in prop_oneof![1..1000_i128, (1..i64::MAX).prop_map(i128::from)],
        hundredths in prop_oneof![1..=1000_i128, 1..=1000_i128 * 10_i128.pow(18)],
    ) {
        let share = ThresholdPercent::new(Quantity::from_mantissa(hundredths)).unwrap();
        let (spent, whole) = (Money::from_mantissa(spent), Money::from_mantissa(whole));
        let part = Fraction(I256::from(spent.mantissa()), I256::from(whole.mantissa()));
        let wanted = Fraction(I256::from(hundredths), I256::from(100 * 10_i128.pow(18)));
        prop_assert_eq!(share.is_reached(spent, whole), part.is_at_least(wanted));
        // The amount that it comes to says the same.
        prop_assert_eq!(share.is_reached(spent, whole), spent >= share.of(whole).unwrap());
    }

    #[test]
    fn more_spent_is_never_better(
        spent in prop::collection::vec(-100_i64..300, 2), whole in 0_i64..200,
        percents in prop::collection::btree_set(1_i64..1000, 1..6),
    ) {
        let thresholds: Vec<_> = percents.iter()
            .map(|percent| Threshold::alert(ThresholdPercent::new(Quantity::from_units(*percent)).unwrap())).collect();
        let thresholds = Thresholds::new(thresholds).unwrap();
        let of = |spent: i64| Health::of(Money::from_units(spent), Money::from_units(whole), &thresholds);
        let (less, more) = (of(spent[0].min(spent[1])), of(spent[0].max(spent[1])));
        prop_assert!(less <= more);
        // Whatever changes is one of the steps that are drawn.
        prop_assert_eq!(less.worsen(more).is_ok(), less != more);
        prop_assert_eq!(more.improve(less).is_ok(), less != more);
    }
}
