//! The catalogue: who and what costs are attributed to, and what they are called.

use super::money::Money;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How long an id or a name may be, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// How many tags an entry may have.
const MAX_TAGS: usize = 64;

macro_rules! kinds {
    ($( $kind:ident $word:literal : $doc:literal; )+) => {
        /// What an entry of the catalogue is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Kind {
            $( #[doc = $doc] #[serde(rename = $word)] $kind, )+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$( Self::$kind ),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$kind => $word, )+ }
            }
        }
    };
}

kinds! {
    Tenant "tenant": "Who the platform serves.";
    Workspace "workspace": "A workspace within a tenant.";
    Organization "organization": "An organization.";
    User "user": "A user.";
    Team "team": "A team.";
    Component "component": "A component of the platform.";
    CostCenter "cost_center": "A cost centre.";
    ResourceGroup "resource_group": "A resource group.";
    Rail "rail": "A product line.";
    Model "model": "An AI model.";
    Workflow "workflow": "A workflow.";
    App "app": "A deployed application.";
    Addon "addon": "An add-on.";
    Project "project": "A project.";
    FineTuning "fine_tuning": "A fine-tuning job.";
    SelfHostedModel "self_hosted_model": "A self-hosted model.";
    MlModel "ml_model": "An entry of the model registry.";
    Automl "automl": "A job that trains models by itself.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry of the catalogue. Its name is what answers show as `<dimension>_name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its id, as charges carry it. 1 to 512 bytes.
    pub id: String,
    /// What people call it. 1 to 512 bytes.
    pub name: String,
    /// The id of what it belongs to.
    #[serde(default)]
    pub parent: Option<String>,
    /// The id of the user who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// The id of the team that runs it.
    #[serde(default)]
    pub team: Option<String>,
    /// Further properties, at most 64.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What it may cost a month, in US dollars.
    #[serde(default)]
    pub budget_usd: Option<Money>,
}

impl Entry {
    /// An entry with a name and nothing else.
    pub fn new(kind: Kind, id: impl Into<String>, name: impl Into<String>) -> Self {
        let (id, name) = (id.into(), name.into());
        Self { kind, id, name, parent: None, owner: None, team: None, tags: BTreeMap::new(), budget_usd: None }
    }

    /// Checks lengths and signs.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        for (field, text) in [("id", &self.id), ("name", &self.name)] {
            if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
                return Err(Error::invalid(field, format!("must have 1 to {MAX_TEXT_BYTES} bytes and not be blank")));
            }
        }
        for (field, text) in [("parent", &self.parent), ("owner", &self.owner), ("team", &self.team)] {
            if text.as_ref().is_some_and(|text| text.is_empty() || text.len() > MAX_TEXT_BYTES) {
                return Err(Error::invalid(field, format!("must have 1 to {MAX_TEXT_BYTES} bytes, or be left out")));
            }
        }
        let long = |text: &String| text.len() > MAX_TEXT_BYTES;
        if self.tags.len() > MAX_TAGS || self.tags.iter().any(|(key, value)| long(key) || long(value)) {
            let message = format!("must be at most {MAX_TAGS} tags of at most {MAX_TEXT_BYTES} bytes");
            return Err(Error::invalid("tags", message));
        }
        if self.budget_usd.is_some_and(Money::is_negative) {
            return Err(Error::invalid("budget_usd", "must not be negative"));
        }
        Ok(())
    }
}
