//! Opening: what is found again, who may write, and what is refused.

use super::{bill, import, total};
use finops_core::model::catalog::{Entry, Kind};
use finops_core::{ErrorCode, Finops, ImportCharges};
use finops_tests::support::{Child, job};
use std::io::Read;
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn everything_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("new").join("store");
    let first = bill(folder.path(), "a", "1.5", 4);
    let (receipt, state) = {
        let finops = Finops::open(text(&store)).unwrap();
        finops.catalog_upsert(Entry::new(Kind::Tenant, "ten_1", "One")).unwrap();
        import(&finops, &bill(folder.path(), "b", "2", 1)).unwrap();
        let receipt = import(&finops, &first).unwrap();
        (receipt, finops.get_cost_summary(&finops_core::CostSummaryRequest::default()).unwrap().snapshot)
    };
    let finops = Finops::open(text(&store)).unwrap();
    assert_eq!(total(&finops).as_deref(), Some("8"));
    assert_eq!(finops.catalog_get(Kind::Tenant, "ten_1").unwrap().name, "One");
    let again = import(&finops, &first).unwrap();
    assert!(again.unchanged, "the file is known after a restart");
    assert_eq!((again.import_id, again.snapshot), (receipt.import_id, state));
}

#[test]
fn a_second_writer_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let first = Finops::open(text(&store)).unwrap();
    let error = Finops::open(text(&store)).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("location")));
    let own = format!("process {}", std::process::id());
    assert!(error.message().contains(&own) && error.message().contains("read_only"), "{error}");

    let mut child = Child::start("store::opening::child", &["open", text(&store)]);
    let said = child.line().unwrap();
    assert!(said.starts_with("conflict") && said.contains(&own), "another process: {said}");
    drop(first);

    let mut child = Child::start("store::opening::child", &["hold", text(&store)]);
    assert_eq!(child.line().as_deref(), Some("held"));
    let error = Finops::open(text(&store)).unwrap_err();
    assert!(error.message().contains(&format!("process {}", child.id())), "{error}");
    assert_eq!(error.code(), ErrorCode::Conflict);
    child.kill();
    // What was killed holds nothing.
    Finops::open(text(&store)).unwrap();
}

#[test]
fn a_clone_keeps_the_store_open() {
    let folder = tempfile::tempdir().unwrap();
    let first = Finops::open(text(folder.path())).unwrap();
    let clone = first.clone();
    drop(first);
    assert_eq!(Finops::open(text(folder.path())).unwrap_err().code(), ErrorCode::Conflict);
    drop(clone);
    Finops::open(text(folder.path())).unwrap();
}

/// Not a test by itself: what another process does.
#[test]
fn child() {
    let Some(job) = job() else { return };
    match (job[0].as_str(), Finops::open(&job[1])) {
        ("open", Ok(_)) => eprintln!("opened"),
        ("hold", Ok(_finops)) => {
            eprintln!("held");
            // Until the parent kills it, or has gone.
            loop {
                std::thread::sleep(std::time::Duration::from_millis(50));
                if std::env::var_os("FINOPS_TEST_JOB").is_none() {
                    return;
                }
            }
        }
        (_, Err(error)) => eprintln!("{}: {error}", error.code()),
        (other, _) => eprintln!("unknown job {other}"),
    }
}

#[test]
fn a_handle_for_reading_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = bill(folder.path(), "a", "1", 2);
    let store = folder.path().join("store");
    let missing = Finops::builder().read_only().open(text(&store)).unwrap_err();
    assert_eq!((missing.code(), missing.field()), (ErrorCode::NotFound, Some("location")));
    assert!(!store.exists(), "looking for a store makes none");
    let writer = Finops::open(text(&store)).unwrap();
    import(&writer, &path).unwrap();
    for _ in 0..2 {
        // Beside the writer, and beside another reader.
        let reader = Finops::builder().read_only().open(text(&store)).unwrap();
        let other = Finops::builder().read_only().open(text(&store)).unwrap();
        assert_eq!((total(&reader).as_deref(), total(&other).as_deref()), (Some("2"), Some("2")));
        let entry = Entry::new(Kind::Team, "t", "T");
        let refusals = [
            import(&reader, &bill(folder.path(), "a", "9", 1)).unwrap_err(),
            reader.catalog_upsert(entry).unwrap_err(),
            reader.catalog_delete(Kind::Team, "t").unwrap_err(),
        ];
        for error in refusals {
            assert_eq!(error.code(), ErrorCode::Conflict, "{error}");
            assert!(error.message().contains("read_only"), "{error}");
        }
    }
    drop(writer);
    let reader = Finops::builder().read_only().open(text(&store)).unwrap();
    assert_eq!(total(&reader).as_deref(), Some("2"), "without a writer as well");
    assert_eq!(import(&reader, &path).unwrap_err().code(), ErrorCode::Conflict, "even of what is known");
    let writer = Finops::open(text(&store)).unwrap();
    import(&writer, &bill(folder.path(), "a", "5", 1)).unwrap();
    assert_eq!(total(&reader).as_deref(), Some("5"), "a reader sees what comes later");
}

