//! Operations on budgets, and spending through their gate.

use super::{admin, operator, viewer};
use crate::engine::Answer;
use crate::engine::budgets::SpendRequest;
use crate::engine::budgets::{BUDGET_CHANGES, BUDGET_FIELDS, BudgetKey, BudgetList, ReservationKey, SettleRequest};
use crate::engine::calling::Operation;
use crate::engine::params::parse;
use crate::model::access::Reach;
use crate::model::budget::SetBudgetAlert;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "budgets.create",
        access: admin(Reach::Owned),
        fields: BUDGET_FIELDS,
        call: |finops, params, _| finops.budgets_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "set_budget_alert",
        access: admin(Reach::Owned),
        fields: SetBudgetAlert::FIELDS,
        call: |finops, params, _| finops.set_budget_alert(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "budgets.list",
        access: viewer(Reach::Owned),
        fields: BudgetList::FIELDS,
        call: |finops, params, _| finops.budgets_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "budgets.get",
        access: viewer(Reach::Owned),
        fields: BudgetKey::FIELDS,
        call: |finops, params, _| finops.budgets_get(parse::<BudgetKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "get_budget_status",
        access: viewer(Reach::Owned),
        fields: BudgetKey::FIELDS,
        call: |finops, params, _| finops.get_budget_status(parse::<BudgetKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "budgets.update",
        access: admin(Reach::Owned),
        fields: BUDGET_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let BudgetKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.budgets_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "budgets.pause",
        access: admin(Reach::Owned),
        fields: BudgetKey::FIELDS,
        call: |finops, params, _| finops.budgets_pause(parse::<BudgetKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "budgets.resume",
        access: admin(Reach::Owned),
        fields: BudgetKey::FIELDS,
        call: |finops, params, _| finops.budgets_resume(parse::<BudgetKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "budgets.delete",
        access: admin(Reach::Owned),
        fields: BudgetKey::FIELDS,
        call: |finops, params, _| finops.budgets_delete(parse::<BudgetKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "budgets.check",
        access: viewer(Reach::Owned),
        fields: SpendRequest::CHECKED,
        call: |finops, params, _| finops.budgets_check(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "budgets.reserve",
        access: operator(Reach::Owned),
        fields: SpendRequest::FIELDS,
        call: |finops, params, _| finops.budgets_reserve(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "budgets.settle",
        access: operator(Reach::Owned),
        fields: SettleRequest::FIELDS,
        call: |finops, params, _| {
            let SettleRequest { reservation_id, amount } = parse(params)?;
            finops.budgets_settle(reservation_id, amount).map(Answer::from)
        },
    },
    Operation {
        name: "budgets.release",
        access: operator(Reach::Owned),
        fields: ReservationKey::FIELDS,
        call: |finops, params, _| {
            finops.budgets_release(parse::<ReservationKey>(params)?.reservation_id).map(Answer::from)
        },
    },
];
