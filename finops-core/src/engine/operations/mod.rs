//! The operations by name, for callers that speak JSON: the bindings, the vectors that every language runs.
//!
//! The table is the one list of what there is. A binding passes names and parameters through it and holds no
//! decision of its own; the parity tests compare each language's methods with it.

mod allocation;
mod anomalies;
mod billing;
mod budgets;
mod catalog;
mod costs;
mod groups;
mod store;
mod usage;
mod webhooks;

use super::calling::Operation;
use crate::model::access::{Needs, Reach};
use crate::model::principal::Role;

/// Every operation.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    let areas = [
        costs::OPERATIONS,
        anomalies::OPERATIONS,
        catalog::OPERATIONS,
        allocation::OPERATIONS,
        groups::OPERATIONS,
        usage::OPERATIONS,
        billing::OPERATIONS,
        budgets::OPERATIONS,
        store::OPERATIONS,
        webhooks::OPERATIONS,
    ];
    areas.into_iter().flatten()
}

/// It changes nothing.
const fn viewer(reach: Reach) -> Needs {
    Needs::new(Role::Viewer, reach)
}

/// It changes what belongs to the daily work.
const fn operator(reach: Reach) -> Needs {
    Needs::new(Role::Operator, reach)
}

/// It changes what others rely on.
const fn admin(reach: Reach) -> Needs {
    Needs::new(Role::Admin, reach)
}
