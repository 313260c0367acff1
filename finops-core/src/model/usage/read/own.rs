//! Our form: `{id, source?, time?, resource, quantity, tenant_id, workspace_id?, rail?, user_id?, properties?}`.

use super::super::event::UsageEvent;
use super::super::outcome::Rejection;
use super::fields::Fields;
use super::{quantity, time};
use crate::model::time::Stamp;
use std::borrow::Cow;

const KNOWN: &str = "id, source, time, resource, quantity, tenant_id, workspace_id, rail, user_id, properties";

pub(super) fn event(fields: &mut Fields<'_>, now: Stamp) -> Result<UsageEvent, Rejection> {
    if let Some(unknown) = &fields.unknown {
        return Err(Rejection::invalid(unknown, format!("is no field of an event: use {KNOWN}")));
    }
    if let Some(name) = fields.cloud_only.or(fields.base64.then_some("data_base64")) {
        let message = format!("belongs to CloudEvents, which have specversion as well; else use {KNOWN}");
        return Err(Rejection::invalid(name, message));
    }
    let needed = |field: &'static str, text: &mut Option<Cow<'_, str>>| {
        let missing = || Rejection::invalid(field, "is missing: every event needs it");
        text.take().map(Cow::into_owned).ok_or_else(missing)
    };
    let optional = |text: &mut Option<Cow<'_, str>>| text.take().map(Cow::into_owned);
    Ok(UsageEvent {
        id: needed("id", &mut fields.id)?,
        source: optional(&mut fields.source).unwrap_or_default(),
        time: time(fields.time.as_deref(), now)?,
        resource: needed("resource", &mut fields.resource)?,
        quantity: fields.quantity.map_or(Ok(None), |raw| quantity("quantity", raw))?,
        tenant_id: needed("tenant_id", &mut fields.tenant_id)?,
        workspace_id: optional(&mut fields.workspace_id),
        rail: optional(&mut fields.rail),
        user_id: optional(&mut fields.user_id),
        properties: std::mem::take(&mut fields.properties),
    })
}
