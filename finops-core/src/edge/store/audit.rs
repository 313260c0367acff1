//! Which changes of the log to read.

use crate::model::audit::AuditKind;
use crate::model::time::Stamp;

/// Which entries of the log of changes; by default all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Only changes of things of that kind.
    pub kind: Option<AuditKind>,
    /// Only of what has that key.
    pub key: Option<String>,
    /// Only those that they made.
    pub actor: Option<String>,
    /// Only those made then or later.
    pub since: Option<Stamp>,
    /// Only those made before.
    pub until: Option<Stamp>,
}
