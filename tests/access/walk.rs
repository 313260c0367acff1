//! Every operation with every kind of handle.

use super::table::{Expected, ROWS};
use super::world::{Handle, World, told};
use finops_core::{ErrorCode, operations};
use finops_tests::support::call;
use std::collections::BTreeSet;

#[test]
fn every_operation_stands_in_the_table_once() {
    let known: BTreeSet<&str> = operations().map(|operation| operation.name).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.name).collect();
    let missing: Vec<_> = known.difference(&rows).collect();
    assert!(missing.is_empty(), "say in tests/access/table.rs what these are on narrowed handles: {missing:?}");
    assert_eq!(rows.len(), ROWS.len(), "one stands there twice");
    assert_eq!(rows.difference(&known).count(), 0, "one is no operation any more");
}

/// Calls every operation on a handle.
fn walk(handle: Handle) {
    let world = World::new();
    let narrowed = handle.of(&world.finops);
    for row in ROWS {
        let answer = call(&narrowed, row.name, (row.params)(&world));
        let text = match &answer {
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        };
        let expected = row.expected(handle);
        let about = format!("{} on {handle:?}: {text}", row.name);
        match expected {
            Expected::Allowed | Expected::Narrowed => assert!(answer.is_ok(), "{about}"),
            Expected::Forbidden => assert_eq!(answer.unwrap_err().code(), ErrorCode::Forbidden, "{about}"),
            Expected::Absent => assert_eq!(answer.unwrap_err().code(), ErrorCode::NotFound, "{about}"),
        }
        if expected != Expected::Allowed {
            assert_eq!(told(&text), [""; 0], "{about}");
        }
    }
}

macro_rules! walks {
    ($( $name:ident $handle:ident, )+) => {
        $( #[test] fn $name() { walk(Handle::$handle); } )+
    };
}

walks! {
    a_handle_without_narrowing Full,
    an_admin_of_the_platform PlatformAdmin,
    a_tenant Tenant,
    an_admin_of_an_organization OrgAdmin,
    an_operator_of_a_tenant Operator,
    a_viewer_of_a_tenant Viewer,
    a_viewer_of_nothing_in_particular Own,
    who_may_only_read ReadScope,
    who_may_only_write WriteScope,
    who_has_no_scope NoScope,
    who_has_no_role NoRole,
}

/// The marks would be found if they were there: whoever may see everything sees them.
#[test]
fn answers_without_narrowing_tell_of_both() {
    // They are about one tenant, one entry or nobody, or name no one.
    const SILENT: [&str; 28] = [
        "costs.anomalies",
        "anomaly_monitors.get",
        "costs.anomaly_feedback",
        "anomaly_monitors.update",
        "anomaly_monitors.create",
        "anomaly_monitors.delete",
        "billing.preview",
        "grants.balance",
        "llm.rate",
        "record_usage",
        "correct_usage",
        "void_usage",
        "catalog.get",
        "costs.monthly",
        "costs.projected_month_end",
        "forecast.backtest",
        "budgets.get",
        "get_budget_status",
        "budgets.check",
        "budgets.reserve",
        "budgets.settle",
        "budgets.release",
        "budgets.update",
        "budgets.pause",
        "budgets.resume",
        "budgets.create",
        "set_budget_alert",
        "budgets.delete",
    ];
    let world = World::new();
    for row in ROWS.iter().filter(|row| row.expected(Handle::Tenant) == Expected::Narrowed) {
        let answer = call(&world.finops, row.name, (row.params)(&world)).unwrap().to_string();
        assert_eq!(told(&answer).is_empty(), SILENT.contains(&row.name), "{}: {answer}", row.name);
    }
}
