//! Operations on events, and on who is told of them.

use super::{admin, viewer};
use crate::engine::Answer;
use crate::engine::calling::Operation;
use crate::engine::events::EventList;
use crate::engine::params::parse;
use crate::engine::webhooks::{
    DeliveryList, WEBHOOK_CHANGES, WebhookKey, WebhookList, WebhookRedeliver, WebhookRotate, WebhooksDeliver,
};
use crate::model::access::Reach;
use crate::model::webhook::WebhookCreate;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "webhooks.create",
        access: admin(Reach::Platform),
        fields: WebhookCreate::FIELDS,
        call: |finops, params, _| finops.webhooks_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "webhooks.get",
        access: admin(Reach::Platform),
        fields: WebhookKey::FIELDS,
        call: |finops, params, _| finops.webhooks_get(parse::<WebhookKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "webhooks.list",
        access: admin(Reach::Platform),
        fields: WebhookList::FIELDS,
        call: |finops, params, _| finops.webhooks_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "webhooks.update",
        access: admin(Reach::Platform),
        fields: WEBHOOK_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let WebhookKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.webhooks_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "webhooks.delete",
        access: admin(Reach::Platform),
        fields: WebhookKey::FIELDS,
        call: |finops, params, _| finops.webhooks_delete(parse::<WebhookKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "webhooks.rotate",
        access: admin(Reach::Platform),
        fields: WebhookRotate::FIELDS,
        call: |finops, params, _| finops.webhooks_rotate(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "webhooks.test",
        access: admin(Reach::Platform),
        fields: WebhookKey::FIELDS,
        call: |finops, params, _| finops.webhooks_test(parse::<WebhookKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "webhooks.deliveries",
        access: admin(Reach::Platform),
        fields: DeliveryList::FIELDS,
        call: |finops, params, _| finops.webhooks_deliveries(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "webhooks.redeliver",
        access: admin(Reach::Platform),
        fields: WebhookRedeliver::FIELDS,
        call: |finops, params, _| finops.webhooks_redeliver(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "webhooks.deliver",
        access: admin(Reach::Platform),
        fields: WebhooksDeliver::FIELDS,
        call: |finops, params, observer| finops.webhooks_deliver(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "events.list",
        access: viewer(Reach::Platform),
        fields: EventList::FIELDS,
        call: |finops, params, _| finops.events_list(&parse(params)?).map(Answer::from),
    },
];
