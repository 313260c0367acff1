//! Damage: what an import that did not finish left, and segments that are not what was written.

use super::{bill, import, segments, total};
use finops_core::{ErrorCode, ExportReport, Finops};
use std::path::{Path, PathBuf};

/// A store with two accounts' January, and the file of the first.
fn filled(folder: &Path) -> (Finops, PathBuf) {
    let store = folder.join("store");
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    import(&finops, &bill(folder, "a", "1", 500)).unwrap();
    let first = segments(&store).remove(0);
    import(&finops, &bill(folder, "b", "2", 3)).unwrap();
    (finops, first)
}

fn ask(finops: &Finops) -> finops_core::Error {
    let mut request = finops_core::CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    finops.get_cost_summary(&request).unwrap_err()
}

#[test]
fn leftovers_of_an_unfinished_import_go_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, first) = filled(folder.path());
    let store = folder.path().join("store");
    drop(finops);
    let named = segments(&store);
    let leftover = first.with_file_name("imp_00000009_0123456789abcdef.parquet");
    let elsewhere = store.join("charges/1999-01/imp_00000001_0123456789abcdef.parquet");
    std::fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
    let theirs = [first.with_file_name("notes.txt"), store.join("charges/readme"), store.join("mine.parquet")];
    std::fs::copy(&first, &leftover).unwrap();
    std::fs::write(&elsewhere, "half a file").unwrap();
    for path in &theirs {
        std::fs::write(path, "mine").unwrap();
    }
    let location = store.to_str().unwrap();
    let reader = Finops::builder().read_only().open(location).unwrap();
    assert!(leftover.exists(), "a reader removes nothing: a writer may be writing it");
    assert_eq!(total(&reader).as_deref(), Some("506"));
    let writer = Finops::open(location).unwrap();
    assert!(!leftover.exists() && !elsewhere.exists());
    assert!(theirs.iter().all(|path| path.exists()), "files of others stay");
    assert!(named.iter().all(|path| path.exists()), "named segments stay");
    assert_eq!(total(&writer).as_deref(), Some("506"));
}

#[test]
fn each_import_writes_files_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, _) = filled(folder.path());
    for number in 3..6 {
        import(&finops, &bill(folder.path(), "c", &number.to_string(), 1)).unwrap();
    }
    let names = segments(&folder.path().join("store"));
    assert_eq!(names.len(), 5, "what was replaced stays for readers of older states");
}

#[test]
fn a_missing_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, first) = filled(folder.path());
    std::fs::remove_file(&first).unwrap();
    let error = ask(&finops);
    assert_eq!(error.code(), ErrorCode::Storage);
    assert!(error.message().contains(first.file_name().unwrap().to_str().unwrap()), "{error}");
    // Importing the billing period again brings it back.
    import(&finops, &bill(folder.path(), "a", "1", 501)).unwrap();
    assert_eq!(total(&finops).as_deref(), Some("507"));
}

#[test]
fn a_cut_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, first) = filled(folder.path());
    let bytes = std::fs::read(&first).unwrap();
    let name = first.file_name().unwrap().to_str().unwrap();
    for length in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&first, &bytes[..length]).unwrap();
        let error = ask(&finops);
        assert_eq!(error.code(), ErrorCode::Storage, "{length} bytes: {error}");
        assert!(error.message().contains(name), "{error}");
        let exported = folder.path().join("out.parquet");
        let error = finops.export_report(&ExportReport::focus(exported.to_str().unwrap())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Storage);
        assert!(!exported.exists(), "no half a report");
    }
    std::fs::write(&first, &bytes).unwrap();
    assert_eq!(total(&finops).as_deref(), Some("506"));
}

#[test]
fn a_segment_with_any_other_byte_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, first) = filled(folder.path());
    drop(finops);
    let bytes = std::fs::read(&first).unwrap();
    for place in (0..bytes.len()).step_by(bytes.len() / 120 + 1).chain(bytes.len() - 12..bytes.len()) {
        let mut other = bytes.clone();
        other[place] ^= 0x55;
        std::fs::write(&first, &other).unwrap();
        // A process checks a segment when it first reads it.
        let finops = Finops::open(folder.path().join("store").to_str().unwrap()).unwrap();
        let mut request = finops_core::CostSummaryRequest::default();
        request.period = Some("2024-01".parse().unwrap());
        let error = finops.get_cost_summary(&request).expect_err("a changed byte");
        assert_eq!(error.code(), ErrorCode::Storage, "byte {place}: {error}");
        assert!(error.message().contains("not as it was written"), "byte {place}: {error}");
    }
}
