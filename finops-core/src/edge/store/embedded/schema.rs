//! The tables of the state file, and how older ones become present ones.

mod steps;

use super::broken;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::time::Duration;
use steps::MIGRATIONS;

/// How long a statement waits for another connection's transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// "FinO": marks the file as ours.
const APPLICATION_ID: i64 = 0x4669_6e4f;

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

    /// A store of the first schema: one import that was replaced in part, and the one that replaced.
    const OLDER: &str = "
        INSERT INTO imports VALUES ('imp_1', x'01', 1, 1000, 0, '{}'), ('imp_2', x'02', 2, 2000, 0, '{}');
        INSERT INTO import_files VALUES (x'01', 'imp_1'), (x'02', 'imp_2');
        INSERT INTO segments VALUES
            (1, 'imp_1', 'a', 0, 9, 'one', 10, x'', 5, 1, 2, 3, '[]', 1, 2),
            (2, 'imp_1', 'b', 0, 9, 'two', 10, x'', 7, 3, 4, 5, '[]', 1, NULL),
            (3, 'imp_2', 'a', 0, 9, 'three', 10, x'', 11, 5, 6, 7, '[]', 2, NULL);
        UPDATE state SET snapshot = 2;";

    #[test]
    fn an_older_store_learns_its_history() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.execute_batch(OLDER).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut connection).unwrap();
        check(&connection).unwrap();
        let lines = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let states = "SELECT format('%d %d %s %d', id, at, cause, charges) FROM snapshots ORDER BY id";
        assert_eq!(lines(states), ["1 1000 import 12", "2 2000 import 18"]);
        let whole = "SELECT format('%s %d', id, whole) FROM imports ORDER BY id";
        assert_eq!(lines(whole), ["imp_1 0", "imp_2 1"]);
        let places = "SELECT format('%d %s %d %d', segment_id, import_id, first_charge, last_charge)
                      FROM segment_imports ORDER BY segment_id";
        assert_eq!(lines(places), ["1 imp_1 1 2", "2 imp_1 3 4", "3 imp_2 5 6"]);
        assert_eq!(lines("SELECT format('%d %d', snapshot, oldest) FROM state"), ["2 0"]);
        assert_eq!(lines("SELECT format('%s', \"table\") FROM pragma_foreign_key_check"), [""; 0]);
    }

    /// What users said of anomalies, as a store of schema 12 has it.
    const OLDER_FEEDBACK: &str = r#"
        INSERT INTO definitions VALUES
            ('anomaly_feedback', 'ano_01HT0000000000000000000001', '{"said":"by all"}', 1),
            ('anomaly_feedback', 'ano_01HT0000000000000000000001/{"tenant_id":"a/b"}', '{"said":"by a/b"}', 2),
            ('budget', 'bud_1', '{}', 3);"#;

    #[test]
    fn feedback_of_an_older_store_stays_with_those_who_gave_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        for step in &MIGRATIONS[..12] {
            connection.execute_batch(step).unwrap();
        }
        connection.execute_batch(OLDER_FEEDBACK).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 12).unwrap();
        migrate(&mut connection).unwrap();
        let lines = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let feedback = "SELECT format('%s|%s|%s', narrowing, anomaly, body) FROM anomaly_feedback ORDER BY narrowing";
        assert_eq!(
            lines(feedback),
            [
                r#"|ano_01HT0000000000000000000001|{"said":"by all"}"#,
                r#"{"tenant_id":"a/b"}|ano_01HT0000000000000000000001|{"said":"by a/b"}"#,
            ]
        );
        assert_eq!(lines("SELECT key FROM definitions"), ["bud_1"]);
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
