//! Damage: what an import that did not finish left, and segments that are not what was written.

use super::{bill, files, hot_of, import, segments, segments_with_hot_files, total};
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

/// The error of asking what January cost.
fn ask(finops: &Finops) -> finops_core::Error {
    let mut request = finops_core::CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    finops.get_cost_summary(&request).unwrap_err()
}

/// The error of an export, which leaves nothing behind.
fn export(finops: &Finops, folder: &Path) -> finops_core::Error {
    let exported = folder.join("out.parquet");
    let error = finops.export_report(&ExportReport::focus(exported.to_str().unwrap())).unwrap_err();
    assert!(!exported.exists(), "no half a report");
    error
}

/// Whether nothing but segments and whole hot files is there.
fn segments_left(store: &Path) -> bool {
    files(store).iter().all(|path| path.extension().is_some_and(|kind| kind == "parquet" || kind == "hot"))
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
    let theirs = [
        first.with_file_name("notes.txt"),
        first.with_file_name("notes.parquet.hot"),
        store.join("charges/readme"),
        store.join("mine.parquet"),
    ];
    std::fs::copy(&first, &leftover).unwrap();
    std::fs::write(&elsewhere, "half a file").unwrap();
    // Hot files: of segments that nobody names, and one that was being built again for one that somebody names.
    let part = |path: &Path| path.with_extension("parquet.hot.part");
    let hot = [hot_of(&leftover), hot_of(&elsewhere), part(&elsewhere), part(&first)];
    for path in &hot {
        std::fs::write(path, "half a file").unwrap();
    }
    for path in &theirs {
        std::fs::write(path, "mine").unwrap();
    }
    let location = store.to_str().unwrap();
    let reader = Finops::builder().read_only().open(location).unwrap();
    assert!(leftover.exists(), "a reader removes nothing: a writer may be writing it");
    assert_eq!(total(&reader).as_deref(), Some("506"));
    let writer = Finops::open(location).unwrap();
    assert!(!leftover.exists() && !elsewhere.exists());
    assert!(hot.iter().all(|path| !path.exists()));
    assert!(theirs.iter().all(|path| path.exists()), "files of others stay");
    assert!(named.iter().all(|path| path.exists() && hot_of(path).exists()), "named segments stay");
    assert_eq!(total(&writer).as_deref(), Some("506"));
}

#[test]
fn each_import_writes_files_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, _) = filled(folder.path());
    for number in 3..6 {
        import(&finops, &bill(folder.path(), "c", &number.to_string(), 1)).unwrap();
    }
    let names = segments_with_hot_files(&folder.path().join("store"));
    assert_eq!(names.len(), 5, "what was replaced stays for readers of older states");
}

#[test]
fn a_missing_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, first) = filled(folder.path());
    std::fs::remove_file(&first).unwrap();
    let name = first.file_name().unwrap().to_str().unwrap();
    assert_eq!(total(&finops).as_deref(), Some("506"), "costs are in its hot file");
    let error = export(&finops, folder.path());
    assert!(error.code() == ErrorCode::Storage && error.message().contains(name), "{error}");
    drop(finops);
    std::fs::remove_file(hot_of(&first)).unwrap();
    let store = folder.path().join("store");
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    let error = ask(&finops);
    assert!(error.code() == ErrorCode::Storage && error.message().contains(name), "{error}");
    assert!(segments_left(&store), "no half a hot file");
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
        assert_eq!(total(&finops).as_deref(), Some("506"), "costs are in its hot file");
        let error = export(&finops, folder.path());
        assert_eq!(error.code(), ErrorCode::Storage, "{length} bytes: {error}");
        assert!(error.message().contains(name), "{error}");
    }
    drop(finops);
    // Without the hot file nothing but the segment can be asked.
    std::fs::remove_file(hot_of(&first)).unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    for length in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&first, &bytes[..length]).unwrap();
        for builder in [Finops::builder(), Finops::builder().read_only()] {
            let error = ask(&builder.open(location).unwrap());
            assert_eq!(error.code(), ErrorCode::Storage, "{length} bytes: {error}");
            assert!(error.message().contains(name), "{error}");
        }
        assert!(!hot_of(&first).exists() && segments_left(&store), "no half a hot file");
    }
    std::fs::write(&first, &bytes).unwrap();
    assert_eq!(total(&Finops::open(location).unwrap()).as_deref(), Some("506"));
    segments_with_hot_files(&store);
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
        let error = export(&finops, folder.path());
        assert_eq!(error.code(), ErrorCode::Storage, "byte {place}: {error}");
        assert!(error.message().contains("not as it was written"), "byte {place}: {error}");
    }
    // And none becomes a hot file.
    std::fs::remove_file(hot_of(&first)).unwrap();
    for place in (0..bytes.len()).step_by(bytes.len() / 30 + 1) {
        let mut other = bytes.clone();
        other[place] ^= 0x55;
        std::fs::write(&first, &other).unwrap();
        let finops = Finops::open(folder.path().join("store").to_str().unwrap()).unwrap();
        let error = ask(&finops);
        assert_eq!(error.code(), ErrorCode::Storage, "byte {place}: {error}");
        assert!(error.message().contains("not as it was written"), "byte {place}: {error}");
        assert!(!hot_of(&first).exists(), "byte {place}");
    }
}
