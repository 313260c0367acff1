//! Random histories of spending and of changes: what is told of has a cause, and looking more often changes nothing.

use super::*;
use crate::model::budget::{ThresholdPercent, Thresholds};
use crate::model::money::Quantity;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

fn thresholds() -> impl Strategy<Value = Thresholds> {
    let pauses = prop::collection::btree_set(1_i64..16, 0..3);
    (prop::collection::btree_set(1_i64..16, 1..5), pauses).prop_map(|(alerts, pauses)| {
        let percent = |tenth: i64| ThresholdPercent::new(Quantity::from_units(tenth * 10)).unwrap();
        let alerts = alerts.into_iter().map(|tenth| Threshold::alert(percent(tenth)));
        let pauses = pauses.into_iter().map(|tenth| Threshold::pause(percent(tenth)));
        Thresholds::new(alerts.chain(pauses).collect()).unwrap()
    })
}

fn watched(thresholds: Thresholds, rearm: bool) -> Watched {
    Watched::new(Budget { thresholds, rearm, ..budget("100", &alerts(&[50])) })
}

#[derive(Debug, Clone)]
enum Step {
    Spent(i64),
    Amount(i64),
    Unknown,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let amounts = vec![0, 50, 100, 200];
    let step = prop_oneof![
        6 => (-2_i64..20).prop_map(|tenth| Step::Spent(tenth * 10)),
        2 => select(amounts).prop_map(Step::Amount),
        1 => Just(Step::Unknown),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..30)
}

/// What a threshold is known as in the model: whether it is crossed, told of and not recovered, and for which amount.
#[derive(Debug, Clone, Default)]
struct Modelled {
    told_for: Option<i64>,
    is_open: bool,
    may_tell: bool,
}

impl Modelled {
    /// What is told when it is seen crossed or not, with that amount of the budget.
    fn see(&mut self, is_crossed: bool, amount: i64, rearm: bool) -> Option<bool> {
        let is_other = self.told_for != Some(amount);
        match (is_crossed, self.is_open) {
            (true, true) if !is_other => None,
            (true, false) if !is_other && !self.may_tell => None,
            (true, _) => {
                *self = Self { told_for: Some(amount), is_open: true, may_tell: rearm };
                Some(true)
            }
            (false, true) => {
                self.is_open = false;
                self.may_tell |= is_other;
                Some(false)
            }
            (false, false) => None,
        }
    }
}

proptest! {
    /// With one amount: each threshold once, or once for each time that it was crossed from below.
    #[test]
    fn crossings_are_told_of_once(
        thresholds in thresholds(), rearm: bool, spent in prop::collection::vec(-20_i64..200, 1..40),
    ) {
        let mut watched = watched(thresholds.clone(), rearm);
        let told: Vec<Vec<String>> = spent.iter().map(|spent| watched.spend(&spent.to_string())).collect();
        for threshold in thresholds.iter() {
            let reached = |spent: i64| threshold.percent.is_reached(Money::from_units(spent), money("100"));
            let pairs = [0].iter().chain(&spent).zip(&spent);
            let crossings = pairs.filter(|(one, next)| !reached(**one) && reached(**next)).count();
            let key = word_of(threshold);
            let fired = told.iter().flatten().filter(|word| **word == key).count();
            prop_assert_eq!(fired, if rearm { crossings } else { crossings.min(1) });
            let recovered = told.iter().flatten().filter(|word| **word == format!("-{key}")).count();
            prop_assert!(recovered == fired || recovered + 1 == fired);
        }
        let pauses = |threshold: &&Threshold| word_of(threshold).ends_with("pause");
        let last = Money::from_units(*spent.last().unwrap());
        let is_reached = |threshold: &Threshold| threshold.percent.is_reached(last, money("100"));
        let is_closed = thresholds.iter().filter(pauses).any(is_reached);
        prop_assert_eq!(watched.budget.status == Lifecycle::Exhausted, is_closed);
    }

    /// With other amounts, what is not known, and restarts: the same as a model that sees each threshold alone.
    #[test]
    fn every_history_tells_what_the_model_does(thresholds in thresholds(), rearm: bool, steps in steps()) {
        let mut watched = watched(thresholds.clone(), rearm);
        let (mut spent, mut amount) = (Some(0), 100);
        let mut model: BTreeMap<Threshold, Modelled> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Spent(now) => spent = Some(now),
                Step::Amount(now) => amount = now,
                Step::Unknown => spent = None,
                Step::Restart => {
                    let written = serde_json::to_string(&(&watched.budget, &watched.kept)).unwrap();
                    (watched.budget, watched.kept) = serde_json::from_str(&written).unwrap();
                }
            }
            watched.amount(&amount.to_string());
            let told = watched.observe(january(), spent.map(Money::from_units), None);
            let mut wanted = Vec::new();
            for threshold in thresholds.iter() {
                let Some(spent) = spent.map(Money::from_units) else { break };
                let is_crossed = threshold.percent.is_reached(spent, Money::from_units(amount));
                let key = word_of(threshold);
                let seen = model.entry(*threshold).or_default().see(is_crossed, amount, rearm);
                wanted.extend(seen.map(|is_fired| if is_fired { key } else { format!("-{key}") }));
            }
            prop_assert_eq!(told, wanted);
        }
    }

    /// What takes over from a period with the same spending has nothing new to tell.
    #[test]
    fn other_periods_around_now_tell_of_nothing(
        thresholds in thresholds(), spent in 0_i64..200, before in 1_i64..30, after in 1_i64..30,
    ) {
        let mut watched = watched(thresholds, false);
        watched.now = at("2025-01-31T12:00:00Z");
        let day = |days: i64| Stamp::from_micros(watched.now.micros() + days * 86_400_000_000).unwrap();
        let other = Interval::new(day(-before), day(after)).unwrap();
        watched.observe(january(), Some(Money::from_units(spent)), None);
        prop_assert_eq!(watched.observe(other, Some(Money::from_units(spent)), None), Vec::<String>::new());
        prop_assert_eq!(watched.observe(january(), Some(Money::from_units(spent)), None), Vec::<String>::new());
    }
}
