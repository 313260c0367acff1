//! Who bears what a month cost: `cargo run --example showback`.
//!
//! A bill of three teams, of a platform that all of them use, and of idle nodes. Rules share the platform out, idle
//! cost goes to whom it stood by, and the month is shown back; then it is closed, and a later bill corrects it.

use finops_core::Finops;
use finops_core::engine::{AllocationClose, ImportCharges};
use finops_core::insight::allocation::{AllocationReport, AllocationReportRequest, AllocationRunRequest};
use finops_core::model::center::{CenterScope, CostCenterCreate};
use finops_core::model::money::{Money, Rounding};
use serde_json::json;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Of January: who caused it (a tenant, or a namespace of the cluster), and the cost.
const JANUARY: [(&str, &str, &str); 6] = [
    ("shop", "", "812.40"),
    ("search", "", "390.15"),
    ("ads", "", "97.45"),
    ("", "platform", "600"),
    ("", "__idle__", "130"),
    ("", "unknown", "12.34"),
];
/// What a bill of February says of January.
const LATER: [(&str, &str, &str); 2] = [("shop", "", "-12.40"), ("ads", "", "12.40")];

fn bill(path: &Path, billed_in: (&str, &str), rows: &[(&str, &str, &str)]) -> Outcome {
    let mut text = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingAccountId,BillingCurrency,\
        BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ServiceName,x_TenantId,x_Namespace\n"
        .to_owned();
    let (start, end) = billed_in;
    for (tenant, namespace, cost) in rows {
        writeln!(
            text,
            "{cost},{cost},{cost},{cost},acct-1,USD,{start}T00:00:00Z,{end}T00:00:00Z,2024-01-10T00:00:00Z,\
             2024-01-11T00:00:00Z,Compute,{tenant},{namespace}"
        )?;
    }
    Ok(std::fs::write(path, text)?)
}

fn rules(finops: &Finops) -> Outcome {
    let rules = [("platform", "platform", "proportional", None), ("idle", "__idle__", "idle", Some("share"))];
    for (name, namespace, method, idle) in rules {
        finops.allocation_rules_create(json!({
            "name": name, "source": {"namespace": namespace}, "method": method, "idle": idle,
            "effective_from": "2024-01-01T00:00:00Z",
        }))?;
    }
    Ok(())
}

fn centers(finops: &Finops) -> Outcome {
    for (name, budget) in [("shop", "1000"), ("search", "800"), ("ads", "150")] {
        let mut center = CostCenterCreate::new(name, CenterScope::Tenant { tenant: name.to_owned() });
        center.budget_monthly = Some(budget.parse()?);
        center.currency = Some("USD".parse()?);
        finops.create_cost_center(center)?;
    }
    Ok(())
}

fn report(finops: &Finops, period: &str) -> Outcome<AllocationReport> {
    let mut request = AllocationReportRequest::default();
    request.period = Some(period.parse()?);
    Ok(finops.allocation_report(&request)?)
}

/// An amount in cents, rounded half to even.
fn cents(amount: Money) -> Outcome<String> {
    let text = amount.round(2, Rounding::HalfEven)?.to_string();
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let point = if decimals == 0 { "." } else { "" };
    Ok(format!("{text}{point}{:0<1$}", "", 2 - decimals))
}

fn print(out: &mut dyn Write, report: &AllocationReport) -> Outcome {
    let state = if report.estimated { "estimated" } else { "closed" };
    writeln!(out, "\nShowback of {}, {} cost, {state}", report.period, report.view.as_str())?;
    let titles = ["opening", "own", "shared", "idle", "corrections", "closing", "of budget"];
    writeln!(out, "{:10}{}", "", titles.map(|title| format!("{title:>13}")).concat())?;
    for statement in &report.statements {
        let balance = statement.balance;
        write!(out, "{:10}", statement.cost_center_name.as_deref().unwrap_or_default())?;
        let (opening, charges, shared) = (balance.opening, balance.charges, balance.shared);
        for amount in [opening, charges, shared, balance.idle, balance.corrections, balance.closing] {
            write!(out, "{:>13}", cents(amount)?)?;
        }
        let used = statement.budget_used_pct.map(|used| format!("{used} %"));
        writeln!(out, "{:>13}", used.unwrap_or_default())?;
    }
    for rest in &report.unallocated {
        write!(out, "{:10}", "(nobody)")?;
        for amount in [rest.opening, rest.unallocated, Money::ZERO, rest.idle, rest.corrections, rest.closing] {
            write!(out, "{:>13}", cents(amount)?)?;
        }
        writeln!(out)?;
    }
    for total in &report.totals {
        writeln!(out, "closing, all digits: {} {}", total.closing, total.currency)?;
    }
    Ok(())
}

fn run(out: &mut dyn Write) -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bill.csv");
    let import = ImportCharges::new(path.display().to_string());
    let finops = Finops::builder().now("2024-02-05T00:00:00Z".parse()?).open(":memory:")?;
    bill(&path, ("2024-01-01", "2024-02-01"), &JANUARY)?;
    finops.import_charges(&import)?;
    centers(&finops)?;
    rules(&finops)?;

    let mut request = AllocationRunRequest::default();
    request.period = Some("2024-01".parse()?);
    let allocated = finops.allocation_run(&request)?;
    for total in &allocated.totals {
        let told = |sum: Option<Money>| sum.map_or_else(|| "something unknown".to_owned(), |sum| sum.to_string());
        let (came, went) = (told(total.total_in), told(total.total_out));
        writeln!(out, "{came} {} came in, {went} went out", total.currency)?;
    }
    print(out, &report(&finops, "2024-01")?)?;

    let closed = finops.allocation_close(&AllocationClose::new("2024-01".parse()?))?;
    writeln!(
        out,
        "\n{} is closed with {} lines; a later bill moves 12.40 from shop to ads",
        closed.period, closed.lines
    )?;
    bill(&path, ("2024-02-01", "2024-03-01"), &LATER)?;
    finops.import_charges(&import)?;
    print(out, &report(&finops, "2024-02")?)
}

fn main() -> Outcome {
    run(&mut std::io::stdout())
}

#[test]
fn what_comes_in_goes_out_and_is_corrected() {
    let mut out = Vec::new();
    assert!(run(&mut out).is_ok());
    let out = String::from_utf8_lossy(&out);
    assert!(out.contains("2042.34 USD came in, 2042.34 went out"), "{out}");
    assert_eq!(
        out.matches("closing, all digits: 2042.34 USD").count(),
        2,
        "corrections move, they add nothing:\n{out}"
    );
    assert!(out.contains("(nobody)"), "{out}");
    assert!(out.contains("-19.36"), "its own cost and what goes by it:\n{out}");
}
