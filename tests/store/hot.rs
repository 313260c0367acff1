//! Hot files: whatever happens to them, answers stay the same, and they are built again.

use super::{bill, files, hot_of, import, segments, segments_with_hot_files, total};
use finops_core::edge::store::{EmbeddedStore, Store};
use finops_core::insight::plan;
use finops_core::insight::question::Question;
use finops_core::model::charge::CostView;
use finops_core::model::filter::Filter;
use finops_core::model::time::{Interval, Stamp};
use finops_core::{CostSummaryRequest, Finops};
use finops_tests::support::{Bill, row};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// What January cost by account and resource, as text, and how many hot files were built again for that.
fn ask(finops: &Finops) -> (String, u64) {
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    request.group_by.0 = ["account", "resource_id"].map(|name| name.parse().unwrap()).to_vec();
    request.limit = Some(100);
    let mut summary = finops.get_cost_summary(&request).unwrap();
    let rebuilt = summary.data_health.rebuilt_segments.take().unwrap();
    (format!("{:?} {:?}", summary.total_cost, summary.breakdown), rebuilt)
}

fn open(store: &Path) -> Finops {
    Finops::open(store.to_str().unwrap()).unwrap()
}

fn open_to_read(store: &Path) -> Finops {
    Finops::builder().read_only().open(store.to_str().unwrap()).unwrap()
}

/// A store in `store` below the folder, of two accounts, whose charges are told apart; the hot file of the first; and
/// what is answered.
fn filled(folder: &Path) -> (PathBuf, PathBuf, String) {
    let store = folder.join("store");
    let finops = open(&store);
    for account in ["a", "b"] {
        let charge = |number: usize| {
            let (cost, day) =
                (format!("{}.{number:02}", number % 7), format!("2024-01-{:02}T00:00:00Z", number % 4 + 1));
            let resource = format!("{account}-{}", number % 3);
            row(&[
                ("BillingAccountId", account),
                ("EffectiveCost", &cost),
                ("ResourceId", &resource),
                ("ChargePeriodStart", &day),
            ])
        };
        let path = Bill::new((0..48).map(charge)).write(folder, &format!("{account}.csv"));
        import(&finops, path.to_str().unwrap()).unwrap();
    }
    let (answer, rebuilt) = ask(&finops);
    assert_eq!(rebuilt, 0);
    drop(finops);
    // Built again it knows the texts of both, and is the same from then on.
    let hot = hot_of(&segments_with_hot_files(&store)[0]);
    std::fs::remove_file(&hot).unwrap();
    assert_eq!(ask(&open(&store)), (answer.clone(), 1));
    (store, hot, answer)
}

/// Where the columns of a hot file end and its directory begins.
fn columns_end(hot: &[u8]) -> usize {
    let tail = hot[hot.len() - 32..][..8].try_into().unwrap();
    usize::try_from(u64::from_le_bytes(tail)).unwrap()
}

/// The answer stays, the file is built again once, and then is sound.
fn is_built_again(store: &Path, answer: &str, what: &str) {
    let named = segments(store);
    let before = files(store);
    assert_eq!(ask(&open_to_read(store)), (answer.to_owned(), 0), "{what}: a reader");
    assert_eq!(files(store), before, "{what}: a reader writes nothing");
    let finops = open(store);
    assert_eq!(ask(&finops), (answer.to_owned(), 1), "{what}");
    assert_eq!(ask(&finops), (answer.to_owned(), 0), "{what}: again");
    drop(finops);
    assert_eq!(segments_with_hot_files(store), named, "{what}");
    assert_eq!(ask(&open(store)), (answer.to_owned(), 0), "{what}: by another process");
}

#[test]
fn what_is_no_sound_hot_file_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hot, answer) = filled(folder.path());
    let sound = std::fs::read(&hot).unwrap();
    std::fs::remove_file(&hot).unwrap();
    is_built_again(&store, &answer, "missing");
    let other = std::fs::read(hot_of(&segments(&store)[1])).unwrap();
    let mut older = sound.clone();
    let end = older.len();
    older[..8].copy_from_slice(b"FinHot00");
    older[end - 8..].copy_from_slice(b"FinHot00");
    let twice = [sound.as_slice(), &sound].concat();
    let longer = [sound.as_slice(), b"more"].concat();
    let zeros = vec![0; sound.len()];
    for (what, bytes) in [
        ("empty", &[][..]),
        ("that of another segment", &other),
        ("of an older form", &older),
        ("longer", &longer),
        ("twice", &twice),
        ("zeros, as a crash may leave them", &zeros),
        ("cut before the directory", &sound[..sound.len() / 3]),
        ("its last bytes only", &sound[end - 40..]),
    ] {
        std::fs::write(&hot, bytes).unwrap();
        is_built_again(&store, &answer, what);
        assert!(std::fs::read(&hot).unwrap() == sound, "{what}: it is built as it was");
    }
}

