//! Grants: which is used up first, refills, resets.

use super::q;
use crate::model::id::Id;
use crate::model::money::Quantity;
use crate::model::price::{Grant, GrantAmount, GrantRecurrence, Rollover};
use crate::model::time::{RecurrenceUnit, Stamp, Zone};
use crate::pipeline::rating::Credits;
use proptest::prelude::*;

fn at(text: &str) -> Stamp {
    text.parse().unwrap()
}

/// A grant of January 2024, numbered by when it was given.
fn grant(number: u32, units: &str) -> Grant {
    let start = at("2024-01-01T00:00:00Z");
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    let amount = GrantAmount::Units { units: q(units), meter: "calls".to_owned() };
    Grant::new(Id::new(start, random), "acme", amount, start)
}

fn daily(mut grant: Grant) -> Grant {
    grant.recurrence = Some(GrantRecurrence { every: 1, unit: RecurrenceUnit::Day, time_zone: Zone::UTC });
    grant
}

fn left(credits: &Credits<'_>) -> Vec<String> {
    credits.balances().map(|balance| balance.left.to_string()).collect()
}

#[test]
fn m29_priority_then_expiry_decides() {
    let (one, mut two) = (grant(1, "100"), grant(2, "100"));
    two.priority = 2;
    let grants = [one, two];
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-02T00:00:00Z"), q("120")).unwrap();
    assert_eq!(left(&credits), ["0", "80"]);

    // The one that expires sooner goes first, and one that never does last.
    for (first, second) in
        [(Some("2024-03-01T00:00:00Z"), Some("2024-02-01T00:00:00Z")), (None, Some("2024-02-01T00:00:00Z"))]
    {
        let mut grants = [grant(1, "100"), grant(2, "100")];
        grants[0].expires_at = first.map(at);
        grants[1].expires_at = second.map(at);
        let mut credits = Credits::new(&grants).unwrap();
        credits.burn(at("2024-01-02T00:00:00Z"), q("120")).unwrap();
        assert_eq!(left(&credits), ["80", "0"]);
    }
}

#[test]
fn m29_a_hundred_thousand_grants() {
    let mut grants: Vec<Grant> = (0..100_000).map(|number| grant(number, "100")).collect();
    for grant in &mut grants {
        grant.expires_at = Some(at("2024-02-02T00:00:00Z"));
    }
    grants[77_777].expires_at = Some(at("2024-02-01T00:00:00Z"));
    let mut credits = Credits::new(&grants).unwrap();
    for _ in 0..99 {
        credits.burn(at("2024-01-02T00:00:00Z"), q("1")).unwrap();
    }
    let others = credits.balances().enumerate().filter(|(place, _)| *place != 77_777);
    assert!(others.map(|(_, balance)| balance.left).all(|left| left == q("100")));
    assert_eq!(credits.balances().nth(77_777).unwrap().left, q("1"));
    assert_eq!(credits.burn(at("2024-01-03T00:00:00Z"), q("9999901")).unwrap().len(), 100_000);
    assert_eq!((credits.left().unwrap(), credits.overage()), (q("0"), q("0")));
}

#[test]
fn m29_without_grants_everything_is_an_overage() {
    let mut credits = Credits::new(&[]).unwrap();
    assert!(credits.burn(at("2024-01-02T00:00:00Z"), q("7")).unwrap().is_empty());
    assert_eq!(credits.overage(), q("7"));
}

#[test]
fn m30_an_overage_is_taken_from_the_refill() {
    let grants = [daily(grant(1, "100"))];
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-01T12:00:00Z"), q("120")).unwrap();
    assert_eq!((left(&credits), credits.overage()), (vec!["0".to_owned()], q("20")));
    let burns = credits.advance(at("2024-01-02T01:00:00Z")).unwrap();
    assert_eq!((burns.len(), burns[0].amount, burns[0].at), (1, q("20"), at("2024-01-02T00:00:00Z")));
    assert_eq!(left(&credits), ["80"]);
}

#[test]
fn m30_another_grant_refills_nothing() {
    // openmeter#4252: refilled once for the day, although another grant starts an hour later.
    let mut other = grant(2, "100");
    other.effective_from = at("2024-01-02T01:00:00Z");
    other.priority = 5;
    let grants = [daily(grant(1, "100")), other];
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-01T12:00:00Z"), q("60")).unwrap();
    credits.burn(at("2024-01-02T00:30:00Z"), q("30")).unwrap();
    credits.burn(at("2024-01-02T02:00:00Z"), q("20")).unwrap();
    assert_eq!(left(&credits), ["50", "100"]);
}

#[test]
fn a_refill_brings_a_grant_to_its_amount() {
    let grants = [daily(grant(1, "100"))];
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-01T12:00:00Z"), q("30")).unwrap();
    credits.advance(at("2024-01-09T00:00:00Z")).unwrap();
    assert_eq!(left(&credits), ["100"]);
}

#[test]
fn what_expires_is_gone_before_it_could_pay() {
    let mut grants = [daily(grant(1, "100")), grant(2, "50")];
    grants[0].expires_at = Some(at("2024-01-03T00:00:00Z"));
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-03T00:00:00Z"), q("10")).unwrap();
    assert_eq!(left(&credits), ["0", "40"]);
}

