//! What a handle on the engine may: which operations, and of whose data. Narrowing again only narrows.

use super::dimension::{BuiltIn, Dimension};
use super::filter::Filter;
use super::principal::{Principal, Role, Scope, check_id};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// Of whose data an operation tells, or what it changes: what becomes of it on a narrowed handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// It goes by charges, and a filter narrows it to any tenant, organization or user.
    Charges,
    /// It goes by usage, which has tenants and users but no organizations; a filter narrows it.
    Usage,
    /// It is about all that a tenant has: only for a handle that is narrowed to a tenant and to nothing else.
    Tenant,
    /// It is about objects with an owner: those of the user, and what the handle is narrowed to itself.
    Owned,
    /// It tells nothing of anybody.
    Anybody,
    /// It is about the platform as a whole: never for a narrowed handle.
    Platform,
}

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Needs {
    /// The least role. A viewer's operations change nothing and need the scope `finops:read`; all others need
    /// `finops:write`.
    pub role: Role,
    /// What becomes of it on a narrowed handle.
    pub reach: Reach,
}

impl Needs {
    /// A role and a reach.
    pub const fn new(role: Role, reach: Reach) -> Self {
        Self { role, reach }
    }

    /// The scope that it needs.
    pub const fn scope(self) -> Scope {
        match self.role {
            Role::Viewer => Scope::Read,
            Role::Operator | Role::Admin => Scope::Write,
        }
    }
}

/// What a handle is narrowed to: all that is given must hold. Nothing is everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Narrowing {
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The organization.
    pub organization_id: Option<String>,
    /// The user whose costs they are.
    pub user_id: Option<String>,
}

impl Narrowing {
    /// What charges and usage must hold; none where nothing is narrowed.
    ///
    /// ```
    /// use finops_core::model::access::{Access, Narrowing};
    ///
    /// assert_eq!(Narrowing::default().filter(), None);
    /// let tenant = Access::of_tenant("ten_001")?.narrowing();
    /// assert_eq!(tenant.filter().map(|filter| filter.to_json()), Some(serde_json::json!({"tenant": "ten_001"})));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn filter(&self) -> Option<Filter> {
        let narrowed = [
            (BuiltIn::Tenant, &self.tenant_id),
            (BuiltIn::Organization, &self.organization_id),
            (BuiltIn::User, &self.user_id),
        ];
        let conditions = narrowed.into_iter().filter_map(|(dimension, id)| {
            id.as_ref().map(|id| Filter::equals(Dimension::BuiltIn(dimension), id.as_str()))
        });
        let conditions: Vec<Filter> = conditions.collect();
        (!conditions.is_empty()).then_some(Filter::All(conditions))
    }

    /// A text that no other narrowing has; nothing where nothing is narrowed.
    pub fn text(&self) -> String {
        self.filter().map(|filter| filter.to_json().to_string()).unwrap_or_default()
    }
}

/// What a handle may. One without any may everything.
///
/// ```
/// use finops_core::model::access::Access;
/// use finops_core::model::principal::{Principal, Role};
///
/// let tenant = Access::of_tenant("ten_001")?;
/// let viewer = tenant.and(&Access::of(&Principal::new("u_1", [Role::Viewer]))?)?;
/// assert_eq!((viewer.tenant_id(), viewer.user_id()), (Some("ten_001"), Some("u_1")));
/// assert!(viewer.and(&Access::of_tenant("ten_002")?).is_err(), "that would be another's");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who acts; nobody in particular for a tenant's own handle.
    user_id: Option<String>,
    role: Option<Role>,
    reads: bool,
    writes: bool,
    tenant: Option<String>,
    organization: Option<String>,
    user: Option<String>,
}

impl Access {
    /// Everything that is the tenant's.
    ///
    /// # Errors
    /// `invalid_argument` for a blank id.
    pub fn of_tenant(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        check_id("tenant_id", &id)?;
        Ok(Self {
            user_id: None,
            role: Some(Role::Admin),
            reads: true,
            writes: true,
            tenant: Some(id),
            organization: None,
            user: None,
        })
    }

    /// What a principal may. Who is no admin and has neither tenant nor organization is narrowed to their own costs.
    ///
    /// # Errors
    /// `invalid_argument` with the field, for a blank id.
    pub fn of(principal: &Principal) -> Result<Self> {
        principal.validate()?;
        let Principal { user_id, organization_id, tenant_id, .. } = principal;
        let mut access = Self {
            user_id: Some(user_id.clone()),
            role: principal.role(),
            reads: principal.has(Scope::Read),
            writes: principal.has(Scope::Write),
            tenant: tenant_id.clone(),
            organization: organization_id.clone(),
            user: None,
        };
        if access.role != Some(Role::Admin) && !access.is_narrowed() {
            access.user = Some(user_id.clone());
        }
        Ok(access)
    }

