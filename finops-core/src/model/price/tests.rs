//! What a price must be, and which of several holds.

use super::{Grant, GrantAmount, OnChange, Price, PriceBook};
use crate::ErrorCode;
use crate::model::id::{self, Id};
use crate::model::time::{Interval, Stamp};
use serde_json::{Value, json};

fn at(text: &str) -> Stamp {
    text.parse().unwrap()
}

/// A price per unit, with these fields instead; null takes one away.
fn form(fields: &Value) -> Value {
    let mut form = json!({"meter": "calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
        "effective_from": "2024-01-01T00:00:00Z"});
    for (name, value) in fields.as_object().unwrap() {
        form[name] = value.clone();
    }
    form
}

fn price(fields: &Value) -> Price {
    Price::from_json(&form(fields)).unwrap()
}

/// The fields of a price, the field that is wrong, and a word of what is said about it.
fn refused(cases: impl IntoIterator<Item = (Value, &'static str, &'static str)>) {
    for (fields, field, word) in cases {
        let error = Price::from_json(&form(&fields)).expect_err(&fields.to_string());
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert_eq!(error.field(), Some(field), "{fields}: {error}");
        assert!(error.message().contains(word), "{fields}: {error}");
    }
}

#[test]
fn each_refused_term_names_its_field() {
    refused([
        (json!({"meter": "API calls"}), "meter", "a-z"),
        (json!({"meter": ""}), "meter", "1 to 64"),
        (json!({"revision": 0}), "revision", "1 or more"),
        (json!({"unit_price": "-1"}), "unit_price", "0 or more"),
        (json!({"unit_price": "cheap"}), "unit_price", "number"),
        (json!({"unit_price": null}), "unit_price", "must be given"),
        (json!({"tiers": []}), "tiers", "no place"),
        (json!({"model": "flat", "package": {"size": "1", "price": "1"}}), "package", "no place"),
        (json!({"model": "cheap"}), "model", "cheap"),
        (json!({"colour": "red"}), "colour", "unknown field"),
        (json!({"currency": "usd"}), "currency", "'USD'"),
        (json!({"effective_from": "2024-01-01T00:00:01Z"}), "effective_from", "quarter of an hour in UTC"),
        (json!({"effective_to": "2024-02-01T00:07:00Z"}), "effective_to", "2024-02-01T00:00:00Z"),
        (json!({"effective_to": "2024-01-01T00:00:00Z"}), "effective_to", "must lie after"),
        (json!({"scope": {"tenant_id": ""}}), "scope.tenant_id", "1 to 256"),
        (json!({"minimum": "-1"}), "minimum", "0 or more"),
        (json!({"maximum": "-0.01"}), "maximum", "0 or more"),
        (json!({"minimum": "2", "maximum": "1"}), "minimum", "above the maximum"),
        (json!({"included": "-1"}), "included", "0 or more"),
        (json!({"usage_discount": "-1"}), "usage_discount", "0 or more"),
        (json!({"conversion": {"divide_by": "0"}}), "conversion.divide_by", "above 0"),
        (json!({"conversion": {"divide_by": "1", "rounding": "up", "decimals": 19}}), "conversion.decimals", "0 to 18"),
        (json!({"conversion": {"divide_by": "1", "decimals": 2}}), "conversion.decimals", "'up' or 'down'"),
        (json!({"rounding": {"decimals": 19, "mode": "half_up"}}), "rounding.decimals", "0 to 18"),
        (json!({"rounding": "cents"}), "rounding", "'currency'"),
    ]);
}

