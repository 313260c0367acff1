//! What is kept of one allocation for the next: which charges are read again, and which are not.

use super::*;
use crate::ErrorCode;
use crate::engine::ImportCharges;
use crate::model::time::{Period, Zone};
use serde_json::json;
use std::path::Path;

const HEADER: &str = "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,\
                      ChargePeriodEnd,BilledCost,EffectiveCost,ListCost,ContractedCost,ChargeCategory,ServiceName";

/// A bill of one account: a service and its cost on each row.
fn import(finops: &Finops, folder: &Path, account: &str, rows: &[(&str, &str)]) {
    let times = "2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-05T00:00:00Z,2024-01-06T00:00:00Z";
    let row =
        |(service, cost): &(&str, &str)| format!("{account},USD,{times},{cost},{cost},{cost},{cost},Usage,{service}\n");
    let path = folder.join(format!("{account}.csv"));
    std::fs::write(&path, format!("{HEADER}\n{}", rows.iter().map(row).collect::<String>())).unwrap();
    finops.import_charges(&ImportCharges::new(path.to_str().unwrap())).unwrap();
}

/// Two centres, and a rule by which both bear service `c`.
fn engine(folder: &Path) -> (Finops, crate::model::allocation::RuleId) {
    let finops = Finops::open(":memory:").unwrap();
    import(&finops, folder, "one", &[("a", "10"), ("b", "20"), ("c", "6"), ("d", "1")]);
    for service in ["a", "b"] {
        let center = json!({"name": service, "type": "custom", "filter": {"service": service}});
        finops.create_cost_center(serde_json::from_value(center).unwrap()).unwrap();
    }
    let rule = json!({"name": "shared", "source": {"service": "c"}, "method": "proportional",
        "effective_from": "2024-01-01T00:00:00Z"});
    let rule = finops.allocation_rules_create(rule).unwrap().id();
    (finops, rule)
}

/// The cells that an allocation of January is made of, and what its lines come to.
fn january(finops: &Finops, carry: &[&str]) -> (Stretches, Vec<String>) {
    let window = Period::parse("2024-01").unwrap().interval(Zone::UTC).unwrap();
    let carry: Vec<Dimension> = carry.iter().map(|word| word.parse().unwrap()).collect();
    let (rules, snapshot) = (finops.allocation_rules().unwrap(), finops.state(None).unwrap());
    let asked = Asked { window, view: CostView::Effective, carry: &carry };
    let allocated = finops.allocate_by(&[&rules], &snapshot, &asked, &()).unwrap().remove(0);
    let costs = allocated.iter().flat_map(|(_, allocation)| allocation.lines());
    let mut costs: Vec<String> = costs.map(|line| format!("{:?} {}", line.kind, line.costs[1])).collect();
    costs.sort();
    let classes = Classes::new([rules.as_ref()], &carry);
    let charges = Charges::new(window, rules.stretches(window).unwrap(), classes);
    (finops.cells(&snapshot, charges, &()).unwrap(), costs)
}

#[test]
fn a_changed_rule_reads_no_charge_again_while_it_looks_at_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, rule) = engine(folder.path());
    let (before, costs) = january(&finops, &[]);
    assert_eq!(costs, ["Direct 10", "Direct 20", "Shared 2", "Shared 4", "Unallocated 1"]);
    let targets = json!([{"cost_center": finops.cost_centers_all().unwrap()[0].id}]);
    finops.allocation_rules_update(rule, json!({"method": "even", "targets": targets})).unwrap();
    let (after, costs) = january(&finops, &[]);
    assert!(Arc::ptr_eq(&before, &after), "nothing but the method is another");
    assert_eq!(costs, ["Direct 10", "Direct 20", "Shared 6", "Unallocated 1"]);
    finops.allocation_rules_update(rule, json!({"source": {"service": ["c", "d"]}})).unwrap();
    let (wider, costs) = january(&finops, &[]);
    assert!(!Arc::ptr_eq(&after, &wider), "'d' was not told apart from other services");
    assert_eq!(costs, ["Direct 10", "Direct 20", "Shared 7"]);
    finops.allocation_rules_delete(rule).unwrap();
    let (without, costs) = january(&finops, &[]);
    assert!(Arc::ptr_eq(&wider, &without), "cells that tell more apart than is asked for will do");
    assert_eq!(costs, ["Direct 10", "Direct 20", "Unallocated 7"]);
}

#[test]
fn what_came_since_is_read_and_so_is_what_lines_carry() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, _) = engine(folder.path());
    let (before, _) = january(&finops, &[]);
    let (carried, costs) = january(&finops, &["service"]);
    assert!(!Arc::ptr_eq(&before, &carried));
    assert_eq!(costs.len(), 5);
    assert!(Arc::ptr_eq(&carried, &january(&finops, &[]).0), "all services are told apart now");
    import(&finops, folder.path(), "two", &[("c", "3")]);
    let (after, costs) = january(&finops, &[]);
    assert!(!Arc::ptr_eq(&carried, &after));
    assert_eq!(costs, ["Direct 10", "Direct 20", "Shared 3", "Shared 6", "Unallocated 1"]);
}

