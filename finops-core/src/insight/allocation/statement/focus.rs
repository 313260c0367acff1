//! Lines as FOCUS rows, for tools that read bills.

use super::booked::{Account, Booked, Costs};
use super::frozen::{Facts, FrozenLine, RuleFacts};
use crate::insight::statement::label;
use crate::model::allocation::month_of;
use crate::model::charge::{Charge, ChargeTable, TextBuilder};
use crate::model::money::{Money, Quantity};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::allocation::LineKind;
use crate::{Error, Result};
use serde_json::{Map, Value};
use std::fmt::Write;

/// The billing account of allocated rows.
pub const ALLOCATION_ACCOUNT: &str = "allocation";
/// Who gives and invoices them.
pub const ALLOCATION_PROVIDER: &str = "allocation";
/// The column that says why a centre bears a row: `direct`, `shared`, `idle` or `unallocated`.
pub const KIND_COLUMN: &str = "x_AllocationKind";

/// What `DECIMAL(38, 18)` holds: below 10^20.
const LARGEST: u128 = 10_u128.pow(38);

/// Lines of a month as a table of FOCUS rows, one for each.
///
/// # Errors
/// `overflow` when an amount does not fit a column of FOCUS files.
pub fn allocated_table(lines: &[FrozenLine], facts: &Facts, month: Interval) -> Result<ChargeTable> {
    let charges = lines.iter().map(|line| allocated_charge(line, facts, month)).collect::<Result<Vec<_>>>()?;
    table(&charges, lines.iter().map(|line| line.account.kind))
}

/// What corrects closed months in a month, as a table of FOCUS rows of charge class `Correction`, one for each account
/// of each closed month, which is the charge period; the billing period is the month in which it is booked.
///
/// # Errors
/// `overflow` when an amount does not fit a column of FOCUS files.
pub fn corrections_table(corrections: &[(Stamp, Booked)], facts: &Facts, month: Interval) -> Result<ChargeTable> {
    let all = || corrections.iter().flat_map(|(of, booked)| booked.iter().map(move |amount| (*of, amount)));
    let charge = |(of, (account, costs)): (Stamp, (&Account, &Costs))| -> Result<Charge> {
        let row = row(account, month_of(of)?, facts, month);
        let [billed, effective, contracted, list] = fitting(*costs)?.map(Some);
        Ok(Charge {
            billed_cost: billed,
            effective_cost: effective,
            contracted_cost: contracted,
            list_cost: list,
            charge_class: Some("Correction".to_owned()),
            charge_description: row.charge_description.map(|what| format!("Correction of {}: {what}", label(of))),
            ..row
        })
    };
    let charges = all().map(charge).collect::<Result<Vec<_>>>()?;
    table(&charges, all().map(|(_, (account, _))| account.kind))
}

fn table(charges: &[Charge], kinds: impl Iterator<Item = LineKind>) -> Result<ChargeTable> {
    let mut table = ChargeTable::from_charges(charges);
    let mut column = TextBuilder::default();
    for kind in kinds {
        column.push(Some(kind.as_str()));
    }
    table.push_extra(KIND_COLUMN, column.take())?;
    Ok(table)
}

/// A line of a month as a FOCUS row.
///
/// The centre is the allocated resource, the rule the method, and what the pool was cut by the allocated tags. A row
/// adds charges of many services up, hence its own seller, service and account, and the category `Adjustment`. Its
/// charge period is the time in which the same rules were in force, its billing period the month. A cost is null where
/// it is known of no charge behind the row.
///
/// # Errors
/// `overflow` when an amount does not fit a column of FOCUS files.
pub fn allocated_charge(line: &FrozenLine, facts: &Facts, month: Interval) -> Result<Charge> {
    let rule = line.account.rule_id.and_then(|rule| facts.rules.get(&rule));
    let [billed, effective, contracted, list] = costs(line)?;
    Ok(Charge {
        allocated_method_details: rule.and_then(|rule| details(line, rule, facts)),
        allocated_tags: tags(line, facts),
        billed_cost: billed,
        effective_cost: effective,
        contracted_cost: contracted,
        list_cost: list,
        ..row(&line.account, line.stretch, facts, month)
    })
}

