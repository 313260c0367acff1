//! The log of changes as JSON lines: out of the store, for an auditor, and read again.

use super::export::{Partial, unwritable};
use super::store::Store;
use crate::model::audit::{AuditEntry, AuditHead};
use crate::{Error, ErrorCode, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// No line of ours is longer: bodies are bounded, and so are ids.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// Writes every entry of the log, one a line, to a file in place of what is at the path. Gives how many there are, how
/// many bytes, and the end of the log.
///
/// # Errors
/// `storage` when it cannot be written or an entry cannot be read; then what was at the path is still there.
pub fn write_audit_lines(store: &dyn Store, path: &Path) -> Result<(u64, u64, AuditHead)> {
    let partial = Partial::create(path)?;
    let mut writer = BufWriter::new(partial.try_clone().map_err(|error| unwritable(path, error))?);
    let mut rows = 0;
    let head = store.scan_audit(&mut |entry| {
        let line = serde_json::to_string(&entry?)
            .map_err(|error| Error::new(ErrorCode::Storage, format!("an entry cannot be written down: {error}")))?;
        rows += 1;
        writeln!(writer, "{line}").map_err(|error| unwritable(path, error))
    })?;
    writer.into_inner().map_err(|error| unwritable(path, error.into_error()))?;
    Ok((rows, partial.finish()?, head))
}

/// Gives every entry of a file of such lines, one that cannot be read as an error. Empty lines are left out.
///
/// # Errors
/// `invalid_argument` when the file cannot be read, or a line is longer than any that is written.
pub fn read_audit_lines(path: &Path, visit: &mut dyn FnMut(Result<AuditEntry>)) -> Result<()> {
    let wrong = |error: std::io::Error| Error::invalid("path", format!("'{}' cannot be read: {error}", path.display()));
    let mut reader = BufReader::new(File::open(path).map_err(wrong)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(wrong)? == 0 {
            return Ok(());
        }
        if line.len() as u64 == MAX_LINE_BYTES {
            let message = format!("'{}' has a line of more than {MAX_LINE_BYTES} bytes: it is no log", path.display());
            return Err(Error::invalid("path", message));
        }
        if !line.trim_ascii().is_empty() {
            visit(AuditEntry::from_line(&String::from_utf8_lossy(&line)));
        }
    }
}