#[test]
fn a_hot_file_cut_anywhere_or_with_any_other_byte_gives_no_other_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hot, answer) = filled(folder.path());
    let sound = std::fs::read(&hot).unwrap();
    for length in (0..sound.len()).step_by(7).chain(sound.len() - 40..sound.len()) {
        std::fs::write(&hot, &sound[..length]).unwrap();
        assert_eq!(ask(&open_to_read(&store)).0, answer, "cut to {length} bytes");
    }
    for place in (0..sound.len()).step_by(3).chain(sound.len() - 40..sound.len()) {
        let mut other = sound.clone();
        other[place] ^= 1 << (place % 8);
        std::fs::write(&hot, &other).unwrap();
        assert_eq!(ask(&open_to_read(&store)).0, answer, "byte {place}");
    }
    // One who may write builds it again, wherever the damage is found.
    for place in (8..sound.len()).step_by(sound.len() / 24) {
        let mut other = sound.clone();
        other[place] ^= 0x55;
        std::fs::write(&hot, &other).unwrap();
        let (found, rebuilt) = ask(&open(&store));
        assert_eq!(found, answer, "byte {place}");
        // What the question does not look at is not read.
        assert!((rebuilt == 1) == (std::fs::read(&hot).unwrap() == sound), "byte {place}");
        assert_eq!(ask(&open(&store)), (answer.clone(), 0), "byte {place}: by another process");
    }
}

/// A copy of the state file from before a hot file was built again lacks the texts that came with it.
#[test]
fn codes_without_texts_are_given_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hot, answer) = filled(folder.path());
    let state = rusqlite::Connection::open(store.join("state.sqlite")).unwrap();
    state.execute("DELETE FROM vocabulary", []).unwrap();
    drop(state);
    assert_eq!(ask(&open_to_read(&store)), (answer.clone(), 0));
    let finops = open(&store);
    assert_eq!(ask(&finops), (answer.clone(), 2), "both files have codes without texts");
    drop(finops);
    assert_eq!(ask(&open(&store)), (answer, 0));
    assert!(hot.exists());
}

#[test]
fn queries_at_the_same_time_share_one_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hot, answer) = filled(folder.path());
    let sound = std::fs::read(&hot).unwrap();
    for round in 0..6 {
        let mut other = sound.clone();
        // Of the columns, which are read after the directory was found sound.
        for byte in &mut other[8..columns_end(&sound)] {
            *byte ^= 0x11;
        }
        std::fs::write(&hot, &other).unwrap();
        let finops = open(&store);
        thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(&finops).0)).collect();
            for asked in asked {
                assert_eq!(asked.join().unwrap(), answer, "round {round}");
            }
        });
        assert_eq!(ask(&finops).0, answer);
        drop(finops);
        assert!(std::fs::read(&hot).unwrap() == sound, "round {round}");
    }
}

#[test]
fn while_an_import_goes_on_nothing_is_built_and_answers_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let (path, hot, answer) = filled(folder.path());
    std::fs::remove_file(&hot).unwrap();
    let store = Arc::new(EmbeddedStore::open(&path).unwrap());
    let finops = Finops::builder().store(Arc::<EmbeddedStore>::clone(&store)).open("").unwrap();
    let session = store.begin_import().unwrap();
    assert_eq!(ask(&finops), (answer.clone(), 0));
    assert!(!hot.exists());
    drop(session);
    assert_eq!(ask(&finops), (answer, 1));
    segments_with_hot_files(&path);
}

#[test]
fn a_hot_file_that_cannot_be_written_stops_no_query() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hot, answer) = filled(folder.path());
    std::fs::remove_file(&hot).unwrap();
    // In its place is what a file cannot take the place of.
    std::fs::create_dir_all(hot.join("theirs")).unwrap();
    let before = files(&store);
    assert_eq!(ask(&open(&store)), (answer.clone(), 0));
    assert_eq!(files(&store), before, "nothing is left beside it");
    std::fs::remove_dir_all(&hot).unwrap();
    is_built_again(&store, &answer, "the place is free");
}

