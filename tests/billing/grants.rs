//! Grants at work: what they pay for, when, and what is left of them.

use finops_core::Finops;
use serde_json::{Value, json};

fn engine(now: &str) -> Finops {
    Finops::builder().now(now.parse().unwrap()).open(":memory:").unwrap()
}

fn call(finops: &Finops, operation: &str, params: Value) -> Value {
    let answer = finops.call(operation, params.clone(), &());
    let answer = answer.unwrap_or_else(|error| panic!("{operation} {params}: {error}"));
    serde_json::to_value(answer).unwrap()
}

fn tick(finops: &Finops, now: &str) {
    call(finops, "tick", json!({"now": now}));
}

fn price(finops: &Finops, model: Value) {
    let mut price = model;
    for (field, value) in [("meter", "api_calls"), ("currency", "USD"), ("effective_from", "2023-01-01T00:00:00Z")] {
        if price.get(field).is_none() {
            price[field] = json!(value);
        }
    }
    call(finops, "prices.create", price);
}

fn one_each(finops: &Finops) {
    price(finops, json!({"model": "per_unit", "unit_price": "1"}));
}

fn uses(finops: &Finops, id: &str, time: &str, quantity: &str) {
    let event = json!({"id": id, "resource": "api_calls", "tenant_id": "t", "time": time, "quantity": quantity});
    assert_eq!(call(finops, "record_usage", json!({"events": event}))["accepted"], 1);
}

fn money(amount: &str) -> Value {
    json!({"money": amount, "currency": "USD"})
}

fn units(amount: &str) -> Value {
    json!({"units": amount, "meter": "api_calls"})
}

fn grant(finops: &Finops, amount: Value, from: &str, more: Value) -> String {
    let mut params = json!({"tenant_id": "t", "amount": amount, "effective_from": from});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(finops, "grants.create", params)["id"].as_str().unwrap().to_owned()
}

/// What is left of each of these grants, and the overage.
fn left(finops: &Finops, ids: &[&String]) -> (Vec<String>, String) {
    let balance = call(finops, "grants.balance", json!({"tenant_id": "t"}));
    let grants = balance["grants"].as_array().unwrap();
    let left =
        |id: &&String| grants.iter().find(|grant| grant["id"] == **id).unwrap()["left"].as_str().unwrap().to_owned();
    (ids.iter().map(left).collect(), balance["overages"][0]["overage"].as_str().unwrap().to_owned())
}

/// The lines of a bill as `meter tier amount`, and its total, which the charges billed with it add up to.
fn bill(finops: &Finops, period: &str) -> (Vec<String>, String) {
    let bill = call(finops, "billing.preview", json!({"tenant_id": "t", "period": period}));
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |line: &Value| format!("{} {} {}", text(&line["meter"]), text(&line["tier"]), text(&line["amount"]));
    (bill["lines"].as_array().unwrap().iter().map(line).collect(), text(&bill["total"]))
}

/// What each day costs that costs something.
fn days(finops: &Finops, month: &str) -> Vec<String> {
    let params = json!({"start_date": format!("{month}-01"), "end_date": format!("{month}-29")});
    let days = call(finops, "costs.daily", params);
    let days = days["days"].as_array().unwrap().iter();
    let day = |day: &Value| Some((day["date"].as_str()?[8..10].to_owned(), day["total"].as_str()?.to_owned()));
    days.filter_map(day).filter(|(_, total)| total != "0").map(|(day, total)| format!("{day}: {total}")).collect()
}

fn charged(finops: &Finops, filter: Value) -> Value {
    call(finops, "get_cost_summary", json!({"period": "2024", "filter": filter}))["total_cost"].clone()
}

const JANUARY: &str = "2024-01-01T00:00:00Z";

