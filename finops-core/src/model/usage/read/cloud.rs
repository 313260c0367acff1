//! `CloudEvents` 1.0 as JSON: the type is the resource, the subject is the tenant unless the data or the attribute
//! `tenantid` names it, and the data has the quantity and whatever else is known.
//!
//! Other extension attributes, such as those of tracing, say nothing of what was used: they are left out.

use super::super::event::UsageEvent;
use super::super::outcome::Rejection;
use super::fields::{Fields, Member, plain};
use super::property::{Properties, put, unquoted};
use super::text::Name;
use super::{quantity, time};
use crate::model::money::Quantity;
use crate::model::time::Stamp;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

pub(super) fn event(fields: &mut Fields<'_>, now: Stamp) -> Result<UsageEvent, Rejection> {
    let version = fields.text(Member::Version).unwrap_or_default();
    if version != "1.0" {
        let version: String = version.chars().take(16).collect();
        return Err(Rejection::invalid("specversion", format!("must be '1.0', got '{version}'")));
    }
    if let Some(name) = fields.own_only {
        return Err(Rejection::invalid(name, "is no attribute of CloudEvents: put it into data"));
    }
    if fields.base64 {
        return Err(Rejection::invalid("data_base64", "cannot be read: send data as JSON"));
    }
    if let Some(kind) = fields.text(Member::ContentType).filter(|kind| !is_json(kind)) {
        let kind: String = kind.chars().take(60).collect();
        let message = format!("must be JSON, such as 'application/json', got '{kind}'");
        return Err(Rejection::invalid("datacontenttype", message));
    }
    let mut data = Data::default();
    if let Some(raw) = fields.data {
        data.read(raw)?;
    }
    let mut needed = |field: &'static str, member: Member| {
        fields.take(member).ok_or_else(|| Rejection::invalid(field, "is missing: every CloudEvents event needs it"))
    };
    let (id, source, resource) =
        (needed("id", Member::Id)?, needed("source", Member::Source)?, needed("type", Member::Type)?);
    let tenant =
        data.tenant_id.or_else(|| fields.take(Member::TenantAttribute)).or_else(|| fields.take(Member::Subject));
    let no_tenant = || Rejection::invalid("subject", "is missing: name the tenant there, or as data.tenant_id");
    Ok(UsageEvent {
        id,
        source,
        time: time(fields.text(Member::Time), now)?,
        resource,
        quantity: data.quantity,
        tenant_id: tenant.ok_or_else(no_tenant)?,
        workspace_id: data.workspace_id,
        rail: data.rail,
        user_id: data.user_id,
        properties: data.properties,
    })
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

/// What the data of an event says.
#[derive(Debug, Default)]
struct Data {
    quantity: Option<Quantity>,
    /// Which member had the quantity.
    measured: Option<String>,
    tenant_id: Option<String>,
    workspace_id: Option<String>,
    rail: Option<String>,
    user_id: Option<String>,
    properties: BTreeMap<String, String>,
    wrong: Option<Rejection>,
}

impl Data {
    fn read(&mut self, raw: &RawValue) -> Result<(), Rejection> {
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        let read = Object(self).deserialize(&mut deserializer);
        read.map_err(|error| Rejection::invalid("data", plain(&error)))?;
        self.wrong.take().map_or(Ok(()), Err)
    }

    fn put(&mut self, name: &str, raw: &RawValue) -> Result<(), Rejection> {
        let field = format!("data.{}", name.chars().take(64).collect::<String>());
        let place = match name {
            "quantity" | "value" => {
                if let Some(other) = self.measured.replace(field.clone()) {
                    return Err(Rejection::invalid(field, format!("says what {other} says: give one of them")));
                }
                self.quantity = quantity(&field, raw)?;
                return Ok(());
            }
            "tenant_id" => &mut self.tenant_id,
            "workspace_id" => &mut self.workspace_id,
            "rail" => &mut self.rail,
            "user_id" => &mut self.user_id,
            _ => return put(&mut self.properties, name, raw, "data"),
        };
        let text = match raw.get().as_bytes() {
            [b'n', ..] => return Ok(()),
            [b'"', ..] => unquoted(raw.get()).map_err(|message| Rejection::invalid(&field, message))?,
            _ => return Err(Rejection::invalid(field, "must be text")),
        };
        if !text.is_empty() && place.replace(text).is_some() {
            return Err(Rejection::invalid(field, "stands twice"));
        }
        Ok(())
    }
}

struct Object<'d>(&'d mut Data);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(data) = self;
        while let Some(Name(name)) = map.next_key()? {
            if name == "properties" {
                let Data { properties, wrong, .. } = &mut *data;
                map.next_value_seed(Properties { into: properties, wrong })?;
                continue;
            }
            if let Err(rejection) = data.put(&name, map.next_value()?) {
                data.wrong.get_or_insert(rejection);
            }
        }
        Ok(())
    }
}
