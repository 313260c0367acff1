//! The tables of the state file, and how older ones become present ones.

use super::broken;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::time::Duration;

/// How long a statement waits for another connection's transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// "FinO": marks the file as ours.
const APPLICATION_ID: i64 = 0x4669_6e4f;

/// The steps from an empty file to the present schema. A step that was released is never changed.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        snapshot INTEGER NOT NULL
    ) STRICT;
    INSERT INTO state VALUES (1, 0);

    CREATE TABLE imports (
        id TEXT PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        snapshot INTEGER NOT NULL,
        imported_at INTEGER NOT NULL,
        quarantined INTEGER NOT NULL,
        receipt TEXT NOT NULL
    ) STRICT;
    CREATE INDEX imports_by_fingerprint ON imports (fingerprint);

    CREATE TABLE import_files (
        digest BLOB NOT NULL,
        import_id TEXT NOT NULL REFERENCES imports (id),
        PRIMARY KEY (digest, import_id)
    ) STRICT, WITHOUT ROWID;

    -- A segment belongs to the states from `born` up to, and without, `died`.
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY,
        import_id TEXT NOT NULL REFERENCES imports (id),
        billing_account_id TEXT NOT NULL,
        period_start INTEGER NOT NULL,
        period_end INTEGER NOT NULL,
        file TEXT NOT NULL UNIQUE,
        bytes INTEGER NOT NULL,
        digest BLOB NOT NULL,
        charges INTEGER NOT NULL,
        first_charge INTEGER NOT NULL,
        last_charge INTEGER NOT NULL,
        charged_until INTEGER NOT NULL,
        parties TEXT NOT NULL, -- JSON: who sold and who invoiced
        born INTEGER NOT NULL,
        died INTEGER
    ) STRICT;
    CREATE INDEX segments_by_scope ON segments (billing_account_id, period_start) WHERE died IS NULL;
    CREATE INDEX segments_by_import ON segments (import_id);

    CREATE TABLE catalog (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        entry TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE virtual_dimensions (
        name TEXT PRIMARY KEY,
        definition TEXT NOT NULL -- JSON
    ) STRICT, WITHOUT ROWID;
",
];

/// Brings the file to the present schema, all steps in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    refuse_unfit(&transaction)?;
    for step in MIGRATIONS.iter().skip(version(&transaction)?) {
        transaction.execute_batch(step).map_err(broken)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(broken)?;
    transaction.pragma_update(None, "user_version", present()).map_err(broken)?;
    transaction.commit().map_err(broken)
}

/// Refuses a file that a reader cannot understand as it is.
pub(super) fn check(connection: &Connection) -> Result<()> {
    refuse_unfit(connection)?;
    if version(connection)? < MIGRATIONS.len() {
        let message = "the store was made by an older version: open it for writing once, which migrates it";
        return Err(Error::new(ErrorCode::Storage, message).with_field("location"));
    }
    Ok(())
}

fn present() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn version(connection: &Connection) -> Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(broken)?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn is_empty(connection: &Connection) -> Result<bool> {
    let tables = "SELECT count(*) FROM sqlite_schema";
    connection.query_row(tables, [], |row| row.get::<_, i64>(0)).map(|count| count == 0).map_err(broken)
}

/// Refuses a file of another program, and one of a newer version. It only reads, so that the file stays as it is.
pub(super) fn refuse_unfit(connection: &Connection) -> Result<()> {
    // Not told by the version: other programs number theirs as well.
    let mark: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(broken)?;
    if mark != APPLICATION_ID && !is_empty(connection)? {
        let message = "the folder holds a 'state.sqlite' that is not ours: choose another folder";
        return Err(Error::new(ErrorCode::Conflict, message).with_field("location"));
    }
    let (version, known) = (version(connection)?, MIGRATIONS.len());
    if version > known {
        let message = format!("the store has schema {version} and this version knows {known}: update the package");
        return Err(Error::new(ErrorCode::Storage, message).with_field("location"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        check(&connection).unwrap();
    }

    #[test]
    fn a_newer_store_and_a_foreign_file_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert_eq!(migrate(&mut connection).unwrap_err().code(), ErrorCode::Storage);
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1").unwrap();
        assert_eq!(migrate(&mut foreign).unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(check(&foreign).unwrap_err().code(), ErrorCode::Conflict);
    }
}