#[test]
fn m29_grants_burn_by_priority_then_by_expiry_and_the_rest_is_an_overage() {
    for amount in [money, units] {
        let finops = engine("2024-01-03T12:00:00Z");
        one_each(&finops);
        let second = grant(&finops, amount("100"), JANUARY, json!({"priority": 2}));
        let first = grant(&finops, amount("100"), JANUARY, json!({"priority": 1}));
        uses(&finops, "1", "2024-01-02T10:00:00Z", "120");
        assert_eq!(left(&finops, &[&first, &second]), (vec!["0".into(), "80".into()], "0".into()));
        uses(&finops, "2", "2024-01-02T11:00:00Z", "90");
        assert_eq!(left(&finops, &[&first, &second]), (vec!["0".into(), "0".into()], "10".into()));
        assert_eq!(charged(&finops, json!({})), "10");

        let finops = engine("2024-01-03T12:00:00Z");
        one_each(&finops);
        let later = grant(&finops, amount("100"), JANUARY, json!({"expires_at": "2024-01-21T00:00:00Z"}));
        let sooner = grant(&finops, amount("100"), JANUARY, json!({"expires_at": "2024-01-20T00:00:00Z"}));
        let never = grant(&finops, amount("100"), JANUARY, json!({}));
        uses(&finops, "1", "2024-01-02T10:00:00Z", "120");
        assert_eq!(
            left(&finops, &[&sooner, &later, &never]),
            (vec!["0".into(), "80".into(), "100".into()], "0".into())
        );
    }
    let finops = engine("2024-01-03T12:00:00Z");
    one_each(&finops);
    uses(&finops, "1", "2024-01-02T10:00:00Z", "120");
    assert_eq!(left(&finops, &[]), (vec![], "120".into()), "no grants");
}

#[test]
fn m30_a_refill_pays_for_the_overage_first_and_comes_once_whatever_else_happens() {
    for amount in [money, units] {
        let daily = json!({"recurrence": {"every": 1, "unit": "day"}});
        let finops = engine("2024-01-01T23:00:00Z");
        one_each(&finops);
        let id = grant(&finops, amount("100"), JANUARY, daily.clone());
        uses(&finops, "1", "2024-01-01T10:00:00Z", "120");
        assert_eq!(left(&finops, &[&id]), (vec!["0".into()], "20".into()));
        assert_eq!(charged(&finops, json!({})), "20");
        tick(&finops, "2024-01-02T01:00:00Z");
        assert_eq!(left(&finops, &[&id]), (vec!["80".into()], "0".into()));
        assert_eq!(charged(&finops, json!({})), "0", "time alone brought the refill");
        let then = json!({"tenant_id": "t", "at": "2024-01-01T12:00:00Z"});
        assert_eq!(call(&finops, "grants.balance", then)["grants"][0]["left"], "0");

        let finops = engine("2024-01-01T00:30:00Z");
        one_each(&finops);
        let first = grant(&finops, amount("100"), JANUARY, daily);
        uses(&finops, "1", "2024-01-01T00:10:00Z", "30");
        tick(&finops, "2024-01-01T01:00:00Z");
        let other = grant(&finops, amount("100"), "2024-01-01T01:00:00Z", json!({}));
        uses(&finops, "2", "2024-01-01T01:00:00Z", "20");
        assert_eq!(left(&finops, &[&first, &other]), (vec!["50".into(), "100".into()], "0".into()));
    }
}

