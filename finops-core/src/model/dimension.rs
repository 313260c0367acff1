//! Dimensions: what a cost can be grouped and filtered by.

use super::charge::ChargeColumn;
use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

macro_rules! dimensions {
    ($( $dimension:ident $word:literal $column:ident : $doc:literal; )+) => {
        /// A dimension that every charge has a place for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum BuiltIn {
            $( #[doc = $doc] $dimension, )+
        }

        impl BuiltIn {
            /// Every built-in dimension.
            pub const ALL: &'static [Self] = &[$( Self::$dimension ),+];

            /// Its place among [`ALL`](Self::ALL).
            pub const fn place(self) -> u8 {
                // The first is 0, and there are far fewer than 256.
                self as u8
            }

            /// The word for it in `group_by` and `filter`.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$dimension => $word, )+ }
            }

            /// The column that holds it.
            pub const fn column(self) -> ChargeColumn {
                match self { $( Self::$dimension => ChargeColumn::$column, )+ }
            }
        }
    };
}

dimensions! {
    Tenant "tenant" TenantId: "Who the platform serves.";
    Workspace "workspace" WorkspaceId: "A workspace within a tenant.";
    Rail "rail" Rail: "A product line of the platform.";
    Resource "resource" Resource: "A metered resource such as `api_calls`.";
    Provider "provider" ServiceProviderName: "Who sells the service.";
    Organization "organization" OrganizationId: "An organization.";
    User "user" UserId: "A user.";
    Service "service" ServiceName: "The provider's service.";
    ServiceCategory "service_category" ServiceCategory: "The broad purpose of a service.";
    ResourceType "resource_type" ResourceType: "The provider's kind of resource.";
    ResourceId "resource_id" ResourceId: "One resource.";
    Region "region" RegionId: "A region.";
    Account "account" BillingAccountId: "A billing account.";
    SubAccount "sub_account" SubAccountId: "An account within a billing account.";
    Cluster "cluster" Cluster: "A Kubernetes cluster.";
    Namespace "namespace" Namespace: "A Kubernetes namespace.";
    Component "component" ComponentId: "A component of the platform.";
    Team "team" TeamId: "A team.";
    CostCenter "cost_center" CostCenterId: "A cost centre.";
    ResourceGroup "resource_group" ResourceGroupId: "A resource group.";
    Model "model" Model: "An AI model.";
    Workflow "workflow" Workflow: "A workflow.";
    Currency "currency" BillingCurrency: "The currency of the bill.";
}

impl BuiltIn {
    /// Whether grouped answers carry `<dimension>_id` and `<dimension>_name` instead of the bare value.
    pub const fn is_named(self) -> bool {
        self.named_keys().is_some()
    }

    /// The keys of the value and of its name in grouped answers that carry both.
    pub const fn named_keys(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Tenant => ("tenant_id", "tenant_name"),
            Self::Workspace => ("workspace_id", "workspace_name"),
            Self::Organization => ("organization_id", "organization_name"),
            Self::User => ("user_id", "user_name"),
            Self::Component => ("component_id", "component_name"),
            Self::Team => ("team_id", "team_name"),
            Self::CostCenter => ("cost_center_id", "cost_center_name"),
            Self::ResourceGroup => ("resource_group_id", "resource_group_name"),
            _ => return None,
        })
    }
}

/// A built-in dimension, a tag or a virtual dimension, as `group_by` and `filter` name it.
///
/// ```
/// use finops_core::model::dimension::{BuiltIn, Dimension};
///
/// assert_eq!("tenant".parse::<Dimension>()?, Dimension::BuiltIn(BuiltIn::Tenant));
/// assert_eq!("tag:team".parse::<Dimension>()?, Dimension::Tag("team".into()));
/// assert!("tennant".parse::<Dimension>().is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// One of the built-in ones.
    BuiltIn(BuiltIn),
    /// The value of a tag; the key's case counts.
    Tag(String),
    /// What the rules of a virtual dimension give, by its name.
    Virtual(String),
}

impl Dimension {
    /// The column that it is read from; none for a virtual one, whose rules say what they look at.
    pub const fn column(&self) -> Option<ChargeColumn> {
        match self {
            Self::BuiltIn(dimension) => Some(dimension.column()),
            Self::Tag(_) => Some(ChargeColumn::Tags),
            Self::Virtual(_) => None,
        }
    }

    /// The key of its value in a grouped answer: `tenant_id`, `service`, `tag:team`.
    pub fn answer_key(&self) -> Cow<'static, str> {
        match self {
            Self::BuiltIn(dimension) => Cow::Borrowed(match dimension.named_keys() {
                Some((key, _)) => key,
                None => dimension.as_str(),
            }),
            other => Cow::Owned(other.to_string()),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(dimension) => f.write_str(dimension.as_str()),
            Self::Tag(key) => write!(f, "tag:{key}"),
            Self::Virtual(name) => write!(f, "virtual:{name}"),
        }
    }
}

impl FromStr for Dimension {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(key) = text.strip_prefix("tag:") {
            return match key {
                "" => Err(Error::invalid("group_by", "'tag:' needs the key of a tag, such as 'tag:team'")),
                key => Ok(Self::Tag(key.to_owned())),
            };
        }
        if let Some(name) = text.strip_prefix("virtual:") {
            return match name {
                "" => Err(Error::invalid("group_by", "'virtual:' needs a name, such as 'virtual:product'")),
                name => Ok(Self::Virtual(name.to_owned())),
            };
        }
        let known = BuiltIn::ALL.iter().find(|dimension| dimension.as_str() == text);
        known.copied().map(Self::BuiltIn).ok_or_else(|| unknown(text))
    }
}

fn unknown(text: &str) -> Error {
    let words: Vec<_> = BuiltIn::ALL.iter().map(|dimension| dimension.as_str()).collect();
    let text: String = text.chars().take(60).collect();
    Error::invalid(
        "group_by",
        format!("'{text}' is no dimension: use one of {}, 'tag:KEY' or 'virtual:NAME'", words.join(", ")),
    )
}

impl Serialize for Dimension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| serde::de::Error::custom(error.message()))
    }
}

/// How many dimensions one answer may be grouped by.
const MAX_DIMENSIONS: usize = 8;

/// The dimensions of a grouped answer, in order: in JSON one of them, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GroupBy(pub Vec<Dimension>);

impl<'de> Deserialize<'de> for GroupBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a dimension such as 'tenant' or 'tag:team', or a list of them")]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        let words = match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(word) => vec![word],
            OneOrMany::Many(words) => words,
        };
        let wrong = |error: Error| serde::de::Error::custom(error.message());
        let dimensions = words.iter().map(|word| word.parse()).collect::<Result<Vec<Dimension>>>().map_err(wrong)?;
        Ok(Self(dimensions))
    }
}

impl GroupBy {
    /// # Errors
    /// `invalid_argument` when a dimension stands twice or there are more than eight.
    pub(crate) fn check(&self) -> Result<()> {
        let dimensions = &self.0;
        if dimensions.len() > MAX_DIMENSIONS {
            return Err(Error::invalid("group_by", format!("takes at most {MAX_DIMENSIONS} dimensions")));
        }
        let repeated = dimensions
            .iter()
            .enumerate()
            .find(|(place, dimension)| dimensions.iter().take(*place).any(|earlier| earlier == *dimension));
        match repeated {
            Some((_, dimension)) => Err(Error::invalid("group_by", format!("names '{dimension}' twice"))),
            None => Ok(()),
        }
    }
}
