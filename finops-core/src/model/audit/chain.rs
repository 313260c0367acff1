//! Whether a log is whole.

use super::entry::{AuditEntry, AuditHead};
use super::hash::AuditHash;
use crate::Result;
use serde::Serialize;

/// Whether a log is whole, and where it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditVerdict {
    /// How many entries were found.
    pub entries: u64,
    /// Whether the log is whole.
    pub ok: bool,
    /// The hash of its end: note it elsewhere, and ask for it next time.
    pub head: AuditHash,
    /// The number of the first entry at which it is not whole; none where that cannot be told.
    pub broken_at: Option<u64>,
    /// What is wrong there.
    pub problem: Option<String>,
}

/// Goes along a log, entry by entry, and says whether it is whole.
#[derive(Debug, Default)]
pub struct AuditChain {
    /// The end of what is whole.
    head: AuditHead,
    /// How many entries were found.
    found: u64,
    broken: Option<(Option<u64>, String)>,
    expected: Option<AuditHash>,
}

impl AuditChain {
    /// The chain of a log that should go on from that hash, where one is known.
    pub fn expecting(expected: Option<AuditHash>) -> Self {
        // What was noted before the first entry, every log goes on from.
        Self { expected: expected.filter(|expected| *expected != AuditHash::default()), ..Self::default() }
    }

    /// Looks at the next entry; one that cannot be read is not whole.
    pub fn push(&mut self, entry: Result<AuditEntry>) {
        self.found += 1;
        if self.broken.is_some() {
            return;
        }
        let due = self.head.entries.saturating_add(1);
        let problem = match entry {
            Err(error) => Some(format!("entry {due} cannot be read: {}", error.message())),
            Ok(entry) => match self.problem(&entry, due) {
                None => {
                    self.head = entry.head();
                    self.expected = self.expected.filter(|expected| *expected != entry.hash);
                    None
                }
                problem => problem,
            },
        };
        self.broken = problem.map(|problem| (Some(due), problem));
    }

    fn problem(&self, entry: &AuditEntry, due: u64) -> Option<String> {
        if entry.seq != due {
            return Some(format!("entry {due} is not there: {} stands in its place", entry.seq));
        }
        if entry.computed_hash() != entry.hash {
            return Some(format!("entry {due} is not what was written: its hash is another"));
        }
        if entry.previous != self.head.hash {
            return Some(format!("entry {due} does not follow on the one before it"));
        }
        None
    }

    /// What it comes to. `head` is what was kept beside the log; none where it came without, as an export does.
    pub fn finish(self, head: Option<AuditHead>) -> AuditVerdict {
        let AuditHead { entries, hash } = self.head;
        let beside = head.and_then(|head| match head {
            AuditHead { entries: wanted, .. } if wanted > entries => {
                Some((entries + 1, format!("entry {} is not there: the log had {wanted}", entries + 1)))
            }
            AuditHead { entries: wanted, .. } if wanted < entries => {
                Some((wanted + 1, format!("entry {} was put in: the log had {wanted}", wanted + 1)))
            }
            head if head.hash != hash => Some((entries, format!("entry {entries} is not the one that was last"))),
            _ => None,
        });
        let missing = self.expected.map(|expected| (None, format!("no entry has the hash {expected}")));
        let broken = self.broken.or_else(|| beside.map(|(seq, problem)| (Some(seq), problem))).or(missing);
        let (broken_at, problem) = broken.unzip();
        let head = head.map_or(hash, |head| head.hash);
        AuditVerdict { entries: self.found, ok: problem.is_none(), head, broken_at: broken_at.flatten(), problem }
    }
}

/// Whether a log of these entries, and of that head where one is known, is whole.
///
/// ```
/// use finops_core::model::audit::{AuditHead, verify};
///
/// assert!(verify([], Some(AuditHead::default()), None).ok, "nothing was changed yet");
/// ```
pub fn verify(
    entries: impl IntoIterator<Item = AuditEntry>,
    head: Option<AuditHead>,
    expected: Option<AuditHash>,
) -> AuditVerdict {
    let mut chain = AuditChain::expecting(expected);
    entries.into_iter().for_each(|entry| chain.push(Ok(entry)));
    chain.finish(head)
}

/// Whether an exported log is whole: JSON, an entry a line. Empty lines are left out. That its last entries are there
/// can only be told by the hash that was noted of its end.
///
/// ```
/// use finops_core::model::audit::verify_lines;
///
/// let verdict = verify_lines(["{\"seq\": 1"], None);
/// assert_eq!((verdict.ok, verdict.broken_at), (false, Some(1)));
/// ```
pub fn verify_lines<'l>(lines: impl IntoIterator<Item = &'l str>, expected: Option<AuditHash>) -> AuditVerdict {
    let mut chain = AuditChain::expecting(expected);
    lines.into_iter().filter(|line| !line.trim().is_empty()).for_each(|line| chain.push(AuditEntry::from_line(line)));
    chain.finish(None)
}

#[cfg(test)]
mod tests {
    use super::super::{Action, AuditBody, AuditKind, AuditRecord, Change};
    use super::*;
    use crate::model::time::Stamp;

