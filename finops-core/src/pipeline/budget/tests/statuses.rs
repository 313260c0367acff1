//! The answer: what is left, what share is spent, and what is not known.

use super::*;
use crate::model::budget::Health;

fn status(budget: &Budget, spent: Option<&str>, reserved: &str) -> BudgetStatus {
    let now = at("2025-01-20T00:00:00Z");
    let observed = Observed { period: january(), spent: spent.map(money), forecast: None, now };
    let assessment = assess(budget, &[], &observed).unwrap();
    BudgetStatus::new(budget, Some((&observed, &assessment)), money(reserved), 3).unwrap()
}

#[test]
fn what_is_left_is_without_what_is_reserved() {
    let budget = budget("30", &alerts(&[50, 100]));
    let told = serde_json::to_value(status(&budget, Some("20"), "4")).unwrap();
    assert_eq!(
        told,
        json!({
            "budget_id": budget.id, "period_start": "2025-01-01T00:00:00Z", "period_end": "2025-02-01T00:00:00Z",
            "amount": "30", "currency": "USD", "spent": "20", "reserved": "4", "remaining": "6", "percent": "66.666667",
            "status": "WARNING", "lifecycle": "active", "forecast": null, "unknown_costs": 3,
            "thresholds_crossed": [{"percent": "50", "action": "alert", "basis": "actual"}],
        })
    );
    let over = status(&budget, Some("45"), "0");
    assert_eq!((over.remaining, over.percent), (Some(money("-15")), Some("150".parse().unwrap())));
    assert_eq!(over.status, Some(Health::Critical));
}

#[test]
fn what_is_not_known_is_not_zero() {
    let unknown = status(&budget("30", &alerts(&[50])), None, "4");
    assert_eq!((unknown.spent, unknown.remaining, unknown.percent, unknown.status), (None, None, None, None));
    assert_eq!((unknown.reserved, unknown.amount), (money("4"), money("30")));
    let nothing = status(&budget("0", &alerts(&[50])), Some("1"), "0");
    assert_eq!((nothing.percent, nothing.status), (None, Some(Health::Critical)), "no share of nothing");
    let paused = budget("30", &alerts(&[50])).pause(at("2025-01-02T00:00:00Z")).unwrap();
    let outside = BudgetStatus::new(&paused, None, Money::ZERO, 0).unwrap();
    assert_eq!((outside.period_start, outside.spent, outside.lifecycle), (None, None, Lifecycle::Paused));
    assert_eq!(status(&paused, Some("15"), "0").thresholds_crossed.len(), 1, "crossed, though nobody is told");
}