#[test]
fn money_pays_on_the_day_and_the_bill_is_what_is_charged() {
    let finops = engine("2024-01-20T12:00:00Z");
    one_each(&finops);
    price(&finops, json!({"meter": "bandwidth", "model": "per_unit", "unit_price": "0.5"}));
    let id = grant(&finops, money("100"), "2024-01-05T12:00:00Z", json!({}));
    uses(&finops, "1", "2024-01-02T10:00:00Z", "30");
    uses(&finops, "2", "2024-01-08T10:00:00Z", "60");
    let event =
        json!({"id": "b", "resource": "bandwidth", "tenant_id": "t", "time": "2024-01-09T00:00:00Z", "quantity": 50});
    call(&finops, "record_usage", json!({"events": event}));
    // What was used before the grant in the same month is paid when it starts.
    assert_eq!(days(&finops, "2024-01"), ["02: 30", "05: -30", "09: 15"]);
    let lines = ["api_calls tier 1 90", "bandwidth tier 1 25", "credits credit -100"];
    assert_eq!(bill(&finops, "2024-01"), (lines.map(str::to_owned).to_vec(), "15".into()));
    assert_eq!(charged(&finops, json!({})), "15");
    assert_eq!(charged(&finops, json!({"resource": "api_calls"})), "90", "credits stand alone");
    assert_eq!(charged(&finops, json!({"resource": "credits"})), "-100");
    let explained = call(&finops, "costs.explain", json!({"period": "2024-01", "filter": {"resource": "credits"}}));
    assert_eq!(explained["total_cost"], "-100");
    let preview = call(&finops, "billing.preview", json!({"tenant_id": "t", "period": "2024-01"}));
    assert_eq!((&preview["lines"][2]["price_id"], &preview["lines"][2]["currency"]), (&json!(id), &json!("USD")));
    // Taken back, it has never been.
    call(&finops, "grants.delete", json!({"id": id}));
    assert_eq!(bill(&finops, "2024-01").1, "115");
    assert_eq!(charged(&finops, json!({})), "115");
    assert_eq!(charged(&finops, json!({"resource": "credits"})), "0");
    assert_eq!(call(&finops, "billing.settle", json!({}))["lines"], 0);
}

#[test]
fn a_day_that_costs_less_than_nothing_burns_nothing_and_less_later() {
    let finops = engine("2024-01-20T12:00:00Z");
    let tiers = json!([{"up_to": "100", "unit_price": "0.1"}, {"up_to": null, "unit_price": "0.05"}]);
    price(&finops, json!({"model": "volume", "tiers": tiers}));
    let id = grant(&finops, money("50"), JANUARY, json!({}));
    uses(&finops, "1", "2024-01-02T10:00:00Z", "100");
    assert_eq!(left(&finops, &[&id]).0, ["40"]);
    // 110 x 0.05 = 5.5: the day costs -4.5, and with nothing after it the days before are paid less for.
    uses(&finops, "2", "2024-01-03T10:00:00Z", "10");
    assert_eq!(left(&finops, &[&id]).0, ["44.5"]);
    assert_eq!(charged(&finops, json!({})), "0");
    // 2 more on the 4th take up a part of the 4.5.
    uses(&finops, "3", "2024-01-04T10:00:00Z", "40");
    assert_eq!(left(&finops, &[&id]).0, ["42.5"]);
    assert_eq!(days(&finops, "2024-01"), ["02: 2.5", "03: -4.5", "04: 2"]);
    assert_eq!(charged(&finops, json!({})), "0");
}

#[test]
fn credits_of_a_closed_month_become_corrections_of_the_next_open_one() {
    let finops = engine("2024-02-10T12:00:00Z");
    one_each(&finops);
    let id = grant(&finops, money("100"), JANUARY, json!({"priority": 1}));
    uses(&finops, "1", "2024-01-20T10:00:00Z", "70");
    uses(&finops, "2", "2024-02-05T10:00:00Z", "50");
    assert_eq!(bill(&finops, "2024-01").1, "0");
    assert_eq!(bill(&finops, "2024-02").1, "20");
    let closed = call(&finops, "billing.close", json!({"period": "2024-01"}));
    assert_eq!(closed["statements"][0]["total"], "0");
    // Late usage of January takes from February what is left of the grant.
    uses(&finops, "3", "2024-01-25T10:00:00Z", "10");
    assert_eq!(bill(&finops, "2024-01").1, "0", "it is closed");
    let lines = ["api_calls tier 1 50", "credits credit -20", "api_calls correction 10", "credits correction -10"];
    assert_eq!(bill(&finops, "2024-02"), (lines.map(str::to_owned).to_vec(), "30".into()));
    assert_eq!(charged(&finops, json!({})), "30");
    call(&finops, "grants.delete", json!({"id": id}));
    let lines = ["api_calls tier 1 50", "api_calls correction 10", "credits correction -10", "credits correction 80"];
    assert_eq!(bill(&finops, "2024-02"), (lines.map(str::to_owned).to_vec(), "130".into()));
    assert_eq!(charged(&finops, json!({})), "130");
}