#[test]
fn each_refused_model_names_its_field() {
    let tiers = |tiers: Value| json!({"model": "tiered", "unit_price": null, "tiers": tiers});
    let matrix = |matrix: Value| json!({"model": "matrix", "unit_price": null, "matrix": matrix});
    let cell = |values: &[&str]| json!({"values": values, "unit_price": "1"});
    refused([
        (tiers(json!([])), "tiers", "1 to 1000"),
        (tiers(json!([{"up_to": "5", "unit_price": "1"}])), "tiers[0].up_to", "null in the last"),
        (tiers(json!([{"unit_price": "1"}, {"unit_price": "1"}])), "tiers[0].up_to", "all tiers but the last"),
        (
            tiers(json!([{"up_to": "5", "unit_price": "1"}, {"up_to": "5", "flat": "1"}, {"flat": "1"}])),
            "tiers[1].up_to",
            "above 5",
        ),
        (
            tiers(json!([{"up_to": "5", "unit_price": "1"}, {"up_to": "4", "flat": "1"}, {"flat": "1"}])),
            "tiers[1].up_to",
            "above 5",
        ),
        (tiers(json!([{"up_to": "0", "unit_price": "1"}, {"flat": "1"}])), "tiers[0].up_to", "above 0"),
        (tiers(json!([{"up_to": "1", "flat": "-1"}, {"flat": "1"}])), "tiers[0].flat", "0 or more"),
        (tiers(json!([{"up_to": "1"}, {"flat": "1"}])), "tiers[0].unit_price", "flat fee"),
        (tiers(json!([{"from": "1"}])), "tiers[0].from", "unknown field"),
        (
            json!({"model": "package", "unit_price": null, "package": {"size": "0", "price": "1"}}),
            "package.size",
            "above 0",
        ),
        (
            json!({"model": "package", "unit_price": null, "package": {"size": "1", "price": "-1"}}),
            "package.price",
            "0 or more",
        ),
        (
            json!({"model": "percentage", "unit_price": null, "percentage": {"percent": "-1"}}),
            "percentage.percent",
            "0 or more",
        ),
        (
            json!({"model": "percentage", "unit_price": null, "percentage": {"percent": "0.00000000000000001"}}),
            "percentage.percent",
            "16 decimals",
        ),
        (matrix(json!({"dimensions": [], "cells": [cell(&[])]})), "matrix.dimensions", "1 to 8"),
        (matrix(json!({"dimensions": ["a", "a"], "cells": [cell(&["x", "y"])]})), "matrix.dimensions[1]", "once"),
        (matrix(json!({"dimensions": ["a"], "cells": []})), "matrix.cells", "1 to 100000"),
        (matrix(json!({"dimensions": ["a"], "cells": [cell(&["x", "y"])]})), "matrix.cells[0].values", "one for each"),
        (
            matrix(json!({"dimensions": ["a"], "cells": [cell(&["x"]), cell(&["x"])]})),
            "matrix.cells[1].values",
            "cell 0 again",
        ),
        (matrix(json!({"dimensions": ["a"], "cells": [cell(&["x"])], "missing": "-1"})), "matrix.missing", "0 or more"),
        (
            matrix(json!({"dimensions": ["a"], "cells": [cell(&["x"])], "missing": "free"})),
            "matrix.missing",
            "'unknown'",
        ),
    ]);
}

