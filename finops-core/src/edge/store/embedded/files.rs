//! The files of a state, named for other tools.

use super::manifest::{integer, natural};
use super::{broken, history, unusable};
use crate::Result;
use crate::edge::store::SegmentFile;
use crate::model::charge::Scope;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode};
use rusqlite::{Connection, Row, params};
use std::path::Path;

/// The segments of a state that lie below a folder, in the order in which they are scanned.
pub(super) fn list(connection: &Connection, snapshot: u64, folder: &Path) -> Result<Vec<SegmentFile>> {
    let folder = std::path::absolute(folder).map_err(|error| unusable(folder, error))?;
    let sql = "SELECT file, charges, bytes, billing_account_id, period_start, period_end FROM segments
               WHERE born <= ?1 AND (died IS NULL OR died > ?1) ORDER BY period_start, billing_account_id, id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(params![integer(snapshot)?], |row| Ok(file(row, &folder))).map_err(broken)?;
    let found = rows.map(|row| row.map_err(broken)?).collect::<Result<_>>()?;
    // After them, as for a scan: what a vacuum removed is missing among them.
    history::refuse_removed(connection, snapshot)?;
    Ok(found)
}

fn file(row: &Row<'_>, folder: &Path) -> Result<SegmentFile> {
    let number = |column: usize| row.get::<_, i64>(column).map_err(broken);
    let stamp = |column: usize| Stamp::from_micros(number(column)?);
    let path = folder.join(row.get::<_, String>(0).map_err(broken)?);
    let path = path.into_os_string().into_string().map_err(|path| {
        let message = format!("the path {} is not Unicode: open the store at another one", path.display());
        Error::new(ErrorCode::Storage, message)
    })?;
    let scope = Scope { billing_account_id: row.get(3).map_err(broken)?, start: stamp(4)?, end: stamp(5)? };
    let (rows, bytes) = (natural(number(1)?)?, natural(number(2)?)?);
    let billing_period = scope.period_label();
    Ok(SegmentFile { path, rows, bytes, billing_account_id: scope.billing_account_id, billing_period })
}
