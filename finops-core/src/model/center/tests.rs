//! What centres can be and cannot, and that no set of parents gets past the checks.

use super::*;
use crate::ErrorCode;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

fn now() -> Stamp {
    Stamp::parse("2024-01-15T12:00:00Z").unwrap()
}

fn id(number: u8) -> Id<id::CostCenter> {
    Id::new(now(), [number; 10])
}

fn made(form: Value) -> crate::Result<CostCenter> {
    let form: CostCenterCreate = serde_json::from_value(form).unwrap();
    form.into_center(id(1), now(), "EUR".parse().unwrap())
}

fn center(number: u8, parent: Option<u8>) -> Arc<CostCenter> {
    let scope = CenterScope::Tenant { tenant: format!("t{number}") };
    let parent = parent.map(id);
    Arc::new(CostCenter { parent, ..CostCenter::new(id(number), format!("Centre {number}"), scope, now()) })
}

#[test]
fn all_that_is_said_of_its_charges_must_hold() {
    let own = |form: Value| made(form).unwrap().own_filter();
    let same = |form: Value, filter: Value| assert_eq!(own(form), Filter::from_json(&filter).unwrap());
    same(json!({"name": "a", "type": "tenant", "tenant": "t"}), json!({"tenant": "t"}));
    same(json!({"name": "a", "type": "workspace", "workspace": "w"}), json!({"workspace": "w"}));
    same(json!({"name": "a", "type": "custom", "dimensions": {"tag:team": "x"}}), json!({"tag:team": "x"}));
    let any = json!({"any": [{"region": "eu"}, {"region": "us"}]});
    same(json!({"name": "a", "type": "custom", "filter": any}), any.clone());
    let all = own(json!({
        "name": "a", "type": "rail", "rail": "r", "dimensions": {"tag:env": "prod"}, "filter": {"region": ["eu", null]}
    }));
    let conditions = [json!({"rail": "r"}), json!({"tag:env": "prod"}), json!({"region": ["eu", null]})];
    let conditions = conditions.iter().map(|one| match Filter::from_json(one).unwrap() {
        Filter::All(mut one) => one.remove(0),
        other => other,
    });
    assert_eq!(all, Filter::All(conditions.collect()));
}

#[test]
fn what_no_centre_can_be_is_refused_by_field() {
    for (field, form) in [
        ("name", json!({"name": " ", "type": "rail", "rail": "r"})),
        ("name", json!({"name": "x".repeat(513), "type": "rail", "rail": "r"})),
        ("rail", json!({"name": "a", "type": "rail"})),
        ("rail", json!({"name": "a", "type": "rail", "rail": ""})),
        ("tenant", json!({"name": "a", "type": "rail", "rail": "r", "tenant": "t"})),
        ("rail", json!({"name": "a", "type": "custom", "rail": "r", "filter": {"region": "eu"}})),
        ("filter", json!({"name": "a", "type": "custom"})),
        ("filter", json!({"name": "a", "type": "custom", "filter": {}, "dimensions": {}})),
        ("filter", json!({"name": "a", "type": "rail", "rail": "r", "filter": {"not": {"cost_center": "x"}}})),
        ("filter", json!({"name": "a", "type": "rail", "rail": "r", "filter": {"region": "x".repeat(1 << 18)}})),
        ("dimensions", json!({"name": "a", "type": "rail", "rail": "r", "dimensions": {"cost_center": "x"}})),
        ("dimensions", json!({"name": "a", "type": "rail", "rail": "r", "dimensions": {"rail": "x"}})),
        ("dimensions", json!({"name": "a", "type": "rail", "rail": "r", "dimensions": {"tag:team": " "}})),
        ("budget_monthly", json!({"name": "a", "type": "rail", "rail": "r", "budget_monthly": -1})),
        ("owner_id", json!({"name": "a", "type": "rail", "rail": "r", "owner_id": ""})),
    ] {
        let error = made(form.clone()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(field)), "{form}: {error}");
    }
    let many: serde_json::Map<String, Value> = (0..65).map(|tag| (format!("tag:{tag}"), json!("x"))).collect();
    let error = made(json!({"name": "a", "type": "custom", "dimensions": many})).unwrap_err();
    assert_eq!(error.field(), Some("dimensions"));
    let mut by_hand = made(json!({"name": "a", "type": "rail", "rail": "r", "budget_monthly": 1})).unwrap();
    assert_eq!(by_hand.currency, Some("EUR".parse().unwrap()), "that of the engine");
    by_hand.currency = None;
    assert_eq!(by_hand.validate().unwrap_err().field(), Some("currency"));
    by_hand.budget_monthly = None;
    by_hand.filter = Some(Filter::Any(vec![]));
    assert!(by_hand.validate().is_ok(), "a filter that never holds has a JSON form");
    by_hand.scope = CenterScope::Custom;
    by_hand.filter = Some(Filter::All(vec![Filter::All(vec![])]));
    assert_eq!(by_hand.validate().unwrap_err().field(), Some("filter"));
}

#[test]
fn it_is_kept_as_it_is() {
    let center = made(json!({
        "name": "a", "type": "rail", "rail": "r", "filter": {"not": {"region": null}}, "dimensions": {"tag:a": "b"},
        "budget_monthly": "0.10", "alert_threshold_pct": 0.015, "owner_id": "o", "parent": id(2),
    }))
    .unwrap();
    let written = serde_json::to_value(&center).unwrap();
    assert_eq!((&written["type"], &written["rail"]), (&json!("rail"), &json!("r")));
    assert_eq!(written["alert_threshold_pct"], json!("1.5"));
    assert_eq!(serde_json::from_value::<CostCenter>(written).unwrap(), center);
}

