//! Crossings by exact figures: inclusive, once, told of again only with cause.

use super::*;
use crate::model::budget::{Health, ThresholdPercent};

/// Nothing, as a list of words.
const NOTHING: [&str; 0] = [];

#[test]
fn a_threshold_is_crossed_at_the_very_amount() {
    let mut watched = Watched::new(budget("100", &alerts(&[50, 100, 110, 120])));
    assert_eq!(watched.spend("110"), ["50", "100", "110"], "and not 120");
    let mut half = Watched::new(budget("30", &alerts(&[50])));
    assert_eq!(half.spend("14.999999999999999999"), NOTHING);
    assert_eq!(half.spend("15"), ["50"]);
    let all = json!([{"percent": 100, "action": "pause"}]);
    let mut exactly = Watched::new(budget("100", &all));
    assert_eq!(exactly.spend("100"), ["100 pause"]);
    assert_eq!(exactly.budget.status, Lifecycle::Exhausted);
}

#[test]
fn a_budget_of_nothing_is_exhausted_by_anything() {
    let both = json!([{"percent": 50, "action": "alert"}, {"percent": 1000, "action": "pause"}]);
    let mut watched = Watched::new(budget("0", &both));
    assert_eq!((watched.spend("0"), watched.budget.status), (vec![], Lifecycle::Active));
    assert_eq!(watched.spend("-5"), NOTHING);
    assert_eq!(watched.spend("0.000000000000000001"), ["50", "1000 pause"]);
    assert_eq!(watched.budget.status, Lifecycle::Exhausted);
    assert_eq!(watched.kept[0].absolute, Money::ZERO);
}

#[test]
fn a_jump_tells_of_all_that_it_passes_in_order() {
    let thresholds = json!([
        {"percent": 100, "action": "pause"}, {"percent": 90, "action": "pause"}, {"percent": 100, "action": "alert"},
        {"percent": 50, "action": "alert"}, {"percent": 200, "action": "pause"},
    ]);
    let budget = budget("100", &thresholds);
    let observed =
        Observed { period: january(), spent: Some(money("150")), forecast: None, now: at("2025-01-05T00:00:00Z") };
    let assessment = assess(&budget, &[], &observed).unwrap();
    let words: Vec<String> = assessment.events.iter().map(word).collect();
    assert_eq!(words, ["50", "90 pause", "100", "100 pause"]);
    let severest = Threshold::pause(ThresholdPercent::WHOLE);
    assert_eq!((assessment.closed_by(), assessment.health), (Some(&severest), Some(Health::Critical)));
    let exceeded: Vec<bool> = assessment.events.iter().map(BudgetEvent::is_exceeded).collect();
    assert_eq!(exceeded, [false, false, true, true]);
}

