//! The properties, and in the other files what they are made of: bills, questions, and the plain answer to them.

mod ask;
mod given;
mod plain;

use ask::{breakdown, by_virtual, daily, import, import_into, just_opened, summary};
use finops_tests::support::answer;
use given::{Charge, Question, RAIL, bill, charges, narrowed, questions, repeated};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

/// Few, because each writes files and fills a store.
fn few() -> ProptestConfig {
    ProptestConfig { cases: 28, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn answers_equal_a_plain_sum(charges in charges(), questions in questions()) {
        let finops = import(&[bill(&charges)]);
        for question in &questions {
            let (got, want) = (summary(&finops, question, true), plain::summary(&charges, question));
            prop_assert_eq!(got, want, "{:?}", question);
        }
    }

    #[test]
    fn days_equal_a_plain_sum(charges in charges(), questions in questions()) {
        let finops = import(&[bill(&charges)]);
        for question in &questions {
            let (got, want) = (daily(&finops, question), plain::daily(&charges, question));
            prop_assert_eq!(got, want, "{:?}", question);
        }
    }

    #[test]
    fn breakdowns_by_any_dimension_and_date_equal_a_plain_sum_and_add_up(
        charges in charges(),
        questions in questions(),
    ) {
        let finops = import(&[bill(&charges)]);
        for question in &questions {
            let total = summary(&finops, question, false)["total_cost"].clone();
            for granularity in [None, Some(0), Some(1), Some(2), Some(3)] {
                let (got, want) =
                    (breakdown(&finops, question, granularity), plain::breakdown(&charges, question, granularity));
                prop_assert_eq!(&got, &want, "{:?} {:?}", granularity, question);
                prop_assert_eq!(&got["total_cost"], &total, "{:?} {:?}", granularity, question);
            }
        }
    }

    // The first question reads the records of one value, the pages after it have them in memory.
    #[test]
    fn what_is_asked_first_of_a_store_just_opened_equals_a_plain_sum(
        charges in repeated(),
        questions in narrowed(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("store");
        let location = location.to_str().unwrap();
        drop(import_into(location, &[bill(&charges)]));
        for question in &questions {
            for granularity in [None, Some(0), Some(1), Some(2)] {
                let (got, want) = (
                    breakdown(&just_opened(location), question, granularity),
                    plain::breakdown(&charges, question, granularity),
                );
                prop_assert_eq!(got, want, "{:?} {:?}", granularity, question);
            }
            let (got, want) = (daily(&just_opened(location), question), plain::daily(&charges, question));
            prop_assert_eq!(got, want, "{:?}", question);
        }
    }

    #[test]
    fn a_virtual_dimension_has_the_value_of_the_first_rule_that_holds(charges in charges(), questions in questions()) {
        let finops = import(&[bill(&charges)]);
        let rule = |(value, question): (usize, &Question)| json!({"value": value.to_string(), "when": question.filter});
        let rules: Vec<Value> = questions.iter().enumerate().map(rule).collect();
        answer(&finops, "virtual_dimensions.set", json!({"name": "v", "rules": rules}));
        let given = |charge: &Charge| {
            let first = questions.iter().position(|question| plain::passes(charge, &question.filter));
            let mut charge = charge.clone();
            charge.dimensions[RAIL] = first.map(|number| number.to_string());
            charge
        };
        let valued: Vec<Charge> = charges.iter().map(given).collect();
        for question in &questions {
            let question = Question { filter: Value::Null, group_by: vec![RAIL], ..question.clone() };
            let (got, want) = (by_virtual(&finops, &question), plain::summary(&valued, &question));
            prop_assert_eq!(&got["breakdown"], &want["breakdown"], "{:?} {:?}", rules, question);
            prop_assert_eq!(&got["total_cost"], &want["total_cost"], "{:?} {:?}", rules, question);
        }
    }

    #[test]
    fn however_it_is_cut_it_adds_up(charges in charges(), questions in questions()) {
        let finops = import(&[bill(&charges)]);
        for question in &questions {
            let question = Question { filter: Value::Null, ..question.clone() };
            let answer = summary(&finops, &question, true);
            adds_up(&answer, &question)?;
            let days = daily(&finops, &question);
            let total = plain::mantissa(answer["total_cost"].as_str().unwrap_or("0"));
            let by_day = plain::mantissa(days["summary"]["total_period"].as_str().unwrap_or("0"));
            prop_assert_eq!(total, by_day, "{:?}", question);
        }
    }

    #[test]
    fn the_order_and_the_files_of_rows_do_not_show(
        charges in charges(),
        questions in questions(),
        order in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = import(&[bill(&charges)]);
        let mut shuffled = charges.clone();
        shuffle(&mut shuffled, order.index(usize::MAX));
        let (left, right) = shuffled.split_at(cut.index(shuffled.len()));
        let parts: Vec<String> = [left, right].into_iter().filter(|part| !part.is_empty()).map(bill).collect();
        let other = import(&parts);
        for question in &questions {
            prop_assert_eq!(summary(&other, question, false), summary(&whole, question, false), "{:?}", question);
            prop_assert_eq!(daily(&other, question), daily(&whole, question), "{:?}", question);
        }
    }
}

/// The items and the total of an answer.
fn adds_up(answer: &Value, question: &Question) -> Result<(), TestCaseError> {
    if question.group_by.is_empty() {
        return Ok(());
    }
    let items = answer["breakdown"].as_array().unwrap();
    let sum: i128 = items.iter().filter_map(|item| item["cost"].as_str()).map(plain::mantissa).sum();
    let total = answer["total_cost"].as_str().map_or(0, plain::mantissa);
    prop_assert_eq!(sum, total, "{:?}", question);
    Ok(())
}

/// The same order for the same seed.
fn shuffle(charges: &mut [Charge], seed: usize) {
    let mut state = u64::try_from(seed).unwrap() | 1;
    for place in (1..charges.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (place + 1);
        charges.swap(place, other);
    }
}
