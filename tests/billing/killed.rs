//! Killed at any moment: what was acknowledged is charged once, and what is billed is what is charged.

use finops_core::engine::BillingPreview;
use finops_core::{CostSummaryRequest, Finops};
use finops_tests::support::{Child, job};
use serde_json::json;
use std::time::Duration;

const KILLS: u64 = 12;

fn engine(location: &str) -> Finops {
    Finops::builder().now("2024-01-15T12:00:00Z".parse().unwrap()).open(location).unwrap()
}

fn total(finops: &Finops) -> u64 {
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    let total = finops.get_cost_summary(&request).unwrap().total_cost;
    total.map_or(0, |total| total.to_string().parse().unwrap())
}

/// Not a test by itself: records and settles until it is killed. Ids are numbers that follow each other.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let finops = engine(&job[0]);
    let first: u64 = job[1].parse().unwrap();
    eprintln!("opened");
    // Should the parent be gone, this ends by itself.
    for id in first..first + 5_000 {
        let event =
            json!({"id": id.to_string(), "resource": "api_calls", "quantity": 1, "tenant_id": format!("t{}", id % 3)});
        assert_eq!(finops.record_usage(&event.to_string()).unwrap().rejected, []);
        eprintln!("done {id}");
        total(&finops);
    }
}

#[test]
fn what_was_acknowledged_is_charged_once() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("store");
    let location = location.to_str().unwrap();
    let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
                       "effective_from": "2024-01-01T00:00:00Z"});
    engine(location).prices_create(price).unwrap();
    let mut next = 0;
    for kill in 0..KILLS {
        let mut child = Child::start("killed::child", &[location, &next.to_string()]);
        child.until("opened");
        // Some die before they have done anything, however slow this machine is, and most after a while.
        let mut said: Vec<String> = (0..kill % 4 * 5).map_while(|_| child.line()).collect();
        std::thread::sleep(Duration::from_micros(kill * 7_123 % 40_000));
        said.extend(child.kill());
        let done = said.iter().filter_map(|line| line.strip_prefix("done ")?.parse::<u64>().ok()).max();
        let acknowledged = done.map_or(next, |done| done + 1);
        let finops = engine(location);
        let counted = total(&finops);
        // One more may have been written whose acknowledgement the kill cut off.
        assert!((acknowledged..=acknowledged + 1).contains(&counted), "{acknowledged} and {counted}");
        let bill = |tenant: &str| {
            let bill = finops.billing_preview(&BillingPreview::new(tenant, "2024-01".parse().unwrap())).unwrap();
            bill.total.unwrap().to_string().parse::<u64>().unwrap()
        };
        assert_eq!(["t0", "t1", "t2"].map(bill).iter().sum::<u64>(), counted);
        next = counted;
    }
    assert!(next > KILLS, "the children did something");
}
