//! Spend that was committed to, or paid before.

use super::{PeriodState, m, price, q, rate};
use crate::model::id::Id;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::price::{Grant, GrantAmount};
use crate::pipeline::rating::Credits;
use serde_json::json;

#[test]
fn a_prepaid_amount_pays_for_lines_until_it_is_gone() {
    let start = "2024-01-01T00:00:00Z".parse().unwrap();
    let amount = GrantAmount::Money { money: m("100"), currency: Currency::parse("USD").unwrap() };
    let grants = [Grant::new(Id::new(start, [1; 10]), "acme", amount, start)];
    let mut credits = Credits::new(&grants).unwrap();
    let price = price(json!({"model": "per_unit", "unit_price": "0.7", "minimum": "50"}));
    let mut due = Vec::new();
    for (quantity, at) in [("90", "2024-02-01T00:00:00Z"), ("10", "2024-03-01T00:00:00Z")] {
        let line = rate(&price, q(quantity), PeriodState::Final).unwrap().amount;
        let burns = credits.burn(at.parse().unwrap(), Quantity::from_mantissa(line.mantissa())).unwrap();
        let paid = Quantity::try_sum(burns.iter().map(|burn| burn.amount)).unwrap();
        due.push(line.checked_sub(Money::from_mantissa(paid.mantissa())).unwrap());
    }
    // 63 of 100, then 37 of the 50 that are committed to.
    assert_eq!(due, [m("0"), m("13")]);
    assert_eq!(credits.overage(), q("13"));
}