#[test]
fn a_newer_store_and_a_foreign_file_are_refused_and_left_alone() {
    for (setup, code, says) in [
        ("PRAGMA user_version = 99", ErrorCode::Storage, "schema 99"),
        ("CREATE TABLE theirs (x)", ErrorCode::Conflict, "not ours"),
        // Their own numbering, which happens to be where ours is.
        ("CREATE TABLE theirs (x); PRAGMA user_version = 1", ErrorCode::Conflict, "not ours"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.sqlite");
        let connection = rusqlite::Connection::open(&state).unwrap();
        connection.execute_batch(setup).unwrap();
        drop(connection);
        let before = std::fs::read(&state).unwrap();
        let writing = Finops::open(text(folder.path())).unwrap_err();
        let reading = Finops::builder().read_only().open(text(folder.path())).unwrap_err();
        for error in [writing, reading] {
            assert_eq!((error.code(), error.field()), (code, Some("location")), "{error}");
            assert!(error.message().contains(says), "{error}");
        }
        assert!(std::fs::read(&state).unwrap() == before, "{setup}: the file was changed");
    }
}

#[test]
fn a_store_of_a_newer_version_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = bill(folder.path(), "a", "1", 2);
    let store = folder.path().join("store");
    import(&Finops::open(text(&store)).unwrap(), &path).unwrap();
    let state = || rusqlite::Connection::open(store.join("state.sqlite")).unwrap();
    let present: i64 = state().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    state().pragma_update(None, "user_version", present + 1).unwrap();
    for builder in [Finops::builder(), Finops::builder().read_only()] {
        let error = builder.open(text(&store)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Storage);
        let newer = format!("schema {}", present + 1);
        assert!(error.message().contains(&newer) && error.message().contains("update"), "{error}");
    }
    state().pragma_update(None, "user_version", present).unwrap();
    assert_eq!(total(&Finops::open(text(&store)).unwrap()).as_deref(), Some("2"));
}

#[test]
fn a_store_of_an_older_version_gets_what_came_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = bill(folder.path(), "a", "1", 2);
    let store = folder.path().join("store");
    import(&Finops::open(text(&store)).unwrap(), &path).unwrap();
    let state = rusqlite::Connection::open(store.join("state.sqlite")).unwrap();
    // The tables of the third schema, and none that came after.
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('state', 'imports', 'import_files',
               'segments', 'catalog', 'snapshots', 'segment_imports', 'vocabulary') AND name NOT LIKE 'sqlite_%'";
    let names = |mut later: rusqlite::Statement<'_>| -> Vec<String> {
        later.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let later = names(state.prepare(sql).unwrap());
    assert!(later.iter().any(|name| name == "virtual_dimensions"), "{later:?}");
    for name in &later {
        state.execute_batch(&format!("DROP TABLE {name}")).unwrap();
    }
    state.pragma_update(None, "user_version", 3).unwrap();
    drop(state);
    let error = Finops::builder().read_only().open(text(&store)).unwrap_err();
    assert!(error.message().contains("older version"), "{error}");
    let finops = Finops::open(text(&store)).unwrap();
    assert_eq!(total(&finops).as_deref(), Some("2"));
    let product = serde_json::json!({"name": "p", "rules": [{"value": "x", "when": {}}]});
    finops.call("virtual_dimensions.set", product, &()).unwrap();
    drop(finops);
    let reader = Finops::builder().read_only().open(text(&store)).unwrap();
    assert_eq!(reader.virtual_dimensions_get("p").unwrap().rules.len(), 1);
    assert_eq!(reader.virtual_dimensions_delete("p").unwrap_err().code(), ErrorCode::Conflict);
}

#[test]
fn what_is_no_database_is_a_storage_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("state.sqlite"), "my notes, which are no database at all ".repeat(40)).unwrap();
    assert_eq!(Finops::open(text(folder.path())).unwrap_err().code(), ErrorCode::Storage);
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = Finops::open(text(&file)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage);
    assert!(error.message().contains("file"), "{error}");
    for (location, says) in [("", "is empty"), ("postgres://host/db", "URL")] {
        let error = Finops::open(location).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("location")));
        assert!(error.message().contains(says), "{error}");
    }
}

#[test]
fn stores_in_memory_are_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Finops::open(":memory:").unwrap(), Finops::open(":memory:").unwrap());
    one.import_charges(&ImportCharges::new(bill(folder.path(), "a", "1", 3))).unwrap();
    assert_eq!((total(&one).as_deref(), total(&two)), (Some("3"), None));
    assert!(Finops::builder().read_only().open(":memory:").is_err());
}

#[test]
fn the_folder_holds_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let finops = Finops::open(text(&store)).unwrap();
    import(&finops, &bill(folder.path(), "a", "1", 3)).unwrap();
    let files = super::segments_with_hot_files(&store);
    assert_eq!(files.len(), 1);
    assert!(files[0].parent().unwrap().ends_with("charges/2024-01"));
    let mut magic = [0; 4];
    std::fs::File::open(&files[0]).unwrap().read_exact(&mut magic).unwrap();
    assert_eq!(&magic, b"PAR1");
    let mut magic = [0; 6];
    std::fs::File::open(super::hot_of(&files[0])).unwrap().read_exact(&mut magic).unwrap();
    assert_eq!(&magic, b"FinHot");
}