    fn log(entries: usize) -> Vec<AuditEntry> {
        let by = Change::new("u_1", Stamp::parse("2024-02-01T00:00:00.000001Z").unwrap());
        let mut head = AuditHead::default();
        let entry = |number| {
            let (key, body) = (format!("k{number}"), format!("{{\"n\":{number}}}"));
            let (kind, action) = (AuditKind::Catalog, Action::Create);
            let made = AuditRecord { kind, key: &key, action, before: None, after: Some(&body) };
            let entry = AuditEntry::next(&head, &by, &made);
            head = entry.head();
            entry
        };
        (0..entries).map(entry).collect()
    }

    fn head_of(log: &[AuditEntry]) -> AuditHead {
        log.last().map_or_else(AuditHead::default, AuditEntry::head)
    }

    /// Where a log that was tampered with is broken, by itself and as an export.
    fn broken_at(log: &[AuditEntry], head: AuditHead) -> Option<u64> {
        let verdict = verify(log.iter().cloned(), Some(head), None);
        assert!(!verdict.ok && verdict.problem.is_some(), "{verdict:?}");
        let lines: Vec<String> = log.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        let exported = verify_lines(lines.iter().map(String::as_str), Some(head.hash));
        assert!(!exported.ok, "{exported:?}");
        verdict.broken_at
    }

    #[test]
    fn a_log_as_it_was_written_is_whole() {
        for entries in [0, 1, 2, 9] {
            let log = log(entries);
            let head = head_of(&log);
            let verdict = verify(log.iter().cloned(), Some(head), Some(head.hash));
            let wanted =
                AuditVerdict { entries: entries as u64, ok: true, head: head.hash, broken_at: None, problem: None };
            assert_eq!(verdict, wanted);
            let lines: Vec<String> = log.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
            assert_eq!(verify_lines(lines.iter().map(String::as_str), Some(head.hash)), wanted);
        }
    }

    #[test]
    fn any_field_that_was_edited_is_found() {
        type Edit = fn(&mut AuditEntry);
        let edits: [Edit; 10] = [
            |entry| entry.seq += 1,
            |entry| entry.at = Stamp::parse("2024-02-01T00:00:00Z").unwrap(),
            |entry| entry.actor.push('x'),
            |entry| "delete".clone_into(&mut entry.action),
            |entry| "price".clone_into(&mut entry.kind),
            |entry| entry.key.clear(),
            |entry| entry.before = Some(AuditBody::kept("{}".to_owned())),
            |entry| entry.after = None,
            |entry| entry.previous = AuditHash::default(),
            |entry| entry.hash = AuditHash::default(),
        ];
        for edit in edits {
            let mut log = log(5);
            let head = head_of(&log);
            edit(&mut log[2]);
            assert_eq!(broken_at(&log, head), Some(3));
        }
    }

    #[test]
    fn what_is_missing_moved_or_too_many_is_found() {
        let whole = log(5);
        let head = head_of(&whole);
        let with = |change: &dyn Fn(&mut Vec<AuditEntry>)| {
            let mut log = whole.clone();
            change(&mut log);
            broken_at(&log, head)
        };
        assert_eq!(with(&|log| drop(log.remove(0))), Some(1));
        assert_eq!(with(&|log| drop(log.remove(2))), Some(3));
        assert_eq!(with(&|log| drop(log.pop())), Some(5));
        assert_eq!(with(&|log| log.clear()), Some(1));
        assert_eq!(with(&|log| log.swap(1, 3)), Some(2));
        assert_eq!(with(&|log| log.insert(2, log[1].clone())), Some(3));
    }

    #[test]
    fn a_log_that_was_written_anew_is_told_by_what_was_noted() {
        let forge = |from: usize| {
            let (mut forged, by) = (log(5), Change::new("nobody", Stamp::parse("2024-02-01T00:00:00Z").unwrap()));
            for place in from..5 {
                let head = head_of(&forged[..place]);
                let made =
                    AuditRecord { kind: AuditKind::Price, key: "p", action: Action::Delete, before: None, after: None };
                forged[place] = AuditEntry::next(&head, &by, &made);
            }
            forged
        };
        let noted = log(3).pop().unwrap().hash;
        // What came after the note may be forged, what came before may not.
        for (from, ok) in [(2, false), (3, true)] {
            let forged = forge(from);
            let head = head_of(&forged);
            assert!(verify(forged.iter().cloned(), Some(head), None).ok);
            let verdict = verify(forged, Some(head), Some(noted));
            assert_eq!((verdict.ok, verdict.broken_at), (ok, None));
        }
    }

    #[test]
    fn one_more_at_the_end_is_found_by_the_head() {
        let log = log(5);
        let head = head_of(&log[..4]);
        assert_eq!(verify(log, Some(head), None).broken_at, Some(5));
    }

    #[test]
    fn fields_cannot_flow_into_each_other() {
        let mut one = log(1).remove(0);
        let mut other = one.clone();
        (one.kind, one.key) = ("ab".to_owned(), "c".to_owned());
        (other.kind, other.key) = ("a".to_owned(), "bc".to_owned());
        assert_ne!(one.computed_hash(), other.computed_hash());
    }
}