#[test]
fn a_threshold_is_a_fraction_up_to_one_and_a_percentage_above() {
    let read = |text: &str| Percent::read(text.parse().unwrap()).map(|percent| percent.value().to_string());
    for (given, percent) in [
        ("0.8", "80"),
        ("80", "80"),
        ("1", "100"),
        ("1.000000000000000001", "1.000000000000000001"),
        ("0.010000000000000001", "1.0000000000000001"),
        ("1000", "1000"),
        ("0.755", "75.5"),
    ] {
        assert_eq!(read(given).unwrap(), percent, "{given}");
        assert_eq!(read(percent).unwrap(), percent, "given back: {given}");
    }
    for wrong in ["0", "-0.5", "0.01", "0.005", "1000.000000000000000001", "-80"] {
        assert!(read(wrong).unwrap_err().message().starts_with("must be a fraction"), "{wrong}");
    }
}

#[test]
fn names_are_told_apart_by_more_than_case_and_blanks() {
    let named = |number: u8, name: &str| {
        let mut center = center(number, None).as_ref().clone();
        name.clone_into(&mut center.name);
        Arc::new(center)
    };
    let error = CostCenters::new(vec![named(1, "Verkäufe"), named(2, " VERKÄUFE ")]).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("name")));
    let all = CostCenters::new(vec![named(1, "Sales"), named(2, "Sales 2")]).unwrap();
    assert_eq!(all.named(" sALES").map(|center| center.id), Some(id(1)));
    assert!(all.named("Sale").is_none());
}

#[test]
fn parents_exist_and_lead_up() {
    let refused = |centers: Vec<Arc<CostCenter>>| {
        let error = CostCenters::new(centers).unwrap_err();
        assert_eq!(error.field(), Some("parent"));
        (error.code(), error.message().to_owned())
    };
    assert_eq!(refused(vec![center(1, Some(2))]).0, ErrorCode::NotFound);
    assert!(refused(vec![center(1, Some(1))]).1.ends_with("circle: Centre 1 -> Centre 1"));
    let circle = refused(vec![center(1, Some(2)), center(2, Some(3)), center(3, Some(2))]).1;
    assert!(circle.contains("Centre 2 -> Centre 3 -> Centre 2"), "{circle}");
    let chain = |levels: u8| (1..=levels).map(|number| center(number, (number > 1).then(|| number - 1))).collect();
    let deepest = CostCenters::new(chain(16)).unwrap();
    assert_eq!(deepest.level(&center(16, Some(15))), MAX_DEPTH);
    assert_eq!(deepest.children(id(15)).map(|center| center.id).collect::<Vec<_>>(), [id(16)]);
    assert!(refused(chain(17)).1.contains("'Centre 17' below the 16 levels"));
    let ring: Vec<_> = (0..40).map(|number| center(number, Some((number + 1) % 40))).collect();
    assert_eq!(refused(ring).0, ErrorCode::InvalidArgument);
}

#[test]
fn there_are_not_endlessly_many() {
    let scope = || CenterScope::Rail { rail: "r".into() };
    let one = |number: u16| {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&number.to_be_bytes());
        Arc::new(CostCenter::new(Id::new(now(), random), number.to_string(), scope(), now()))
    };
    assert!(CostCenters::new((0..10_000).map(one).collect()).is_ok());
    assert_eq!(CostCenters::new((0..=10_000).map(one).collect()).unwrap_err().code(), ErrorCode::Conflict);
}

proptest! {
    /// Against following the parents of each for as many steps as there are centres.
    #[test]
    fn exactly_what_leads_to_a_top_in_time_is_allowed(
        parents in prop::collection::vec(prop::option::weighted(0.9, 0..24_u8), 1..24),
    ) {
        let count = u8::try_from(parents.len()).unwrap();
        let exists = parents.iter().flatten().all(|parent| *parent < count);
        let levels = |mut at: usize| {
            let mut level = 1;
            while let Some(parent) = parents[at].filter(|_| level <= parents.len()) {
                (at, level) = (usize::from(parent), level + 1);
            }
            level
        };
        let allowed = exists && (0..parents.len()).all(|at| levels(at) <= MAX_DEPTH.min(parents.len()));
        let centers = (0..count).map(|number| center(number, parents[usize::from(number)])).collect();
        match CostCenters::new(centers) {
            Ok(all) => {
                prop_assert!(allowed);
                for (at, center) in all.iter().enumerate() {
                    prop_assert_eq!(all.level(center), levels(at));
                }
            }
            Err(_) => prop_assert!(!allowed),
        }
    }

    #[test]
    fn a_threshold_that_was_given_back_means_the_same(mantissa in 0..2_000_000_000_000_000_000_000_i128) {
        let given = crate::model::money::Quantity::from_mantissa(mantissa);
        if let Ok(percent) = Percent::read(given) {
            prop_assert_eq!(Percent::read(percent.value()).unwrap(), percent);
            let again: Percent = serde_json::from_value(serde_json::to_value(percent).unwrap()).unwrap();
            prop_assert_eq!(again, percent);
        }
    }
}
