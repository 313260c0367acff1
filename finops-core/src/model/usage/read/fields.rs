//! The members of an event's object, in one pass: whether it is a `CloudEvents` event shows only at the end.

use super::super::outcome::Rejection;
use super::property::Properties;
use super::text::{Name, Text};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

macro_rules! fields {
    ($( $field:ident $word:literal, )+) => {
        /// What the members of an event's object say.
        #[derive(Debug, Default)]
        pub(super) struct Fields<'a> {
            $( pub(super) $field: Option<Cow<'a, str>>, )+
            pub(super) quantity: Option<&'a RawValue>,
            pub(super) data: Option<&'a RawValue>,
            pub(super) properties: BTreeMap<String, String>,
            /// Members by their names, of those that only one of the two forms has.
            pub(super) own_only: Option<&'static str>,
            pub(super) cloud_only: Option<&'static str>,
            pub(super) base64: bool,
            /// The first one that neither form knows.
            pub(super) unknown: Option<String>,
            /// The first property that is wrong.
            pub(super) wrong: Option<Rejection>,
            /// The member that is being read.
            at: &'static str,
        }

        impl<'a> Fields<'a> {
            /// The place for a text, by the name of the member, and that name.
            fn place(&mut self, name: &str) -> Option<(&'static str, &mut Option<Cow<'a, str>>)> {
                match name {
                    $( $word => Some(($word, &mut self.$field)), )+
                    _ => None,
                }
            }
        }
    };
}

fields! {
    id "id",
    source "source",
    time "time",
    resource "resource",
    tenant_id "tenant_id",
    workspace_id "workspace_id",
    rail "rail",
    user_id "user_id",
    specversion "specversion",
    kind "type",
    subject "subject",
    tenantid "tenantid",
    datacontenttype "datacontenttype",
    dataschema "dataschema",
}

/// What is never a member of a `CloudEvents` event: it belongs into its data.
const OWN_ONLY: [&str; 7] = ["resource", "tenant_id", "workspace_id", "rail", "user_id", "quantity", "properties"];
/// What is never a member of our form.
const CLOUD_ONLY: [&str; 7] = ["type", "subject", "tenantid", "datacontenttype", "dataschema", "data", "data_base64"];

impl<'a> Fields<'a> {
    pub(super) const fn is_cloud(&self) -> bool {
        self.specversion.is_some()
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

    /// Notes which form has a member, by its name.
    fn note(&mut self, name: &str) {
        let own = OWN_ONLY.into_iter().find(|known| *known == name);
        let cloud = CLOUD_ONLY.into_iter().find(|known| *known == name);
        self.own_only = self.own_only.or(own);
        self.cloud_only = self.cloud_only.or(cloud);
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
            fields.note(&name);
            if let Some((word, _)) = fields.place(&name) {
                fields.at = word;
                let Text(text) = map.next_value()?;
                // Empty is absent, as in a bill.
                let text = text.filter(|text| !text.is_empty());
                if let (Some((_, place)), Some(text)) = (fields.place(&name), text)
                    && place.replace(text).is_some()
                {
                    return Err(Fields::twice());
                }
                continue;
            }
            match &*name {
                "quantity" => {
                    fields.at = "quantity";
                    if fields.quantity.replace(map.next_value()?).is_some() {
                        return Err(Fields::twice());
                    }
                }
                "data" => {
                    fields.at = "data";
                    if fields.data.replace(map.next_value()?).is_some() {
                        return Err(Fields::twice());
                    }
                }
                "properties" => {
                    fields.at = "properties";
                    let (into, wrong) = (&mut fields.properties, &mut fields.wrong);
                    map.next_value_seed(Properties { into, wrong })?;
                }
                other => {
                    fields.at = "event";
                    fields.base64 |= other == "data_base64";
                    if other != "data_base64" {
                        fields.unknown.get_or_insert_with(|| other.chars().take(64).collect());
                    }
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        fields.at = "";
        Ok(())
    }
}
