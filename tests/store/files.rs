//! What other tools get: the files of the present state, and its charges as a relation.

use super::{bill, import};
use finops_core::engine::RelationColumn;
use finops_core::model::charge::ChargeColumn;
use finops_core::{ErrorCode, Finops};
use std::path::{Path, PathBuf};

#[test]
fn the_files_of_the_present_state_are_named_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(folder.path().join("store").to_str().unwrap()).unwrap();
    assert_eq!(finops.segments().unwrap().count, 0);
    import(&finops, &bill(folder.path(), "acct-1", "1", 3)).unwrap();
    import(&finops, &bill(folder.path(), "acct-2", "1", 2)).unwrap();
    let before = finops.segments().unwrap();
    let receipt = import(&finops, &bill(folder.path(), "acct-1", "2", 4)).unwrap();
    let after = finops.segments().unwrap();
    let shown: Vec<_> = after
        .items
        .iter()
        .map(|file| (file.billing_account_id.as_str(), file.billing_period.as_str(), file.rows))
        .collect();
    assert_eq!(shown, [("acct-1", "2024-01", 4), ("acct-2", "2024-01", 2)]);
    assert_eq!((after.snapshot, after.count), (receipt.snapshot, 2));
    assert_eq!(after.items[1], before.items[1]);
    assert_ne!(after.items[0].path, before.items[0].path);
    for file in &after.items {
        let path = PathBuf::from(&file.path);
        assert!(path.is_absolute());
        assert_eq!(std::fs::metadata(path).unwrap().len(), file.bytes);
    }
}

#[test]
fn a_relation_stays_what_it_was_while_bills_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(":memory:").unwrap();
    import(&finops, &bill(folder.path(), "acct-1", "1", 3)).unwrap();
    let names = ["EffectiveCost".to_owned()];
    let relation = finops.relation(Some(&names), None).unwrap();
    assert_eq!(relation.columns(), [RelationColumn::Known(ChargeColumn::EffectiveCost)]);
    import(&finops, &bill(folder.path(), "acct-1", "2", 4)).unwrap();
    assert_eq!((rows(&finops, None), relation.snapshot()), (4, 1));
    let mut costs = Vec::new();
    finops
        .read(&relation, &mut |table| {
            let column = table.decimal(ChargeColumn::EffectiveCost).unwrap();
            costs.extend((0..table.rows()).map(|row| column.get(row).unwrap()));
            Ok(())
        })
        .unwrap();
    assert_eq!(costs, [10_i128.pow(18); 3]);
}

fn rows(finops: &Finops, period: Option<&str>) -> usize {
    let period = period.map(|period| period.parse().unwrap());
    let relation = finops.relation(None, period.as_ref()).unwrap();
    let mut rows = 0;
    finops
        .read(&relation, &mut |table| {
            rows += table.rows();
            Ok(())
        })
        .unwrap();
    rows
}

#[test]
fn a_relation_has_the_charges_of_its_period_and_columns_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(":memory:").unwrap();
    let path: &Path = folder.path();
    import(&finops, &bill(path, "acct-1", "1", 3)).unwrap();
    assert_eq!([rows(&finops, Some("2024-01")), rows(&finops, Some("2024-02"))], [3, 0]);
    for (names, says) in [
        (vec!["effective_cost"], "write 'EffectiveCost'"),
        (vec!["Nothing"], "no column"),
        (vec!["ListCost", "ListCost"], "twice"),
        (vec![], "names none"),
    ] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let error = finops.relation(Some(&names), None).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("columns")));
        assert!(error.message().contains(says), "{error}");
    }
}
