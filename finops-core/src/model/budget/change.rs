//! Changing a budget.

use super::{Budget, BudgetCreate, Lifecycle};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde_json::{Map, Value};

impl Budget {
    /// The fields of this budget with changes in their place, as a [`BudgetCreate`] reads them.
    ///
    /// What is given takes the place of what was, null takes it back. Of the object `budget` only the fields that are
    /// given change.
    ///
    /// # Errors
    /// `storage` when the budget cannot be written down.
    pub fn merged(&self, changes: Map<String, Value>) -> Result<Map<String, Value>> {
        let written = serde_json::to_value(self.form());
        let Ok(Value::Object(mut form)) = written else {
            return Err(Error::new(ErrorCode::Storage, format!("{} cannot be written down", self.id)));
        };
        for (field, value) in changes {
            match (plain(&field), form.get_mut("budget"), value) {
                ("budget", Some(Value::Object(before)), Value::Object(given)) => {
                    before.extend(given.into_iter().map(|(field, value)| (plain(&field).to_owned(), value)));
                    before.retain(|_, value| !value.is_null());
                }
                (field, _, value) => drop(form.insert(field.to_owned(), value)),
            }
        }
        form.retain(|_, value| !value.is_null());
        Ok(form)
    }

    /// This budget as the form now says. An exhausted one stays so until what it has spent is looked at again.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no budget can be.
    pub fn changed(&self, form: BudgetCreate, now: Stamp) -> Result<Self> {
        let mut changed = form.into_budget(self.id, self.created_at)?;
        if changed.status.is_enabled() && self.status.is_enabled() {
            changed.status = self.status;
        }
        changed.updated_at = now;
        Ok(changed)
    }

    fn form(&self) -> BudgetCreate {
        let made = BudgetCreate::new(&self.name, self.scope.clone(), self.budget.clone(), self.thresholds.clone());
        BudgetCreate {
            description: self.description.clone(),
            organization_id: self.organization_id.clone(),
            filter: self.filter.clone(),
            view: self.view,
            zero_cost: self.zero_cost,
            rearm: self.rearm,
            exchange_rates: self.exchange_rates.clone(),
            enabled: self.status != Lifecycle::Paused,
            ..made
        }
    }
}

/// The plain name of a field that may also be written in another way: else one change would stand beside what it is to
/// take the place of.
fn plain(field: &str) -> &str {
    match field {
        "organizationId" => "organization_id",
        "resetDay" => "reset_day",
        "timeZone" => "time_zone",
        "startDate" => "start_date",
        "endDate" => "end_date",
        field => field,
    }
}
