//! A resource as groups name it.

use super::{MAX_TEXT_BYTES, text};
use crate::Result;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! types {
    ($( $name:ident $word:literal : $doc:literal; )+) => {
        /// What a resource of the platform is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ResourceType {
            $( #[doc = $doc] #[serde(rename = $word)] $name, )+
        }

        impl ResourceType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }
        }
    };
}

types! {
    App "app": "A deployed application.";
    Workflow "workflow": "A workflow.";
    Addon "addon": "An add-on of the platform.";
    Workspace "workspace": "A workspace.";
    Project "project": "A project.";
    FineTuning "fine_tuning": "A fine-tuning job.";
    SelfHostedModel "self_hosted_model": "A model that is deployed by oneself.";
    MlModel "ml_model": "An entry of the model registry.";
    Automl "automl": "A job that trains models by itself.";
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What tells a resource from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// What it is.
    pub resource_type: ResourceType,
    /// Its id. 1 to 512 bytes.
    pub resource_id: String,
}

impl ResourceKey {
    /// The resource of that type and id.
    pub fn new(resource_type: ResourceType, resource_id: impl Into<String>) -> Self {
        Self { resource_type, resource_id: resource_id.into() }
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id: String = self.resource_id.chars().take(80).collect();
        write!(f, "the {} '{id}'", self.resource_type)
    }
}

/// A resource in a group.
///
/// ```
/// use finops_core::model::group::{GroupedResource, ResourceType};
///
/// let resource = GroupedResource::new(ResourceType::App, "app_1");
/// assert_eq!(resource.key().to_string(), "the app 'app_1'");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupedResource {
    /// What it is.
    pub resource_type: ResourceType,
    /// Its id. 1 to 512 bytes.
    pub resource_id: String,
    /// What people call it. 1 to 512 bytes.
    #[serde(default)]
    pub resource_name: Option<String>,
}

impl GroupedResource {
    /// A resource without a name.
    pub fn new(resource_type: ResourceType, resource_id: impl Into<String>) -> Self {
        Self { resource_type, resource_id: resource_id.into(), resource_name: None }
    }

    /// What tells it from all others.
    pub fn key(&self) -> ResourceKey {
        ResourceKey::new(self.resource_type, self.resource_id.as_str())
    }

    /// Whether it is that one, whatever it is called.
    pub fn is(&self, key: &ResourceKey) -> bool {
        self.resource_type == key.resource_type && self.resource_id == key.resource_id
    }

    /// Checks lengths.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        text("resource_id", &self.resource_id, MAX_TEXT_BYTES)?;
        self.resource_name.as_ref().map_or(Ok(()), |name| text("resource_name", name, MAX_TEXT_BYTES))
    }
}
