//! Instants of a bill.

use super::issues::Issues;
use crate::model::charge::{TextColumn, TimeColumn};
use crate::model::receipt::{QuarantineReason, Remark};
use crate::model::time::Stamp;

/// Reads text, each distinct value once.
pub(super) fn from_text(cells: &TextColumn) -> (TimeColumn, Issues) {
    let readings: Vec<_> = cells.dictionary.iter().map(read).collect();
    let mut issues = Issues::default();
    let mut micros = Vec::with_capacity(cells.codes.len());
    let mut valid = Vec::with_capacity(cells.codes.len());
    for (row, &code) in cells.codes.iter().enumerate() {
        let reading = usize::try_from(code).ok().and_then(|code| readings.get(code));
        let stamp = match reading {
            Some(Some((stamp, remark))) => {
                if let Some(remark) = remark {
                    issues.note(*remark, row);
                }
                Some(stamp.micros())
            }
            Some(None) => {
                issues.refuse(row, QuarantineReason::UnreadableValue);
                None
            }
            None => None,
        };
        micros.push(stamp.unwrap_or_default());
        valid.push(stamp.is_some());
    }
    (TimeColumn { micros, valid: Some(valid) }, issues)
}

fn read(text: &str) -> Option<(Stamp, Option<Remark>)> {
    let (stamp, naive) = Stamp::parse_lenient(text).ok()?;
    let remark = if naive { Some(Remark::NaiveTime) } else { (!is_focus(text)).then_some(Remark::LenientTime) };
    Some((stamp, remark))
}

/// Whether a time that can be read is written as `YYYY-MM-DDTHH:mm:ssZ`.
fn is_focus(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T')
}

/// Takes instants as they are, with a remark when the file leaves their zone open.
pub(super) fn from_times(times: &TimeColumn, naive: bool) -> (TimeColumn, Issues) {
    let mut issues = Issues::default();
    if naive {
        for row in (0..times.micros.len()).filter(|row| times.get(*row).is_some()) {
            issues.note(Remark::NaiveTime, row);
        }
    }
    (times.clone(), issues)
}