#[test]
fn what_corrects_an_earlier_month_is_in_the_statement_that_is_closed_with_it() {
    let finops = engine("2024-03-02T12:00:00Z");
    one_each(&finops);
    uses(&finops, "1", "2024-02-20T10:00:00Z", "5");
    uses(&finops, "2", "2024-01-31T10:00:00Z", "7");
    call(&finops, "billing.close", json!({"period": "2024-01"}));
    uses(&finops, "3", "2024-01-31T11:00:00Z", "2");
    // Not settled before it is closed.
    let closed = call(&finops, "billing.close", json!({"period": "2024-02"}));
    assert_eq!(closed["statements"][0]["total"], "7");
    assert_eq!(charged(&finops, json!({})), "14");
}

#[test]
fn units_are_used_first_and_not_paid_for() {
    let finops = engine("2024-03-05T12:00:00Z");
    let tiers = json!([{"up_to": "10", "unit_price": "1"}, {"up_to": null, "unit_price": "0.1"}]);
    price(&finops, json!({"model": "tiered", "tiers": tiers}));
    let id = grant(&finops, units("25"), "2024-02-01T00:00:00Z", json!({}));
    uses(&finops, "1", "2024-02-03T10:00:00Z", "12");
    uses(&finops, "2", "2024-02-04T10:00:00Z", "20");
    uses(&finops, "3", "2024-03-01T10:00:00Z", "4");
    // 12 and 13 of 20 are free; 7 are in the first tier.
    assert_eq!(bill(&finops, "2024-02"), (vec!["api_calls tier 1 7".into(), "api_calls granted 0".into()], "7".into()));
    assert_eq!(days(&finops, "2024-02"), ["04: 7"]);
    assert_eq!(bill(&finops, "2024-03").1, "4");
    let usage = call(&finops, "get_usage", json!({"period": "2024-02"}));
    assert_eq!(usage["items"][0]["api_calls"], "32", "all of it was used");
    let summary = call(&finops, "costs.unit", json!({"per": "api_calls", "period": "2024-02"}));
    assert_eq!(summary["total"]["cost_per_unit"], "0.21875");
    // A closed month is corrected, and what it leaves to the next.
    call(&finops, "billing.close", json!({"period": "2024-02"}));
    call(&finops, "void_usage", json!({"id": "2", "tenant_id": "t"}));
    assert_eq!(left(&finops, &[&id]).0, ["9"]);
    let lines = ["api_calls granted 0", "api_calls correction -7"];
    assert_eq!(bill(&finops, "2024-03"), (lines.map(str::to_owned).to_vec(), "-7".into()));
    assert_eq!(charged(&finops, json!({})), "0");
}

