//! What was settled through the gate, as charges: FOCUS rows of a billing account of its own.

use crate::model::charge::Charge;
use crate::model::dimension::BuiltIn;
use crate::model::money::{Currency, Money};
use crate::model::time::{Interval, Stamp};
use crate::{Error, Result};
use serde_json::{Map, Value};

/// The billing account of all that is settled through the gate.
pub const GATE_ACCOUNT: &str = "gate";

/// How long a charge of settled spend lasts, in microseconds: all zones of today are cut at quarters of an hour, so
/// that each lies in one period of any budget.
pub const SPEND_STEP: i64 = 15 * 60 * 1_000_000;

/// What each charge of settled spend says where the spend itself says nothing else. Whoever matches a spend with
/// filters does so with these values, so that what is true of the spend is true of its charge.
pub const SPEND_VALUES: [(BuiltIn, &str); 3] =
    [(BuiltIn::Provider, GATE_ACCOUNT), (BuiltIn::Service, "settled spend"), (BuiltIn::ServiceCategory, "Other")];

/// What was settled in a quarter of an hour for the same things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledSpend<'s> {
    /// What it was for: each dimension once.
    pub values: &'s [(BuiltIn, &'s str)],
    /// The tags that it had.
    pub tags: &'s [(&'s str, &'s str)],
    /// When the quarter of an hour starts.
    pub start: Stamp,
    /// How much.
    pub amount: Money,
    /// In which currency.
    pub currency: Currency,
}

impl SettledSpend<'_> {
    /// The charge, in a billing period that holds it.
    ///
    /// # Errors
    /// `invalid_argument` for a dimension that a spend cannot have; `overflow`.
    pub fn charge(&self, billed_in: Interval) -> Result<Charge> {
        let text = |text: &str| Some(text.to_owned());
        let end = self.start.micros().checked_add(SPEND_STEP).ok_or_else(|| Error::overflow("the time is too late"))?;
        let mut charge = Charge {
            billing_account_name: text("Spend settled through the gate"),
            billing_currency: Some(self.currency.to_string()),
            billing_period_start: Some(billed_in.start()),
            billing_period_end: Some(billed_in.end()),
            charge_category: text("Usage"),
            charge_description: text("Spend settled through the gate"),
            charge_frequency: text("Usage-Based"),
            charge_period_start: Some(self.start),
            charge_period_end: Some(Stamp::from_micros(end)?),
            billed_cost: Some(self.amount),
            effective_cost: Some(self.amount),
            contracted_cost: Some(self.amount),
            list_cost: Some(self.amount),
            invoice_issuer_name: text(GATE_ACCOUNT),
            tags: tags(self.tags),
            ..Charge::default()
        };
        charge.billing_account_id = text(GATE_ACCOUNT);
        for (dimension, value) in SPEND_VALUES {
            set(&mut charge, dimension, value)?;
        }
        for (dimension, value) in self.values {
            set(&mut charge, *dimension, value)?;
        }
        Ok(charge)
    }
}

fn tags(tags: &[(&str, &str)]) -> Option<String> {
    let tags: Map<String, Value> = tags.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
    (!tags.is_empty()).then(|| Value::Object(tags).to_string())
}

/// Gives a charge the value of a dimension.
fn set(charge: &mut Charge, dimension: BuiltIn, value: &str) -> Result<()> {
    let field = match dimension {
        BuiltIn::Tenant => &mut charge.tenant_id,
        BuiltIn::Workspace => &mut charge.workspace_id,
        BuiltIn::Rail => &mut charge.rail,
        BuiltIn::Resource => &mut charge.resource,
        BuiltIn::Provider => &mut charge.service_provider_name,
        BuiltIn::Organization => &mut charge.organization_id,
        BuiltIn::User => &mut charge.user_id,
        BuiltIn::Service => &mut charge.service_name,
        BuiltIn::ServiceCategory => &mut charge.service_category,
        BuiltIn::ResourceType => &mut charge.resource_type,
        BuiltIn::ResourceId => &mut charge.resource_id,
        BuiltIn::Region => &mut charge.region_id,
        BuiltIn::SubAccount => &mut charge.sub_account_id,
        BuiltIn::Cluster => &mut charge.cluster,
        BuiltIn::Namespace => &mut charge.namespace,
        BuiltIn::Component => &mut charge.component_id,
        BuiltIn::Team => &mut charge.team_id,
        BuiltIn::CostCenter => &mut charge.cost_center_id,
        BuiltIn::ResourceGroup => &mut charge.resource_group_id,
        BuiltIn::Model => &mut charge.model,
        BuiltIn::Workflow => &mut charge.workflow,
        BuiltIn::Account | BuiltIn::Currency => {
            return Err(Error::invalid(dimension.as_str(), "is given by the gate: leave it out"));
        }
    };
    *field = Some(value.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend<'s>(values: &'s [(BuiltIn, &'s str)], tags: &'s [(&'s str, &'s str)]) -> SettledSpend<'s> {
        SettledSpend {
            values,
            tags,
            start: Stamp::parse("2026-01-31T23:45:00Z").unwrap(),
            amount: "0.1".parse().unwrap(),
            currency: "USD".parse().unwrap(),
        }
    }

    fn january() -> Interval {
        Interval::new(Stamp::parse("2026-01-01T00:00:00Z").unwrap(), Stamp::parse("2026-02-01T00:00:00Z").unwrap())
            .unwrap()
    }

    #[test]
    fn a_spend_costs_the_same_in_every_view_and_keeps_what_it_was_for() {
        let values = [(BuiltIn::Tenant, "t1"), (BuiltIn::Provider, "openai")];
        let tags = [("env", "a \"b\"")];
        let charge = spend(&values, &tags).charge(january()).unwrap();
        let costs = [charge.billed_cost, charge.effective_cost, charge.contracted_cost, charge.list_cost];
        assert_eq!(costs, [Some("0.1".parse().unwrap()); 4]);
        assert_eq!(charge.charge_period_end, Some(january().end()));
        assert_eq!(charge.tenant_id.as_deref(), Some("t1"));
        assert_eq!(charge.service_provider_name.as_deref(), Some("openai"));
        assert_eq!(charge.service_name.as_deref(), Some("settled spend"));
        assert_eq!(charge.billing_account_id.as_deref(), Some(GATE_ACCOUNT));
        assert_eq!(charge.tags.as_deref(), Some(r#"{"env":"a \"b\""}"#));
    }

    #[test]
    fn what_the_gate_gives_is_not_the_callers_to_give() {
        for dimension in [BuiltIn::Account, BuiltIn::Currency] {
            let values = [(dimension, "x")];
            let error = spend(&values, &[]).charge(january()).unwrap_err();
            assert_eq!(error.field(), Some(dimension.as_str()));
        }
    }
}
