//! Resource groups: resources of the platform that somebody looks after together.
//!
//! A group says which resources belong together and who owns it. Which charges carry its id is no concern of this
//! module.

mod all;
mod form;
mod resource;
mod value;

pub use all::{MAX_GROUPED_RESOURCES, MAX_RESOURCE_GROUPS, ResourceGroups};
pub use form::ResourceGroupCreate;
pub use resource::{GroupedResource, ResourceKey, ResourceType};
pub use value::{GroupStatus, MAX_RESOURCES, ResourceGroup};

use crate::{Error, Result};

/// How long an id or a name may be, in bytes.
const MAX_TEXT_BYTES: usize = 512;

fn text(field: &str, text: &str, max_bytes: usize) -> Result<()> {
    if text.trim().is_empty() || text.len() > max_bytes {
        return Err(Error::invalid(field, format!("must have 1 to {max_bytes} bytes and not be blank")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