#[test]
fn what_is_left_is_rolled_over_at_the_start_of_a_month_and_gone_when_it_expires() {
    for amount in [money, units] {
        let finops = engine("2024-02-02T12:00:00Z");
        one_each(&finops);
        let rolled = grant(&finops, amount("100"), JANUARY, json!({"rollover": {"max": "30"}, "priority": 1}));
        let until = json!({"expires_at": "2024-02-03T00:00:00Z", "priority": 2});
        let short = grant(&finops, amount("100"), JANUARY, until);
        uses(&finops, "1", "2024-01-20T10:00:00Z", "10");
        assert_eq!(left(&finops, &[&rolled, &short]).0, ["30", "100"]);
        uses(&finops, "2", "2024-02-02T10:00:00Z", "40");
        assert_eq!(left(&finops, &[&rolled, &short]).0, ["0", "90"]);
        tick(&finops, "2024-02-03T12:00:00Z");
        uses(&finops, "3", "2024-02-03T10:00:00Z", "5");
        assert_eq!(left(&finops, &[&rolled, &short]), (vec!["0".into(), "0".into()], "5".into()));
        assert_eq!(charged(&finops, json!({})), "5");
        // Overage is owed once its month is over: the next one starts without it.
        tick(&finops, "2024-03-03T12:00:00Z");
        let next = grant(&finops, amount("50"), "2024-03-01T00:00:00Z", json!({}));
        assert_eq!(left(&finops, &[&next]), (vec!["50".into()], "0".into()));
    }
    let finops = engine("2024-02-02T12:00:00Z");
    one_each(&finops);
    let monthly = json!({"recurrence": {"every": 1, "unit": "month"}, "preserve_overage": true});
    let id = grant(&finops, money("100"), "2024-01-15T00:00:00Z", monthly);
    uses(&finops, "1", "2024-01-20T10:00:00Z", "130");
    assert_eq!(left(&finops, &[&id]), (vec!["0".into()], "30".into()));
    tick(&finops, "2024-02-16T12:00:00Z");
    assert_eq!(left(&finops, &[&id]), (vec!["70".into()], "0".into()));
    assert_eq!((bill(&finops, "2024-01").1, bill(&finops, "2024-02").1), ("30".into(), "-30".into()));
}

#[test]
fn a_grant_pays_in_its_currency_only() {
    let finops = engine("2024-01-20T12:00:00Z");
    one_each(&finops);
    let euros = grant(&finops, json!({"money": "10", "currency": "EUR"}), JANUARY, json!({}));
    uses(&finops, "1", "2024-01-02T10:00:00Z", "4");
    assert_eq!(left(&finops, &[&euros]).0, ["10"]);
    assert_eq!(charged(&finops, json!({})), "4");
    let id = call(&finops, "prices.list", json!({}))["items"][0]["id"].clone();
    call(&finops, "prices.update", json!({"id": id, "currency": "EUR"}));
    assert_eq!(left(&finops, &[&euros]).0, ["6"]);
    let bill = call(&finops, "billing.preview", json!({"tenant_id": "t", "period": "2024-01"}));
    assert_eq!(bill["totals"], json!({"EUR": "0"}));
    let of = |currency: &str| charged(&finops, json!({"resource": "api_calls", "currency": currency}));
    assert_eq!((of("EUR"), of("USD")), (json!("4"), json!("0")), "taken back in the currency that it was in");
}

#[test]
fn a_minimum_is_paid_by_money_when_it_falls_due() {
    let finops = engine("2024-02-02T12:00:00Z");
    price(&finops, json!({"model": "per_unit", "unit_price": "1", "minimum": "40", "scope": {"tenant_id": "t"}}));
    let id = grant(&finops, money("100"), JANUARY, json!({}));
    uses(&finops, "1", "2024-01-02T10:00:00Z", "15");
    assert_eq!(left(&finops, &[&id]).0, ["85"]);
    let closed = call(&finops, "billing.close", json!({"period": "2024-01"}));
    assert_eq!(closed["statements"][0]["total"], "0");
    assert_eq!(left(&finops, &[&id]).0, ["60"]);
    assert_eq!(charged(&finops, json!({"resource": "credits"})), "-40");
}

#[test]
fn a_meter_with_a_grant_stays_and_credits_are_no_meter() {
    let finops = engine("2024-01-20T12:00:00Z");
    let meter = |slug: &str| json!({"slug": slug, "aggregation": "sum", "unit": "x"});
    call(&finops, "meters.create", meter("jobs"));
    let id = grant(&finops, json!({"units": "1", "meter": "jobs"}), JANUARY, json!({}));
    let refused = finops.call("meters.delete", json!({"slug": "jobs"}), &()).unwrap_err();
    assert!(refused.message().contains(&id), "{refused}");
    call(&finops, "grants.delete", json!({"id": id}));
    call(&finops, "meters.delete", json!({"slug": "jobs"}));
    let refused = finops.call("meters.create", meter("credits"), &()).unwrap_err();
    assert_eq!(refused.field(), Some("slug"));
}