    /// What both allow. A principal who joins a tenant's handle is narrowed by the tenant and not to their own costs.
    ///
    /// # Errors
    /// `forbidden` when they are narrowed to different tenants, organizations or users.
    pub fn and(&self, other: &Self) -> Result<Self> {
        let user_id = both("user_id", self.user_id.as_ref(), other.user_id.as_ref())?;
        let tenant = both("tenant_id", self.tenant.as_ref(), other.tenant.as_ref())?;
        let organization = both("organization_id", self.organization.as_ref(), other.organization.as_ref())?;
        // What was narrowed to a user stays so; who only comes to a narrowed handle has its narrowing.
        let user = self.user.clone().or_else(|| other.user.clone().filter(|_| !self.is_narrowed()));
        let role = self.role.min(other.role);
        let mut access = Self {
            user_id,
            role,
            reads: self.reads && other.reads,
            writes: self.writes && other.writes,
            tenant,
            organization,
            user,
        };
        if access.role != Some(Role::Admin) && !access.is_narrowed() {
            access.user.clone_from(&access.user_id);
        }
        Ok(access)
    }

    /// Who acts.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The tenant that it is narrowed to.
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The organization that it is narrowed to.
    pub fn organization_id(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// The user whose costs it is narrowed to.
    pub fn narrowed_user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The tenant, where it is narrowed to all that one has and to nothing else.
    pub fn whole_tenant(&self) -> Option<&str> {
        self.tenant.as_deref().filter(|_| self.organization.is_none() && self.user.is_none())
    }

    /// Whether it is narrowed to anything.
    pub const fn is_narrowed(&self) -> bool {
        self.tenant.is_some() || self.organization.is_some() || self.user.is_some()
    }

    /// What it is narrowed to.
    pub fn narrowing(&self) -> Narrowing {
        let (tenant_id, organization_id, user_id) = (self.tenant.clone(), self.organization.clone(), self.user.clone());
        Narrowing { tenant_id, organization_id, user_id }
    }

    /// Whether it has what belongs to that owner: the user has theirs, and who is not narrowed has everything.
    pub fn owns(&self, owner: Option<&str>) -> bool {
        !self.is_narrowed() || (owner.is_some() && owner == self.user_id())
    }

    /// Whether it has what belongs to that owner, within that organization if it is within one: the user has theirs, an
    /// admin of the organization has what is in it, and who is not narrowed has everything. What is in another
    /// organization it never has.
    pub fn has(&self, owner: &str, organization: Option<&str>) -> bool {
        match (self.organization_id(), organization) {
            (Some(own), Some(other)) if own != other => false,
            (Some(_), Some(_)) if self.role == Some(Role::Admin) && self.tenant.is_none() && self.user.is_none() => {
                true
            }
            _ => self.owns(Some(owner)),
        }
    }

    /// What its charges and usage must hold; none where it is not narrowed.
    pub fn filter(&self) -> Option<Filter> {
        self.narrowing().filter()
    }

    /// Refuses an operation that is not allowed.
    ///
    /// # Errors
    /// `forbidden`, with the scope, role or narrowing that is missing.
    pub fn permit(&self, operation: &str, needs: Needs) -> Result<()> {
        let scope = needs.scope();
        let has_scope = if scope == Scope::Read { self.reads } else { self.writes };
        if !has_scope {
            return Err(forbidden(format!("'{operation}' needs the scope {}", scope.as_str())));
        }
        let Some(role) = self.role else {
            return Err(forbidden(format!(
                "'{operation}' needs the role {}, and no role was given",
                needs.role.as_str()
            )));
        };
        if role < needs.role {
            let (needed, has) = (needs.role.as_str(), role.as_str());
            return Err(forbidden(format!("'{operation}' needs the role {needed}, and this is {has}")));
        }
        let missing = match needs.reach {
            Reach::Charges | Reach::Owned | Reach::Anybody => return Ok(()),
            _ if !self.is_narrowed() => return Ok(()),
            Reach::Usage if self.organization.is_none() => return Ok(()),
            Reach::Tenant if self.whole_tenant().is_some() => return Ok(()),
            Reach::Usage => "goes by usage, which has no organizations: narrow to a tenant instead",
            Reach::Tenant => "is about all that a tenant has: narrow to a tenant, and to nothing else",
            Reach::Platform => "is about the platform as a whole, and this handle is narrowed",
        };
        Err(forbidden(format!("'{operation}' {missing}")))
    }
}

/// The one of both, or the one that there is.
fn both(field: &str, one: Option<&String>, other: Option<&String>) -> Result<Option<String>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            Err(forbidden(format!("is '{one}' already: narrowing again only narrows")).with_field(field))
        }
        (one, other) => Ok(one.or(other).cloned()),
    }
}

