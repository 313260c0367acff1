//! An entry of the log, and how the next one is made.

use super::body::{AuditBody, Secrecy};
use super::hash::AuditHash;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the hash of each entry begins with. Another form of entries gets another one.
const FORM: &[u8] = b"finops audit 1\n";

macro_rules! words {
    ($( #[$about:meta] )* $type:ident { $( $(#[$doc:meta])* $name:ident $word:literal; )+ }) => {
        $( #[$about] )*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $type {
            $( $(#[$doc])* $name ),+
        }

        impl $type {
            /// Its word, as entries have it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$name => $word ),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What was done.
    Action {
        /// It was not there before.
        Create "create";
        /// It says something else.
        Update "update";
        /// It is gone.
        Delete "delete";
        /// A period was closed.
        Close "close";
        /// An event counts no more.
        Void "void";
        /// An event counts as something else.
        Correct "correct";
    }
}

words! {
    /// What was changed.
    AuditKind {
        /// A month whose allocation was closed, by the month: `2024-01`.
        AllocationClose "allocation_close";
        /// A rule of allocation, by its id.
        AllocationRule "allocation_rule";
        /// What was said of an anomaly, by its id and by what the handle was narrowed to.
        AnomalyFeedback "anomaly_feedback";
        /// A monitor of anomalies, by its id.
        AnomalyMonitor "anomaly_monitor";
        /// A budget, by its id.
        Budget "budget";
        /// An entry of the catalogue, by kind and id: `tenant/ten_001`.
        Catalog "catalog";
        /// A cost centre, by its id.
        CostCenter "cost_center";
        /// A grant, by its id.
        Grant "grant";
        /// A meter, by its slug.
        Meter "meter";
        /// A price list of language models, by when it takes effect.
        ModelPrices "model_prices";
        /// A price, by its id; each of its versions is a change.
        Price "price";
        /// A resource group, by its id.
        ResourceGroup "resource_group";
        /// A closed billing period, by month and tenant: `2024-01/ten_001`.
        Statement "statement";
        /// An event that was voided or corrected, by tenant, source and id: `ten_001/gateway/req-1`.
        Usage "usage";
        /// A virtual dimension, by its name.
        VirtualDimension "virtual_dimension";
        /// A webhook, by its id. It holds secrets, and its URL may be one.
        Webhook "webhook";
    }
}

impl AuditKind {
    /// Whether the log may say what it was and became. Kinds that hold secrets are named here.
    pub const fn secrecy(self) -> Secrecy {
        match self {
            Self::AllocationClose
            | Self::AllocationRule
            | Self::AnomalyFeedback
            | Self::AnomalyMonitor
            | Self::Budget
            | Self::Catalog
            | Self::CostCenter
            | Self::Grant
            | Self::Meter
            | Self::ModelPrices
            | Self::Price
            | Self::ResourceGroup
            | Self::Statement
            | Self::Usage
            | Self::VirtualDimension => Secrecy::Open,
            Self::Webhook => Secrecy::Secret,
        }
    }
}

/// Who makes a change, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Who: the id of a user, or what the host calls itself.
    pub actor: String,
    /// When.
    pub at: Stamp,
    /// What is done, where it is not told by what was there before: a version that says that something is deleted.
    pub action: Option<Action>,
}

impl Change {
    /// A change that somebody makes then.
    pub fn new(actor: impl Into<String>, at: Stamp) -> Self {
        Self { actor: actor.into(), at, action: None }
    }

    /// The same, which does that.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }
}

/// What a change does to one thing.
#[derive(Debug, Clone, Copy)]
pub struct AuditRecord<'r> {
    /// What it is.
    pub kind: AuditKind,
    /// Which.
    pub key: &'r str,
    /// What is done.
    pub action: Action,
    /// What it was, as it is stored; none where it was not there.
    pub before: Option<&'r str>,
    /// What it becomes; none when it is gone.
    pub after: Option<&'r str>,
}

/// The end of a log: how many entries it has, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct AuditHead {
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last one; zeros before the first.
    pub hash: AuditHash,
}

/// An entry of the log. As JSON it is a line of an export.
///
/// Its hash is BLAKE3 over `finops audit 1`, a line feed, and the fields in the order of this type, `hash` left out,
/// each as its text in JSON without quotes (`before` and `after` as JSON with sorted names and without blanks): a byte
/// 1, the length in bytes as eight bytes from the lowest, and the bytes; for `null` a byte 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its number: the first has 1.
    pub seq: u64,
    /// When it was made.
    pub at: Stamp,
    /// Who made it.
    pub actor: String,
    /// What was done: the word of an [`Action`].
    pub action: String,
    /// What was changed: the word of an [`AuditKind`].
    pub kind: String,
    /// Which.
    pub key: String,
    /// What it was; null where it was not there.
    pub before: Option<AuditBody>,
    /// What it became; null when it is gone.
    pub after: Option<AuditBody>,
    /// The hash of the entry before; zeros before the first.
    pub previous: AuditHash,
    /// Its own hash.
    pub hash: AuditHash,
}

impl AuditEntry {
    /// The entry that comes after a head.
    ///
    /// ```
    /// use finops_core::model::audit::{Action, AuditEntry, AuditHead, AuditKind, AuditRecord, Change};
    ///
    /// let by = Change::new("u_1", "2024-02-01T00:00:00Z".parse()?);
    /// let (key, after) = ("vip", Some(r#"{"name":"vip"}"#));
    /// let made = AuditRecord { kind: AuditKind::VirtualDimension, key, action: Action::Create, before: None, after };
    /// let entry = AuditEntry::next(&AuditHead::default(), &by, &made);
    /// assert_eq!((entry.seq, entry.hash), (1, entry.computed_hash()));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn next(head: &AuditHead, by: &Change, made: &AuditRecord<'_>) -> Self {
        let body = |stored: &str| AuditBody::new(stored, made.kind.secrecy());
        let mut entry = Self {
            seq: head.entries.saturating_add(1),
            at: by.at,
            actor: by.actor.clone(),
            action: made.action.as_str().to_owned(),
            kind: made.kind.as_str().to_owned(),
            key: made.key.to_owned(),
            before: made.before.map(body),
            after: made.after.map(body),
            previous: head.hash,
            hash: AuditHash::default(),
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// The entry of these fields, as a store kept them.
    pub fn kept(
        seq: u64,
        at: Stamp,
        [actor, action, kind, key]: [String; 4],
        [before, after]: [Option<String>; 2],
        [previous, hash]: [AuditHash; 2],
    ) -> Self {
        let [before, after] = [before, after].map(|body| body.map(AuditBody::kept));
        Self { seq, at, actor, action, kind, key, before, after, previous, hash }
    }

    /// Reads a line of an export.
    ///
    /// # Errors
    /// `invalid_argument` for what is no entry.
    pub fn from_line(line: &str) -> Result<Self> {
        serde_json::from_str(line).map_err(|error| Error::new(ErrorCode::InvalidArgument, error.to_string()))
    }

    /// The hash that its fields have.
    pub fn computed_hash(&self) -> AuditHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(FORM);
        let mut field = |text: Option<&str>| match text {
            None => {
                hasher.update(&[0]);
            }
            Some(text) => {
                hasher.update(&[1]);
                hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        };
        field(Some(&self.seq.to_string()));
        field(Some(&self.at.to_string()));
        for text in [&self.actor, &self.action, &self.kind, &self.key] {
            field(Some(text));
        }
        for body in [&self.before, &self.after] {
            field(body.as_ref().map(AuditBody::as_str));
        }
        field(Some(&self.previous.to_string()));
        hasher.finalize().into()
    }

    /// The end of a log whose last entry it is.
    pub const fn head(&self) -> AuditHead {
        AuditHead { entries: self.seq, hash: self.hash }
    }
}