#[test]
fn m28_twenty_five_burns_of_one_empty_twenty_five() {
    let grants = [grant(1, "25")];
    let mut credits = Credits::new(&grants).unwrap();
    for _ in 0..25 {
        credits.burn(at("2024-01-02T00:00:00Z"), q("1")).unwrap();
    }
    assert_eq!((credits.left().unwrap(), credits.overage()), (q("0"), q("0")));
}

#[test]
fn a_reset_rolls_over_between_its_bounds() {
    for (used, wanted) in [("100", "10"), ("95", "10"), ("70", "30"), ("20", "50"), ("0", "50")] {
        let mut one = grant(1, "100");
        one.rollover = Some(Rollover { min: q("10"), max: q("50") });
        let grants = [one];
        let mut credits = Credits::new(&grants).unwrap();
        credits.burn(at("2024-01-31T00:00:00Z"), q(used)).unwrap();
        credits.reset(at("2024-02-01T00:00:00Z")).unwrap();
        assert_eq!(left(&credits), [wanted], "{used}");
    }
    // Without a rollover a reset does not touch it, and forgets the overage.
    let grants = [grant(1, "100")];
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-31T00:00:00Z"), q("40")).unwrap();
    credits.reset(at("2024-02-01T00:00:00Z")).unwrap();
    assert_eq!(left(&credits), ["60"]);
    credits.burn(at("2024-02-02T00:00:00Z"), q("70")).unwrap();
    credits.reset(at("2024-03-01T00:00:00Z")).unwrap();
    assert_eq!(credits.overage(), q("0"));
}

#[test]
fn an_overage_that_is_preserved_takes_what_was_rolled_over() {
    let mut one = grant(1, "100");
    one.rollover = Some(Rollover { min: q("30"), max: q("50") });
    one.preserve_overage = true;
    let grants = [one];
    let mut credits = Credits::new(&grants).unwrap();
    credits.burn(at("2024-01-31T00:00:00Z"), q("120")).unwrap();
    let burns = credits.reset(at("2024-02-01T00:00:00Z")).unwrap();
    assert_eq!((burns.len(), burns[0].amount), (1, q("20")));
    assert_eq!((left(&credits), credits.overage()), (vec!["10".to_owned()], q("0")));
    credits.burn(at("2024-02-02T00:00:00Z"), q("100")).unwrap();
    credits.reset(at("2024-03-01T00:00:00Z")).unwrap();
    assert_eq!((left(&credits), credits.overage()), (vec!["0".to_owned()], q("60")));
}

#[test]
fn what_starts_with_the_period_is_not_cut_by_its_reset() {
    let (mut one, mut two) = (grant(1, "100"), daily(grant(2, "100")));
    one.effective_from = at("2024-02-01T00:00:00Z");
    for grant in [&mut one, &mut two] {
        grant.rollover = Some(Rollover { min: q("0"), max: q("0") });
    }
    let grants = [one, two];
    let mut credits = Credits::new(&grants).unwrap();
    credits.reset(at("2024-02-01T00:00:00Z")).unwrap();
    assert_eq!(left(&credits), ["0", "0"]);
    credits.advance(at("2024-02-01T00:00:00Z")).unwrap();
    assert_eq!(left(&credits), ["100", "100"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let grants = [grant(1, "100")];
    let mut credits = Credits::new(&grants).unwrap();
    assert_eq!(credits.burn(at("2024-01-02T00:00:00Z"), q("-1")).unwrap_err().field(), Some("amount"));
    credits.advance(at("2024-01-02T00:00:00Z")).unwrap();
    assert_eq!(credits.advance(at("2024-01-01T00:00:00Z")).unwrap_err().field(), Some("at"));
    let mut other = grant(2, "1");
    other.tenant_id = "other".to_owned();
    assert_eq!(Credits::new(&[grant(1, "1"), other]).unwrap_err().field(), Some("grants"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each use is paid by grants or is an overage, to the last digit, and no grant pays more than it was given.
    #[test]
    fn nothing_is_lost(
        grants in proptest::collection::vec((0_i64..100, 0_u32..3, 0_u32..40, any::<bool>()), 0..8),
        uses in proptest::collection::vec((0_i64..30, 1_i64..60), 1..30),
    ) {
        let start = at("2024-01-01T00:00:00Z");
        let day = |number: i64| Stamp::from_micros(start.micros() + number * 86_400_000_000).unwrap();
        let grants: Vec<Grant> = (0..).zip(&grants).map(|(number, (units, priority, end, recurs))| {
            let mut one = grant(number, &units.to_string());
            one.priority = *priority;
            one.expires_at = (*end > 0).then(|| day(i64::from(*end)));
            if *recurs { daily(one) } else { one }
        }).collect();
        let mut credits = Credits::new(&grants).unwrap();
        let (mut now, mut used, mut paid) = (0, 0, Vec::new());
        for (days, units) in uses {
            now += days;
            used += units;
            paid.extend(credits.burn(day(now), Quantity::from_units(units)).unwrap());
        }
        let total = Quantity::try_sum(paid.iter().map(|burn| burn.amount)).unwrap();
        prop_assert_eq!(total.checked_add(credits.overage()).unwrap(), Quantity::from_units(used));
        for balance in credits.balances() {
            prop_assert!(balance.left <= balance.grant.amount.size() && !balance.left.is_negative());
        }
        prop_assert!(credits.overage().is_zero() || credits.left().unwrap().is_zero());
    }
}