fn forbidden(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(role: Role) -> Principal {
        Principal::new("u", [role])
    }

    #[test]
    fn only_an_admin_of_nothing_in_particular_is_not_narrowed() {
        assert!(!Access::of(&principal(Role::Admin)).unwrap().is_narrowed());
        for role in [Role::Viewer, Role::Operator] {
            assert_eq!(Access::of(&principal(role)).unwrap().narrowed_user(), Some("u"));
        }
        let mut viewer = principal(Role::Viewer);
        viewer.organization_id = Some("o".into());
        let access = Access::of(&viewer).unwrap();
        assert_eq!((access.narrowed_user(), access.organization_id()), (None, Some("o")));
    }

    #[test]
    fn narrowing_never_widens() {
        let viewer = Access::of(&principal(Role::Viewer)).unwrap();
        let tenant = Access::of_tenant("t").unwrap();
        let of_tenant = viewer.and(&tenant).unwrap();
        assert_eq!((of_tenant.narrowed_user(), of_tenant.tenant_id()), (Some("u"), Some("t")), "still their own");
        assert!(of_tenant.permit("x", Needs::new(Role::Operator, Reach::Charges)).is_err(), "still a viewer");
        let joined = tenant.and(&viewer).unwrap();
        assert_eq!(joined.whole_tenant(), Some("t"), "whoever is let into a tenant's handle sees the tenant");
        assert_eq!(tenant.and(&Access::of_tenant("s").unwrap()).unwrap_err().code(), ErrorCode::Forbidden);
        let platform = Access::of(&principal(Role::Admin)).unwrap();
        assert_eq!(platform.and(&viewer).unwrap().narrowed_user(), Some("u"), "an admin who is only to look");
        assert!(viewer.and(&Access::of(&Principal::new("v", [Role::Admin])).unwrap()).is_err(), "somebody else");
    }

    #[test]
    fn errors_say_what_is_missing() {
        let mut reader = principal(Role::Admin);
        reader.scopes = Some(vec![Scope::Read]);
        let reader = Access::of(&reader).unwrap();
        let message = |access: &Access, role, reach| {
            let error = access.permit("op", Needs::new(role, reach)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Forbidden);
            error.message().to_owned()
        };
        assert!(message(&reader, Role::Operator, Reach::Charges).contains("finops:write"));
        let viewer = Access::of(&principal(Role::Viewer)).unwrap();
        assert!(message(&viewer, Role::Admin, Reach::Platform).contains("role admin"));
        assert!(message(&viewer, Role::Viewer, Reach::Platform).contains("narrowed"));
        assert!(message(&viewer, Role::Viewer, Reach::Tenant).contains("narrow to a tenant"));
        let nobody = Access::of(&Principal::new("u", [])).unwrap();
        assert!(message(&nobody, Role::Viewer, Reach::Charges).contains("no role"));
    }

    #[test]
    fn owners_have_theirs() {
        let viewer = Access::of(&principal(Role::Viewer)).unwrap();
        assert!(viewer.owns(Some("u")) && !viewer.owns(Some("v")) && !viewer.owns(None));
        assert!(!Access::of_tenant("t").unwrap().owns(None), "nobody's is not the tenant's");
        assert!(Access::of(&principal(Role::Admin)).unwrap().owns(Some("v")));
    }

    #[test]
    fn what_is_in_an_organization_is_its_admins_too_and_nobodys_of_another() {
        let member = |role, organization: &str| {
            let mut principal = principal(role);
            principal.organization_id = Some(organization.into());
            principal
        };
        let has = |principal: &Principal, owner, organization| Access::of(principal).unwrap().has(owner, organization);
        assert!(has(&member(Role::Admin, "o"), "v", Some("o")) && !has(&member(Role::Admin, "o"), "v", None));
        for role in [Role::Viewer, Role::Operator] {
            assert!(has(&member(role, "o"), "u", Some("o")) && !has(&member(role, "o"), "v", Some("o")));
        }
        for role in [Role::Viewer, Role::Operator, Role::Admin] {
            assert!(!has(&member(role, "p"), "u", Some("o")), "their own, but in another organization");
            assert!(has(&member(role, "p"), "u", None));
        }
        let mut within = member(Role::Admin, "o");
        within.tenant_id = Some("t".into());
        assert!(!has(&within, "v", Some("o")), "a tenant is less than the organization");
        assert!(has(&principal(Role::Viewer), "u", Some("o")) && !has(&principal(Role::Viewer), "v", Some("o")));
        assert!(has(&principal(Role::Admin), "v", Some("o")));
        assert!(!Access::of_tenant("t").unwrap().has("u", None));
    }
}
