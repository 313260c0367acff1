//! Whoever edits the log in the state file is found, and the entry is named.

use super::*;
use finops_core::ErrorCode;
use finops_core::engine::AuditExport;

/// A log of ten entries.
fn store(folder: &Path) {
    let finops = open(folder);
    for number in 0..10 {
        call(&finops, "catalog.upsert", team(number % 3, &format!("name {number}")));
    }
    let verdict = verdict(&finops);
    assert_eq!((verdict.ok, verdict.entries), (true, 10));
}

/// What is said of a log in which somebody did that.
fn after(tamper: &str) -> AuditVerdict {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let changed = state(folder.path()).execute_batch(tamper);
    changed.unwrap_or_else(|error| panic!("{tamper}: {error}"));
    verdict(&open(folder.path()))
}

#[test]
fn tampering_is_found_and_named() {
    let columns = "at, actor, action, kind, key, before, after, previous, hash";
    let swapped = format!(
        "CREATE TEMP TABLE copy AS SELECT * FROM audit;
         DELETE FROM audit WHERE seq IN (4, 7);
         INSERT INTO audit SELECT 7, {columns} FROM copy WHERE seq = 4;
         INSERT INTO audit SELECT 4, {columns} FROM copy WHERE seq = 7"
    );
    let inserted = format!(
        "UPDATE audit SET seq = -seq WHERE seq >= 6; UPDATE audit SET seq = 1 - seq WHERE seq < 0;
         INSERT INTO audit SELECT 6, {columns} FROM audit WHERE seq = 5"
    );
    let cases: [(&str, u64); 19] = [
        ("UPDATE audit SET at = at + 1 WHERE seq = 5", 5),
        ("UPDATE audit SET actor = 'somebody' WHERE seq = 5", 5),
        ("UPDATE audit SET action = 'create' WHERE seq = 5", 5),
        ("UPDATE audit SET kind = 'price' WHERE seq = 5", 5),
        ("UPDATE audit SET key = 'team/t9' WHERE seq = 5", 5),
        ("UPDATE audit SET before = NULL WHERE seq = 5", 5),
        ("UPDATE audit SET after = replace(after, 'name', 'game') WHERE seq = 5", 5),
        ("UPDATE audit SET after = 'no JSON' WHERE seq = 5", 5),
        ("UPDATE audit SET previous = zeroblob(32) WHERE seq = 5", 5),
        ("UPDATE audit SET hash = zeroblob(3) WHERE seq = 5", 5),
        ("UPDATE audit SET at = 9223372036854775807 WHERE seq = 5", 5),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 6", 6),
        ("DELETE FROM audit WHERE seq > 8", 9),
        ("DELETE FROM audit", 1),
        (&swapped, 4),
        (&inserted, 6),
        ("PRAGMA ignore_check_constraints = on; UPDATE audit SET seq = -3 WHERE seq = 3", 1),
        ("UPDATE audit_head SET hash = zeroblob(32)", 10),
    ];
    for (tamper, seq) in cases {
        // A number below 1 cannot be put in without saying that checks are to be left out.
        let tamper =
            if tamper == inserted { format!("PRAGMA ignore_check_constraints = on; {tamper}") } else { tamper.into() };
        let verdict = after(&tamper);
        assert!(!verdict.ok, "{tamper}");
        assert_eq!(verdict.broken_at, Some(seq), "{tamper}: {:?}", verdict.problem);
        assert!(verdict.problem.unwrap().contains(&format!("entry {seq}")), "{tamper}");
    }
}

#[test]
fn a_log_that_was_cut_with_its_head_is_told_by_what_was_noted() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let noted = verdict(&open(folder.path())).head;
    let cut = "DELETE FROM audit WHERE seq > 8;
               UPDATE audit_head SET entries = 8, hash = (SELECT hash FROM audit WHERE seq = 8)";
    state(folder.path()).execute_batch(cut).unwrap();
    let finops = open(folder.path());
    assert!(verdict(&finops).ok, "by itself it cannot be told");
    let expecting = AuditVerify { expected_head: Some(noted), path: None };
    let verdict = finops.audit_verify(&expecting).unwrap();
    assert!(!verdict.ok && verdict.problem.unwrap().contains(&noted.to_string()));
}

#[test]
fn what_is_written_on_top_heals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    state(folder.path()).execute_batch("DELETE FROM audit WHERE seq = 10").unwrap();
    let finops = open(folder.path());
    call(&finops, "catalog.upsert", team(1, "later"));
    assert_eq!(verdict(&finops).broken_at, Some(10));
    // A number that is there already is no change of the log, nor of the catalogue.
    state(folder.path()).execute_batch("UPDATE audit_head SET entries = 3").unwrap();
    let error = finops.call("catalog.upsert", team(1, "later still"), &()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage);
    assert!(error.message().contains("audit.verify"), "{error}");
    assert_eq!(call(&finops, "catalog.get", json!({"kind": "team", "id": "t1"}))["name"], "later");
}

#[test]
fn a_copy_is_told_like_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    store(&place);
    let finops = open(&place);
    let path = folder.path().join("log.jsonl").to_str().unwrap().to_owned();
    let exported = finops.audit_export(&AuditExport::new(&path)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!((exported.rows, exported.bytes), (10, text.len() as u64));
    let lines: Vec<&str> = text.lines().collect();
    let read = |lines: &[&str], expected_head| {
        std::fs::write(&path, lines.join("\n")).unwrap();
        finops.audit_verify(&AuditVerify { expected_head, path: Some(path.clone()) }).unwrap()
    };
    let head = Some(exported.head);
    assert_eq!(read(&lines, head), verdict(&finops));
    // Written anew by another program, with blanks and names in another order, it is the same log.
    let anew: Vec<String> = lines
        .iter()
        .map(|line| {
            let Value::Object(fields) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
            let fields =
                fields.iter().rev().map(|(name, value)| format!("{}: {value:#}", json!(name)).replace('\n', " "));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert!(read(&anew.iter().map(String::as_str).collect::<Vec<_>>(), head).ok);
    let edited = text.replacen("name 4", "name 5", 1);
    assert_eq!(read(&edited.lines().collect::<Vec<_>>(), head).broken_at, Some(5));
    assert_eq!(read(&[&lines[..3], &lines[4..]].concat(), head).broken_at, Some(4));
    assert!(read(&lines[..9], None).ok && !read(&lines[..9], head).ok);
    let missing = AuditVerify { path: Some("nowhere.jsonl".into()), ..AuditVerify::default() };
    assert_eq!(finops.audit_verify(&missing).unwrap_err().field(), Some("path"));
}

#[test]
fn a_copy_takes_the_place_of_another_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    store(&place);
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, "before").unwrap();
    let export = AuditExport::new(path.to_str().unwrap());
    state(&place).execute_batch("UPDATE audit SET hash = zeroblob(3) WHERE seq = 5").unwrap();
    let finops = open(&place);
    assert_eq!(finops.audit_export(&export).unwrap_err().code(), ErrorCode::Storage);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    state(&place).execute_batch("DELETE FROM audit WHERE seq >= 5").unwrap();
    assert_eq!(finops.audit_export(&export).unwrap().rows, 4);
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "the store and the copy, and nothing unfinished");
    let nowhere = AuditExport::new(folder.path().join("nowhere/log.jsonl").to_str().unwrap());
    assert_eq!(finops.audit_export(&nowhere).unwrap_err().code(), ErrorCode::InvalidArgument);
}
