//! Our form: `{id, source?, time?, resource, quantity, tenant_id, workspace_id?, rail?, user_id?, properties?}`.

use super::super::event::UsageEvent;
use super::super::outcome::Rejection;
use super::fields::{Fields, Member};
use super::{quantity, time};
use crate::model::time::Stamp;

const KNOWN: &str = "id, source, time, resource, quantity, tenant_id, workspace_id, rail, user_id, properties";

pub(super) fn event(fields: &mut Fields<'_>, now: Stamp) -> Result<UsageEvent, Rejection> {
    if let Some(unknown) = &fields.unknown {
        return Err(Rejection::invalid(unknown, format!("is no field of an event: use {KNOWN}")));
    }
    if let Some(name) = fields.cloud_only.or(fields.base64.then_some("data_base64")) {
        let message = format!("belongs to CloudEvents, which have specversion as well; else use {KNOWN}");
        return Err(Rejection::invalid(name, message));
    }
    let mut needed = |field: &'static str, member: Member| {
        fields.take(member).ok_or_else(|| Rejection::invalid(field, "is missing: every event needs it"))
    };
    Ok(UsageEvent {
        id: needed("id", Member::Id)?,
        resource: needed("resource", Member::Resource)?,
        tenant_id: needed("tenant_id", Member::Tenant)?,
        source: fields.take(Member::Source).unwrap_or_default(),
        time: time(fields.text(Member::Time), now)?,
        quantity: fields.quantity.map_or(Ok(None), |raw| quantity("quantity", raw))?,
        workspace_id: fields.take(Member::Workspace),
        rail: fields.take(Member::Rail),
        user_id: fields.take(Member::User),
        properties: std::mem::take(&mut fields.properties),
    })
}