#[test]
fn a_matrix_has_no_free_units() {
    for (name, value) in [("included", json!("1")), ("usage_discount", json!("1"))] {
        let fields = json!({"model": "matrix", "unit_price": null, name: value,
            "matrix": {"dimensions": ["a"], "cells": [{"values": ["x"], "unit_price": "1"}]}});
        assert_eq!(Price::from_json(&form(&fields)).unwrap_err().field(), Some(name));
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let terms = price(&json!({})).terms().clone();
    assert_eq!((terms.revision, terms.on_change, terms.first_tier_flat_at_zero), (1, OnChange::Carry, true));
    let json = serde_json::to_value(price(&json!({}))).unwrap();
    assert_eq!(
        json,
        json!({"revision": 1, "meter": "calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
            "effective_from": "2024-01-01T00:00:00Z", "rounding": "exact", "first_tier_flat_at_zero": true,
            "on_change": "carry"})
    );
    let named = price(&json!({"model": "graduated", "unit_price": null, "tiers": [{"unit_price": 1}]}));
    assert_eq!(named.model().name(), "tiered");
}

#[test]
fn the_price_of_the_tenant_then_the_latest_then_the_revision() {
    let id = |number| Id::<id::Price>::new(at("2024-01-01T00:00:00Z"), [number; 10]);
    let make = |number: u8, revision: u32, from: &str, to: Option<&str>, tenant: Option<&str>| {
        price(&json!({"id": id(number), "revision": revision, "effective_from": from, "effective_to": to,
            "scope": tenant.map(|tenant| json!({"tenant_id": tenant}))}))
    };
    let book = PriceBook::new(vec![
        make(1, 1, "2024-01-01T00:00:00Z", None, None),
        make(1, 3, "2024-03-01T00:00:00Z", None, None),
        make(1, 2, "2024-03-01T00:00:00Z", None, None),
        make(2, 1, "2024-02-01T00:00:00Z", Some("2024-04-01T00:00:00Z"), Some("acme")),
        make(3, 1, "2024-04-02T00:00:00Z", Some("2024-04-03T00:00:00Z"), None),
    ])
    .unwrap();
    let find = |tenant: &str, when: &str| {
        book.price_at("calls", tenant, at(when)).map(|price| (price.terms().id.unwrap(), price.terms().revision))
    };
    for (tenant, when, wanted) in [
        ("other", "2023-12-31T23:59:59Z", None),
        ("other", "2024-01-01T00:00:00Z", Some((id(1), 1))),
        ("other", "2024-02-29T23:59:59Z", Some((id(1), 1))),
        ("other", "2024-03-01T00:00:00Z", Some((id(1), 3))),
        ("acme", "2024-01-31T00:00:00Z", Some((id(1), 1))),
        ("acme", "2024-02-01T00:00:00Z", Some((id(2), 1))),
        ("acme", "2024-03-31T23:59:59Z", Some((id(2), 1))),
        ("acme", "2024-04-01T00:00:00Z", Some((id(1), 3))),
        ("acme", "2024-04-02T12:00:00Z", Some((id(3), 1))),
        ("acme", "2024-04-03T00:00:00Z", Some((id(1), 3))),
    ] {
        assert_eq!(find(tenant, when), wanted, "{tenant} {when}");
    }
    assert!(book.price_at("searches", "acme", at("2024-04-03T00:00:00Z")).is_none());

    let year = Interval::new(at("2024-01-15T00:00:00Z"), at("2024-05-01T00:00:00Z")).unwrap();
    let stretches = book.stretches("calls", "acme", year);
    let found: Vec<String> = stretches.iter().map(|stretch| stretch.interval.start().to_string()).collect();
    assert_eq!(
        found,
        [
            "2024-01-15T00:00:00Z",
            "2024-02-01T00:00:00Z",
            "2024-04-01T00:00:00Z",
            "2024-04-02T00:00:00Z",
            "2024-04-03T00:00:00Z"
        ]
    );
    assert!(stretches.windows(2).all(|two| two[0].interval.end() == two[1].interval.start()));
    assert_eq!(stretches.last().unwrap().interval.end(), year.end());
    assert!(book.stretches("calls", "acme", Interval::new(year.end(), year.end()).unwrap()).is_empty());
}

#[test]
fn a_version_never_changes() {
    let id = Id::<id::Price>::new(at("2024-01-01T00:00:00Z"), [1; 10]);
    let (one, two) = (price(&json!({"id": id})), price(&json!({"id": id, "unit_price": "2"})));
    let error = PriceBook::new(vec![one, two]).unwrap_err();
    assert_eq!(error.field(), Some("revision"));
    assert!(error.message().contains("never changes"));
}

#[test]
fn a_grant_is_checked_field_by_field() {
    let start = at("2024-01-01T00:00:00Z");
    let form = json!({"id": "grt_01hk153x000000000000000000", "tenant_id": "acme", "created_at": start,
        "amount": {"money": "100", "currency": "USD"}, "effective_from": start});
    let read = |name: &str, value: Value| {
        let mut form = form.clone();
        if !name.is_empty() {
            form[name] = value;
        }
        serde_json::from_value::<Grant>(form)
    };
    assert!(read("", Value::Null).unwrap().validate().is_ok());
    for (name, value, field) in [
        ("tenant_id", json!(""), "tenant_id"),
        ("amount", json!({"units": "-1", "meter": "calls"}), "amount"),
        ("amount", json!({"units": "1", "meter": "Calls"}), "amount.meter"),
        ("effective_from", json!("2024-01-01T00:01:00Z"), "effective_from"),
        ("expires_at", json!("2024-01-01T00:00:00Z"), "expires_at"),
        ("rollover", json!({"max": "101"}), "rollover.max"),
        ("rollover", json!({"min": "6", "max": "5"}), "rollover.min"),
        ("rollover", json!({"min": "-6", "max": "5"}), "rollover.min"),
        ("recurrence", json!({"every": 0, "unit": "day"}), "recurrence.every"),
    ] {
        let error = read(name, value.clone()).unwrap().validate().unwrap_err();
        assert_eq!(error.field(), Some(field), "{value}");
    }
    for amount in [json!({"money": "1"}), json!({"money": "1", "currency": "USD", "units": "2", "meter": "calls"})] {
        assert!(read("amount", amount).unwrap_err().to_string().contains("must be"));
    }
    let grant = read("recurrence", json!({"every": 1, "unit": "month"})).unwrap();
    assert_eq!(grant.refill(1), Some(at("2024-02-01T00:00:00Z")));
    assert!(matches!(grant.amount, GrantAmount::Money { .. }));
}
