//! When usage becomes charges, and what happens when that fails.

use finops_core::edge::store::{EmbeddedStore, Store};
use finops_core::engine::{BillingClose, BillingPreview, PriceList};
use finops_core::{CostSummaryRequest, ErrorCode, Finops, ImportCharges};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn engine(location: &str) -> Finops {
    Finops::builder().now("2024-01-15T12:00:00Z".parse().unwrap()).open(location).unwrap()
}

fn event(id: u32, quantity: u32) -> String {
    json!({"id": id.to_string(), "resource": "api_calls", "quantity": quantity, "tenant_id": "t"}).to_string()
}

fn total(finops: &Finops) -> Option<String> {
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    finops.get_cost_summary(&request).unwrap().total_cost.map(|total| total.to_string())
}

fn price(finops: &Finops, unit_price: &str) {
    let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": unit_price, "currency": "USD",
                       "effective_from": "2024-01-01T00:00:00Z"});
    finops.prices_create(price).unwrap();
}

#[test]
fn charges_and_what_is_booked_outlive_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    {
        let finops = engine(location);
        price(&finops, "0.5");
        finops.record_usage(&event(1, 10)).unwrap();
        assert_eq!(total(&finops), Some("5".into()));
        finops.record_usage(&event(2, 4)).unwrap();
        // Not settled: the next engine finds it.
    }
    {
        let finops = engine(location);
        assert_eq!(total(&finops), Some("7".into()));
        assert_eq!(total(&finops), Some("7".into()));
        assert_eq!(finops.billing_settle().unwrap().charges, 0);
        let id = finops.prices_list(&PriceList::default()).unwrap().items[0].terms().id.unwrap();
        finops.prices_update(id, json!({"unit_price": "0.25"})).unwrap();
    }
    let finops = engine(location);
    assert_eq!(total(&finops), Some("3.5".into()), "the later version took the place of the earlier one");
    let preview = finops.billing_preview(&BillingPreview::new("t", "2024-01".parse().unwrap())).unwrap();
    assert_eq!(preview.total.unwrap().to_string(), "3.5");
}

#[test]
fn a_reader_answers_from_what_was_settled() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let writer = engine(location);
    price(&writer, "0.5");
    writer.record_usage(&event(1, 10)).unwrap();
    assert_eq!(total(&writer), Some("5".into()));
    let reader = Finops::builder().now("2024-01-15T12:00:00Z".parse().unwrap()).read_only().open(location).unwrap();
    writer.record_usage(&event(2, 10)).unwrap();
    assert_eq!(total(&reader), Some("5".into()));
    assert_eq!(total(&writer), Some("10".into()));
    assert_eq!(total(&reader), Some("10".into()));
}

#[test]
fn a_minimum_falls_due_when_the_month_is_closed_even_without_use() {
    let finops = engine(":memory:");
    finops
        .prices_create(json!({"meter": "api_calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
            "effective_from": "2024-01-01T00:00:00Z", "minimum": "100", "scope": {"tenant_id": "idle"}}))
        .unwrap();
    finops.tick(Some("2024-02-01T00:00:00Z".parse().unwrap())).unwrap();
    let closed = finops.billing_close(&BillingClose::new("2024-01".parse().unwrap())).unwrap();
    assert_eq!(closed.statements.len(), 1);
    assert_eq!(closed.statements[0].total.unwrap().to_string(), "100");
    assert_eq!(total(&finops), Some("100".into()));
}

#[test]
fn what_has_no_price_is_counted_and_its_cost_is_unknown() {
    let finops = engine(":memory:");
    finops.record_usage(&event(1, 10)).unwrap();
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    request.group_by.0 = vec!["tenant".parse().unwrap()];
    let summary = finops.get_cost_summary(&request).unwrap();
    assert_eq!((summary.total_cost, summary.data_health.unknown_costs), (None, 1));
    assert_eq!(summary.breakdown[0].cost, None);
    price(&finops, "2");
    assert_eq!(total(&finops), Some("20".into()));
}

#[test]
fn many_small_settlements_stay_few_segments() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(folder.path().to_str().unwrap());
    price(&finops, "0.5");
    let mut most = 0;
    for id in 1..=100 {
        finops.record_usage(&event(id, 2)).unwrap();
        assert_eq!(total(&finops), Some(id.to_string()));
        most = most.max(finops.segments().unwrap().items.len());
    }
    assert!((10..=24).contains(&most), "{most}");
    let preview = finops.billing_preview(&BillingPreview::new("t", "2024-01".parse().unwrap())).unwrap();
    assert_eq!(preview.total.unwrap().to_string(), "100");
}

#[test]
fn an_import_waits_for_charges_of_usage_that_are_booked() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("store");
    let finops = engine(location.to_str().unwrap());
    price(&finops, "0.5");
    let bill = |number: usize| {
        let cost = number.to_string();
        let rows = [["a", cost.as_str()]];
        finops_tests::support::Bill::of(["BillingAccountId", "EffectiveCost"], &rows)
            .write(folder.path(), &format!("{number}.csv"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 0.. {
                finops.record_usage(&event(id, 1)).unwrap();
                if let Err(error) = finops.billing_settle() {
                    assert_eq!(error.code(), ErrorCode::Conflict, "{error}");
                }
                if over.load(Ordering::Acquire) {
                    break;
                }
            }
        });
        let imported =
            (1..40).try_for_each(|number| finops.import_charges(&ImportCharges::new(bill(number))).map(drop));
        over.store(true, Ordering::Release);
        imported.unwrap();
    });
}

#[test]
fn an_import_that_goes_on_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(folder.path()).unwrap());
    let now = "2024-01-15T12:00:00Z".parse().unwrap();
    let finops = Finops::builder().now(now).store(Arc::<EmbeddedStore>::clone(&store)).open("").unwrap();
    price(&finops, "0.5");
    finops.record_usage(&event(1, 10)).unwrap();
    let session = store.begin_import().unwrap();
    assert_eq!(finops.billing_settle().unwrap_err().code(), ErrorCode::Conflict);
    drop(session);
    assert_eq!(finops.billing_settle().unwrap().charges, 1);
}