#[test]
fn a_refund_recovers_and_what_is_spent_again_is_told_by_policy() {
    for (rearm, again) in [(false, vec![]), (true, vec!["75".to_owned(), "100 pause".to_owned()])] {
        let both = json!([{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]);
        let mut watched = Watched::new(Budget { rearm, ..budget("100", &both) });
        assert_eq!(watched.spend("100"), ["75", "100 pause"]);
        assert_eq!(watched.spend("60"), ["-75", "-100 pause"]);
        assert_eq!(watched.budget.status, Lifecycle::Active);
        assert_eq!(watched.spend("120"), again);
        assert_eq!(watched.budget.status, Lifecycle::Exhausted, "told of or not");
        let recovered = if rearm { vec!["-75", "-100 pause"] } else { vec![] };
        assert_eq!(watched.spend("60"), recovered, "what was not told of does not recover");
    }
}

#[test]
fn a_restart_tells_of_nothing() {
    let mut watched = Watched::new(budget("100", &alerts(&[50, 75, 100])));
    assert_eq!(watched.spend("80"), ["50", "75"]);
    let kept = serde_json::to_string(&watched.kept).unwrap();
    let budget = serde_json::from_value(serde_json::to_value(&watched.budget).unwrap()).unwrap();
    let mut restarted = Watched { kept: serde_json::from_str(&kept).unwrap(), ..Watched::new(budget) };
    assert_eq!(restarted.spend("80"), NOTHING);
    assert_eq!(restarted.spend("100"), ["100"]);
}

#[test]
fn a_larger_amount_opens_the_gate_and_a_smaller_one_closes_it() {
    let both = json!([{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]);
    let mut watched = Watched::new(budget("100", &both));
    assert_eq!(watched.spend("120"), ["75", "100 pause"]);
    watched.amount("200");
    assert_eq!(watched.spend("120"), ["-75", "-100 pause"]);
    assert_eq!(watched.budget.status, Lifecycle::Active, "75 % of 200 is not there yet");
    let mut raised = Watched { budget: watched.budget.clone(), kept: watched.kept.clone(), now: watched.now };
    assert_eq!(raised.spend("149.99"), NOTHING);
    assert_eq!(raised.spend("150"), ["75"], "another amount than the one that was told of");
    watched.amount("100");
    assert_eq!(watched.spend("120"), ["75", "100 pause"], "once each");
    assert_eq!((watched.budget.status, watched.spend("120")), (Lifecycle::Exhausted, vec![]));
}

#[test]
fn another_amount_that_is_spent_already_is_told_of() {
    let mut watched = Watched::new(budget("100", &alerts(&[75])));
    assert_eq!(watched.spend("120"), ["75"]);
    watched.amount("110");
    assert_eq!(watched.spend("120"), ["75"]);
    assert_eq!((watched.kept.len(), watched.kept[0].absolute), (1, money("82.5")));
    watched.budget.name = "another".to_owned();
    assert_eq!(watched.spend("120"), NOTHING);
}

#[test]
fn a_new_period_begins_anew_and_what_comes_late_belongs_to_its_own() {
    let all = json!([{"percent": 100, "action": "pause"}]);
    let mut watched = Watched::new(budget("100", &all));
    assert_eq!(watched.spend("100"), ["100 pause"]);
    let february = Interval::new(at("2025-02-01T00:00:00Z"), at("2025-03-01T00:00:00Z")).unwrap();
    watched.now = at("2025-02-03T00:00:00Z");
    assert_eq!(watched.observe(february, Some(money("1")), None), NOTHING, "January has not recovered");
    assert_eq!(watched.budget.status, Lifecycle::Active);
    // The bill of December comes in February.
    let december = Interval::new(at("2024-12-01T00:00:00Z"), at("2025-01-01T00:00:00Z")).unwrap();
    assert_eq!(watched.observe(december, Some(money("101")), None), ["100 pause"]);
    assert_eq!(watched.observe(december, Some(money("102")), None), NOTHING);
    watched.budget.status = Lifecycle::Active;
    assert_eq!(watched.observe(february, Some(money("100")), None), ["100 pause"], "told of once for each");
    assert_eq!(watched.kept.len(), 3);
}

#[test]
fn other_days_to_start_anew_on_are_no_news() {
    let mut watched = Watched::new(budget("100", &alerts(&[75, 100])));
    watched.now = at("2025-01-20T00:00:00Z");
    assert_eq!(watched.observe(january(), Some(money("80")), None), ["75"]);
    let from_15 = Interval::new(at("2025-01-15T00:00:00Z"), at("2025-02-15T00:00:00Z")).unwrap();
    assert_eq!(watched.observe(from_15, Some(money("80")), None), NOTHING, "told of on the 20th, within both");
    assert_eq!(watched.observe(from_15, Some(money("100")), None), ["100"]);
    assert_eq!(watched.observe(january(), Some(money("100")), None), NOTHING);
    let daily = Interval::new(at("2025-01-21T00:00:00Z"), at("2025-01-22T00:00:00Z")).unwrap();
    watched.now = at("2025-01-21T12:00:00Z");
    assert_eq!(watched.observe(daily, Some(money("80")), None), ["75"], "another day");
}

#[test]
fn forecasts_are_compared_with_thresholds_of_their_own() {
    let thresholds = json!([
        {"percent": 100, "action": "pause", "basis": "forecasted"}, {"percent": 80, "action": "alert"},
        {"percent": 50, "action": "alert", "basis": "forecasted"},
    ]);
    let mut watched = Watched::new(budget("100", &thresholds));
    let mut see = |spent: Option<&str>, expected: Option<&str>| {
        let told = watched.observe(january(), spent.map(money), expected.map(money));
        (told, watched.budget.status)
    };
    assert_eq!(see(Some("10"), None).0, NOTHING, "nothing is known yet, which is not zero");
    assert_eq!(see(Some("10"), Some("50")).0, ["50 forecasted"]);
    assert_eq!(see(Some("20"), Some("100")), (vec!["100 pause forecasted".to_owned()], Lifecycle::Exhausted));
    assert_eq!(see(Some("20"), None), (vec![], Lifecycle::Exhausted), "what is not known stays as it is");
    assert_eq!(see(None, None), (vec![], Lifecycle::Exhausted));
    assert_eq!(
        see(Some("80"), Some("99")),
        (vec!["80".to_owned(), "-100 pause forecasted".to_owned()], Lifecycle::Active)
    );
}

#[test]
fn of_a_paused_budget_nothing_is_told_until_it_is_resumed() {
    let both = json!([{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]);
    let mut watched = Watched::new(budget("100", &both));
    watched.budget = watched.budget.pause(watched.now).unwrap();
    assert_eq!((watched.spend("120"), watched.budget.status), (vec![], Lifecycle::Paused));
    watched.budget = watched.budget.resume(watched.now).unwrap();
    assert_eq!(watched.spend("120"), ["75", "100 pause"]);
    assert_eq!(watched.budget.status, Lifecycle::Exhausted);
}