#[test]
fn windows_are_kept_as_long_as_there_is_room() {
    let cells = |count: usize| -> Stretches {
        let mut cells = Cells::new(Vec::new(), Vec::new()).unwrap();
        for _ in 0..count {
            cells.push(&[], "USD".parse().unwrap(), Default::default(), [0; 4]).unwrap();
        }
        [Arc::new(cells)].into()
    };
    let of = |month: &str, snapshot: u64| {
        let window = Period::parse(month).unwrap().interval(Zone::UTC).unwrap();
        let charges = Charges::new(window, vec![window], Classes::default());
        CellsOf { snapshot, virtuals: Virtuals::default(), charges }
    };
    let cache = Cache::default();
    for month in 1..=9 {
        cache.keep(of(&format!("2024-{month:02}"), 1), &cells(1));
    }
    assert!(cache.cells(&of("2024-01", 1)).is_none(), "there are eight at most");
    assert!(cache.cells(&of("2024-02", 1)).is_some());
    cache.keep(of("2024-10", 1), &cells(600_000));
    cache.keep(of("2024-11", 1), &cells(600_000));
    assert!(cache.cells(&of("2024-10", 1)).is_none(), "both are more than a million");
    assert!(cache.cells(&of("2024-11", 1)).is_some() && cache.cells(&of("2024-02", 1)).is_some());
    cache.keep(of("2024-12", 1), &cells(1_000_001));
    assert!(cache.cells(&of("2024-12", 1)).is_none() && cache.cells(&of("2024-11", 1)).is_some());
    cache.keep(of("2024-01", 2), &cells(1));
    assert!(cache.cells(&of("2024-11", 1)).is_none(), "the state is another");
}

/// A year of charges of four services, of which every month differs, in a store of so many threads; the first two have
/// centres, and a rule for each of the others has both bear them.
fn year(threads: usize) -> Finops {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::builder().threads(threads).open(":memory:").unwrap();
    let row = |(month, service): (usize, usize)| {
        let [next, cost] = [month % 12 + 1, month * 7 + service * 3];
        let (start, end) = (format!("2024-{month:02}-01"), format!("{}-{next:02}-01", 2024 + month / 12));
        let times = format!("{start}T00:00:00Z,{end}T00:00:00Z,{start}T00:00:00Z,{end}T00:00:00Z");
        format!("one,USD,{times},{cost},{cost},{cost},{cost},Usage,s{service}\n")
    };
    let rows: String = (1..=12).flat_map(|month| (0..4).map(move |service| (month, service))).map(row).collect();
    let path = folder.path().join("year.csv");
    std::fs::write(&path, format!("{HEADER}\n{rows}")).unwrap();
    finops.import_charges(&ImportCharges::new(path.to_str().unwrap())).unwrap();
    for service in ["s0", "s1"] {
        let center = json!({"name": service, "type": "custom", "filter": {"service": service}});
        finops.create_cost_center(serde_json::from_value(center).unwrap()).unwrap();
    }
    for (order, service) in [(2, "s2"), (3, "s3")] {
        let rule = json!({"name": service, "source": {"service": service}, "method": "proportional", "order": order,
            "effective_from": "2024-01-01T00:00:00Z"});
        finops.allocation_rules_create(rule).unwrap();
    }
    finops
}

/// An allocation of the year within so many lines.
fn allocate_year(finops: &Finops, max_lines: usize) -> Result<Allocated> {
    let window = Period::parse("2024").unwrap().interval(Zone::UTC).unwrap();
    let (rules, snapshot) = (finops.allocation_rules().unwrap(), finops.state(None).unwrap());
    let asked = Asked { window, view: CostView::Effective, carry: &[] };
    let classes = Classes::new([rules.as_ref()], &[]);
    let charges = Charges::new(window, rules.stretches(window).unwrap(), classes);
    let cells = finops.cells(&snapshot, charges.clone(), &()).unwrap();
    finops.run(&rules, charges.stretches(), cells, &asked, max_lines)
}

#[test]
fn stretches_come_to_the_same_in_any_number_of_threads() {
    let lines = |finops: &Finops| {
        let allocated = allocate_year(finops, MAX_LINES).unwrap();
        let told = |(stretch, allocation): &(Interval, Allocation)| {
            let line = |line: &crate::pipeline::allocation::Line| (line.kind, line.costs, line.ratio, line.base);
            (*stretch, allocation.lines().map(line).collect::<Vec<_>>(), allocation.totals.clone())
        };
        allocated.iter().map(told).collect::<Vec<_>>()
    };
    let alone = lines(&year(1));
    assert_eq!((alone.len(), alone.iter().map(|month| month.1.len()).sum::<usize>()), (12, 12 * 6));
    for threads in [2, 5, 64] {
        let finops = year(threads);
        for _ in 0..2 {
            assert!(lines(&finops) == alone, "also of what was found out before");
        }
    }
}

#[test]
fn what_fails_first_in_time_is_told_in_any_number_of_threads() {
    for threads in [1, 3] {
        let finops = year(threads);
        for _ in 0..8 {
            assert_eq!(allocate_year(&finops, 72).unwrap().len(), 12, "six lines of each month");
            for max_lines in [71, 30, 0] {
                let error = allocate_year(&finops, max_lines).unwrap_err();
                assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("group_by")));
            }
        }
        // Rules by the cost of a centre that has none, over what was a centre's own.
        let idler = json!({"name": "idler", "type": "custom", "filter": {"service": "none"}});
        let idler = finops.create_cost_center(serde_json::from_value(idler).unwrap()).unwrap();
        for (service, from) in [("s0", "2024-06-01T00:00:00Z"), ("s1", "2024-03-01T00:00:00Z")] {
            let rule = json!({"name": from, "source": {"service": service}, "method": "proportional",
                "targets": [{"cost_center": idler.id}], "effective_from": from, "fallback": "error"});
            finops.allocation_rules_create(rule).unwrap();
        }
        for max_lines in [MAX_LINES, 20] {
            for _ in 0..8 {
                let error = allocate_year(&finops, max_lines).unwrap_err();
                assert!(error.message().contains("rule '2024-03-01"), "{error}");
            }
        }
        let error = allocate_year(&finops, 11).unwrap_err();
        assert_eq!(error.field(), Some("group_by"), "in February already");
    }
}
