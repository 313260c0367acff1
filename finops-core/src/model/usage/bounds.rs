//! What the texts of an event may be.

use super::event::UsageEvent;
use super::outcome::Rejection;

/// How many bytes an id and a source have at most.
const ID: usize = 256;
/// How many bytes a tenant, a workspace, a rail and a user have at most.
const OWNER: usize = 512;
/// How many bytes a resource and the name of a property have at most.
const NAME: usize = 64;
/// How many bytes the value of a property has at most.
const VALUE: usize = 1024;
/// How many properties an event has at most.
const PROPERTIES: usize = 64;

impl UsageEvent {
    /// Whether its texts are within their bounds.
    ///
    /// # Errors
    /// `invalid`, naming the first field that is not.
    pub fn validate(&self) -> Result<(), Rejection> {
        word("id", &self.id, ID)?;
        if !self.source.is_empty() {
            word("source", &self.source, ID)?;
        }
        word("resource", &self.resource, NAME)?;
        word("tenant_id", &self.tenant_id, OWNER)?;
        let optional = [("workspace_id", &self.workspace_id), ("rail", &self.rail), ("user_id", &self.user_id)];
        for (field, text) in optional {
            text.as_deref().map_or(Ok(()), |text| word(field, text, OWNER))?;
        }
        if self.properties.len() > PROPERTIES {
            let message = format!("has {} values: at most {PROPERTIES} are kept", self.properties.len());
            return Err(Rejection::invalid("properties", message));
        }
        for (name, value) in &self.properties {
            word("properties", name, NAME)?;
            if value.len() > VALUE {
                let message = format!("has {} bytes: at most {VALUE} are kept", value.len());
                return Err(Rejection::invalid(format!("properties.{name}"), message));
            }
        }
        Ok(())
    }
}

/// A text that stands for something: not empty, not too long, nothing in it that cannot be seen.
fn word(field: &str, text: &str, limit: usize) -> Result<(), Rejection> {
    // The usual characters first: this is done for every field of every event.
    let plain = text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    if !text.is_empty() && text.len() <= limit && (plain || !text.chars().any(char::is_control)) {
        return Ok(());
    }
    let what = if field == "properties" { "the name of a property " } else { "" };
    let message = match text.len() {
        0 => format!("{what}must not be empty"),
        length if length > limit => format!("{what}must have at most {limit} bytes, got {length}"),
        _ => format!("{what}must not have control characters"),
    };
    Err(Rejection::invalid(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Quantity;
    use crate::model::time::Stamp;

    #[test]
    fn texts_out_of_bounds_are_named() {
        let time = Stamp::parse("2024-01-01T00:00:00Z").unwrap();
        let good = UsageEvent::new("1", time, "api_calls", Quantity::from_units(1), "tën");
        assert_eq!(good.validate(), Ok(()));
        let long = |length: usize| "x".repeat(length);
        let property = |name: &str, value: String| [(name.to_owned(), value)].into();
        let many = (0..65).map(|number| (number.to_string(), String::new())).collect();
        for (event, message) in [
            (UsageEvent { id: String::new(), ..good.clone() }, "id: must not be empty"),
            (UsageEvent { id: long(257), ..good.clone() }, "id: must have at most 256 bytes, got 257"),
            (UsageEvent { id: "a\u{0}".into(), ..good.clone() }, "id: must not have control characters"),
            (UsageEvent { source: "a\u{85}".into(), ..good.clone() }, "source: must not have control characters"),
            (UsageEvent { resource: long(65), ..good.clone() }, "resource: must have at most 64 bytes, got 65"),
            (UsageEvent { tenant_id: long(513), ..good.clone() }, "tenant_id: must have at most 512 bytes, got 513"),
            (UsageEvent { rail: Some(String::new()), ..good.clone() }, "rail: must not be empty"),
            (UsageEvent { properties: many, ..good.clone() }, "properties: has 65 values: at most 64 are kept"),
            (UsageEvent { properties: property("a", long(1025)), ..good.clone() }, "properties.a: has 1025 bytes"),
            (
                UsageEvent { properties: property("", long(1)), ..good.clone() },
                "properties: the name of a property must",
            ),
        ] {
            let refusal = event.validate().unwrap_err().to_string();
            assert!(refusal.starts_with(message), "{refusal}");
        }
        let edge = UsageEvent { id: long(256), tenant_id: long(512), properties: property("a", long(1024)), ..good };
        assert_eq!(edge.validate(), Ok(()));
    }
}
