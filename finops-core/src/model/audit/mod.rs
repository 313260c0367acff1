//! The log of changes: who changed what and when, what it was and what it became.
//!
//! Each entry carries the hash of the one before, so that an entry which was edited, taken out, put in or moved breaks
//! the chain, and [`AuditChain`] names it. What stores keep beside it, the [`AuditHead`], says how many entries there
//! are: without it the last ones could be cut off unseen. Whoever can write the whole file can write a whole log too;
//! against that, note the hash of the head elsewhere and ask whether the log still has it.
//!
//! Here are the values; stores write them, in the transaction of the change.

mod body;
mod chain;
mod entry;
mod hash;

pub use body::{AuditBody, MAX_BODY_BYTES, Secrecy};
pub use chain::{AuditChain, AuditVerdict, verify, verify_lines};
pub use entry::{Action, AuditEntry, AuditHead, AuditKind, AuditRecord, Change};
pub use hash::AuditHash;
