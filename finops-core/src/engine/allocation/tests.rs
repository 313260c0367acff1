//! Allocation from a bill to lines.

use super::*;
use crate::engine::ImportCharges;
use crate::model::allocation::CenterId;
use crate::pipeline::allocation::LineKind;
use serde_json::{Value, json};

#[test]
fn smoke() {
    let finops = Finops::open(":memory:").unwrap();
    let folder = std::env::temp_dir().join(format!("finops-alloc-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("bill.csv");
    let mut rows = String::from(
        "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,BilledCost,EffectiveCost,ListCost,ContractedCost,ChargeCategory,ServiceName,SubAccountId\n",
    );
    for (service, sub, cost) in [("a", "s1", "10"), ("b", "s2", "20"), ("c", "s3", "6")] {
        rows += &format!(
            "acc,USD,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-05T00:00:00Z,2024-01-06T00:00:00Z,{cost},{cost},{cost},{cost},Usage,{service},{sub}\n"
        );
    }
    std::fs::write(&path, rows).unwrap();
    finops.import_charges(&ImportCharges::new(path.to_str().unwrap())).unwrap();
    let center = |name: &str, filter: Value| -> CenterId {
        let center = json!({"name": name, "type": "custom", "filter": filter});
        finops.create_cost_center(serde_json::from_value(center).unwrap()).unwrap().id
    };
    let one = center("one", json!({"sub_account": "s1"}));
    let two = center("two", json!({"sub_account": "s2"}));
    let rule = finops
        .allocation_rules_create(json!({
            "name": "c", "source": {"service": "c"}, "method": "proportional", "effective_from": "2024-01-01T00:00:00Z",
        }))
        .unwrap();
    let window = crate::model::time::Period::parse("2024-01").unwrap().interval(crate::model::time::Zone::UTC).unwrap();
    let lines = |carry: &[&str]| {
        let carry: Vec<Dimension> = carry.iter().map(|word| word.parse().unwrap()).collect();
        let allocated = finops.allocate(window, CostView::Effective, &carry).unwrap();
        let lines = allocated.iter().flat_map(|(_, allocation)| allocation.lines().cloned().collect::<Vec<_>>());
        lines.map(|line| (line.center, line.kind, line.costs[1].to_string())).collect::<Vec<_>>()
    };
    let found = lines(&[]);
    assert!(found.contains(&(Some(one), LineKind::Shared, "2".into())), "{found:?}");
    assert!(found.contains(&(Some(two), LineKind::Shared, "4".into())), "{found:?}");
    assert_eq!(lines(&["service"]).len(), 4);
    finops.allocation_rules_update(rule.id(), json!({"source": {"service": "b"}})).unwrap();
    let found = lines(&[]);
    assert!(found.contains(&(Some(one), LineKind::Shared, "20".into())), "{found:?}");
    std::fs::remove_dir_all(folder).unwrap();
}
