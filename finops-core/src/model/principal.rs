//! Who calls the engine: a principal with roles, and the scopes of the token that they came with.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How long an id may be, in bytes.
const MAX_ID_BYTES: usize = 512;

/// What somebody may do. Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, reports usage, and changes what is theirs.
    Operator,
    /// Does everything, within what the handle is narrowed to.
    Admin,
}

impl Role {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// What a token was issued for. Scopes take away from what roles allow, and add nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Calls that change nothing.
    #[serde(rename = "finops:read")]
    Read,
    /// Calls that change something.
    #[serde(rename = "finops:write")]
    Write,
}

impl Scope {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "finops:read",
            Self::Write => "finops:write",
        }
    }
}

/// Somebody on whose behalf the engine is called. Whoever embeds the engine has found out who that is.
///
/// ```
/// use finops_core::model::principal::{Principal, Role};
///
/// let principal: Principal =
///     serde_json::from_str(r#"{"user_id": "u_1", "roles": ["viewer"], "organization_id": "org_1"}"#).unwrap();
/// assert_eq!(principal.roles, [Role::Viewer]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Principal {
    /// The id of the user. 1 to 512 bytes.
    pub user_id: String,
    /// The roles; without any the principal may do nothing.
    pub roles: Vec<Role>,
    /// The scopes; without a list the roles alone decide, with an empty one the principal may do nothing.
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
    /// The organization that everything is narrowed to.
    #[serde(default)]
    pub organization_id: Option<String>,
    /// The tenant that everything is narrowed to.
    #[serde(default)]
    pub tenant_id: Option<String>,
}

impl Principal {
    /// A user with roles, not limited by scopes. An admin of no tenant and no organization is one of the platform;
    /// anybody else without either sees only their own costs.
    pub fn new(user_id: impl Into<String>, roles: impl Into<Vec<Role>>) -> Self {
        let (user_id, roles) = (user_id.into(), roles.into());
        Self { user_id, roles, scopes: None, organization_id: None, tenant_id: None }
    }

    /// The role that allows most.
    pub fn role(&self) -> Option<Role> {
        self.roles.iter().copied().max()
    }

    /// Whether the scopes have this one, or do not limit anything.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope))
    }

    /// Checks the ids.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        check_id("user_id", &self.user_id)?;
        for (field, id) in [("organization_id", &self.organization_id), ("tenant_id", &self.tenant_id)] {
            id.as_ref().map_or(Ok(()), |id| check_id(field, id))?;
        }
        Ok(())
    }
}

/// Refuses an id that nobody can have: it would narrow to nothing by mistake.
pub(super) fn check_id(field: &str, id: &str) -> Result<()> {
    if id.trim().is_empty() || id.len() > MAX_ID_BYTES {
        return Err(Error::invalid(field, format!("must have 1 to {MAX_ID_BYTES} bytes and not be blank")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_that_allows_most_counts() {
        assert_eq!(Principal::new("u", [Role::Viewer, Role::Admin, Role::Operator]).role(), Some(Role::Admin));
        assert_eq!(Principal::new("u", []).role(), None);
    }

    #[test]
    fn scopes_that_are_left_out_limit_nothing_and_none_of_them_allow_nothing() {
        let mut principal = Principal::new("u", [Role::Viewer]);
        assert!(principal.has(Scope::Read) && principal.has(Scope::Write));
        principal.scopes = Some(vec![Scope::Read]);
        assert!(principal.has(Scope::Read) && !principal.has(Scope::Write));
        principal.scopes = Some(Vec::new());
        assert!(!principal.has(Scope::Read));
    }

    #[test]
    fn blank_ids_are_refused_by_name() {
        let mut principal = Principal::new(" ", [Role::Viewer]);
        assert_eq!(principal.validate().unwrap_err().field(), Some("user_id"));
        principal.user_id = "u".into();
        principal.tenant_id = Some(String::new());
        assert_eq!(principal.validate().unwrap_err().field(), Some("tenant_id"));
    }

    #[test]
    fn words_in_json_are_the_words() {
        for role in [Role::Viewer, Role::Operator, Role::Admin] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        for scope in [Scope::Read, Scope::Write] {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        assert!(serde_json::from_str::<Role>("\"root\"").is_err());
    }
}