#[test]
fn what_is_refused_or_given_up_leaves_no_hot_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let finops = open(&store);
    let path = folder.path().join("bad.csv");
    let text = std::fs::read_to_string(bill(folder.path(), "a", "1", 3)).unwrap();
    std::fs::write(&path, format!("{text}a,row,of,nothing\n")).unwrap();
    let mut request = finops_core::ImportCharges::new(path.to_str().unwrap());
    request.strict = true;
    finops.import_charges(&request).unwrap_err();
    let left = std::fs::read_dir(store.join("charges")).unwrap().map(|period| period.unwrap().path());
    assert_eq!(left.flat_map(|period| std::fs::read_dir(period).unwrap()).count(), 0);
    import(&finops, &bill(folder.path(), "a", "1", 3)).unwrap();
    assert_eq!(total(&finops).as_deref(), Some("3"));
    segments_with_hot_files(&store);
}

/// What is too long for a code is gone through charge by charge, and its file says so: it is not built at each query.
#[test]
fn texts_that_are_too_long_for_a_code_are_answered_from_the_charges() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let interval = Interval::always();
    let scanned = |length: usize| {
        let long = format!("{{\"team\": \"{}\"}}", "x".repeat(length - 12));
        let charge = |tags: &str| row(&[("EffectiveCost", "2.5"), ("Tags", tags), ("BillingAccountId", "a")]);
        let path = Bill::new([charge(&long), charge("{}"), charge(&long)]).write(folder.path(), "long.csv");
        import(&open(&store), path.to_str().unwrap()).unwrap();
        let ask = |rebuilt: u64| {
            let store = EmbeddedStore::open(&store).unwrap();
            let mut question = Question::new(interval, CostView::Effective);
            question.dimensions = vec!["tag:team".parse().unwrap()];
            let sums = store.aggregate(&store.snapshot().unwrap(), &question, &()).unwrap();
            let mut groups: Vec<_> =
                (0..sums.len()).map(|group| (sums.values_of(group)[0], sums.costs_of(group)[0])).collect();
            groups.sort_unstable();
            let value = &long[10..long.len() - 2];
            assert_eq!(groups, [(None, 25 * 10_i128.pow(17)), (Some(value), 5 * 10_i128.pow(18))]);
            assert_eq!(sums.path.rebuilt_segments, rebuilt);
            sums.path.scanned_segments
        };
        let before = ask(0);
        std::fs::remove_file(hot_of(segments(&store).last().unwrap())).unwrap();
        assert_eq!((ask(1), ask(0)), (before, before));
        segments_with_hot_files(&store);
        before
    };
    assert_eq!(scanned(32 << 10), 0);
    assert_eq!(scanned((32 << 10) + 1), 1);
}

/// A bill of 600 tenants, with four charges of a kind on each of four days, so that they are worth adding up
/// beforehand. What something costs doubles from day to day.
fn bill_of_tenants(folder: &Path) -> PathBuf {
    let charge = |number: usize| {
        let (kind, day) = (number / 16, number % 4);
        let (tenant, service) = (format!("t{:03}", kind % 600), format!("s{}", kind % 7));
        let [start, end] = [day + 1, day + 2].map(|day| format!("2024-01-0{day}T00:00:00Z"));
        let cost = cents_of(kind, day);
        row(&[
            ("BillingAccountId", "a"),
            ("SubAccountId", &tenant),
            ("ServiceName", &service),
            ("EffectiveCost", &format!("{}.{:02}", cost / 100, cost % 100)),
            ("ChargePeriodStart", &start),
            ("ChargePeriodEnd", &end),
        ])
    };
    Bill::new((0..4 * 24_000).map(charge)).write(folder, "many.csv")
}

fn cents_of(kind: usize, day: usize) -> usize {
    (kind % 11 * 100 + kind % 100) << day
}

/// The buckets of an answer, the services, and the costs.
type Groups = Vec<(u32, String, i128)>;

/// What some tenants cost by service, on some of the four days, in buckets of so many days.
fn cost_of_tenants(tenants: &[usize], days: Range<usize>, together: usize) -> Groups {
    let mut groups = BTreeMap::new();
    for kind in (0..6000).filter(|kind| tenants.contains(&(kind % 600))) {
        for day in days.start..days.end.min(4) {
            let bucket = u32::try_from((day - days.start) / together).unwrap();
            let cost = 4 * i128::try_from(cents_of(kind, day)).unwrap() * 10_i128.pow(16);
            *groups.entry((bucket, format!("s{}", kind % 7))).or_insert(0) += cost;
        }
    }
    groups.into_iter().map(|((bucket, service), cost)| (bucket, service, cost)).collect()
}

