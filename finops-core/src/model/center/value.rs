//! One cost centre, and what no centre can be.

use super::Percent;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a name, an owner or a value may be, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// How many dimensions a centre may name.
const MAX_DIMENSIONS: usize = 64;
/// How many bytes a filter has at most, as JSON.
const MAX_FILTER_BYTES: usize = 1 << 18;

/// What a cost centre is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CenterType {
    /// A tenant.
    Tenant,
    /// A workspace.
    Workspace,
    /// A product line.
    Rail,
    /// What its dimensions and its filter say.
    Custom,
}

impl CenterType {
    /// The word for it, which is also the field of its value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Workspace => "workspace",
            Self::Rail => "rail",
            Self::Custom => "custom",
        }
    }
}

/// What a cost centre is for, and which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CenterScope {
    /// A tenant.
    Tenant {
        /// Its id.
        tenant: String,
    },
    /// A workspace.
    Workspace {
        /// Its id.
        workspace: String,
    },
    /// A product line.
    Rail {
        /// Its name.
        rail: String,
    },
    /// What its dimensions and its filter say.
    Custom,
}

impl CenterScope {
    /// What it is for.
    pub const fn kind(&self) -> CenterType {
        match self {
            Self::Tenant { .. } => CenterType::Tenant,
            Self::Workspace { .. } => CenterType::Workspace,
            Self::Rail { .. } => CenterType::Rail,
            Self::Custom => CenterType::Custom,
        }
    }

    /// The dimension and the value that its charges have; none of `custom`.
    pub fn condition(&self) -> Option<(BuiltIn, &str)> {
        match self {
            Self::Tenant { tenant } => Some((BuiltIn::Tenant, tenant)),
            Self::Workspace { workspace } => Some((BuiltIn::Workspace, workspace)),
            Self::Rail { rail } => Some((BuiltIn::Rail, rail)),
            Self::Custom => None,
        }
    }
}

/// Who answers for a part of the cost.
///
/// ```
/// use finops_core::model::center::{CenterScope, CostCenter};
/// use finops_core::model::filter::Filter;
/// use finops_core::model::id::Id;
///
/// let made = "2024-01-15T12:00:00Z".parse()?;
/// let scope = CenterScope::Rail { rail: "trade-finance".into() };
/// let center = CostCenter::new(Id::new(made, [0; 10]), "Trade Finance Operations", scope, made);
/// center.validate()?;
/// assert_eq!(center.own_filter(), Filter::All(vec![Filter::equals("rail".parse()?, "trade-finance")]));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CostCenter {
    /// Its id, which charges may carry as `cost_center`.
    pub id: Id<id::CostCenter>,
    /// What people call it. 1 to 512 bytes; no other centre has the same but for case and blanks around it.
    pub name: String,
    /// What it is for.
    #[serde(flatten)]
    pub scope: CenterScope,
    /// What its charges must also be.
    pub filter: Option<Filter>,
    /// Values that its charges must also have.
    pub dimensions: BTreeMap<Dimension, String>,
    /// What it may cost a month, 0 or more, in `currency`.
    pub budget_monthly: Option<Money>,
    /// The currency of the budget.
    pub currency: Option<Currency>,
    /// At which share of the budget its owner is warned.
    pub alert_threshold_pct: Option<Percent>,
    /// The id of the user who answers for it.
    pub owner_id: Option<String>,
    /// The centre that it is a part of.
    pub parent: Option<Id<id::CostCenter>>,
    /// When it was made.
    pub created_at: Stamp,
    /// When it was last changed.
    pub updated_at: Stamp,
}

impl CostCenter {
    /// A centre with a name and a scope, and nothing else.
    pub fn new(id: Id<id::CostCenter>, name: impl Into<String>, scope: CenterScope, created_at: Stamp) -> Self {
        Self {
            id,
            name: name.into(),
            scope,
            filter: None,
            dimensions: BTreeMap::new(),
            budget_monthly: None,
            currency: None,
            alert_threshold_pct: None,
            owner_id: None,
            parent: None,
            created_at,
            updated_at: created_at,
        }
    }

    /// Which charges are its own: all of its scope, its dimensions and its filter must hold.
    pub fn own_filter(&self) -> Filter {
        let scope = self.scope.condition().map(|(dimension, value)| (Dimension::BuiltIn(dimension), value));
        let dimensions = self.dimensions.iter().map(|(dimension, value)| (dimension.clone(), value.as_str()));
        let mut all: Vec<Filter> =
            scope.into_iter().chain(dimensions).map(|(dimension, value)| Filter::equals(dimension, value)).collect();
        match &self.filter {
            Some(Filter::All(further)) => all.extend(further.iter().cloned()),
            further => all.extend(further.clone()),
        }
        Filter::All(all)
    }

    /// What is the same in names that count as the same.
    pub(super) fn name_key(name: &str) -> String {
        name.trim().to_lowercase()
    }

    /// Checks it by itself. What it says of other centres is checked by [`CostCenters::new`](super::CostCenters::new).
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        text("name", &self.name)?;
        self.scope.condition().map_or(Ok(()), |(_, value)| text(self.scope.kind().as_str(), value))?;
        self.owner_id.as_ref().map_or(Ok(()), |owner| text("owner_id", owner))?;
        self.check_dimensions()?;
        self.check_filter()?;
        if self.own_filter().to_json() == Filter::default().to_json() {
            let message = "is missing: a centre of type 'custom' says by `filter` or `dimensions` which charges it has";
            return Err(Error::invalid("filter", message));
        }
        if let Some(budget) = self.budget_monthly {
            if budget.is_negative() {
                return Err(Error::invalid("budget_monthly", format!("must be 0 or more, got {budget}")));
            }
            if self.currency.is_none() {
                return Err(Error::invalid("currency", "is missing: say in which one budget_monthly is"));
            }
        }
        Ok(())
    }

    fn check_dimensions(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::invalid("dimensions", message));
        if self.dimensions.len() > MAX_DIMENSIONS {
            return wrong(format!("must be at most {MAX_DIMENSIONS}, got {}", self.dimensions.len()));
        }
        for (dimension, value) in &self.dimensions {
            text("dimensions", value)?;
            if *dimension == Dimension::BuiltIn(BuiltIn::CostCenter) {
                return wrong(BY_ITSELF.to_owned());
            }
            match self.scope.condition() {
                Some((given, _)) if *dimension == Dimension::BuiltIn(given) => {
                    return wrong(format!("name '{dimension}', which its type says already"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_filter(&self) -> Result<()> {
        let Some(filter) = &self.filter else { return Ok(()) };
        // Made by hand, a filter may be what its JSON form cannot say.
        let json = filter.to_json();
        Filter::from_json(&json)?;
        let bytes = json.to_string().len();
        if bytes > MAX_FILTER_BYTES {
            let message = format!("must have at most {MAX_FILTER_BYTES} bytes as JSON, got {bytes}");
            return Err(Error::invalid("filter", message));
        }
        let mut dimensions = Vec::new();
        filter.dimensions(&mut dimensions);
        if dimensions.contains(&&Dimension::BuiltIn(BuiltIn::CostCenter)) {
            return Err(Error::invalid("filter", BY_ITSELF));
        }
        Ok(())
    }
}

const BY_ITSELF: &str = "must not name 'cost_center': a charge that carries the id of a centre is its own anyway";

fn text(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
        return Err(Error::invalid(field, format!("must have 1 to {MAX_TEXT_BYTES} bytes and not be blank")));
    }
    Ok(())
}