/// A row of an account, without costs.
fn row(account: &Account, charged: Interval, facts: &Facts, month: Interval) -> Charge {
    let text = |text: &str| Some(text.to_owned());
    let center = account.cost_center_id;
    let rule = account.rule_id.and_then(|rule| facts.rules.get(&rule));
    Charge {
        allocated_method_id: account.rule_id.map(|rule| rule.to_string()),
        allocated_resource_id: center.map(|center| center.to_string()),
        allocated_resource_name: facts.name(center).map(str::to_owned),
        billing_account_id: text(ALLOCATION_ACCOUNT),
        billing_account_name: text("Allocated costs"),
        billing_currency: Some(account.currency.to_string()),
        billing_period_start: Some(month.start()),
        billing_period_end: Some(month.end()),
        charge_category: text("Adjustment"),
        charge_description: Some(description(account.kind, rule)),
        charge_frequency: text("Recurring"),
        charge_period_start: Some(charged.start()),
        charge_period_end: Some(charged.end()),
        host_provider_name: text(ALLOCATION_PROVIDER),
        invoice_issuer_name: text(ALLOCATION_PROVIDER),
        service_provider_name: text(ALLOCATION_PROVIDER),
        service_category: text("Other"),
        service_name: text("Cost allocation"),
        service_subcategory: text("Other (Other)"),
        cost_center_id: center.map(|center| center.to_string()),
        ..Charge::default()
    }
}

/// The costs of a row; none where they are known of no charge.
fn costs(line: &FrozenLine) -> Result<[Option<Money>; 4]> {
    let mut costs = [None; 4];
    for ((cost, known), lacking) in costs.iter_mut().zip(fitting(line.costs)?).zip(line.unknown) {
        *cost = (lacking == 0 || !known.is_zero()).then_some(known);
    }
    Ok(costs)
}

/// Costs that fit the columns of FOCUS files.
fn fitting(costs: Costs) -> Result<Costs> {
    if costs.iter().all(|cost| cost.mantissa().unsigned_abs() < LARGEST) {
        return Ok(costs);
    }
    Err(Error::overflow("an allocated amount does not fit DECIMAL(38, 18): share it out in a larger unit"))
}

fn description(kind: LineKind, rule: Option<&RuleFacts>) -> String {
    let what = match kind {
        LineKind::Direct => "Cost of its own",
        LineKind::Shared => "Share of common cost",
        LineKind::Idle => "Idle cost",
        LineKind::Unallocated => "Cost that nobody bears",
    };
    rule.map_or_else(|| what.to_owned(), |rule| format!("{what}, by rule '{}'", rule.name))
}

/// The rule whose pool the line is a part of: of idle cost that went through another pool, that one.
fn pool<'f>(line: &FrozenLine, facts: &'f Facts) -> Option<&'f RuleFacts> {
    line.pool.or(line.account.rule_id).and_then(|rule| facts.rules.get(&rule))
}

/// The values that the pool was cut by, as tags; none where it was not cut.
fn tags(line: &FrozenLine, facts: &Facts) -> Option<String> {
    let rule = pool(line, facts)?;
    let value = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
    let tags: Map<String, Value> =
        rule.within.iter().map(ToString::to_string).zip(line.source.iter().map(value)).collect();
    (!tags.is_empty()).then(|| Value::Object(tags).to_string())
}

/// How a share came about, where it is one: its part of the pool, and what it was weighed by. Decimals are written with
/// all their digits.
fn details(line: &FrozenLine, rule: &RuleFacts, facts: &Facts) -> Option<String> {
    let ratio = line.ratio?;
    let mut json = format!("{{\"Elements\":[{{\"AllocatedRatio\":{ratio}");
    if let Some((base, unit)) = line.base.zip(pool(line, facts).and_then(|pool| unit(line, pool))) {
        put(&mut json, "UsageUnit", &unit);
        put_number(&mut json, "UsageQuantity", base);
    }
    json.push_str("}]");
    put(&mut json, "x_Method", &rule.method);
    put(&mut json, "x_RuleName", &rule.name);
    if let Some(pool) = line.pool {
        put(&mut json, "x_PoolRuleId", &pool.to_string());
    }
    if let Some(center) = line.caused_by {
        put(&mut json, "x_CausedById", &center.to_string());
        if let Some(name) = facts.name(Some(center)) {
            put(&mut json, "x_CausedByName", name);
        }
    }
    json.push('}');
    Some(json)
}

/// In what a share of a pool was weighed.
fn unit(line: &FrozenLine, pool: &RuleFacts) -> Option<String> {
    let [_, effective, ..] = line.costs;
    let currency = || line.account.currency.to_string();
    match pool.method.as_str() {
        "direct" | "even" => None,
        // The tiers say what each centre gets of the cost. Where that is nothing, the percentages of the first one do.
        "tiered" if line.pool.is_none() && effective.is_zero() && line.base.is_some_and(|base| !base.is_zero()) => {
            Some("Percent".to_owned())
        }
        "tiered" => Some(currency()),
        _ => Some(pool.unit.clone().unwrap_or_else(currency)),
    }
}

/// Adds a text to an object that has something already.
fn put(json: &mut String, key: &str, value: &str) {
    // Writing to a text cannot fail.
    let _ = write!(json, ",\"{key}\":{}", Value::from(value));
}

fn put_number(json: &mut String, key: &str, value: Quantity) {
    let _ = write!(json, ",\"{key}\":{value}");
}
