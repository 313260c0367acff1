//! The members of an event's object, in one pass: whether it is a `CloudEvents` event shows only at the end.

use super::super::outcome::Rejection;
use super::property::Properties;
use super::text::{Name, Text};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The members that are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Member {
    Id,
    Source,
    Time,
    Resource,
    Tenant,
    Workspace,
    Rail,
    User,
    Version,
    Type,
    Subject,
    TenantAttribute,
    ContentType,
    Schema,
}

/// How many there are.
const MEMBERS: usize = 14;

impl Member {
    fn of(name: &str) -> Option<(Self, &'static str)> {
        Some(match name {
            "id" => (Self::Id, "id"),
            "source" => (Self::Source, "source"),
            "time" => (Self::Time, "time"),
            "resource" => (Self::Resource, "resource"),
            "tenant_id" => (Self::Tenant, "tenant_id"),
            "workspace_id" => (Self::Workspace, "workspace_id"),
            "rail" => (Self::Rail, "rail"),
            "user_id" => (Self::User, "user_id"),
            "specversion" => (Self::Version, "specversion"),
            "type" => (Self::Type, "type"),
            "subject" => (Self::Subject, "subject"),
            "tenantid" => (Self::TenantAttribute, "tenantid"),
            "datacontenttype" => (Self::ContentType, "datacontenttype"),
            "dataschema" => (Self::Schema, "dataschema"),
            _ => return None,
        })
    }

    /// In which of the two forms it is a member.
    const fn form(self) -> Form {
        match self {
            Self::Id | Self::Source | Self::Time | Self::Version => Form::Both,
            Self::Resource | Self::Tenant | Self::Workspace | Self::Rail | Self::User => Form::Own,
            Self::Type | Self::Subject | Self::TenantAttribute | Self::ContentType | Self::Schema => Form::Cloud,
        }
    }
}

/// A form of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Both,
    Own,
    Cloud,
}

/// What the members of an event's object say.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    texts: [Option<Cow<'a, str>>; MEMBERS],
    pub(super) quantity: Option<&'a RawValue>,
    pub(super) data: Option<&'a RawValue>,
    pub(super) properties: BTreeMap<String, String>,
    /// The first member that only our form has, and the first that only `CloudEvents` have.
    pub(super) own_only: Option<&'static str>,
    pub(super) cloud_only: Option<&'static str>,
    /// Whether the data is there as something else than JSON.
    pub(super) base64: bool,
    /// The first one that neither form knows.
    pub(super) unknown: Option<String>,
    /// The first property that is wrong.
    pub(super) wrong: Option<Rejection>,
    /// The member that is being read.
    at: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn is_cloud(&self) -> bool {
        self.text(Member::Version).is_some()
    }

    /// The text of a member.
    pub(super) fn text(&self, member: Member) -> Option<&str> {
        self.texts.get(usize::from(member as u8)).and_then(Option::as_deref)
    }

    /// Takes the text of a member.
    pub(super) fn take(&mut self, member: Member) -> Option<String> {
        let text = self.texts.get_mut(usize::from(member as u8)).and_then(Option::take);
        text.map(Cow::into_owned)
    }

    /// Reads the object.
    pub(super) fn read(&mut self, json: &'a str) -> Result<(), Rejection> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let read = Object(self).deserialize(&mut deserializer);
        if let Err(error) = read {
            let field = if self.at.is_empty() { "event" } else { self.at };
            return Err(Rejection::invalid(field, plain(&error)));
        }
        self.wrong.take().map_or(Ok(()), Err)
    }

    /// Notes which form has a member.
    fn note(&mut self, form: Form, word: &'static str) {
        self.at = word;
        match form {
            Form::Both => {}
            Form::Own => self.own_only = self.own_only.or(Some(word)),
            Form::Cloud => self.cloud_only = self.cloud_only.or(Some(word)),
        }
    }

    /// Puts the text of a member; the answer is whether it is the first one.
    fn put(&mut self, member: Member, text: Option<Cow<'a, str>>) -> bool {
        // Empty is absent, as in a bill.
        let text = text.filter(|text| !text.is_empty());
        match (self.texts.get_mut(usize::from(member as u8)), text) {
            (Some(place), Some(text)) => place.replace(text).is_none(),
            _ => true,
        }
    }

    fn twice<E: serde::de::Error>() -> E {
        E::custom("stands twice")
    }
}

/// The message of a JSON error without the place in a text that its reader has cut out.
pub(super) fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or_default().to_owned()
}

struct Object<'f, 'a>(&'f mut Fields<'a>);

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with id, resource, quantity and tenant_id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(fields) = self;
        while let Some(Name(name)) = map.next_key()? {
            if let Some((member, word)) = Member::of(&name) {
                fields.note(member.form(), word);
                let Text(text) = map.next_value()?;
                if !fields.put(member, text) {
                    return Err(Fields::twice());
                }
                continue;
            }
            let first = match &*name {
                "quantity" => {
                    fields.note(Form::Own, "quantity");
                    fields.quantity.replace(map.next_value()?).is_none()
                }
                "data" => {
                    fields.note(Form::Cloud, "data");
                    fields.data.replace(map.next_value()?).is_none()
                }
                "properties" => {
                    fields.note(Form::Own, "properties");
                    let (into, wrong) = (&mut fields.properties, &mut fields.wrong);
                    map.next_value_seed(Properties { into, wrong })?;
                    true
                }
                other => {
                    fields.at = "event";
                    fields.base64 |= other == "data_base64";
                    if other != "data_base64" {
                        fields.unknown.get_or_insert_with(|| other.chars().take(64).collect());
                    }
                    map.next_value::<IgnoredAny>()?;
                    true
                }
            };
            if !first {
                return Err(Fields::twice());
            }
        }
        fields.at = "";
        Ok(())
    }
}
