//! Operations on what usage costs: prices, bills, grants.

use super::{admin, viewer};
use crate::engine::calling::Operation;
use crate::engine::grants::GrantKey;
use crate::engine::params::{Nothing, parse};
use crate::engine::prices::{PRICE_CHANGES, PRICE_FIELDS, PriceKey, PriceList};
use crate::engine::{
    Answer, BillingClose, BillingPreview, GrantBalance, GrantCreate, GrantList, LoadModelPrices, RateModel,
};
use crate::model::access::Reach;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "billing.settle",
        access: admin(Reach::Platform),
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.billing_settle().map(Answer::from)
        },
    },
    Operation {
        name: "billing.preview",
        access: viewer(Reach::Tenant),
        fields: BillingPreview::FIELDS,
        call: |finops, params, _| finops.billing_preview(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "billing.close",
        access: admin(Reach::Platform),
        fields: BillingClose::FIELDS,
        call: |finops, params, _| finops.billing_close(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "llm.load_prices",
        access: admin(Reach::Platform),
        fields: LoadModelPrices::FIELDS,
        call: |finops, params, _| finops.llm_load_prices(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "llm.rate",
        access: viewer(Reach::Anybody),
        fields: RateModel::FIELDS,
        call: |finops, params, _| finops.llm_rate(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "prices.create",
        access: admin(Reach::Platform),
        fields: PRICE_FIELDS,
        call: |finops, params, _| finops.prices_create(params).map(Answer::from),
    },
    Operation {
        name: "prices.update",
        access: admin(Reach::Platform),
        fields: PRICE_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let PriceKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.prices_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "prices.list",
        access: viewer(Reach::Platform),
        fields: PriceList::FIELDS,
        call: |finops, params, _| finops.prices_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "prices.delete",
        access: admin(Reach::Platform),
        fields: PriceKey::FIELDS,
        call: |finops, params, _| finops.prices_delete(parse::<PriceKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "grants.create",
        access: admin(Reach::Platform),
        fields: GrantCreate::FIELDS,
        call: |finops, params, _| finops.grants_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.list",
        access: viewer(Reach::Tenant),
        fields: GrantList::FIELDS,
        call: |finops, params, _| finops.grants_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.balance",
        access: viewer(Reach::Tenant),
        fields: GrantBalance::FIELDS,
        call: |finops, params, _| finops.grants_balance(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.delete",
        access: admin(Reach::Platform),
        fields: GrantKey::FIELDS,
        call: |finops, params, _| finops.grants_delete(parse::<GrantKey>(params)?.id).map(Answer::from),
    },
];