/// The same as a store answers it, by some dimensions.
fn ask_of_tenants(
    store: &EmbeddedStore,
    by: &[&str],
    tenants: &[usize],
    days: Range<usize>,
    together: usize,
) -> (Groups, plan::Path) {
    let first = Stamp::parse("2024-01-01T00:00:00Z").unwrap().micros();
    let start_of = |day: usize| Stamp::from_micros(first + i64::try_from(day).unwrap() * 86_400_000_000).unwrap();
    let span = |days: Range<usize>| Interval::new(start_of(days.start), start_of(days.end)).unwrap();
    let mut question = Question::new(span(days.clone()), CostView::Effective);
    question.dimensions = by.iter().map(|word| word.parse().unwrap()).collect();
    let buckets = days.clone().step_by(together).map(|day| span(day..days.end.min(day + together)));
    question.buckets = (together < days.len()).then(|| buckets.collect());
    let wanted = tenants.iter().map(|tenant| Some(format!("t{tenant:03}"))).collect();
    question.filter = Filter::In("sub_account".parse().unwrap(), wanted);
    let sums = store.aggregate(&store.snapshot().unwrap(), &question, &()).unwrap();
    let service = |group: usize| sums.values_of(group).first().map_or("", |service| service.unwrap()).to_owned();
    let group = |group: usize| (sums.heads[group].bucket, service(group), sums.costs_of(group)[0]);
    let mut groups: Groups = (0..sums.len()).map(group).collect();
    groups.sort_unstable();
    (groups, sums.path)
}

/// A filter on what rows are sorted by reads the records of its value, once.
#[test]
fn one_of_many_tenants_is_answered_from_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let path = bill_of_tenants(folder.path());
    import(&open(&store), path.to_str().unwrap()).unwrap();
    let hot = hot_of(&segments(&store)[0]);
    let sound = std::fs::read(&hot).unwrap();
    let ask = |store: &EmbeddedStore, tenant: usize, days: Range<usize>, together: usize| {
        ask_of_tenants(store, &["service"], &[tenant], days, together)
    };
    for (days, together) in [(0..1, 1), (0..4, 4), (0..9, 9), (1..2, 1), (1..3, 2), (2..9, 7), (0..4, 1), (1..4, 2)] {
        let finops = EmbeddedStore::open_read_only(&store).unwrap();
        for tenant in [7, 0, 599] {
            let what = format!("tenant {tenant} on days {days:?} by {together}");
            let wanted = cost_of_tenants(&[tenant], days.clone(), together);
            let (total, of_total) = ask_of_tenants(&finops, &[], &[tenant], days.clone(), days.len());
            assert!(0 < of_total.bytes_read && of_total.bytes_read <= 8192, "a column less: {of_total:?}");
            assert_eq!(total, [(0, String::new(), wanted.iter().map(|(_, _, cost)| cost).sum())], "{what}");
            let (first, path) = ask(&finops, tenant, days.clone(), together);
            assert_eq!((first, path.scanned_segments), (wanted.clone(), 0), "{what}");
            let (again, kept) = ask(&finops, tenant, days.clone(), together);
            assert_eq!(again, wanted, "{what}, again");
            // Seven services on each day, of some dozen bytes: a page of records, or two.
            assert!(0 < path.bytes_read && path.bytes_read <= 8192, "records of this tenant: {path:?}");
            assert_eq!(kept.bytes_read, 0, "the columns are in memory");
            assert_eq!(path.rows_from_days + path.rows_from_cube, kept.rows_from_days + kept.rows_from_cube);
        }
        assert!(ask(&finops, 600, days.clone(), together).0.is_empty(), "nobody is called so");
        // Of two there are no records in one place: their rows are looked for in each day.
        for tenants in [[7, 8], [3, 590]] {
            let (found, _) = ask_of_tenants(&finops, &["service"], &tenants, days.clone(), together);
            assert_eq!(found, cost_of_tenants(&tenants, days.clone(), together), "{tenants:?} on days {days:?}");
        }
    }
    // Whatever is damaged shows where it is read, from records as from whole columns.
    for place in (8..columns_end(&sound)).step_by(9001) {
        let mut other = sound.clone();
        other[place] ^= 0x20;
        std::fs::write(&hot, &other).unwrap();
        let finops = EmbeddedStore::open_read_only(&store).unwrap();
        for _ in 0..2 {
            assert_eq!(ask(&finops, 7, 0..4, 4).0, cost_of_tenants(&[7], 0..4, 4), "byte {place}");
        }
    }
    // Records are built again as columns are: the first question of a tenant reads nothing else.
    let mut other = sound.clone();
    other[8..columns_end(&sound)].iter_mut().for_each(|byte| *byte ^= 0x20);
    std::fs::write(&hot, &other).unwrap();
    let finops = EmbeddedStore::open(&store).unwrap();
    let (found, path) = ask(&finops, 7, 0..1, 1);
    let wanted = cost_of_tenants(&[7], 0..1, 1);
    assert_eq!((found, path.rebuilt_segments, path.scanned_segments), (wanted, 1, 0));
    assert!(std::fs::read(&hot).unwrap() == sound);
}
